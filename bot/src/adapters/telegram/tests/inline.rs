//! Pictures in chats that the bot does not know.

use super::standin::Person;
use super::*;

const STORAGE: &str = "[telegram]\nstorage_chat = \"@storage\"";

/// A bot that can draw in other chats.
async fn start_inline() -> (Telegram, Bot, Person) {
    let telegram = Telegram::start(Settings::default()).await;
    telegram.group("storage");
    let bot = Bot::start(&telegram, Plan::new(STORAGE)).await;
    telegram.has_called("sendPhoto", 3).await;
    let kita = telegram.person("kita", "en");
    (telegram, bot, kita)
}

/// Types a prompt until there is something to choose; returns the query.
async fn offered(telegram: &Telegram, person: &Person, text: &str) -> String {
    loop {
        let query = telegram.types(person, text, "");
        let answer = telegram.answer_to(&query).await;
        if answer["results"][0]["type"] == "photo" {
            return query;
        }
    }
}

#[tokio::test]
async fn a_chosen_result_becomes_the_picture() {
    let (telegram, bot, kita) = start_inline().await;
    let query = offered(&telegram, &kita, "a cat").await;
    let answer = telegram.answer_to(&query).await;
    assert_eq!(
        (&answer["cache_time"], &answer["is_personal"]),
        (&0.into(), &true.into())
    );
    let message = telegram.chooses(&query, 0).expect("a button");
    insta::assert_snapshot!(telegram.view_inline(&message), @"
    #0 kita: <photo 512x512> a cat
       [🎨 Draw it]
    ");
    telegram.tells_choice(&query, 0, &message);
    bot.generator.allow(1);
    telegram.shows_inline(&message, "step 1 of 2").await;
    insta::assert_snapshot!(telegram.view_inline(&message), @"
    #0 kita: <photo 512x512> Drawing, step 1 of 2.
       ▰▰▰▰▰▱▱▱▱▱
       [✖️ Cancel]
    ");
    bot.generator.allow(ALL_STEPS);
    telegram.shows_inline(&message, AGAIN).await;
    insta::assert_snapshot!(telegram.view_inline(&message), @"
    #0 kita: <photo 128x128> Here is your picture.
       
       a cat
       Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
       [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
       [📋 Recipe] [🗑️ Delete]
       [💾 Original] [📎 Copy recipe = a cat Steps: 2, …]
    ");
    bot.stop().await;
}

#[tokio::test]
async fn it_speaks_japanese() {
    let (telegram, bot, _) = start_inline().await;
    let ryo = telegram.person("ryo", "ja");
    let query = offered(&telegram, &ryo, "後藤ひとり").await;
    let message = telegram.chooses(&query, 1).expect("a button");
    insta::assert_snapshot!(telegram.view_inline(&message), @"
    #0 ryo: <photo 384x512> 後藤ひとり
       [🎨 描いてもらう]
    ");
    telegram.tells_choice(&query, 1, &message);
    bot.generator.allow(ALL_STEPS);
    telegram.shows_inline(&message, AGAIN).await;
    insta::assert_snapshot!(telegram.view_inline(&message), @"
    #0 ryo: <photo 128x192> 絵ができました。
       
       後藤ひとり
       シード 4711 · 2ステップ · ガイダンス 3 · 128x192 · DDIM · avatar
       [🔄 もう一度] [🤏 少し変える] [⬆️ 大きくする] [✏️ 書き直す]
       [📋 レシピ] [🗑️ 削除]
       [💾 元のファイル] [📎 レシピをコピー = 後藤ひとり Steps: 2, …]
    ");
    bot.stop().await;
}

#[tokio::test]
async fn without_feedback_the_button_begins() {
    let (telegram, bot, kita) = start_inline().await;
    let query = offered(&telegram, &kita, "a cat").await;
    let message = telegram.chooses(&query, 0).expect("a button");
    let pressed = telegram.presses_inline(&kita, &message, "");
    telegram.answer_to(&pressed).await;
    bot.generator.allow(ALL_STEPS);
    telegram.shows_inline(&message, AGAIN).await;
    // Feedback that comes late, and twice, changes nothing.
    for _ in 0..2 {
        telegram.tells_choice(&query, 0, &message);
    }
    telegram.says(&kita, kita.id, "/history");
    telegram.shows_text(kita.id, "a cat").await;
    let history = telegram.view(kita.id);
    assert_eq!(history.matches("a cat").count(), 1, "{history}");
    bot.stop().await;
}

#[tokio::test]
async fn a_stranger_does_not_begin_somebody_elses_picture() {
    let (telegram, bot, kita) = start_inline().await;
    let ryo = telegram.person("ryo", "ja");
    let query = offered(&telegram, &kita, "a cat").await;
    let message = telegram.chooses(&query, 0).expect("a button");
    let pressed = telegram.presses_inline(&ryo, &message, "");
    let answer = telegram.answer_to(&pressed).await;
    insta::assert_snapshot!(answer["text"].as_str().unwrap_or_default(), @"描いてもらえるのは、これを送った人だけです。");
    bot.stop().await;
}

#[tokio::test]
async fn buttons_below_an_inline_message_work() {
    let (telegram, bot, kita) = start_inline().await;
    let query = offered(&telegram, &kita, "a cat").await;
    let message = telegram.chooses(&query, 0).expect("a button");
    telegram.tells_choice(&query, 0, &message);
    bot.generator.allow(ALL_STEPS);
    telegram.shows_inline(&message, AGAIN).await;
    let pressed = telegram.presses_inline(&kita, &message, "Recipe");
    let answer = telegram.answer_to(&pressed).await;
    assert!(
        answer["text"]
            .as_str()
            .is_some_and(|text| text.contains("Steps: 2")),
        "{answer}"
    );
    telegram.presses_inline(&kita, &message, "Original");
    telegram.shows_text(kita.id, "<document").await;
    let pressed = telegram.presses_inline(&kita, &message, "Again");
    telegram.answer_to(&pressed).await;
    telegram.has_called("editMessageMedia", 2).await;
    telegram.shows_inline(&message, AGAIN).await;
    // The picture is there to be sent again at once.
    let query = telegram.types(&kita, "cat", "");
    let answer = telegram.answer_to(&query).await;
    let results = answer["results"].as_array().cloned().unwrap_or_default();
    let finished = results
        .iter()
        .filter(|result| result["id"].as_str().is_some_and(|id| !id.starts_with("i1:")));
    assert_eq!(finished.count(), 2, "{results:?}");
    // And gone when it is deleted.
    let pressed = telegram.presses_inline(&kita, &message, "Delete");
    telegram.answer_to(&pressed).await;
    assert!(
        telegram.view_inline(&message).contains("<photo 64x64>"),
        "{}",
        telegram.view_inline(&message)
    );
    bot.stop().await;
}

#[tokio::test]
async fn nobody_chooses_and_nothing_is_drawn() {
    let (telegram, bot, kita) = start_inline().await;
    for text in ["a", "a c", "a cat"] {
        let query = telegram.types(&kita, text, "");
        telegram.answer_to(&query).await;
    }
    let query = telegram.types(&kita, "", "");
    let answer = telegram.answer_to(&query).await;
    insta::assert_snapshot!(answer["results"][0]["title"].as_str().unwrap_or_default(), @"Write what to draw");
    telegram.says(&kita, kita.id, "/history");
    telegram.shows_text(kita.id, "#2 ekaki").await;
    insta::assert_snapshot!(telegram.view(kita.id), @"
    #1 kita: /history (👀)
    #2 ekaki: You have no jobs here. Tell me what to draw!
    ");
    bot.stop().await;
}

#[tokio::test]
async fn a_lost_answer_changes_nothing() {
    let (telegram, bot, kita) = start_inline().await;
    let query = offered(&telegram, &kita, "a cat").await;
    let message = telegram.chooses(&query, 0).expect("a button");
    for (method, kind) in [
        ("editMessageMedia", FaultKind::Lost),
        ("sendPhoto", FaultKind::Lost),
        (
            "editMessageCaption",
            FaultKind::Refuse(500, "Internal Server Error"),
        ),
    ] {
        telegram.fail(Fault {
            method,
            kind,
            times: 1,
        });
    }
    telegram.tells_choice(&query, 0, &message);
    bot.generator.allow(ALL_STEPS);
    telegram.shows_inline(&message, AGAIN).await;
    bot.ended(1).await;
    bot.stop().await;
}

#[tokio::test]
async fn what_stands_for_a_picture_is_brought_to_telegram_once() {
    let telegram = Telegram::start(Settings::default()).await;
    telegram.group("storage");
    telegram.fail(Fault {
        method: "sendPhoto",
        kind: FaultKind::Late,
        times: 1,
    });
    let bot = Bot::start(&telegram, Plan::new(STORAGE)).await;
    telegram.has_called("sendPhoto", 1).await;
    let kita = telegram.person("kita", "en");
    for text in ["a", "a c", "a cat"] {
        let query = telegram.types(&kita, text, "");
        let answer = telegram.answer_to(&query).await;
        assert_eq!(answer["results"][0]["type"], "article");
    }
    telegram.answers();
    offered(&telegram, &kita, "a cat").await;
    telegram.has_called("sendPhoto", 3).await;
    assert_eq!(uploads(&telegram), 3);
    bot.stop().await;
}

#[tokio::test]
async fn what_telegram_has_forgotten_is_brought_again() {
    let (telegram, bot, kita) = start_inline().await;
    offered(&telegram, &kita, "a cat").await;
    telegram.forgets_files();
    let query = telegram.types(&kita, "a cat", "");
    let answer = telegram.answer_to(&query).await;
    assert_eq!(answer["results"][0]["id"], "not-here");
    offered(&telegram, &kita, "a cat").await;
    telegram.has_called("sendPhoto", 6).await;
    assert_eq!(uploads(&telegram), 6);
    bot.stop().await;
}

fn uploads(telegram: &Telegram) -> usize {
    let calls = telegram.calls();
    calls.iter().filter(|call| call.starts_with("sendPhoto")).count()
}
