//! What is below a picture.

use super::*;

/// A finished job of somebody; returns the number of its message.
async fn drawn(telegram: &Telegram, bot: &Bot, chat: i64) -> i32 {
    bot.generator.allow(ALL_STEPS);
    telegram.shows_text(chat, AGAIN).await
}

#[tokio::test]
async fn a_recipe_appears_over_the_chat_or_as_a_message() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    telegram.says(&kita, kita.id, "/draw a cat");
    let picture = drawn(&telegram, &bot, kita.id).await;
    let query = telegram.presses(&kita, kita.id, picture, "Recipe");
    let answer = telegram.answer_to(&query).await;
    insta::assert_snapshot!(answer["text"].as_str().unwrap_or_default(), @"
    a cat
    Steps: 2, Sampler: DDIM, CFG scale: 3, Seed: 4711, Size: 128x128, Model: avatar, RNG: CPU, Version: Ekaki 0.1.0
    ");
    assert_eq!(answer["show_alert"], true);
    // Too long for that.
    telegram.says(
        &kita,
        kita.id,
        &format!("/draw {}", "a very long prompt, ".repeat(12)),
    );
    telegram.shows_text(kita.id, "a very long prompt").await;
    telegram.has_called("sendChatAction", 2).await;
    let picture = telegram.shows_text(kita.id, AGAIN).await;
    let query = telegram.presses(&kita, kita.id, picture, "Recipe");
    telegram.answer_to(&query).await;
    telegram.shows_text(kita.id, "Steps: 2, Sampler").await;
    bot.stop().await;
}

#[tokio::test]
async fn a_button_begins_another_job_in_a_message_of_its_own() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    telegram.says(&kita, kita.id, "/draw a cat");
    let picture = drawn(&telegram, &bot, kita.id).await;
    let query = telegram.presses(&kita, kita.id, picture, "Again");
    let answer = telegram.answer_to(&query).await;
    assert_eq!(answer["text"], serde_json::Value::Null);
    telegram.shows_text(kita.id, "Seed 4711").await;
    telegram.has_called("editMessageMedia", 2).await;
    telegram.has_called("sendMessage", 2).await;
    let again = telegram.shows_text(kita.id, AGAIN).await;
    assert!(again > picture, "the first picture is still there");
    bot.stop().await;
}

#[tokio::test]
async fn a_job_in_line_is_cancelled() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    telegram.says(&kita, kita.id, "/draw a cat");
    let message = bot.begin(kita.id).await;
    telegram.has_called("setMessageReaction", 1).await;
    let query = telegram.presses(&kita, kita.id, message, "Cancel");
    let answer = telegram.answer_to(&query).await;
    insta::assert_snapshot!(answer["text"].as_str().unwrap_or_default(), @"Job 1 ends with the present step.");
    telegram.shows_text(kita.id, "was cancelled").await;
    insta::assert_snapshot!(telegram.view(kita.id), @"
    #1 kita: /draw a cat (👀)
    #2 ekaki: Job 1 was cancelled.
       [🔄 Try again]
    ");
    bot.stop().await;
}

#[tokio::test]
async fn a_new_prompt_is_asked_for_and_found_again_after_a_restart() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    telegram.says(&kita, kita.id, "/draw a cat");
    let picture = drawn(&telegram, &bot, kita.id).await;
    telegram.presses(&kita, kita.id, picture, "Edit");
    let question = telegram.shows_text(kita.id, "(waits for an answer)").await;
    insta::assert_snapshot!(telegram.view(kita.id).lines().last().unwrap_or_default(), @"   a cat (waits for an answer)");
    let dir = bot.kill().await;
    let bot = Bot::start(&telegram, Plan { dir, ..Plan::new("") }).await;
    telegram.replies(&kita, kita.id, question, "a dog & a bone");
    bot.generator.allow(ALL_STEPS);
    telegram.shows_text(kita.id, "a dog & a bone\n   Seed").await;
    bot.stop().await;
}

