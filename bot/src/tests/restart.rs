//! A process that dies loses nothing and says nothing twice.

use tokio::time::timeout;

use super::fakes::Fault;
use super::{BotTester, TIME_LIMIT};
use crate::i18n::Locale;
use crate::store::{JobId, JobState};

#[tokio::test]
async fn a_job_that_was_being_drawn_is_finished_once() {
    let mut bot = BotTester::start().await;
    bot.say(Locale::EN, "m1", "cat").await;
    bot.generator.allow(1);
    insta::assert_snapshot!(bot.line().await, @"m1: Drawing, step 1 of 2.");

    let mut bot = BotTester::start_in(bot.killed()).await;
    // The message says so already, and is only changed by the second step.
    bot.generator.allow(2);
    insta::assert_snapshot!(bot.line().await, @"m1: Drawing, step 2 of 2.");
    bot.generator.allow(1);
    insta::assert_snapshot!(bot.line().await, @"
    m1: Here is your picture.
      cat | Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
      ekaki-1-1.png 128x128 seed 4711
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    let dir = bot.stop().await;

    let bot = BotTester::start_in(dir).await;
    assert_eq!(bot.state(JobId(1)).await, JobState::Done);
    bot.stop().await;
}

#[tokio::test]
async fn a_picture_that_was_not_delivered_is_delivered_once() {
    let mut bot = BotTester::start().await;
    bot.chat.fail([Fault::Hang]);
    bot.say(Locale::JA, "m1", "猫 --steps 1").await;
    bot.generator.allow(1);
    bot.line().await;
    bot.generator.allow(1);
    insta::assert_snapshot!(bot.line().await, @"m1: (Hang)");
    assert_eq!(bot.state(JobId(1)).await, JobState::Delivering);

    let mut bot = BotTester::start_in(bot.killed()).await;
    insta::assert_snapshot!(bot.line().await, @"
    m1: 絵ができました。
      猫 | シード 4711 · 1ステップ · ガイダンス 3 · 128x128 · DDIM · avatar
      ekaki-1-1.png 128x128 seed 4711
      [🔄 もう一度] [🤏 少し変える] [⬆️ 大きくする] [✏️ 書き直す]
      [📋 レシピ] [🗑️ 削除]
    ");
    let dir = bot.stop().await;

    let bot = BotTester::start_in(dir).await;
    assert_eq!(bot.state(JobId(1)).await, JobState::Done);
    bot.stop().await;
}

#[tokio::test]
async fn a_job_that_was_stopped_goes_on_at_the_next_start() {
    let mut bot = BotTester::start().await;
    bot.say(Locale::EN, "m1", "cat --steps 1").await;
    bot.generator.allow(1);
    bot.line().await;
    let dir = bot.stop().await;

    let mut bot = BotTester::start_in(dir).await;
    bot.generator.allow(2);
    insta::assert_snapshot!(bot.line().await, @"
    m1: Here is your picture.
      cat | Seed 4711 · 1 step · guidance 3 · 128x128 · DDIM · avatar
      ekaki-1-1.png 128x128 seed 4711
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    bot.stop().await;
}

#[tokio::test]
async fn a_platform_that_ends_by_itself_ends_the_service_with_its_name() {
    let bot = BotTester::start().await;
    bot.chat.leave();
    let ended = timeout(TIME_LIMIT, bot.running)
        .await
        .expect("the service ends in time");
    let error = ended
        .expect("the service does not panic")
        .expect_err("it is an error");
    assert_eq!(error.to_string(), "the platform fake ended by itself");
}
