//! What happens when the usual way is closed.

use super::*;
use crate::adapters::discord::rest::tests::server::Received;
use crate::chat::{Button, ButtonId, ButtonStyle};

/// What is sent when a job ends so long after the command, for each kind of place.
async fn check(address: DiscordAddress, minutes: i64, seconds: i64, reply: Reply, expected: &str) {
    let desk = Desk::new().await;
    desk.is_after(minutes, seconds);
    desk.go_on(&address).finish(reply).await.expect("shown");
    let expected: Vec<&str> = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(desk.server.transcript(), expected.join("\n"));
}

#[tokio::test]
async fn a_public_message_is_changed_by_the_bot_after_a_quarter_of_an_hour() {
    let edited = r#"PATCH /webhooks/10/interaction-token/messages/@original embed="Job 12 was cancelled.""#;
    check(thinking(address()), 14, 59, end(), edited).await;
    let changed = r#"PATCH /channels/20/messages/50 embed="Job 12 was cancelled.""#;
    check(thinking(address()), 15, 1, end(), changed).await;
}

#[tokio::test]
async fn a_private_message_becomes_a_direct_one_after_a_quarter_of_an_hour() {
    let edited = r#"PATCH /webhooks/10/interaction-token/messages/@original embed="Job 12 was cancelled.""#;
    check(hidden(address()), 14, 59, private_end(), edited).await;
    let direct = r#"
        POST /users/@me/channels recipient="40"
        POST /channels/80/messages content="You asked for this in <#20>:" embed="Job 12 was cancelled." nonce="ekaki-12"
    "#;
    check(hidden(address()), 15, 1, private_end(), direct).await;
}

#[tokio::test]
async fn a_conversation_with_the_bot_goes_on_there() {
    let address = with_access(BotAccess::Direct, address());
    let edited = r#"PATCH /webhooks/10/interaction-token/messages/@original embed="Job 12 was cancelled.""#;
    check(thinking(address.clone()), 14, 59, private_end(), edited).await;
    let changed = r#"PATCH /channels/20/messages/50 embed="Job 12 was cancelled.""#;
    check(thinking(address.clone()), 15, 1, private_end(), changed).await;
    let posted = r#"POST /channels/20/messages content="<@40>" embed="Job 12 was cancelled." users=["40"] nonce="ekaki-12""#;
    check(hidden(address), 15, 1, private_end(), posted).await;
}

#[tokio::test]
async fn where_the_bot_is_no_member_a_direct_message_is_what_is_left() {
    let address = with_access(BotAccess::None, address());
    let edited = r#"PATCH /webhooks/10/interaction-token/messages/@original embed="Job 12 was cancelled.""#;
    check(thinking(address.clone()), 14, 59, end(), edited).await;
    let direct = r#"
        POST /users/@me/channels recipient="40"
        POST /channels/80/messages content="You asked for this in <#20>:" embed="Job 12 was cancelled." nonce="ekaki-12"
    "#;
    check(thinking(address), 15, 1, end(), direct).await;
}

