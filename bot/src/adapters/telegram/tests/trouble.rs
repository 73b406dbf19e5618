//! What goes wrong, and is put right.

use super::*;

/// Draws a picture while these things go wrong; returns what kita sees.
async fn draw_with(faults: impl IntoIterator<Item = Fault>) -> String {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    telegram.change_chat(kita.id, |chat| chat.takes_reactions = false);
    faults.into_iter().for_each(|fault| telegram.fail(fault));
    telegram.says(&kita, kita.id, "/draw a cat");
    bot.generator.allow(ALL_STEPS);
    bot.ended(1).await;
    let view = telegram.view(kita.id);
    bot.stop().await;
    view
}

fn fault(method: &'static str, kind: FaultKind, times: usize) -> Fault {
    Fault { method, kind, times }
}

/// The picture is there once, and there is nothing else that says that it is.
#[track_caller]
fn check_one_end(view: &str) {
    assert_eq!(view.matches(AGAIN).count(), 1, "{view}");
    assert_eq!(view.matches("Here is your picture.").count(), 1, "{view}");
}

#[tokio::test]
async fn a_picture_whose_answer_was_lost_is_there_once() {
    check_one_end(&draw_with([fault("editMessageMedia", FaultKind::Lost, 1)]).await);
    check_one_end(&draw_with([fault("editMessageMedia", FaultKind::Dropped, 1)]).await);
    check_one_end(&draw_with([fault("sendMessage", FaultKind::Lost, 1)]).await);
    check_one_end(&draw_with([fault("sendMessage", FaultKind::Dropped, 1)]).await);
}

#[tokio::test]
async fn errors_of_the_server_pass() {
    check_one_end(&draw_with([fault("edit", FaultKind::Refuse(500, "Internal Server Error"), 2)]).await);
    check_one_end(&draw_with([fault("send", FaultKind::Refuse(502, "Bad Gateway"), 2)]).await);
    check_one_end(
        &draw_with([fault(
            "editMessageMedia",
            FaultKind::Refuse(401, "Unauthorized"),
            1,
        )])
        .await,
    );
}

#[tokio::test]
async fn what_a_proxy_says_is_not_believed() {
    check_one_end(&draw_with([fault("editMessageMedia", FaultKind::Page(403), 1)]).await);
    check_one_end(&draw_with([fault("sendMessage", FaultKind::Page(400), 1)]).await);
}

#[tokio::test]
async fn a_chat_that_wants_to_be_left_alone_is_left_alone() {
    // The stand-in counts every call to that chat meanwhile as a violation.
    check_one_end(&draw_with([fault("editMessageMedia", FaultKind::Flood(1), 2)]).await);
    check_one_end(&draw_with([fault("sendMessage", FaultKind::Flood(1), 1)]).await);
}

#[tokio::test]
async fn a_picture_that_telegram_does_not_take_comes_as_a_file_or_is_told_of() {
    let view = draw_with([fault(
        "editMessageMedia",
        FaultKind::Refuse(400, "Bad Request: IMAGE_PROCESS_FAILED"),
        1,
    )]);
    insta::assert_snapshot!(view.await, @"
    #1 kita: /draw a cat
    #2 ekaki: <document ekaki-1-1.png 128x128> Here is your picture.
       
       a cat
       Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
       A picture cannot be a photo here, so it comes as a file.
       [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
       [📋 Recipe] [🗑️ Delete]
       [💾 Original] [📎 Copy recipe = a cat Steps: 2, …]
    ");
    let view = draw_with([fault(
        "editMessageMedia",
        FaultKind::Refuse(400, "Bad Request: something new"),
        2,
    )]);
    insta::assert_snapshot!(view.await, @"
    #1 kita: /draw a cat
    #2 ekaki: Telegram did not take the picture. /show 1 tries again.
    ");
}

#[tokio::test]
async fn a_bot_that_was_killed_goes_on_in_the_same_message() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    telegram.says(&kita, kita.id, "/draw a cat");
    bot.begin(kita.id).await;
    bot.knows_message(1).await;
    let dir = bot.kill().await;
    let later = Plan {
        dir,
        after: TimeDelta::minutes(2),
        ..Plan::new("")
    };
    let bot = Bot::start(&telegram, later).await;
    bot.generator.allow(ALL_STEPS);
    telegram.shows_text(kita.id, AGAIN).await;
    check_one_end(&telegram.view(kita.id));
    assert_eq!(
        telegram.view(kita.id).matches('#').count(),
        2,
        "{}",
        telegram.view(kita.id)
    );
    bot.stop().await;
}

#[tokio::test]
async fn an_album_whose_buttons_were_not_taken_is_not_sent_again() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    telegram.says(&kita, kita.id, "/draw a cat --count 2");
    bot.begin(kita.id).await;
    telegram.fail(fault(
        "editMessageText",
        FaultKind::Refuse(500, "Internal Server Error"),
        3,
    ));
    bot.generator.allow(ALL_STEPS);
    telegram.shows_text(kita.id, AGAIN).await;
    bot.ended(1).await;
    let albums = telegram.calls();
    assert_eq!(
        albums
            .iter()
            .filter(|call| call.starts_with("sendMediaGroup"))
            .count(),
        1
    );
    bot.stop().await;
}

#[tokio::test]
async fn news_that_come_twice_are_one_job() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    telegram.says(&kita, kita.id, "/draw a cat");
    let update = telegram.newest_update();
    telegram.repeats(update);
    bot.generator.allow(ALL_STEPS);
    telegram.shows_text(kita.id, AGAIN).await;
    telegram.says(&kita, kita.id, "/queue");
    telegram.shows_text(kita.id, "being drawn").await;
    check_one_end(&telegram.view(kita.id));
    bot.stop().await;
}

#[tokio::test]
async fn a_command_that_comes_again_after_a_restart_is_not_answered_again() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    telegram.says(&kita, kita.id, "/draw a cat");
    let update = telegram.newest_update();
    bot.generator.allow(ALL_STEPS);
    bot.ended(1).await;
    let dir = bot.kill().await;
    let bot = Bot::start(&telegram, Plan { dir, ..Plan::new("") }).await;
    telegram.repeats(update);
    telegram.says(&kita, kita.id, "/queue");
    telegram.shows_text(kita.id, "being drawn").await;
    check_one_end(&telegram.view(kita.id));
    bot.stop().await;
}

#[tokio::test]
async fn a_long_prompt_is_cut_as_telegram_counts() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    // Each guitar counts twice, and there are more than fit.
    telegram.says(&kita, kita.id, &format!("/draw {}", "🎸<&>".repeat(230)));
    bot.generator.allow(ALL_STEPS);
    let picture = telegram.shows_text(kita.id, AGAIN).await;
    let caption = telegram.message(kita.id, picture).expect("a message").text;
    assert!(
        (1020..=1024).contains(&caption.encode_utf16().count()),
        "{caption}"
    );
    assert!(caption.contains('…'));
    bot.stop().await;
}
