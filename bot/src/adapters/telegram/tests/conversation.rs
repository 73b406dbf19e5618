//! One person and the bot.

use super::*;

#[tokio::test]
async fn a_command_becomes_a_picture_in_one_message() {
    let (telegram, bot) = start().await;
    let (ryo, kita) = (telegram.person("ryo", "ja"), telegram.person("kita", "en"));
    telegram.says(&ryo, ryo.id, "/draw 山田リョウ");
    bot.begin(ryo.id).await;
    telegram.says(&kita, kita.id, "/draw a <cat> & a guitar");
    telegram.shows_text(kita.id, "Your picture is next").await;
    telegram.has_called("setMessageReaction", 2).await;
    insta::assert_snapshot!(telegram.view(kita.id), @"
    #1 kita: /draw a <cat> & a guitar (👀)
    #2 ekaki: Your picture is next.
       [✖️ Cancel]
    ");
    // The rest of the first job, and a step of the second one.
    bot.generator.allow(3);
    telegram.shows_text(kita.id, "step 1 of 2").await;
    insta::assert_snapshot!(telegram.view(kita.id), @"
    #1 kita: /draw a <cat> & a guitar (👀)
    #2 ekaki: Drawing, step 1 of 2.
       ▰▰▰▰▰▱▱▱▱▱
       [✖️ Cancel]
    ");
    bot.generator.allow(ALL_STEPS);
    telegram.shows_text(kita.id, AGAIN).await;
    telegram.has_called("setMessageReaction", 4).await;
    insta::assert_snapshot!(telegram.view(kita.id), @"
    #1 kita: /draw a <cat> & a guitar (👍)
    #2 ekaki: <photo 128x128> Here is your picture.
       
       a <cat> & a guitar
       Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
       [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
       [📋 Recipe] [🗑️ Delete]
       [💾 Original] [📎 Copy recipe = a <cat> & a guit…]
    ");
    bot.stop().await;
}

#[tokio::test]
async fn it_speaks_japanese() {
    let (telegram, bot) = start().await;
    let ryo = telegram.person("ryo", "ja");
    telegram.says(&ryo, ryo.id, "/draw 後藤ひとり");
    bot.begin(ryo.id).await;
    telegram.has_called("setMessageReaction", 1).await;
    insta::assert_snapshot!(telegram.view(ryo.id), @"
    #1 ryo: /draw 後藤ひとり (👀)
    #2 ekaki: 描いています（1 / 2 ステップ）。
       ▰▰▰▰▰▱▱▱▱▱
       [✖️ 取り消す]
    ");
    bot.generator.allow(ALL_STEPS);
    telegram.shows_text(ryo.id, AGAIN).await;
    telegram.has_called("setMessageReaction", 2).await;
    insta::assert_snapshot!(telegram.view(ryo.id), @"
    #1 ryo: /draw 後藤ひとり (👍)
    #2 ekaki: <photo 128x128> 絵ができました。
       
       後藤ひとり
       シード 4711 · 2ステップ · ガイダンス 3 · 128x128 · DDIM · avatar
       [🔄 もう一度] [🤏 少し変える] [⬆️ 大きくする] [✏️ 書き直す]
       [📋 レシピ] [🗑️ 削除]
       [💾 元のファイル] [📎 レシピをコピー = 後藤ひとり Steps: 2, …]
    ");
    bot.stop().await;
}

#[tokio::test]
async fn several_pictures_are_an_album_and_a_message_with_buttons() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    telegram.change_chat(kita.id, |chat| chat.takes_reactions = false);
    telegram.says(&kita, kita.id, "/draw a cat --count 3");
    bot.generator.allow(ALL_STEPS);
    telegram.shows_text(kita.id, AGAIN).await;
    insta::assert_snapshot!(telegram.view(kita.id), @"
    #1 kita: /draw a cat --count 3
    #2 ekaki: Here are your 3 pictures.
       
       a cat
       Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
       [🔄 Again] [✏️ Edit] [📋 Recipe] [🗑️ Delete]
       [🤏 Vary 1] [🤏 Vary 2] [🤏 Vary 3]
       [⬆️ Larger 1] [⬆️ Larger 2] [⬆️ Larger 3]
       [💾 Original] [📎 Copy recipe = a cat Steps: 2, …]
    #3 ekaki: <photo 128x128, in an album>
    #4 ekaki: <photo 128x128, in an album>
    #5 ekaki: <photo 128x128, in an album>
    ");
    bot.stop().await;
}

#[tokio::test]
async fn a_job_that_fails_says_so() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    telegram.change_chat(kita.id, |chat| chat.takes_reactions = false);
    telegram.says(&kita, kita.id, "/draw a cat");
    bot.generator.fail(inference::InferenceError::NotFinite);
    telegram.shows_text(kita.id, AGAIN).await;
    insta::assert_snapshot!(telegram.view(kita.id), @"
    #1 kita: /draw a cat
    #2 ekaki: The model for job 1 could not be loaded. The person who runs this service can find the reason in its log.
       [🔄 Try again]
    ");
    bot.stop().await;
}

#[tokio::test]
async fn a_picture_with_words_is_drawn_anew() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    let sketch = image::RgbImage::from_pixel(64, 64, image::Rgb([9; 3]));
    let jpeg = inference::images::encode_jpeg(&sketch, 90, None).expect("a picture");
    telegram.shows(&kita, kita.id, jpeg, "/draw a cat");
    bot.generator.allow(ALL_STEPS);
    telegram.shows_text(kita.id, AGAIN).await;
    let job = bot.job(1).await;
    assert!(job.draw.source.is_some(), "{:?}", job.draw);
    bot.stop().await;
}

#[tokio::test]
async fn menus_are_told_once() {
    let (telegram, bot) = start().await;
    telegram.has_called("setMyCommands", 9).await;
    assert_eq!(
        telegram.menus().len(),
        9,
        "three languages in three kinds of chats"
    );
    let dir = bot.kill().await;
    let bot = Bot::start(&telegram, Plan { dir, ..Plan::new("") }).await;
    telegram.has_called("getMyCommands", 18).await;
    bot.stop().await;
    let calls = telegram.calls();
    assert_eq!(
        calls
            .iter()
            .filter(|call| call.starts_with("setMyCommands"))
            .count(),
        9
    );
}