#[tokio::test]
async fn the_original_comes_as_a_file_byte_for_byte() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    telegram.says(&kita, kita.id, "/draw a cat");
    let picture = drawn(&telegram, &bot, kita.id).await;
    let stored = telegram.picture(kita.id, picture);
    telegram.presses(&kita, kita.id, picture, "Original");
    let file = telegram.shows_text(kita.id, "<document").await;
    assert_eq!(telegram.picture(kita.id, file), stored);
    insta::assert_snapshot!(telegram.view(kita.id).lines().last().unwrap_or_default(), @"#3 ekaki: <document ekaki-1-1.png 128x128> Here is the file as it is stored.");
    bot.stop().await;
}

#[tokio::test]
async fn originals_come_by_themselves_if_the_operator_wants_that() {
    let (telegram, bot) = start_with("[telegram]\nsend_originals = true").await;
    let kita = telegram.person("kita", "en");
    telegram.change_chat(kita.id, |chat| chat.takes_reactions = false);
    telegram.says(&kita, kita.id, "/draw a cat --count 2");
    drawn(&telegram, &bot, kita.id).await;
    insta::assert_snapshot!(telegram.view(kita.id), @"
    #1 kita: /draw a cat --count 2
    #2 ekaki: Here are your 2 pictures.
       
       a cat
       Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
       [🔄 Again] [✏️ Edit] [📋 Recipe] [🗑️ Delete]
       [🤏 Vary 1] [🤏 Vary 2]
       [⬆️ Larger 1] [⬆️ Larger 2]
       [💾 Original] [📎 Copy recipe = a cat Steps: 2, …]
    #3 ekaki: <photo 128x128, in an album>
    #4 ekaki: <photo 128x128, in an album>
    #5 ekaki: <document ekaki-1-1.png 128x128, in an album>
    #6 ekaki: <document ekaki-1-2.png 128x128, in an album>
    ");
    bot.stop().await;
}

#[tokio::test]
async fn a_job_is_deleted_with_everything_that_was_sent() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    telegram.change_chat(kita.id, |chat| chat.takes_reactions = false);
    telegram.says(&kita, kita.id, "/draw a cat --count 2");
    let message = drawn(&telegram, &bot, kita.id).await;
    let query = telegram.presses(&kita, kita.id, message, "Delete");
    let answer = telegram.answer_to(&query).await;
    insta::assert_snapshot!(answer["text"].as_str().unwrap_or_default(), @"The 2 pictures of job 1 were deleted.");
    insta::assert_snapshot!(telegram.view(kita.id), @"#1 kita: /draw a cat --count 2");
    // A message that Telegram does not delete any more shows nothing of it.
    telegram.says(&kita, kita.id, "/draw a dog");
    let message = telegram.shows_text(kita.id, AGAIN).await;
    telegram.change_settings(|settings| settings.deletes_nothing = true);
    let query = telegram.presses(&kita, kita.id, message, "Delete");
    telegram.answer_to(&query).await;
    assert_eq!(
        telegram.view(kita.id).lines().last(),
        Some("#6 ekaki: <photo 64x64>")
    );
    bot.stop().await;
}

#[tokio::test]
async fn a_picture_that_telegram_has_is_not_uploaded_again() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    telegram.says(&kita, kita.id, "/draw a cat");
    drawn(&telegram, &bot, kita.id).await;
    telegram.says(&kita, kita.id, "/show 1");
    telegram.has_called("sendPhoto", 1).await;
    let shown = telegram.calls();
    let shown = shown
        .iter()
        .find(|call| call.starts_with("sendPhoto"))
        .expect("a call");
    assert!(shown.contains("photo=\"photo-"), "{shown}");
    // Unless the id means nothing any more.
    telegram.shows_text(kita.id, AGAIN).await;
    telegram.forgets_files();
    telegram.says(&kita, kita.id, "/show 1");
    telegram.has_called("sendPhoto", 3).await;
    bot.stop().await;
}
