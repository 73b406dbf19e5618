//! What the buttons below a result do, however old it is.

use super::BotTester;
use crate::chat::CommandInput;
use crate::chat::CommandRequest;
use crate::i18n::Locale;
use crate::store::{JobId, JobState};

/// A bot that has drawn a picture.
async fn with_picture() -> BotTester {
    let mut bot = BotTester::start().await;
    bot.say(Locale::EN, "m1", "cat --steps 1").await;
    bot.generator.allow(2);
    bot.end_of("m1").await;
    bot.until(JobId(1), JobState::Done).await;
    bot
}

#[tokio::test]
async fn a_button_works_after_a_restart_and_on_the_results_of_results() {
    let bot = with_picture().await;
    let mut bot = BotTester::start_in(bot.stop().await).await;
    assert_eq!(
        bot.chat.buttons("m1"),
        [
            "v1:again:1",
            "v1:vary:1",
            "v1:upscale:1",
            "v1:edit:1",
            "v1:recipe:1",
            "v1:delete:1"
        ]
    );
    bot.generator.allow(100);
    bot.press("m2", "v1:again:1").await;
    insta::assert_snapshot!(bot.end_of("m2").await, @"
    m2: Here is your picture.
      cat | Seed 4711 · 1 step · guidance 3 · 128x128 · DDIM · avatar
      ekaki-2-1.png 128x128 seed 4711
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    bot.press("m3", "v1:vary:2").await;
    insta::assert_snapshot!(bot.end_of("m3").await, @"
    m3: Here is your picture.
      cat | Seed 4711 · 1 step · guidance 3 · 128x128 · DDIM · avatar
      ekaki-3-1.png 128x128 seed 4711
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    bot.press("m4", "v1:upscale:3").await;
    insta::assert_snapshot!(bot.end_of("m4").await, @"
    m4: Here is your picture.
    Strength: 1 instead of 0.55, the nearest that is possible here.
      cat | Seed 4711 · 1 step · guidance 3 · 128x128 → 256x256 · DDIM · avatar
      ekaki-4-1.png 256x256 seed 4711
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    bot.press("m5", "v1:again:4").await;
    insta::assert_snapshot!(bot.end_of("m5").await, @"
    m5: Here is your picture.
      cat | Seed 4711 · 1 step · guidance 3 · 128x128 → 256x256 · DDIM · avatar
      ekaki-5-1.png 256x256 seed 4711
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    bot.press("m6", "v1:edit:5").await;
    insta::assert_snapshot!(bot.line().await, @r#"
    m6: 🔒 What should job 5 show instead? You can also write: /edit 5 and the new prompt.
      New prompt: "cat"
    "#);
    bot.press("m7", "v1:recipe:5").await;
    insta::assert_snapshot!(bot.line().await, @"
    m7: 🔒 cat
    Steps: 1, Sampler: DDIM, CFG scale: 3, Seed: 4711, Size: 128x128, Model: avatar, RNG: CPU, Version: Ekaki 0.1.0
    ");
}

#[tokio::test]
async fn one_of_several_pictures_is_chosen_by_its_button() {
    let mut bot = BotTester::start().await;
    bot.generator.allow(100);
    bot.say(Locale::EN, "m1", "cat --steps 1 --count 2").await;
    insta::assert_snapshot!(bot.end_of("m1").await, @"
    m1: Here are your 2 pictures.
      cat | Seed 4711 · 1 step · guidance 3 · 128x128 · DDIM · avatar
      ekaki-1-1.png 128x128 seed 4711
      ekaki-1-2.png 128x128 seed 4712
      [🔄 Again] [✏️ Edit] [📋 Recipe] [🗑️ Delete]
      [🤏 Vary 1] [🤏 Vary 2]
      [⬆️ Larger 1] [⬆️ Larger 2]
    ");
    assert_eq!(
        bot.chat.buttons("m1").last().map(String::as_str),
        Some("v1:upscale:1:1")
    );
    bot.press("m2", "v1:vary:1:1").await;
    insta::assert_snapshot!(bot.end_of("m2").await, @"
    m2: Here is your picture.
      cat | Seed 4712 · 1 step · guidance 3 · 128x128 · DDIM · avatar
      ekaki-2-1.png 128x128 seed 4712
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
}

#[tokio::test]
async fn a_deleted_picture_takes_its_message_and_its_file_with_it() {
    let mut bot = with_picture().await;
    bot.press("m2", "v1:delete:1").await;
    insta::assert_snapshot!(bot.line().await, @"m1: (removed)");
    insta::assert_snapshot!(bot.line().await, @"m2: 🔒 The picture of job 1 was deleted.");
    assert!(bot.chat.shown("m1").is_empty());
    let row = bot
        .store
        .jobs()
        .get(JobId(1))
        .await
        .expect("readable")
        .expect("there");
    assert!(row.is_deleted && row.images.iter().all(|image| image.is_gone));
    bot.press("m3", "v1:vary:1").await;
    insta::assert_snapshot!(bot.line().await, @"m3: 🔒 The picture of job 1 was deleted.");
    bot.stop().await;
}

#[tokio::test]
async fn a_shown_job_is_a_message_of_its_own_with_its_buttons() {
    let mut bot = with_picture().await;
    bot.press("m2", "v1:show:1").await;
    insta::assert_snapshot!(bot.line().await, @"
    m2: Here is your picture.
      cat | Seed 4711 · 1 step · guidance 3 · 128x128 · DDIM · avatar
      ekaki-1-1.png 128x128 seed 4711
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    assert_eq!((bot.chat.shown("m1").len(), bot.chat.shown("m2").len()), (1, 1));
    bot.stop().await;
}

#[tokio::test]
async fn only_the_owner_ends_a_job() {
    let mut bot = BotTester::start().await;
    bot.say(Locale::EN, "m1", "cat").await;
    bot.generator.allow(1);
    bot.line().await;
    let [cancel] = bot.chat.buttons("m1").try_into().expect("one button");
    let stranger = CommandRequest {
        user: bot.user("ryo"),
        ..bot.request("m2", CommandInput::Button(cancel.clone()))
    };
    bot.give(stranger).await;
    insta::assert_snapshot!(bot.line().await, @"m2: 🔒 Only the person who asked for job 1, or an admin, can do that.");
    assert_eq!(bot.state(JobId(1)).await, JobState::Running);

    bot.press("m3", &cancel).await;
    let mut lines = [bot.line().await, bot.line().await];
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"), @"
    m1: Job 1 was cancelled.
      [🔄 Try again]
    m3: 🔒 Job 1 ends with the present step.
    ");
    bot.until(JobId(1), JobState::Cancelled).await;
    bot.stop().await;
}

#[tokio::test]
async fn a_button_that_nobody_knows_gets_an_answer() {
    let mut bot = BotTester::start().await;
    for button in ["v1:again:99", "v9:again:1", "v1:explode:1"] {
        bot.press("m1", button).await;
        let answer = bot.line().await;
        match button {
            "v1:again:99" => insta::assert_snapshot!(answer, @"m1: 🔒 There is no job 99."),
            "v9:again:1" => {
                insta::assert_snapshot!(answer, @"m1: 🔒 This button is not understood any more. /help shows what I understand.")
            }
            _ => {
                insta::assert_snapshot!(answer, @"m1: 🔒 This button is not understood any more. /help shows what I understand.")
            }
        }
    }
    bot.stop().await;
}
