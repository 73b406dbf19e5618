//! Telegram takes only so much.

use super::*;

/// The rules of Telegram, twenty times as fast.
const QUICK: Duration = Duration::from_millis(50);
const QUICK_WINDOW: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_burst_in_a_group_and_one_in_a_private_chat_stay_within_the_limits() {
    let flood = Flood {
        per_chat: QUICK,
        burst: 3,
        group_window: QUICK_WINDOW,
        group_messages: 20,
    };
    let telegram = Telegram::start(Settings {
        flood: Some(flood),
        ..Settings::default()
    })
    .await;
    let limits = Limits {
        per_chat: QUICK + Duration::from_millis(3),
        group_window: QUICK_WINDOW + Duration::from_millis(100),
        news: [QUICK, QUICK * 4],
        ..Limits::default()
    };
    let plan = Plan {
        limits,
        ..Plan::new("[limits]\nqueued = 0\n")
    };
    let bot = Bot::start(&telegram, plan).await;
    bot.generator.allow(ALL_STEPS);
    let (kita, ryo) = (telegram.person("kita", "en"), telegram.person("ryo", "en"));
    let group = telegram.group("band");
    for number in 0..12 {
        telegram.says(&kita, group, &format!("/draw cat {number}"));
        telegram.says(&ryo, ryo.id, &format!("/draw dog {number}"));
    }
    for chat in [group, ryo.id] {
        telegram.shows_times(chat, AGAIN, 12).await;
        let view = telegram.view(chat);
        assert_eq!(view.matches(AGAIN).count(), 12, "{view}");
    }
    bot.stop().await;
}
