//! The first answer.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::chat::Form;
use crate::tests::fakes::HeldClock;

#[tokio::test]
async fn thinking_is_shown_and_filled_in() {
    let desk = Desk::new().await;
    let responder = desk.begin(address(), Opening::Thinking { is_private: false });
    responder.acknowledge().await.expect("acknowledged");
    responder.acknowledge().await.expect("once is enough");
    assert_eq!(
        DiscordAddress::load(&responder.address()).expect("address"),
        thinking(address())
    );
    responder.update(news()).await.expect("shown");
    responder.finish(end()).await.expect("shown");
    insta::assert_snapshot!(desk.server.transcript(), @r#"
    POST /interactions/1174109840998400007/interaction-token/callback?with_response=true type=5 flags=0
    PATCH /webhooks/10/interaction-token/messages/@original content="Your picture is next."
    PATCH /webhooks/10/interaction-token/messages/@original embed="Job 12 was cancelled."
    "#);
}

#[tokio::test]
async fn a_fault_of_discord_is_tried_again_within_the_three_seconds() {
    let desk = Desk::new().await;
    desk.server.refuse("callback", 500, 0);
    desk.server.refuse("callback", 502, 0);
    let responder = desk.begin(address(), Opening::Thinking { is_private: true });
    responder.acknowledge().await.expect("acknowledged");
    assert!(responder.conversation.address().is_private);
    assert_eq!(desk.server.received().len(), 3);
}

#[tokio::test]
async fn an_acknowledgement_whose_answer_was_lost_is_one() {
    let desk = Desk::new().await;
    desk.server.refuse("callback", 400, 40060);
    let responder = desk.begin(address(), Opening::Thinking { is_private: false });
    responder.acknowledge().await.expect("acknowledged");
    let sent = responder.update(news()).await.expect("shown");
    // The number of the message is known from now on.
    assert_eq!(sent.address, Some(thinking(address()).store()));
}

#[tokio::test]
async fn an_interaction_that_is_too_old_is_answered_by_the_bot_itself() {
    let desk = Desk::new().await;
    desk.server.refuse("callback", 404, 10062);
    let responder = desk.begin(address(), Opening::Thinking { is_private: false });
    assert!(matches!(
        responder.acknowledge().await,
        Err(SendError::Gone { .. })
    ));
    desk.server.transcript();
    assert!(matches!(
        responder.update(news()).await,
        Err(SendError::Gone { .. })
    ));
    responder.finish(end()).await.expect("shown");
    insta::assert_snapshot!(desk.server.transcript(), @r#"POST /channels/20/messages content="<@40>" embed="Job 12 was cancelled." users=["40"] nonce="ekaki-12""#);
}

fn asking() -> Reply {
    Reply {
        form: Some(Form {
            command: "edit",
            job: JobId(12),
            field: "prompt",
            label: "New prompt".to_owned(),
            value: "cat".to_owned(),
            is_private: false,
        }),
        ..Reply::private("What should it show? /edit 12 …")
    }
}

#[tokio::test]
async fn a_window_is_the_first_answer() {
    let desk = Desk::new().await;
    let responder = desk.begin(address(), Opening::Asking);
    responder.acknowledge().await.expect("nothing to say yet");
    responder.finish(asking()).await.expect("asked");
    insta::assert_snapshot!(desk.server.transcript(), @r#"POST /interactions/1174109840998400007/interaction-token/callback?with_response=true type=9 title="New prompt""#);
}

#[tokio::test]
async fn a_window_that_comes_too_late_is_a_sentence() {
    let desk = Desk::new().await;
    desk.server.refuse("callback", 400, 40060);
    desk.server.refuse("callback", 400, 40060);
    let responder = desk.begin(address(), Opening::Asking);
    responder.finish(asking()).await.expect("said");
    let transcript = desk.server.transcript();
    let (_, after) = transcript.split_once('\n').expect("more than the window");
    assert!(after.contains(r#"content="What should it show?"#), "{after}");
}

#[tokio::test]
async fn a_window_whose_answer_was_lost_is_not_followed_by_a_sentence() {
    let desk = Desk::new().await;
    desk.server.refuse("callback", 500, 0);
    desk.server.refuse("callback", 400, 40060);
    let responder = desk.begin(address(), Opening::Asking);
    responder.finish(asking()).await.expect("asked");
    assert_eq!(desk.server.received().len(), 2);
}

#[tokio::test]
async fn an_answer_instead_of_a_window_is_the_first_answer() {
    let desk = Desk::new().await;
    let responder = desk.begin(address(), Opening::Asking);
    responder
        .finish(Reply::private("There is no job 12."))
        .await
        .expect("said");
    insta::assert_snapshot!(desk.server.transcript(), @r#"POST /interactions/1174109840998400007/interaction-token/callback?with_response=true type=4 flags=64 content="There is no job 12.""#);
}

#[tokio::test]
async fn the_whole_answer_is_tried_again_within_the_three_seconds() {
    let desk = Desk::new().await;
    desk.server.refuse("callback", 500, 0);
    desk.server.refuse("callback", 502, 0);
    let responder = desk.begin(address(), Opening::Asking);
    let said = responder
        .answer(&Reply::private("I find no picture there."))
        .await;
    said.expect("said");
    assert_eq!(desk.server.received().len(), 3);
    assert!(responder.conversation.address().is_private);
}

#[tokio::test]
async fn a_window_that_opened_at_last_is_not_followed_by_a_sentence() {
    let desk = Desk::new().await;
    for status in [500, 502, 503] {
        desk.server.refuse("callback", status, 0);
    }
    desk.server.refuse("callback", 400, 40060);
    let responder = desk.begin(address(), Opening::Asking);
    responder.answer(&asking()).await.expect("asked");
    assert_eq!(desk.server.received().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_late_is_not_tried_again() {
    let _held = HeldClock::hold();
    let desk = Desk::new().await;
    let responder = desk.begin(address(), Opening::Asking);
    tokio::time::advance(Duration::from_millis(2550)).await;
    desk.server.refuse("callback", 500, 0);
    let said = responder
        .answer(&Reply::private("I find no picture there."))
        .await;
    assert!(matches!(said, Err(SendError::Retry { .. })), "{said:?}");
    assert_eq!(desk.server.received().len(), 1);
}

#[tokio::test]
async fn discord_may_hide_an_answer_that_was_meant_for_everybody() {
    let desk = Desk::new().await;
    let hidden = json!({ "interaction": {
        "id": "1", "type": 2, "response_message_id": "50", "response_message_ephemeral": true,
    } });
    desk.server.script("callback", 200, Vec::new(), hidden, 1);
    let responder = desk.begin(address(), Opening::Thinking { is_private: false });
    responder.acknowledge().await.expect("acknowledged");
    assert!(responder.conversation.address().is_private);
}

#[tokio::test(start_paused = true)]
async fn a_command_that_takes_long_is_acknowledged_all_the_same() {
    let _held = HeldClock::hold();
    let desk = Desk::new().await;
    let responder = desk.begin(address(), Opening::Asking);
    responder.acknowledge().await.expect("nothing to say yet");
    tokio::time::advance(Duration::from_millis(1000)).await;
    assert_eq!(desk.server.received().len(), 0);
    tokio::time::advance(Duration::from_millis(1000)).await;
    while responder.conversation.address().answer == Answered::Nothing {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        DiscordAddress::load(&responder.address()).expect("address"),
        hidden(address())
    );
}
