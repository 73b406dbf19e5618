//! Who may do what, and where: servers, roles, admins, guests.

use super::Tester;
use super::standin::{Given, Kind, Origin, Settings, permission};

#[tokio::test]
async fn a_moderator_sets_the_limits_of_a_server() {
    let tester = Tester::start().await;
    let boss = tester.discord.person("boss").who_may(permission::MANAGE_GUILD);
    let asked = boss.slash("admin limit show", []).await;
    let read = asked.message(|_| true).await;
    assert!(read.only_for.is_some(), "for the admin alone");
    insta::assert_snapshot!(read.lines().join("\n"), @r"
    These limits hold for platform=discord chat=1574031694233600002 (0 is without limit):
    per\_minute=1000 (settings: everybody)
    per\_hour=1000 (settings: everybody)
    per\_day=1000 (settings: everybody)
    running=0 (settings: everybody)
    queued=100 (settings: everybody)
    cooldown\_s=0 (settings: everybody)
    max\_steps=50 (settings: everybody)
    max\_pixels=1048576 (settings: everybody)
    max\_count=4 (settings: everybody)
    models= (settings: everybody)
    priority=0 (settings: everybody)
    ");
    tester.stop().await;
}

#[tokio::test]
async fn permissions_are_checked_again() {
    let tester = Tester::start().await;
    let data = serde_json::json!({
        "id": "1", "name": "admin", "type": 1,
        "options": [{ "name": "queue", "type": 2, "options": [{ "name": "clear", "type": 1, "options": [] }] }]
    });
    let ann = tester.ann();
    let asked = ann
        .deliver(Kind::Command, data, Origin::default(), "/admin queue clear")
        .await;
    insta::assert_snapshot!(asked.reads("").await, @"/admin queue clear is for admins of this server only.");
    tester.stop().await;
}

#[tokio::test]
async fn a_role_has_its_own_limits() {
    let rules = "[[limits.rules]]\nrole = \"777\"\nmax_count = 1\n[[limits.rules]]\nplatform = \"discord\"\nmax_count = 2\n";
    let tester = Tester::start_with(Settings::default(), rules).await;
    let pictures = async |role: u64| {
        let person = tester.ann().with_role(role);
        let asked = person
            .slash(
                "draw",
                [("prompt", format!("cat {role}").into()), ("count", 4.into())],
            )
            .await;
        tester.painter.draw();
        tester.ended(&asked).await
    };
    insta::assert_snapshot!(pictures(777).await, @"
    | Here is your picture.
    | Pictures: 1 instead of 4, the most that is possible here.
    | Prompt: cat 777
    | [picture ekaki-1-1.png 128x128]
    | Job 1 · Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
    [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
    [📋 Recipe] [🗑️ Delete]
    ");
    insta::assert_snapshot!(pictures(778).await, @"
    | Here are your 2 pictures.
    | Pictures: 2 instead of 4, the most that is possible here.
    | Prompt: cat 778
    | [picture ekaki-2.png 256x128]
    | Job 2 · Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
    [🔄 Again] [✏️ Edit] [📋 Recipe] [💾 Original] [🗑️ Delete]
    [🤏 Vary 1] [🤏 Vary 2]
    [⬆️ Larger 1] [⬆️ Larger 2]
    ");
    tester.stop().await;
}

#[tokio::test]
async fn a_guest_edits_one_message_only() {
    let tester = Tester::start().await;
    for place in ["elsewhere", "friends"] {
        let ann = tester.ann().at(place);
        let asked = tester.draw(&ann, "cat").await;
        let follow_ups = tester
            .discord
            .change(|world| world.interactions[&asked.id].follow_ups.len());
        assert_eq!(follow_ups, 0, "{place}");
        let again = ann.press("🔄 Again").await;
        tester.painter.draw();
        tester.ended(&again).await;
    }
    assert_eq!(
        tester.discord.requests("/channels/").len(),
        0,
        "the bot is not there"
    );
    tester.stop().await;
}

#[tokio::test]
async fn a_chosen_language_wins() {
    let tester = Tester::start().await;
    let ann = tester.ann();
    let asked = ann.slash("settings", [("language", "ja".into())]).await;
    insta::assert_snapshot!(asked.reads("").await, @"
    設定を変更しました。
    サイズ：標準
    モデル：標準
    スタイル：標準
    言語：日本語
    非公開：標準
    ");
    tester.draw(&ann.at("direct"), "猫").await;
    insta::assert_snapshot!(tester.discord.shown("direct with ann"), @"
    ekaki: | 絵ができました。
      | プロンプト: 猫
      | [picture ekaki-1-1.png 128x128]
      | ジョブ1 · シード 4711 · 2ステップ · ガイダンス 3 · 128x128 · DDIM · avatar
      [🔄 もう一度] [🤏 少し変える] [⬆️ 大きくする] [✏️ 書き直す]
      [📋 レシピ] [🗑️ 削除]
    ");
    tester.stop().await;
}

#[tokio::test]
async fn what_holds_in_a_channel_holds_in_its_threads() {
    let tester = Tester::start().await;
    let boss = tester.discord.person("boss").who_may(permission::MANAGE_GUILD);
    let ann = tester.ann().at("thread");
    tester.draw(&ann, "cat").await;
    let limits = [("limits", "max_count=1".into()), ("channel", "general".into())];
    boss.slash("admin limit set", limits).await.reads("").await;
    let asked = ann
        .slash("draw", [("prompt", "dog".into()), ("count", 2.into())])
        .await;
    tester.painter.draw();
    let read = tester.ended(&asked).await;
    assert!(read.contains("Pictures: 1 instead of 2"), "{read}");

    let channel = [("channel", "general".into())];
    boss.slash("admin channel deny", channel).await.reads("").await;
    let asked = ann.slash("draw", [("prompt", "bird".into())]).await;
    insta::assert_snapshot!(asked.reads("").await, @"I do not draw in this channel. Please try another one.");
    tester.stop().await;
}

#[tokio::test]
async fn a_channel_for_adults_has_its_own_rule() {
    let rules = "[safety]\naction = \"spoiler\"\nage_restricted_action = \"allow\"\n";
    let tester = Tester::start_with(Settings::default(), rules).await;
    let boss = tester.discord.person("boss").who_may(permission::MANAGE_GUILD);
    let mut read = Vec::new();
    for place in ["general", "adults"] {
        let asked = boss.clone().at(place).slash("admin safety show", []).await;
        read.push(asked.reads("").await);
    }
    insta::assert_snapshot!(read.join("\n"), @"
    Doubtful pictures here: spoiler (covered)
    No admin has set anything about doubtful pictures here.
    Doubtful pictures here: allow (shown)
    No admin has set anything about doubtful pictures here.
    ");
    tester.stop().await;
}

#[tokio::test]
async fn admins_choose_channels_roles_and_people_from_lists() {
    let tester = Tester::start().await;
    let boss = tester.discord.person("boss").who_may(permission::MANAGE_GUILD);
    let say = async |command: &str, options: [(&str, Given); 2]| {
        let asked = boss.slash(command, options).await;
        asked.reads("").await
    };
    let general = || ("channel", Given::from("general"));
    let defaults = say("admin default set", [("steps", 7.into()), general()]).await;
    insta::assert_snapshot!(defaults, @"This holds now for channel <#1574031694236745728>: steps=7");
    let safety = [("action", "block".into()), ("channel", "adults".into())];
    let safety = say("admin safety set", safety).await;
    insta::assert_snapshot!(safety, @"This holds now for channel <#1574031694236745729>: block (not shown)");
    let limits = [("limits", "max_count=2".into()), ("role", "777".into())];
    insta::assert_snapshot!(say("admin limit set", limits).await, @r"From now on, for platform=discord chat=1574031694233600002 role=777: max\_count=2");
    let limits = [("limits", "max_count=1".into()), ("user", "bob".into())];
    insta::assert_snapshot!(say("admin limit set", limits).await, @r"From now on, for platform=discord chat=1574031694233600002 user=1574031694235697153: max\_count=1");
    let block = [("user", "bob".into()), ("reason", "spam".into())];
    insta::assert_snapshot!(say("admin block", block).await, @"discord:1574031694235697153 is blocked: discord server 1574031694233600002, without end.");

    let bob = tester.discord.person("bob");
    let asked = bob.slash("draw", [("prompt", "cat".into())]).await;
    insta::assert_snapshot!(asked.reads("").await, @"
    You may not draw here.
    The reason: spam
    ");
    let asked = tester
        .ann()
        .with_role(777)
        .slash("draw", [("prompt", "cat".into()), ("count", 4.into())])
        .await;
    tester.painter.allow(20);
    let read = tester.ended(&asked).await;
    assert!(read.contains("Pictures: 2 instead of 4"), "{read}");
    assert!(read.contains("7 steps"), "{read}");

    let asked = boss.slash("admin channel deny", [general()]).await;
    insta::assert_snapshot!(asked.reads("").await, @"I no longer draw in channel <#1574031694236745728>.");
    let asked = tester.ann().slash("draw", [("prompt", "cat".into())]).await;
    insta::assert_snapshot!(asked.reads("").await, @"I do not draw in this channel. Please try another one.");
    tester.stop().await;
}