#[tokio::test]
async fn news_cross_the_quarter_of_an_hour() {
    let desk = Desk::new().await;
    let responder = desk.go_on(&thinking(address()));
    desk.is_after(14, 59);
    responder.update(news()).await.expect("shown");
    desk.is_after(15, 1);
    responder.update(news()).await.expect("shown");
    responder.finish(end()).await.expect("shown");
    insta::assert_snapshot!(desk.server.transcript(), @r#"
    PATCH /webhooks/10/interaction-token/messages/@original content="Your picture is next."
    PATCH /channels/20/messages/50 content="Your picture is next."
    PATCH /channels/20/messages/50 embed="Job 12 was cancelled."
    "#);
}

#[tokio::test]
async fn private_news_stop_after_a_quarter_of_an_hour() {
    let desk = Desk::new().await;
    desk.is_after(15, 1);
    let told = desk.go_on(&hidden(address())).update(news()).await;
    assert!(matches!(told, Err(SendError::Gone { .. })), "{told:?}");
    assert_eq!(desk.server.transcript(), "");
}

#[tokio::test]
async fn a_token_that_discord_refuses_is_not_used_again() {
    let desk = Desk::new().await;
    desk.server.refuse("@original", 401, 50027);
    let responder = desk.go_on(&thinking(address()));
    let sent = responder.update(news()).await.expect("shown");
    let stored = DiscordAddress::load(&sent.address.expect("it has changed")).expect("an address");
    assert!(stored.is_token_dead);
    desk.go_on(&stored).finish(end()).await.expect("shown");
    insta::assert_snapshot!(desk.server.transcript(), @r#"
    PATCH /webhooks/10/interaction-token/messages/@original content="Your picture is next."
    PATCH /channels/20/messages/50 content="Your picture is next."
    PATCH /channels/20/messages/50 embed="Job 12 was cancelled."
    "#);
}

#[tokio::test]
async fn a_message_that_somebody_has_deleted_is_replaced_at_the_end_only() {
    let desk = Desk::new().await;
    for _ in 0..4 {
        desk.server.refuse("/messages/", 404, 10008);
    }
    desk.is_after(20, 0);
    let responder = desk.go_on(&thinking(address()));
    assert!(matches!(
        responder.update(news()).await,
        Err(SendError::Gone { .. })
    ));
    let sent = responder.finish(end()).await.expect("shown");
    insta::assert_snapshot!(desk.server.transcript(), @r#"
    PATCH /channels/20/messages/50 content="Your picture is next."
    PATCH /channels/20/messages/50 embed="Job 12 was cancelled."
    POST /channels/20/messages content="<@40>" embed="Job 12 was cancelled." users=["40"] reply_to="50" nonce="ekaki-12"
    "#);
    let stored = DiscordAddress::load(&sent.address.expect("it has changed")).expect("an address");
    let own = Answered::Own {
        channel: ChannelId::new(20),
        message: MessageId::new(70),
    };
    assert_eq!(stored.answer, own);
}

#[tokio::test]
async fn news_are_only_made_where_they_can_be_shown() {
    let desk = Desk::new().await;
    let check = |address: DiscordAddress, minutes: i64, expected: bool| {
        desk.is_after(minutes, 0);
        let can = desk.go_on(&address).capabilities();
        assert_eq!((can.can_edit, can.previews), (expected, expected), "{address:?}");
    };
    check(thinking(address()), 14, true);
    check(thinking(address()), 20, true);
    check(hidden(address()), 14, true);
    check(hidden(address()), 20, false);
    check(with_access(BotAccess::None, thinking(address())), 20, false);
}

#[tokio::test]
async fn an_application_that_people_bring_along_adds_five_messages_at_most() {
    let check = async |follow_ups: u8, expected: &str| {
        let desk = Desk::new().await;
        desk.server.refuse("@original", 404, 10008);
        let address = DiscordAddress {
            follow_ups,
            ..with_access(BotAccess::None, thinking(address()))
        };
        desk.go_on(&address).finish(end()).await.expect("shown");
        let transcript = desk.server.transcript();
        let next = transcript.lines().nth(1).unwrap_or_default();
        assert!(next.starts_with(expected), "{transcript}");
    };
    check(4, "POST /webhooks/10/interaction-token?wait=true").await;
    check(5, "POST /users/@me/channels").await;
}

#[tokio::test]
async fn a_closed_channel_is_left_for_a_direct_message() {
    let desk = Desk::new().await;
    desk.is_after(20, 0);
    desk.server.refuse("/messages/50", 403, 50001);
    desk.server.refuse("POST /channels/20", 403, 50013);
    desk.go_on(&thinking(address()))
        .finish(end())
        .await
        .expect("shown");
    insta::assert_snapshot!(desk.server.transcript(), @r#"
    PATCH /channels/20/messages/50 embed="Job 12 was cancelled."
    POST /channels/20/messages content="<@40>" embed="Job 12 was cancelled." users=["40"] reply_to="50" nonce="ekaki-12"
    POST /users/@me/channels recipient="40"
    POST /channels/80/messages content="You asked for this in <#20>:" embed="Job 12 was cancelled." nonce="ekaki-12"
    "#);
}

#[tokio::test]
async fn who_takes_no_direct_messages_is_told_how_to_get_the_picture() {
    let desk = Desk::new().await;
    desk.is_after(20, 0);
    desk.server.refuse("POST /channels/80", 403, 50007);
    let sent = desk
        .go_on(&hidden(address()))
        .finish(private_end())
        .await
        .expect("told");
    insta::assert_snapshot!(desk.server.transcript(), @r#"
    POST /users/@me/channels recipient="40"
    POST /channels/80/messages content="You asked for this in <#20>:" embed="Job 12 was cancelled." nonce="ekaki-12"
    POST /channels/20/messages content="<@40> Job 12 has ended, but I can neither change my message nor write to you. /show 12 shows the result." users=["40"] nonce="ekaki-12"
    "#);
    // What is private must never come into the sentence that everybody sees.
    assert_eq!(sent.address, None);
}

#[tokio::test]
async fn nobody_is_there_when_every_way_is_closed() {
    let desk = Desk::new().await;
    desk.is_after(20, 0);
    desk.server.refuse("POST /users", 400, 50033);
    let address = with_access(BotAccess::None, thinking(address()));
    let ended = desk.go_on(&address).finish(end()).await;
    assert!(matches!(ended, Err(SendError::Gone { .. })), "{ended:?}");
}

#[tokio::test]
async fn a_private_answer_replaces_what_everybody_sees() {
    let desk = Desk::new().await;
    let responder = desk.go_on(&thinking(address()));
    responder
        .finish(Reply::private("You have drawn enough today."))
        .await
        .expect("said");
    insta::assert_snapshot!(desk.server.transcript(), @r#"
    DELETE /webhooks/10/interaction-token/messages/@original
    POST /webhooks/10/interaction-token?wait=true flags=64 content="You have drawn enough today."
    "#);
}

#[tokio::test]
async fn a_private_job_goes_on_in_the_message_that_replaced_the_public_one() {
    let desk = Desk::new().await;
    let private_news = JobUpdate {
        is_private: true,
        ..news()
    };
    let sent = desk
        .go_on(&thinking(address()))
        .update(private_news)
        .await
        .expect("shown");
    let stored = DiscordAddress::load(&sent.address.expect("it has changed")).expect("an address");
    desk.server.transcript();
    desk.go_on(&stored).finish(private_end()).await.expect("shown");
    insta::assert_snapshot!(desk.server.transcript(), @r#"PATCH /webhooks/10/interaction-token/messages/60 embed="Job 12 was cancelled.""#);
}

#[tokio::test]
async fn a_private_job_never_comes_into_a_public_message() {
    let desk = Desk::new().await;
    desk.is_after(15, 1);
    desk.go_on(&thinking(address()))
        .finish(private_end())
        .await
        .expect("shown");
    insta::assert_snapshot!(desk.server.transcript(), @r#"
    POST /users/@me/channels recipient="40"
    POST /channels/80/messages content="You asked for this in <#20>:" embed="Job 12 was cancelled." nonce="ekaki-12"
    "#);
}

#[tokio::test]
async fn a_server_fault_is_told_to_the_outbox_and_the_second_try_is_the_same_message() {
    let desk = Desk::new().await;
    desk.is_after(20, 0);
    let address = DiscordAddress {
        answer: Answered::Nothing,
        ..address()
    };
    desk.server.refuse("POST /channels", 502, 0);
    let responder = desk.go_on(&address);
    let ended = responder.finish(end()).await;
    assert!(matches!(ended, Err(SendError::Retry { .. })), "{ended:?}");
    responder.finish(end()).await.expect("shown");
    let transcript = desk.server.transcript();
    let [first, second] = transcript
        .lines()
        .collect::<Vec<_>>()
        .try_into()
        .expect("two tries");
    assert_eq!(first, second);
    assert!(first.ends_with(r#"nonce="ekaki-12""#), "{first}");
}

#[tokio::test]
async fn what_discord_does_not_understand_is_said_in_plain_words() {
    let desk = Desk::new().await;
    desk.server.refuse("PATCH", 400, 50035);
    desk.go_on(&thinking(address()))
        .finish(end())
        .await
        .expect("said");
    insta::assert_snapshot!(desk.server.transcript(), @r#"
    PATCH /webhooks/10/interaction-token/messages/@original embed="Job 12 was cancelled."
    PATCH /webhooks/10/interaction-token/messages/@original content="Job 12 was cancelled.\nDiscord does not take everything that belongs here. /show 12 shows the result again."
    "#);
}

#[tokio::test]
async fn what_discord_does_not_understand_in_any_form_goes_another_way() {
    let desk = Desk::new().await;
    for _ in 0..3 {
        desk.server.refuse("@original", 400, 50035);
    }
    let reply = Reply {
        buttons: vec![vec![Button {
            id: ButtonId::new("again", JobId(12)),
            emoji: "🔄",
            label: "Again".to_owned(),
            style: ButtonStyle::default(),
        }]],
        ..end()
    };
    desk.go_on(&thinking(address()))
        .finish(reply)
        .await
        .expect("said");
    let rows = |call: &Received| call.body["components"].as_array().map_or(0, Vec::len);
    let rows: Vec<usize> = desk.server.received().iter().map(rows).collect();
    assert_eq!(rows, [1, 1, 0, 0], "the buttons are left out last");
    insta::assert_snapshot!(desk.server.transcript(), @r#"
    PATCH /webhooks/10/interaction-token/messages/@original embed="Job 12 was cancelled."
    PATCH /webhooks/10/interaction-token/messages/@original content="Job 12 was cancelled.\nDiscord does not take everything that belongs here. /show 12 shows the result again."
    PATCH /webhooks/10/interaction-token/messages/@original content="Job 12 was cancelled.\nDiscord does not take everything that belongs here. /show 12 shows the result again."
    PATCH /channels/20/messages/50 content="Job 12 was cancelled.\nDiscord does not take everything that belongs here. /show 12 shows the result again."
    "#);
}

#[tokio::test]
async fn an_archived_thread_is_opened_again_by_a_new_message() {
    let desk = Desk::new().await;
    desk.is_after(20, 0);
    desk.server.refuse("/messages/50", 400, 50083);
    desk.go_on(&thinking(address()))
        .finish(end())
        .await
        .expect("shown");
    insta::assert_snapshot!(desk.server.transcript(), @r#"
    PATCH /channels/20/messages/50 embed="Job 12 was cancelled."
    POST /channels/20/messages content="<@40>" embed="Job 12 was cancelled." users=["40"] reply_to="50" nonce="ekaki-12"
    "#);
}

#[tokio::test]
async fn what_everybody_reads_is_in_the_language_of_the_server() {
    let desk = Desk::new().await;
    desk.is_after(20, 0);
    desk.server.refuse("POST /channels/80", 403, 50007);
    let address = DiscordAddress {
        public_locale: Some(Locale::JA),
        ..hidden(address())
    };
    desk.go_on(&address).finish(private_end()).await.expect("told");
    let transcript = desk.server.transcript();
    insta::assert_snapshot!(transcript.lines().last().unwrap_or_default(), @r#"POST /channels/20/messages content="<@40> ジョブ12が終わりましたが、元のメッセージの更新もダイレクトメッセージの送信もできませんでした。結果は /show 12 で表示できます。" users=["40"] nonce="ekaki-12""#);
}

#[tokio::test]
async fn files_that_are_too_large_after_all_become_smaller() {
    let desk = Desk::new().await;
    desk.server.refuse("PATCH", 413, 40005);
    let png = inference::images::encode_png(&inference::RgbImage::new(8, 8), None).expect("a picture");
    let reply = Reply {
        images: vec![crate::chat::ReplyImage {
            bytes: png.len() as u64,
            content: crate::chat::ImageContent::Bytes(png.into()),
            is_spoiler: false,
            file_name: "ekaki-12-1.png".to_owned(),
            seed: 7,
            width: 8,
            height: 8,
        }],
        ..end()
    };
    desk.go_on(&thinking(address()))
        .finish(reply)
        .await
        .expect("shown");
    insta::assert_snapshot!(desk.server.transcript(), @r#"
    PATCH /webhooks/10/interaction-token/messages/@original embed="Job 12 was cancelled." ekaki-12-1.png
    PATCH /webhooks/10/interaction-token/messages/@original embed="Job 12 was cancelled." ekaki-12-1.png
    "#);
}

#[tokio::test]
async fn a_message_is_taken_away_by_whoever_can() {
    let check = async |address: DiscordAddress, minutes: i64, expected: &str| {
        let desk = Desk::new().await;
        desk.is_after(minutes, 0);
        let removed = desk.go_on(&address).remove().await;
        assert_eq!(
            removed.is_ok(),
            !expected.is_empty() || address.answer == Answered::Nothing
        );
        assert_eq!(desk.server.transcript(), expected);
    };
    let original = "DELETE /webhooks/10/interaction-token/messages/@original";
    check(thinking(address()), 1, original).await;
    check(thinking(address()), 20, "DELETE /channels/20/messages/50").await;
    check(hidden(address()), 1, original).await;
    check(hidden(address()), 20, "").await;
    check(address(), 20, "").await;
}

#[tokio::test]
async fn a_message_that_is_gone_already_is_taken_away() {
    let desk = Desk::new().await;
    desk.server.refuse("DELETE", 404, 10008);
    desk.go_on(&thinking(address())).remove().await.expect("gone");
}
