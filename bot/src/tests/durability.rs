//! Whatever state a job is in when the process dies, the person hears of its end once.

use std::sync::Arc;

use chrono::TimeDelta;

use super::BotTester;
use super::fakes::Fault;
use crate::chat::CommandInput;
use crate::i18n::Locale;
use crate::store::{JobId, JobState};

const JOB: JobId = JobId(1);

/// The only message about the first job, as people see it, and nothing more is said when the bot starts once more.
async fn the_only_message(bot: BotTester, state: JobState) -> String {
    bot.until(JOB, state).await;
    let messages = bot.chat.shown("m1");
    assert_eq!(messages.len(), 1, "{messages:?}");
    let bot = BotTester::start_in(bot.killed()).await;
    assert_eq!(bot.state(JOB).await, state);
    assert_eq!(bot.chat.shown("m1"), messages);
    let mut remains = bot.stop().await;
    assert_eq!(remains.lines.try_recv().ok(), None);
    messages.into_iter().next().unwrap_or_default()
}

/// A bot that has begun to draw the job of another message.
async fn busy() -> BotTester {
    let mut bot = BotTester::start().await;
    bot.say(Locale::EN, "m0", "dog").await;
    bot.generator.allow(1);
    bot.line().await;
    bot
}

#[tokio::test]
async fn queued() {
    let mut bot = busy().await;
    bot.say(Locale::EN, "m1", "cat").await;
    insta::assert_snapshot!(bot.line().await, @"m1: Your picture is next.");
    let waiting = JobId(2);

    let mut bot = BotTester::start_in(bot.killed()).await;
    bot.generator.allow(6);
    bot.end_of("m1").await;
    bot.until(waiting, JobState::Done).await;
    bot.until(JOB, JobState::Done).await;
    for message in ["m0", "m1"] {
        assert_eq!(bot.chat.shown(message).len(), 1);
    }
    let remains = bot.stop().await;
    BotTester::start_in(remains).await.stop().await;
}

#[tokio::test]
async fn running() {
    let mut bot = BotTester::start().await;
    bot.say(Locale::EN, "m1", "cat").await;
    bot.generator.allow(1);
    bot.line().await;

    let mut bot = BotTester::start_in(bot.killed()).await;
    bot.generator.allow(3);
    bot.end_of("m1").await;
    insta::assert_snapshot!(the_only_message(bot, JobState::Done).await, @"
    Here is your picture.
      cat | Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
      ekaki-1-1.png 128x128 seed 4711
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
}

#[tokio::test]
async fn running_twice() {
    let mut bot = BotTester::start().await;
    bot.say(Locale::EN, "m1", "cat").await;
    bot.generator.allow(1);
    bot.line().await;
    let mut bot = BotTester::start_in(bot.killed()).await;
    bot.generator.allow(2);
    bot.line().await;

    let mut bot = BotTester::start_in(bot.killed()).await;
    bot.end_of("m1").await;
    insta::assert_snapshot!(the_only_message(bot, JobState::Failed).await, @"
    The service stopped while it drew job 1, twice. It will not be tried again.
      [🔄 Try again]
    ");
}

#[tokio::test]
async fn delivering_and_the_message_was_not_sent() {
    let mut bot = BotTester::start().await;
    bot.chat.fail([Fault::Hang]);
    bot.say(Locale::EN, "m1", "cat --steps 1").await;
    bot.generator.allow(2);
    while bot.line().await != "m1: (Hang)" {}
    assert_eq!(bot.state(JOB).await, JobState::Delivering);

    let mut bot = BotTester::start_in(bot.killed()).await;
    bot.end_of("m1").await;
    the_only_message(bot, JobState::Done).await;
}

#[tokio::test]
async fn delivering_and_the_message_was_sent_but_not_its_receipt() {
    for can_edit in [true, false] {
        let mut bot = BotTester::start().await;
        // Without news the last message is the first one, and nothing but its nonce says that it is there.
        bot.chat.can(|capabilities| capabilities.can_edit = can_edit);
        bot.chat.fail([Fault::Lost]);
        bot.say(Locale::EN, "m1", "cat --steps 1").await;
        bot.generator.allow(2);
        while bot.line().await != "m1: (Lost)" {}
        assert_eq!(bot.state(JOB).await, JobState::Delivering);
        assert_eq!(bot.chat.shown("m1").len(), 1);

        let bot = BotTester::start_in(bot.killed()).await;
        the_only_message(bot, JobState::Done).await;
    }
}

#[tokio::test]
async fn delivering_a_failure() {
    let mut bot = BotTester::start().await;
    bot.chat.fail([Fault::Hang]);
    bot.say(Locale::EN, "m1", "cat").await;
    bot.generator.fail(inference::InferenceError::Stopped);
    while bot.line().await != "m1: (Hang)" {}

    let mut bot = BotTester::start_in(bot.killed()).await;
    bot.end_of("m1").await;
    insta::assert_snapshot!(the_only_message(bot, JobState::Failed).await, @"
    Something went wrong while job 1 was drawn. It is not your fault. Please try again.
      [🔄 Try again]
    ");
}

#[tokio::test]
async fn delivering_a_cancellation() {
    let mut bot = BotTester::start().await;
    bot.say(Locale::EN, "m1", "cat").await;
    bot.generator.allow(1);
    bot.line().await;
    bot.chat.fail([Fault::Hang]);
    let request = bot.request("m2", CommandInput::Button("v1:cancel:1".to_owned()));
    let commands = Arc::clone(&bot.commands);
    tokio::spawn(async move { commands.handle(request).await });
    // Whichever of the two messages is sent first, the other one waits behind it.
    while !bot.line().await.ends_with("(Hang)") {}
    bot.until(JOB, JobState::Delivering).await;

    let mut bot = BotTester::start_in(bot.killed()).await;
    bot.end_of("m1").await;
    insta::assert_snapshot!(the_only_message(bot, JobState::Cancelled).await, @"
    Job 1 was cancelled.
      [🔄 Try again]
    ");
}

#[tokio::test]
async fn waiting_for_too_long() {
    let mut bot = busy().await;
    bot.say(Locale::EN, "m1", "cat").await;
    bot.line().await;

    let mut bot = BotTester::start_later(bot.killed(), TimeDelta::days(3)).await;
    insta::assert_snapshot!(bot.end_of("m1").await, @"
    m1: Job 2 waited too long and was given up. Please ask again.
      [🔄 Try again]
    ");
    bot.until(JobId(2), JobState::Expired).await;
    assert_eq!(bot.chat.shown("m1").len(), 1);
}
