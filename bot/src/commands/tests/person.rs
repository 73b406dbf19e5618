//! Commands about the person who gives them.

use super::*;
use crate::chat::Platform;
use crate::store::{Actor, Block};

#[tokio::test]
async fn settings_are_shown_changed_and_reset() {
    let desk = Desk::open().await;
    let kita = person("kita");
    insta::assert_snapshot!(desk.say(&kita, "/settings").await, @"
    Size: as usual
    Model: as usual
    Style: as usual
    Language: as usual
    Private: as usual
    ");
    insta::assert_snapshot!(desk.say(&kita, "/settings --size 3:2 --model SD15 --style INK --language ja --private").await, @"
    設定を変更しました。
    サイズ：3:2
    モデル：sd15
    スタイル：Ink
    言語：日本語
    非公開：はい
    ");
    insta::assert_snapshot!(desk.say(&kita, "/settings --size none --language en").await, @"
    Your settings were changed.
    Size: as usual
    Model: sd15
    Style: Ink
    Language: English
    Private: yes
    ");
    insta::assert_snapshot!(desk.say(&kita, "/settings --reset --private=no").await, @"
    Your settings were changed.
    Size: as usual
    Model: as usual
    Style: as usual
    Language: as usual
    Private: no
    ");
    insta::assert_snapshot!(desk.say(&kita, "/settings --size wide").await, @r#""wide" is not possible for --size. An example: --size portrait"#);
    insta::assert_snapshot!(desk.say(&kita, "/settings --model sdxl").await, @r#"There is no model "sdxl". There is: avatar, sd15"#);
    insta::assert_snapshot!(desk.say(&kita, "/settings --language fr").await, @r#"There is no language "fr". There is: en, ja"#);
}

#[tokio::test]
async fn the_chosen_language_wins_over_the_platforms() {
    let desk = Desk::open().await;
    let kita = person("kita");
    desk.say(&kita, "/settings --language ja").await;
    insta::assert_snapshot!(desk.say(&kita, "/paint").await, @"/paintというコマンドはありません。使い方は/helpで確認できます。");
    assert_eq!(desk.commands.locale_of(&kita.user, Locale::EN).await, Locale::JA);
    desk.say(&kita, "/settings --language none").await;
    assert_eq!(desk.commands.locale_of(&kita.user, Locale::EN).await, Locale::EN);
}

#[tokio::test]
async fn forgetting_is_confirmed_by_the_person_alone() {
    let desk = Desk::open().await;
    let [kita, ryo] = ["kita", "ryo"].map(person);
    desk.say(&kita, "cat").await;
    let asked = desk.say(&kita, "/forgetme").await;
    insta::assert_snapshot!(asked, @"
    This deletes all your jobs, pictures and settings for ever. Nobody can bring them back. To confirm, press the button or write: /forgetme 535405
    [Delete everything v1:forgetme:535405]
    ");
    let button = asked
        .split([' ', ']'])
        .find(|word| word.starts_with("v1:"))
        .unwrap();
    insta::assert_snapshot!(desk.press(&kita, button).await, @"Some of your jobs are not finished. Please wait for them or cancel them first.");
    desk.finish(1).await;
    desk.say(&ryo, "dog").await;
    desk.finish(2).await;
    // Somebody else who presses it is asked for themselves.
    assert_ne!(desk.press(&ryo, button).await, asked);
    assert_eq!(desk.newest(&ryo).await.unwrap().id, JobId(2));
    insta::assert_snapshot!(desk.press(&kita, button).await.split(':').next().unwrap(), @"Everything was deleted");
    assert_eq!(desk.newest(&kita).await, None);
}

#[tokio::test]
async fn a_blocked_person_learns_why_and_until_when() {
    let desk = Desk::with("[i18n]\ntime_zone = \"Asia/Tokyo\"").await;
    let kita = person("kita").in_server("starry");
    let by = Actor {
        user: person("seika").user,
        server: Some("starry".to_owned()),
        now: *NOW,
    };
    let block = Block {
        user: kita.user.clone(),
        server: Some("starry".to_owned()),
        reason: "too loud".to_owned(),
        until: Some(*NOW + chrono::TimeDelta::days(1)),
    };
    desk.store.admin().block(&block, &by).await.unwrap();
    insta::assert_snapshot!(desk.say(&kita, "cat").await, @"
    You may not draw here until 2026-11-23 21:00.
    The reason: too loud
    ");
    insta::assert_snapshot!(desk.say(&kita.clone().speaking(Locale::JA), "猫").await, @"
    2026-11-23 21:00まで、ここでは絵を描けません。
    理由：too loud
    ");
    insta::assert_snapshot!(desk.say(&kita, "/quota").await, @"
    Last 24 hours: 0 jobs, without limit.
    Unfinished: 0 of at most 5.
    One job: at most 4 pictures, 50 steps, and as many pixels as 1024x1024.
    ");
    insta::assert_snapshot!(desk.say(&person("kita"), "cat").await, @"job 1: cat");
}

#[tokio::test]
async fn lists() {
    let desk = Desk::open().await;
    let kita = person("kita");
    insta::assert_snapshot!(desk.say(&kita, "/styles").await, @"
    Styles (--style):
    Ink – …, ink drawing (not: colour)
    ");
    insta::assert_snapshot!(desk.say(&kita, "/help edit").await, @"
    /edit [prompt] – draws an old job with another prompt
      [prompt] – what to draw (for example: /edit pink hair, guitar)
      --job 12 – the number of a job, your newest one if you name none
      --no hands – what should not be in the picture (also --negative, --neg)
      --raw – leaves the prompt as it is: no names are replaced
    ");
    insta::assert_snapshot!(desk.say(&kita, "/help admin limit set").await, @"
    /admin limit set <limits> – sets limits for a server, a channel, a role or a person
      <limits> – whom it is about, and the limits: role=123 per_day=20 (for example: /admin limit set role=123 per_day=20 max_steps=30)
      --role 123456789 – a role of the server
      --channel here – the channel; here is this one
      --user 123456789 – the platform's id of the person, not the name
    ");
    insta::assert_snapshot!(desk.say(&kita.clone().speaking(Locale::JA), "/help edit").await, @"
    /edit [prompt] – 前のジョブのプロンプトを書き直して描きます（/書き直すも使えます）
      [prompt] – 描いてほしいもの（例：/edit pink hair, guitar）
      --job 12 – ジョブの番号（省くと最新のジョブ）
      --no hands – 絵に入れたくないもの（--negative, --negも使えます）
      --raw – 名前を置き換えず、プロンプトをそのまま使います
    ");
    insta::assert_snapshot!(desk.say(&kita, "/help /nothing").await, @"There is no command /nothing. /help shows what I understand.");
    let desk = Desk::with("").await;
    insta::assert_snapshot!(desk.say(&kita, "/styles").await, @"There are no styles here.");
}

#[tokio::test]
async fn help_shows_what_somebody_may_use() {
    let desk = Desk::open().await;
    let kita = person("kita").in_server("starry");
    let everybody = desk.say(&kita, "/help").await;
    assert!(!everybody.contains("/admin"), "{everybody}");
    insta::assert_snapshot!(everybody, @"
    Tell me what to draw and I will draw it. A line without a command is a prompt.

    /draw <prompt> – draws a picture
    /again [job] – draws an old job again, with a new seed
    /vary [job] – draws a picture that differs only a little from an old one
    /upscale [job] – draws an old picture larger
    /edit [prompt] – draws an old job with another prompt
    /recipe [job] – shows what a picture was drawn with, also one that you send
    /show [job] – shows an old job with its pictures and buttons
    /original [job] – sends the picture files of a job as they are stored
    /history [find] – lists your jobs
    /cancel [job] – ends a job that waits or is being drawn
    /delete [job] – deletes the pictures of a job and its message
    /queue – shows what waits and how long it will take
    /quota – shows how much you may still draw
    /models – lists the models
    /styles – lists the styles
    /settings – shows or changes what you want when you say nothing else
    /forgetme [code] – deletes everything that is kept about you
    /ping – says whether I am here
    /help [command] – shows this text

    /help draw shows what can be said beside a prompt, and the same for every command.
    ");
    insta::assert_snapshot!(desk.say(&kita.speaking(Locale::JA), "/help").await, @"
    描いてほしいものを書いてください。コマンドのない文はプロンプトとして扱います。

    /draw <prompt> – 絵を描きます
    /again [job] – 前のジョブを新しいシードでもう一度描きます
    /vary [job] – 前の絵を少しだけ変えて描きます
    /upscale [job] – 前の絵を大きく描きます
    /edit [prompt] – 前のジョブのプロンプトを書き直して描きます
    /recipe [job] – 絵の描き方を表示します（送られた画像も読めます）
    /show [job] – 前のジョブの絵とボタンを表示します
    /original [job] – ジョブの絵のファイルをそのまま送ります
    /history [find] – あなたのジョブの一覧を表示します
    /cancel [job] – 順番待ちまたは描画中のジョブを取り消します
    /delete [job] – ジョブの絵とメッセージを削除します
    /queue – 順番待ちの様子と待ち時間を表示します
    /quota – あとどれだけ描けるかを表示します
    /models – モデルの一覧を表示します
    /styles – スタイルの一覧を表示します
    /settings – 何も指定しないときの設定を表示、変更します
    /forgetme [code] – あなたについて保存されているものをすべて削除します
    /ping – 動いているかどうかを確認します
    /help [command] – この説明を表示します

    プロンプトに添えられる指定は「/help draw」で確認できます。ほかのコマンドも同じです。
    ");
}

#[tokio::test]
async fn what_is_typed_is_completed() {
    let desk = Desk::open().await;
    let ann = UserId {
        platform: Platform::new("web"),
        id: "ann".to_owned(),
    };
    let check = async |option: &str, typed: &str, expected: &str| {
        let spec = Commands::specs().find(|spec| spec.name == "draw").unwrap();
        let option = spec.option(option).unwrap();
        let found = desk.commands.complete(&ann, option, typed, 3).await;
        assert_eq!(found.join(", "), expected);
    };
    check("model", "S", "sd15").await;
    check("style", "ｉｎ", "Ink").await;
    check("sampler", "karras", "LMS Karras, Euler Karras, Heun Karras").await;
    check("size", "po", "portrait").await;
    check("filmstrip", "", "strip, webp").await;
    check("seed", "1", "").await;
}

#[test]
fn every_command_can_be_registered() {
    for spec in Commands::specs() {
        for part in spec.name.split(' ') {
            assert!(part.len() <= 32 && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        }
        let options: Vec<_> = spec.positional.into_iter().chain(spec.options).collect();
        assert!(
            options.len() <= 25,
            "Discord takes no more options: {}",
            spec.name
        );
    }
}

#[tokio::test]
async fn what_somebody_asked_for_lately_is_completed() {
    let desk = Desk::open().await;
    let [kita, ryo] = ["kita", "ryo"].map(person);
    let check = async |who: &Person, typed: &str, expected: &str| {
        let spec = Commands::specs().find(|spec| spec.name == "draw").unwrap();
        let option = spec.option("prompt").unwrap();
        let found = desk.commands.complete(&who.user, option, typed, 3).await;
        assert_eq!(found.join(", "), expected, "{typed}");
    };
    desk.say(&kita, "a red guitar").await;
    check(&kita, "", "a red guitar").await;
    for prompt in ["後藤ひとり", "a cat", "a red guitar", "a dog --private"] {
        desk.say(&kita, prompt).await;
    }
    check(&kita, "", "a dog, a red guitar, a cat").await;
    check(&kita, "ひとり", "後藤ひとり").await;
    check(&kita, "GUITAR", "a red guitar").await;
    check(&ryo, "", "").await;
    desk.finish(3).await;
    desk.say(&kita, "/delete 3").await;
    check(&kita, "", "a dog, a red guitar, 後藤ひとり").await;
    for job in [1, 2, 4, 5] {
        desk.say(&kita, &format!("/cancel {job}")).await;
        desk.store.jobs().mark_delivered(JobId(job), *NOW).await.unwrap();
    }
    let code = desk.say(&kita, "/forgetme").await;
    let code: String = code.chars().filter(char::is_ascii_digit).take(6).collect();
    desk.say(&kita, &format!("/forgetme {code}")).await;
    check(&kita, "", "").await;
}

#[tokio::test]
async fn a_private_answer_is_known_before_it_is_there() {
    let desk = Desk::open().await;
    let [kita, ryo] = ["kita", "ryo"].map(person);
    let check = |who: &Person, input: CommandInput, expected: bool| {
        assert_eq!(desk.commands.is_private(&who.user, &input), expected, "{input:?}");
    };
    let text = |text: &str| CommandInput::Text(text.to_owned());
    let button = |text: &str| CommandInput::Button(text.to_owned());
    let options = |name: &str, options: &[(&str, &str)]| CommandInput::Options {
        name: name.to_owned(),
        options: options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    };
    check(&kita, text("cat"), false);
    check(&kita, text("/draw cat --private"), true);
    check(
        &kita,
        options("draw", &[("prompt", "cat"), ("private", "true")]),
        true,
    );
    check(&kita, text("/help"), true);
    check(&kita, options("admin audit", &[]), true);
    check(&kita, button("v1:recipe:1"), true);
    check(&kita, button("v1:original:1:2"), true);
    check(&kita, button("v1:vary:1"), false);
    check(&kita, button("something else"), false);
    desk.say(&kita, "/settings --private").await;
    check(&kita, text("cat"), true);
    check(&kita, text("cat --private=no"), false);
    check(&kita, button("v1:vary:1"), true);
    check(&kita, text("/show 1"), false);
    check(&ryo, text("cat"), false);
    desk.say(&kita, "/settings --private=no").await;
    check(&kita, text("cat"), false);
}
