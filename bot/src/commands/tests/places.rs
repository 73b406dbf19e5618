//! What admins set for servers and channels, and what people there notice.

use super::*;
use crate::chat::ChatId;

/// The same person in another channel, which may be a thread of a third one.
fn at(person: &Person, chat: &str, parent: Option<&str>) -> Person {
    let mut person = person.clone();
    person.place.chat = ChatId(chat.to_owned());
    person.place.parent = parent.map(|parent| ChatId(parent.to_owned()));
    person
}

fn owner(person: &Person) -> Person {
    let mut person = person.clone();
    person.standing.is_owner = true;
    person
}

/// What one person says and hears, one after the other.
async fn talk(desk: &Desk, person: &Person, lines: &[&str]) -> String {
    let mut transcript = Vec::new();
    for line in lines {
        let answer = desk.say(person, line).await;
        transcript.push(format!("{line}\n  {}", answer.replace('\n', "\n  ")));
    }
    transcript.join("\n")
}

#[tokio::test]
async fn the_bot_draws_where_admins_let_it() {
    let desk = Desk::open().await;
    let kita = person("kita").in_server("starry");
    let moderator = at(&kita, "general", None).moderating();
    let [general, art] = ["general", "art"].map(|chat| at(&kita, chat, None));
    insta::assert_snapshot!(talk(&desk, &moderator, &[
        "/admin channel list",
        "/admin channel allow <#art>",
        "/admin channel deny",
        "/admin channel allow @art",
        "/admin channel allow art --chat folt",
        "/admin channel list",
    ]).await, @r#"
    /admin channel list
      I draw in every channel.
    /admin channel allow <#art>
      I draw in channel art, and no longer in channels that are not allowed.
    /admin channel deny
      I no longer draw in channel general.
    /admin channel allow @art
      "@art" is not possible for --channel. An example: --channel here
    /admin channel allow art --chat folt
      You can only change your own server here.
    /admin channel list
      Where I draw (✅) and where I do not (⛔):
      channel art · ✅
      channel general · ⛔
    "#);
    insta::assert_snapshot!(desk.say(&general, "cat").await, @"I do not draw in this channel. Please come to art.");
    insta::assert_snapshot!(desk.say(&general.clone().speaking(Locale::JA), "cat").await, @"このチャンネルでは絵を描けません。artをお使いください。");
    insta::assert_snapshot!(desk.say(&general, "/queue").await, @"0 being drawn, 0 waiting.");
    insta::assert_snapshot!(desk.say(&art, "cat").await, @"job 1: cat");
    insta::assert_snapshot!(desk.say(&at(&kita, "thread", Some("art")), "cat").await, @"job 2: cat");
    insta::assert_snapshot!(desk.say(&at(&kita, "thread", Some("general")), "cat").await, @"I do not draw in this channel. Please come to art.");
    insta::assert_snapshot!(desk.say(&person("kita"), "cat").await, @"job 3: cat");
    desk.finish(1).await;
    let refused = desk
        .press_all(&general, &["v1:again:1", "v1:edit:1", "v1:vary:1"])
        .await;
    insta::assert_snapshot!(refused, @"I do not draw in this channel. Please come to art.");
    insta::assert_snapshot!(talk(&desk, &moderator, &[
        "/admin channel reset art",
        "/admin channel reset art",
        "cat",
        "/admin channel reset",
        "/admin channel list",
    ]).await, @"
    /admin channel reset art
      Nothing is set any more for channel art.
    /admin channel reset art
      Nothing was set for channel art.
    cat
      I do not draw in this channel. Please try another one.
    /admin channel reset
      Nothing is set any more for channel general.
    /admin channel list
      I draw in every channel.
    ");
    insta::assert_snapshot!(desk.say(&general, "cat").await, @"job 4: cat");
}

#[tokio::test]
async fn what_an_owner_says_of_a_channel_holds() {
    let desk = Desk::open().await;
    let kita = at(&person("kita").in_server("starry"), "general", None);
    let moderator = kita.clone().moderating();
    insta::assert_snapshot!(desk.say(&owner(&kita), "/admin channel deny").await, @"I no longer draw in channel general.");
    insta::assert_snapshot!(desk.say_all(&moderator, &["/admin channel allow", "/admin channel reset"]).await, @"Those who run this service have set this; only they can change it.");
    insta::assert_snapshot!(desk.say(&moderator, "/admin channel list").await, @"
    Where I draw (✅) and where I do not (⛔):
    channel general · ⛔ · an admin
    ");
    let elsewhere = owner(&person("kita"));
    insta::assert_snapshot!(talk(&desk, &elsewhere, &[
        "/admin channel allow art",
        "/admin channel allow --chat starry",
        "/admin channel allow art --chat discord:1",
        "/admin channel list",
        "/admin channel list starry",
    ]).await, @"
    /admin channel allow art
      --chat needs a value, for example: --chat 123456789
    /admin channel allow --chat starry
      --channel needs a value, for example: --channel here
    /admin channel allow art --chat discord:1
      I draw in discord server 1, channel art, and no longer in channels that are not allowed.
    /admin channel list
      Where I draw (✅) and where I do not (⛔):
      discord server 1, channel art · ✅ · an admin
      fake server starry, channel general · ⛔ · an admin
    /admin channel list starry
      Where I draw (✅) and where I do not (⛔):
      fake server starry, channel general · ⛔ · an admin
    ");
}

#[tokio::test]
async fn a_moderator_loosens_nothing_that_an_owner_has_set() {
    let desk = Desk::open().await;
    let kita = at(&person("kita").in_server("starry"), "general", None);
    desk.say(&owner(&kita), "/admin channel deny").await;
    let in_thread = at(&kita, "thread", Some("general"));
    desk.say(&in_thread.clone().moderating(), "/admin channel allow")
        .await;
    insta::assert_snapshot!(desk.say(&in_thread, "cat").await, @"I do not draw in this channel. Please try another one.");
}

#[tokio::test]
async fn a_server_has_defaults_of_its_own() {
    let desk = Desk::open().await;
    let kita = at(&person("kita").in_server("starry"), "general", None);
    let moderator = kita.clone().moderating();
    insta::assert_snapshot!(talk(&desk, &moderator, &[
        "/admin default show",
        "/admin default set",
        "/admin default set --model cubist",
        "/admin default set --size portrait --steps 9 --style ink",
        "/admin default set --steps 3 --channel art",
        "/admin default set --steps 4 --channel here --size 1024",
        "/admin default set --steps 0 --channel here",
        "/admin default set --model sd15 --language ja --channel <#art>",
        "/admin default show",
    ]).await, @r#"
    /admin default show
      No defaults are set here.
    /admin default set
      Please say what /admin default set should do; /help admin default set shows how.
    /admin default set --model cubist
      There is no model "cubist". There is: avatar, sd15
    /admin default set --size portrait --steps 9 --style ink
      This holds now for fake server starry: size=portrait style=Ink steps=9
    /admin default set --steps 3 --channel art
      This holds now for channel art: steps=3
    /admin default set --steps 4 --channel here --size 1024
      This holds now for channel general: size=1024 steps=4
    /admin default set --steps 0 --channel here
      This holds now for channel general: size=1024
    /admin default set --model sd15 --language ja --channel <#art>
      This holds now for channel art: model=sd15 steps=3 language=ja
    /admin default show
      What holds when people say nothing else, neither with a command nor in their own settings:
      fake server starry · size=portrait style=Ink steps=9
      channel art · model=sd15 steps=3 language=ja
      channel general · size=1024
    "#);
    insta::assert_snapshot!(desk.say(&kita, "cat").await, @r#"job 1: cat, ink drawing | typed cat | no colour | 128x192 | 7 steps | Some("Euler") | style Some("Ink")"#);
    insta::assert_snapshot!(desk.say(&kita, "cat --style none").await, @"job 2: cat | 512x512 | 9 steps | Size 512x512 not 1024x1024");
    let in_thread = at(&kita, "thread", Some("art"));
    insta::assert_snapshot!(desk.say(&in_thread, "cat --style none").await, @"job 3: cat | 128x192 | 3 steps | sd15");
    insta::assert_snapshot!(desk.say(&in_thread, "cat --style none --steps 5 --size square").await, @"job 4: cat | 5 steps | sd15");
    insta::assert_snapshot!(desk.say(&person("kita"), "cat").await, @"job 5: cat");
    // What people choose for themselves is stronger.
    desk.say(&kita, "/settings --size square --model avatar").await;
    insta::assert_snapshot!(desk.say(&in_thread, "cat --style none").await, @"job 6: cat | 3 steps");
    insta::assert_snapshot!(talk(&desk, &moderator, &[
        "/admin default set --size none --steps 0 --style none",
        "/admin default reset art",
        "/admin default reset art",
        "/admin default show",
    ]).await, @"
    /admin default set --size none --steps 0 --style none
      Nothing is set any more for fake server starry.
    /admin default reset art
      Nothing is set any more for channel art.
    /admin default reset art
      Nothing was set for channel art.
    /admin default show
      What holds when people say nothing else, neither with a command nor in their own settings:
      channel general · size=1024
    ");
}

#[tokio::test]
async fn what_everybody_reads_is_in_the_language_of_the_place() {
    let desk = Desk::open().await;
    let kita = person("kita").in_server("starry");
    let check = async |who: &Person, line: &str, expected: Locale| {
        desk.say(who, line).await;
        assert_eq!(desk.newest(who).await.expect("a job").locale, expected, "{line}");
    };
    let mut in_japan = kita.clone();
    in_japan.place.locale = Some(Locale::JA);
    check(&kita, "cat", Locale::EN).await;
    check(&in_japan, "cat", Locale::JA).await;
    check(&in_japan, "cat --private", Locale::EN).await;
    let refused = desk.say(&in_japan, "peg").await;
    assert!(refused.is_ascii(), "only the person reads this: {refused}");
    desk.say(&kita, "/settings --language en").await;
    check(&in_japan, "cat", Locale::JA).await;
    check(&in_japan, "cat --private", Locale::EN).await;
    desk.say(&kita.clone().moderating(), "/admin default set --language ja")
        .await;
    check(&kita, "cat", Locale::JA).await;
    check(&kita, "cat --private", Locale::EN).await;
    check(&person("kita"), "cat", Locale::EN).await;
}

#[tokio::test]
async fn moderators_make_the_rules_for_pictures_stricter() {
    let desk = Desk::with("[safety]\naction = \"spoiler\"\nage_restricted_action = \"spoiler\"").await;
    let kita = at(&person("kita").in_server("starry"), "general", None);
    let moderator = kita.clone().moderating();
    insta::assert_snapshot!(talk(&desk, &moderator, &[
        "/admin safety show",
        "/admin safety set",
        "/admin safety set none",
        "/admin safety set allow",
        "/admin safety set blur",
        "/admin safety set block --channel here",
        "/admin safety show",
    ]).await, @r#"
    /admin safety show
      Doubtful pictures here: spoiler (covered)
      No admin has set anything about doubtful pictures here.
    /admin safety set
      --action needs a value, for example: --action spoiler
    /admin safety set none
      There is no action "none". There is: allow, spoiler, blur, block
    /admin safety set allow
      In your server you can only be stricter than the settings of the service, which say: spoiler (covered)
    /admin safety set blur
      This holds now for fake server starry: blur
    /admin safety set block --channel here
      This holds now for channel general: block (not shown)
    /admin safety show
      Doubtful pictures here: block (not shown)
      What admins have set:
      fake server starry · blur
      channel general · block (not shown)
    "#);
    let check = async |who: &Person, expected: &str| {
        desk.say(who, "cat").await;
        assert_eq!(desk.newest(who).await.expect("a job").safety.name(), expected);
    };
    check(&kita, "block").await;
    check(&at(&kita, "art", None), "blur").await;
    check(&person("kita"), "spoiler").await;
    insta::assert_snapshot!(talk(&desk, &owner(&kita), &[
        "/admin safety set allow",
        "/admin safety reset here",
        "/admin safety show",
    ]).await, @"
    /admin safety set allow
      This holds now for fake server starry: allow (shown)
    /admin safety reset here
      Nothing is set any more for channel general.
    /admin safety show
      Doubtful pictures here: allow (shown)
      What admins have set:
      fake server starry · allow (shown) · an admin
    ");
    check(&kita, "allow").await;
    insta::assert_snapshot!(talk(&desk, &moderator.speaking(Locale::JA), &[
        "/admin safety set blur",
        "/admin safety reset",
        "/admin safety show",
        "/admin default show",
        "/admin channel list",
        "/admin default set --steps 3 --channel here",
        "/admin channel deny",
        "/admin channel allow",
        "/admin channel reset",
        "/admin channel reset",
    ]).await, @"
    /admin safety set blur
      これはサービスの運営者が決めたものです。変更できるのは運営者だけです。
    /admin safety reset
      これはサービスの運営者が決めたものです。変更できるのは運営者だけです。
    /admin safety show
      ここでの不適切かもしれない絵の扱い：表示する
      管理者が設定したもの：
      fakeのサーバーstarry · 表示する · 管理者
    /admin default show
      ここには既定の設定はありません。
    /admin channel list
      すべてのチャンネルで描きます。
    /admin default set --steps 3 --channel here
      チャンネルgeneralに設定しました：steps=3
    /admin channel deny
      チャンネルgeneralでは描かないようにしました。
    /admin channel allow
      チャンネルgeneralで描きます。許可していないチャンネルでは描きません。
    /admin channel reset
      チャンネルgeneralの設定を取り消しました。
    /admin channel reset
      チャンネルgeneralには設定がありませんでした。
    ");
}

#[tokio::test]
async fn whom_limits_are_about_can_be_chosen_from_lists() {
    let desk = Desk::open().await;
    let moderator = person("kita").in_server("starry").moderating();
    let give = async |name: &str, options: &[(&str, &str)]| {
        let options = options
            .iter()
            .map(|(option, value)| ((*option).to_owned(), (*value).to_owned()));
        let input = CommandInput::Options {
            name: name.to_owned(),
            options: options.collect(),
        };
        desk.give(&moderator, input, Vec::new()).await
    };
    insta::assert_snapshot!(give("admin limit set", &[("limits", "per_day=5"), ("role", "12"), ("channel", "7")]).await, @"From now on, for platform=fake chat=starry channel=7 role=12: per_day=5");
    insta::assert_snapshot!(desk.say(&moderator, "/admin limit set per_day=6 --user <@!3>").await, @"From now on, for platform=fake chat=starry user=3: per_day=6");
    insta::assert_snapshot!(desk.say(&moderator, "/admin limit set per_day=6 user=4 --user 3").await, @r#""user" is given twice."#);
    insta::assert_snapshot!(give("admin limit show", &[("role", "12"), ("channel", "7")]).await.lines().nth(3).unwrap(), @"per_day=5 (an admin of the server: platform=fake chat=starry channel=7 role=12)");
    insta::assert_snapshot!(give("admin limit reset", &[("role", "12"), ("channel", "7")]).await, @"The settings hold again for platform=fake chat=starry channel=7 role=12.");
    insta::assert_snapshot!(give("admin block", &[("user", "3"), ("reason", "spam")]).await, @"fake:3 is blocked: fake server starry, without end.");
    insta::assert_snapshot!(desk.say(&moderator, "/admin unblock <@3>").await, @"fake:3 is not blocked any more: fake server starry.");
    insta::assert_snapshot!(desk.say(&moderator, "/admin block @ryo").await, @r#""@ryo" is not possible for --user. An example: --user 123456789"#);
}

#[tokio::test]
async fn commands_have_their_names_of_menus_too() {
    let desk = Desk::open().await;
    let kita = person("kita");
    insta::assert_snapshot!(desk.say(&kita, "/描く cat").await, @"job 1: cat");
    insta::assert_snapshot!(desk.say(&kita, "/描き cat").await, @"There is no command /描き. /help shows what I understand.");
    insta::assert_snapshot!(desk.say(&kita.speaking(Locale::JA), "/help 順番待ち").await, @"/queue – 順番待ちの様子と待ち時間を表示します（/順番待ちも使えます）");
}
