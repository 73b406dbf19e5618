//! A picture, from the command to the last button, as people see it.

use super::standin::{Answer, Discord, Person};
use super::{AGAIN, Tester};

/// Asks for a cat, and reads everything until the picture is there.
async fn a_cat(person: impl FnOnce(&Discord) -> Person) -> String {
    let tester = Tester::start().await;
    let ann = person(&tester.discord);
    let asked = ann.slash("draw", [("prompt", "cat <@1> *x*".into())]).await;
    tester.painter.allow(1);
    asked.reads("1").await;
    tester.painter.allow(2);
    tester.ended(&asked).await;
    let transcript = tester.discord.transcript();
    tester.stop().await;
    let begin = transcript.find("ann").expect("a command");
    transcript[begin..].to_owned()
}

#[tokio::test]
async fn a_picture_in_english() {
    insta::assert_snapshot!(a_cat(|discord| discord.person("ann")).await, @r"
    ann: /draw prompt: cat <@1> *x*
    ekaki is thinking…
    ekaki changes its message: Drawing, step 1 of 2.
      [✖️ Cancel]
    ekaki changes its message: | Here is your picture.
      | Prompt: cat <@1> \*x\*
      | [picture ekaki-1-1.png 128x128]
      | Job 1 · Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
}

#[tokio::test]
async fn a_picture_in_japanese() {
    let person = |discord: &Discord| discord.person("ann").at("教室").speaking("ja");
    insta::assert_snapshot!(a_cat(person).await, @r"
    ann in 教室: /draw prompt: cat <@1> *x*
    ekaki is thinking…
    ekaki changes its message: 描いています（1 / 2 ステップ）。
      [✖️ 取り消す]
    ekaki changes its message: | 絵ができました。
      | プロンプト: cat <@1> \*x\*
      | [picture ekaki-1-1.png 128x128]
      | ジョブ1 · シード 4711 · 2ステップ · ガイダンス 3 · 128x128 · DDIM · avatar
      [🔄 もう一度] [🤏 少し変える] [⬆️ 大きくする] [✏️ 書き直す]
      [📋 レシピ] [🗑️ 削除]
    ");
}

#[tokio::test]
async fn a_picture_in_a_direct_message() {
    let person = |discord: &Discord| discord.person("ann").at("direct");
    insta::assert_snapshot!(a_cat(person).await, @r"
    ann in direct with ann: /draw prompt: cat <@1> *x*
    ekaki is thinking…
    ekaki changes its message: Drawing, step 1 of 2.
      [✖️ Cancel]
    ekaki changes its message: | Here is your picture.
      | Prompt: cat <@1> \*x\*
      | [picture ekaki-1-1.png 128x128]
      | Job 1 · Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
}

#[tokio::test]
async fn a_public_message_speaks_the_language_of_the_server() {
    let tester = Tester::start().await;
    let ann = tester.ann().at("教室");
    let asked = tester.draw(&ann, "cat").await;
    insta::assert_snapshot!(tester.ended(&asked).await, @"
    | 絵ができました。
    | プロンプト: cat
    | [picture ekaki-1-1.png 128x128]
    | ジョブ1 · シード 4711 · 2ステップ · ガイダンス 3 · 128x128 · DDIM · avatar
    [🔄 もう一度] [🤏 少し変える] [⬆️ 大きくする] [✏️ 書き直す]
    [📋 レシピ] [🗑️ 削除]
    ");
    let asked = ann
        .slash("draw", [("prompt", "dog".into()), ("private", true.into())])
        .await;
    tester.painter.draw();
    insta::assert_snapshot!(tester.ended(&asked).await, @"
    | Here is your picture.
    | Prompt: dog
    | [picture ekaki-2-1.png 128x128]
    | Job 2 · Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
    [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
    [📋 Recipe] [🗑️ Delete]
    ");
    tester.stop().await;
}

#[tokio::test]
async fn who_waits_reads_for_how_long() {
    let tester = Tester::start().await;
    let (ann, bob) = (tester.ann(), tester.discord.person("bob"));
    let first = ann.slash("draw", [("prompt", "cat".into())]).await;
    tester.painter.allow(1);
    first.reads("1").await;
    let second = bob.slash("draw", [("prompt", "dog".into())]).await;
    insta::assert_snapshot!(second.reads("next").await, @"
    Your picture is next.
    [✖️ Cancel]
    ");
    let cancelled = ann.slash("draw", [("prompt", "bird".into())]).await;
    cancelled.reads("").await;
    ann.press("v1:cancel:3").await;
    insta::assert_snapshot!(cancelled.reads("cancelled").await, @"
    | Job 3 was cancelled.
    [🔄 Try again]
    ");
    tester.painter.allow(5);
    tester.ended(&first).await;
    tester.ended(&second).await;
    tester.stop().await;
}

#[tokio::test]
async fn the_picture_can_be_seen_as_it_comes_to_be() {
    let tester = Tester::start().await;
    let options = [("prompt", "cat".into()), ("steps", 20.into())];
    let asked = tester.ann().slash("draw", options).await;
    let mut seen = Vec::new();
    for step in 1..=4 {
        tester.painter.allow(5);
        let words = format!("step {} of 20", step * 5);
        seen.push(tester.in_time(asked.reads(&words)).await);
    }
    insta::assert_snapshot!(seen.join("\n---\n"), @"
    Drawing, step 5 of 20.
    [✖️ Cancel]
    ---
    | Drawing, step 10 of 20.
    | [picture preview.jpg 32x32]
    [✖️ Cancel]
    ---
    | Drawing, step 15 of 20.
    | [picture preview.jpg 32x32]
    [✖️ Cancel]
    ---
    | Drawing, step 20 of 20.
    | [picture preview.jpg 32x32]
    [✖️ Cancel]
    ");
    tester.painter.allow(1);
    insta::assert_snapshot!(tester.ended(&asked).await, @"
    | Here is your picture.
    | Prompt: cat
    | [picture ekaki-1-1.png 128x128]
    | Job 1 · Seed 4711 · 20 steps · guidance 3 · 128x128 · DDIM · avatar
    [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
    [📋 Recipe] [🗑️ Delete]
    ");
    tester.stop().await;
}

#[tokio::test]
async fn every_button_does_its_work() {
    let tester = Tester::start().await;
    let ann = tester.ann();
    tester.draw(&ann, "cat").await;
    for button in ["[🔄 Again]", "[🤏 Vary]", "[⬆️ Larger]"] {
        let asked = ann.press(button.trim_matches(['[', ']'])).await;
        tester.painter.allow(20);
        let ended = tester.ended(&asked).await;
        assert!(ended.contains("cat"), "{button}: {ended}");
    }
    let asked = ann.press("📋 Recipe").await;
    insta::assert_snapshot!(asked.reads("").await, @"
    ```
    cat
    Steps: 2, Sampler: DDIM, CFG scale: 3, Seed: 4711, Size: 128x128, Model: avatar, RNG: CPU, Version: Ekaki 0.1.0
    ```
    ");
    tester.stop().await;
}

#[tokio::test]
async fn the_prompt_is_changed_in_a_window() {
    let tester = Tester::start().await;
    let ann = tester.ann();
    tester.draw(&ann, "cat").await;
    let asked = ann.press("✏️ Edit").await;
    assert_eq!(asked.answer().await, Answer::Modal);
    insta::assert_snapshot!(tester.discord.line_with("asks").await, @r#"
    ekaki asks ann: New prompt
      New prompt: "cat"
    "#);
    let filled = ann.fill(&asked, &["cat with a hat"]).await;
    tester.painter.draw();
    insta::assert_snapshot!(tester.ended(&filled).await, @"
    | Here is your picture.
    | Prompt: cat with a hat
    | [picture ekaki-2-1.png 128x128]
    | Job 2 · Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
    [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
    [📋 Recipe] [🗑️ Delete]
    ");
    tester.stop().await;
}

#[tokio::test]
async fn a_window_in_japanese() {
    let tester = Tester::start().await;
    let ann = tester.ann().at("教室").speaking("ja");
    tester.draw(&ann, "猫").await;
    let asked = ann.slash("edit", [("job", "1".into())]).await;
    asked.modal().await;
    insta::assert_snapshot!(tester.discord.line_with("asks").await, @r#"
    ekaki asks ann: 新しいプロンプト
      新しいプロンプト: "猫"
    "#);
    tester.stop().await;
}

#[tokio::test]
async fn a_deleted_picture_is_gone() {
    let tester = Tester::start().await;
    let ann = tester.ann();
    tester.draw(&ann, "cat").await;
    let asked = ann.press("🗑️ Delete").await;
    insta::assert_snapshot!(asked.reads("").await, @"The picture of job 1 was deleted.");
    assert!(
        !tester.discord.shown("general").contains(AGAIN),
        "{}",
        tester.discord.shown("general")
    );
    tester.stop().await;
}

#[tokio::test]
async fn a_copy_of_a_deleted_picture_goes_with_it() {
    let tester = Tester::start().await;
    let ann = tester.ann();
    tester.draw(&ann, "cat").await;
    let copy = ann.slash("show", [("job", "1".into())]).await;
    tester.ended(&copy).await;
    ann.press("🗑️ Delete").await.reads("deleted").await;
    let is_gone = tester.discord.until("neither is left", |world| {
        let mut messages = world.messages.values();
        let is_there = messages.any(|message| message.lines().iter().any(|line| line.contains(AGAIN)));
        (!is_there).then_some(())
    });
    is_gone.await;
    tester.stop().await;
}

#[tokio::test]
async fn nobody_else_deletes_it() {
    let tester = Tester::start().await;
    tester.draw(&tester.ann(), "cat").await;
    let asked = tester.discord.person("bob").press("🗑️ Delete").await;
    insta::assert_snapshot!(asked.reads("").await, @"Only the person who asked for job 1, or an admin, can do that.");
    assert!(tester.discord.shown("general").contains(AGAIN));
    tester.stop().await;
}

#[tokio::test]
async fn a_private_picture_is_seen_by_one_person() {
    let tester = Tester::start().await;
    let ann = tester.ann();
    let options = [("prompt", "cat".into()), ("private", true.into())];
    let asked = ann.slash("draw", options).await;
    tester.painter.draw();
    tester.ended(&asked).await;
    insta::assert_snapshot!(tester.discord.shown("general"), @"
    ekaki (to ann only): | Here is your picture.
      | Prompt: cat
      | [picture ekaki-1-1.png 128x128]
      | Job 1 · Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    let again = ann.press("🔄 Again").await;
    tester.painter.draw();
    tester.ended(&again).await;
    let shown = tester.discord.shown("general");
    assert_eq!(shown.matches("ekaki (to ann only): ").count(), 2, "{shown}");
    tester.stop().await;
}

#[tokio::test]
async fn several_pictures_are_a_grid_with_each_original() {
    let tester = Tester::start().await;
    let ann = tester.ann();
    let options = [("prompt", "cat".into()), ("count", 4.into())];
    let asked = ann.slash("draw", options).await;
    tester.painter.draw();
    insta::assert_snapshot!(tester.ended(&asked).await, @"
    | Here are your 4 pictures.
    | Prompt: cat
    | [picture ekaki-1.png 256x256]
    | Job 1 · Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
    [🔄 Again] [✏️ Edit] [📋 Recipe] [💾 Original] [🗑️ Delete]
    [🤏 Vary 1] [🤏 Vary 2] [🤏 Vary 3] [🤏 Vary 4]
    [⬆️ Larger 1] [⬆️ Larger 2] [⬆️ Larger 3] [⬆️ Larger 4]
    ");
    let varied = ann.press("v1:vary:1:2").await;
    tester.painter.allow(20);
    tester.ended(&varied).await;
    let original = ann.slash("original", [("job", "1".into())]).await;
    insta::assert_snapshot!(original.reads("").await, @"
    Here are the 4 files as they are stored.
    [picture ekaki-1-1.png 128x128]
    [picture ekaki-1-2.png 128x128]
    [picture ekaki-1-3.png 128x128]
    [picture ekaki-1-4.png 128x128]
    ");
    tester.stop().await;
}

#[tokio::test]
async fn a_failure_is_told() {
    let tester = Tester::start().await;
    let asked = tester.draw(&tester.ann(), "unlucky cat").await;
    insta::assert_snapshot!(tester.ended(&asked).await, @"
    | Something went wrong while job 1 was drawn. It is not your fault. Please try again.
    [🔄 Try again]
    ");
    tester.stop().await;
}

#[tokio::test]
async fn an_error_after_a_public_promise_is_private() {
    let tester = Tester::start().await;
    let options = [
        ("prompt", "cat".into()),
        ("steps", 2.into()),
        ("model", "nobody".into()),
    ];
    let asked = tester.ann().slash("draw", options).await;
    asked.reads("nobody").await;
    insta::assert_snapshot!(tester.discord.shown("general"), @r#"ekaki (to ann only): There is no model "nobody". There is: avatar, sd15"#);
    tester.stop().await;
}

#[tokio::test]
async fn long_answers_fit() {
    let tester = Tester::start().await;
    let ann = tester.ann();
    let help = ann.slash("help", []).await;
    let first = help.message(|_| true).await;
    assert!(first.lines().len() > 10, "{:?}", first.lines());
    for command in [
        "models", "styles", "queue", "quota", "settings", "history", "ping",
    ] {
        ann.slash(command, []).await.reads("").await;
    }
    tester.stop().await;
}
