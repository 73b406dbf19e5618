//! Several people: what belongs to whom, and how much of it.

use super::BotTester;
use crate::chat::{CommandInput, CommandRequest};
use crate::i18n::Locale;
use crate::store::{JobId, JobState};

async fn somebody_says(bot: &BotTester, id: &str, message: &str, input: CommandInput) {
    let request = CommandRequest {
        user: bot.user(id),
        ..bot.request(message, input)
    };
    bot.give(request).await;
}

fn text(text: &str) -> CommandInput {
    CommandInput::Text(text.to_owned())
}

fn button(button: &str) -> CommandInput {
    CommandInput::Button(button.to_owned())
}

#[tokio::test]
async fn a_private_job_does_not_exist_for_others() {
    let mut bot = BotTester::start().await;
    bot.generator.allow(100);
    bot.say(Locale::EN, "m1", "cat --steps 1 --private").await;
    insta::assert_snapshot!(bot.end_of("m1").await, @"
    m1: 🔒 Here is your picture.
      cat | Seed 4711 · 1 step · guidance 3 · 128x128 · DDIM · avatar
      ekaki-1-1.png 128x128 seed 4711
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    somebody_says(&bot, "ryo", "m2", button("v1:again:1")).await;
    insta::assert_snapshot!(bot.line().await, @"m2: 🔒 There is no job 1.");
    somebody_says(&bot, "ryo", "m2", text("/show 1")).await;
    insta::assert_snapshot!(bot.line().await, @"m2: 🔒 There is no job 1.");
    bot.press("m3", "v1:again:1").await;
    assert!(
        bot.end_of("m3").await.starts_with("m3: 🔒 "),
        "what comes from it is private, too"
    );
}

#[tokio::test]
async fn equal_wishes_are_drawn_once_and_told_to_each() {
    let mut bot = BotTester::start().await;
    bot.say(Locale::EN, "m1", "cat --steps 1 --seed 3").await;
    somebody_says(&bot, "ryo", "m2", text("cat --steps 1 --seed 3")).await;
    bot.generator.allow(2);
    let mut ends = Vec::new();
    while ends.len() < 2 {
        let line = bot.line().await;
        ends.extend(line.contains("Here is your picture").then_some(line));
    }
    ends.sort();
    insta::assert_snapshot!(ends.join("\n"), @"
    m1: Here is your picture.
      cat | Seed 3 · 1 step · guidance 3 · 128x128 · DDIM · avatar
      ekaki-1-1.png 128x128 seed 3
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    m2: Here is your picture.
      cat | Seed 3 · 1 step · guidance 3 · 128x128 · DDIM · avatar
      ekaki-2-1.png 128x128 seed 3
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    bot.until(JobId(1), JobState::Done).await;
    bot.until(JobId(2), JobState::Done).await;
    bot.stop().await;
}

#[tokio::test]
async fn a_quota_says_which_and_until_when_and_a_failure_is_free() {
    let mut bot = BotTester::start_with("[limits]\nper_day = 1\n").await;
    bot.say(Locale::EN, "m1", "cat --steps 1").await;
    bot.generator.fail(inference::InferenceError::Stopped);
    bot.end_of("m1").await;
    bot.until(JobId(1), JobState::Failed).await;
    bot.say(Locale::EN, "m2", "cat --steps 1").await;
    bot.generator.allow(2);
    bot.end_of("m2").await;
    bot.until(JobId(2), JobState::Done).await;
    bot.say(Locale::EN, "m3", "dog").await;
    insta::assert_snapshot!(bot.line().await, @"m3: 🔒 One job is allowed within 24 hours. You can ask again tomorrow at 12:00 (in 24 hours).");
    bot.say(Locale::JA, "m4", "犬").await;
    insta::assert_snapshot!(bot.line().await, @"m4: 🔒 24時間の上限（1件）に達しました。明日の12:00（24時間後）に、もう一度お試しください。");
    let mut bot = BotTester::start_in(bot.stop().await).await;
    bot.press("m5", "v1:again:2").await;
    insta::assert_snapshot!(bot.line().await, @"m5: 🔒 One job is allowed within 24 hours. You can ask again tomorrow at 12:00 (in 24 hours).");
    bot.stop().await;
}

#[tokio::test]
async fn whoever_wants_to_be_forgotten_is() {
    let mut bot = BotTester::start().await;
    bot.generator.allow(100);
    bot.say(Locale::EN, "m1", "cat --steps 1").await;
    bot.end_of("m1").await;
    somebody_says(&bot, "ryo", "m2", text("dog --steps 1")).await;
    bot.end_of("m2").await;
    bot.until(JobId(2), JobState::Done).await;
    bot.say(Locale::EN, "m3", "/forgetme").await;
    insta::assert_snapshot!(bot.line().await, @"
    m3: 🔒 This deletes all your jobs, pictures and settings for ever. Nobody can bring them back. To confirm, press the button or write: /forgetme 535405
      [🗑 Delete everything]
    ");
    let [confirm] = bot.chat.buttons("m3").try_into().expect("one button");
    somebody_says(&bot, "ryo", "m4", button(&confirm)).await;
    assert!(
        bot.line().await.contains("[🗑"),
        "somebody else is asked for their own"
    );
    bot.press("m5", &confirm).await;
    insta::assert_snapshot!(bot.line().await, @"m5: 🔒 Everything was deleted: one job, one picture, your settings.");
    let jobs = bot.store.jobs();
    assert!(jobs.get(JobId(1)).await.expect("readable").is_none());
    assert!(jobs.get(JobId(2)).await.expect("readable").is_some());
    bot.say(Locale::EN, "m6", "/show 1").await;
    insta::assert_snapshot!(bot.line().await, @"m6: 🔒 There is no job 1.");
    bot.stop().await;
}
