use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use self::server::{Server, TOKEN};
use super::*;

pub(in super::super) mod server;

const MESSAGES: &str = "/channels/{channel}/messages";
const ORIGINAL: &str = "/webhooks/{application}/{token}/messages/@original";

fn post(channel: u64) -> Call {
    let call = Call::bot(Method::POST, MESSAGES, &[&channel]);
    call.with_body(&json!({ "content": "hello" })).expect("a body")
}

fn edit() -> Call {
    let call = Call::interaction(Method::PATCH, ORIGINAL, &[&10, &"interaction-token"]);
    call.with_body(&json!({ "content": "hello" })).expect("a body")
}

fn rest(server: &Server) -> Rest {
    Rest::new(&server.settings()).expect("a client")
}

#[tokio::test]
async fn a_call_goes_out_as_discord_wants_it() {
    let server = Server::start().await;
    let rest = rest(&server);
    let file = File {
        name: "a.png".to_owned(),
        bytes: Arc::from([1, 2, 3].as_slice()),
    };
    rest.send(post(20).with_files(vec![file])).await.expect("sent");
    rest.send(edit()).await.expect("sent");
    let [posted, edited] = server.received().try_into().expect("two calls");
    assert_eq!(posted.line, "POST /channels/20/messages");
    assert_eq!(posted.headers[AUTHORIZATION], format!("Bot {TOKEN}"));
    assert!(
        posted.headers["user-agent"]
            .to_str()
            .expect("text")
            .starts_with("DiscordBot (")
    );
    assert_eq!(posted.body, json!({ "content": "hello" }));
    assert_eq!(posted.files, [("files[0]".to_owned(), "a.png".to_owned(), 3)]);
    assert_eq!(
        edited.line,
        "PATCH /webhooks/10/interaction-token/messages/@original"
    );
    assert_eq!(edited.headers["content-type"], "application/json");
}

#[tokio::test]
async fn nothing_is_sent_before_the_time_that_discord_names() {
    let server = Server::start().await;
    let rest = rest(&server);
    let limited = json!({ "message": "slower", "retry_after": 31.5, "global": false });
    server.script("POST /channels/20", 429, Vec::new(), limited, 1);
    let error = rest.send(post(20)).await.expect_err("too fast");
    insta::assert_snapshot!(error, @"/channels/{channel}/messages: Discord wants it 31.55s later (user)");
    let error = rest.send(post(20)).await.expect_err("too early");
    let Meaning::Later(Some(after)) = error.meaning() else {
        panic!("{error}")
    };
    assert!(after > Duration::from_secs(25), "{after:?}");
    assert_eq!(server.received().len(), 1);
    rest.send(post(21)).await.expect("another channel is not meant");
    rest.send(edit()).await.expect("nor are interactions");
}

#[tokio::test]
async fn no_time_that_discord_names_is_too_long_to_count_with() {
    let server = Server::start().await;
    let rest = rest(&server);
    let limited = |is_global| json!({ "message": "slower", "retry_after": 1e19, "global": is_global });
    let headers = vec![
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset-after", "1e19"),
        ("retry-after", "1e19"),
    ];
    for (line, channel, is_global) in [("POST /channels/20", 20, false), ("POST /channels/21", 21, true)] {
        server.script(line, 429, headers.clone(), limited(is_global), 1);
        let error = rest.send(post(channel)).await.expect_err("too fast");
        let Meaning::Later(Some(after)) = error.meaning() else {
            panic!("{error}")
        };
        assert_eq!(after.as_secs(), 24 * 60 * 60);
    }
    assert!(matches!(rest.send(post(22)).await, Err(RestError::NotNow { .. })));
}

#[test]
fn tokens_are_in_no_debug_output() {
    let call = edit().with_query("with", "interaction-token");
    let now = Instant::now();
    let limits = Limits::new(now);
    limits.block(&call.key(), Duration::from_secs(9), false, now);
    insta::assert_snapshot!(format!("{call:?}"), @"Call { method: PATCH, route: \"/webhooks/{application}/{token}/messages/@original\", .. }");
    for debugged in [format!("{:?}", call.key()), format!("{limits:?}")] {
        assert!(!debugged.contains("interaction-token"), "{debugged}");
    }
}

#[tokio::test]
async fn a_global_limit_holds_for_all_that_the_bot_sends() {
    let server = Server::start().await;
    let rest = rest(&server);
    let limited = json!({ "message": "slower", "retry_after": 30, "global": true });
    server.script(
        "POST /channels/20",
        429,
        vec![("x-ratelimit-global", "true")],
        limited,
        1,
    );
    rest.send(post(20)).await.expect_err("too fast");
    rest.send(post(21)).await.expect_err("too early");
    rest.send(edit()).await.expect("interactions are not counted");
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_window_that_is_used_up_is_waited_for() {
    let server = Server::start().await;
    let rest = rest(&server);
    let headers = vec![
        ("x-ratelimit-bucket", "abc"),
        ("x-ratelimit-remaining", "1"),
        ("x-ratelimit-reset-after", "30"),
    ];
    server.script("PATCH", 200, headers, json!({}), 1);
    rest.send(edit()).await.expect("the first");
    rest.send(edit()).await.expect("the last of the window");
    assert!(matches!(rest.send(edit()).await, Err(RestError::NotNow { .. })));
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_refused_token_is_not_used_again() {
    let server = Server::start().await;
    let rest = rest(&server);
    server.refuse("POST /channels", 401, 0);
    assert!(matches!(rest.send(post(20)).await, Err(RestError::TokenRefused)));
    assert!(matches!(rest.send(post(20)).await, Err(RestError::TokenRefused)));
    assert_eq!(server.received().len(), 1);
    rest.send(edit()).await.expect("an interaction has its own token");
}

#[tokio::test]
async fn what_is_wrong_with_a_message_is_told_without_the_message() {
    let server = Server::start().await;
    let errors = json!({
        "code": 50035,
        "message": "Invalid Form Body",
        "errors": { "embeds": { "0": { "description": { "_errors": [
            { "code": "BASE_TYPE_MAX_LENGTH", "message": "secret prompt is too long" },
        ] } } } },
    });
    server.script("PATCH", 400, Vec::new(), errors, 1);
    let error = rest(&server).send(edit()).await.expect_err("malformed");
    assert_eq!(error.meaning(), Meaning::Malformed);
    insta::assert_snapshot!(error, @"/webhooks/{application}/{token}/messages/@original: Discord says 400, 50035: Invalid Form Body (embeds.0.description: BASE_TYPE_MAX_LENGTH)");
}

#[tokio::test]
async fn a_network_that_is_away_can_be_tried_again_and_tells_no_token() {
    let server = Server::start().await;
    let mut settings = server.settings();
    settings.api_url = "http://127.0.0.1:1".to_owned();
    let error = Rest::new(&settings).expect("a client").send(edit()).await;
    let error = error.expect_err("nobody is there");
    assert_eq!(error.meaning(), Meaning::Later(None));
    assert!(error.may_have_worked());
    let debugged = format!("{error:?}");
    let text = format!("{debugged} {:#}", anyhow::Error::from(error));
    assert!(!text.contains("interaction-token"), "{text}");
}

#[test]
fn refusals_mean_what_discord_says() {
    let check = |route: &'static str, status: u16, code: u64, expected: Meaning| {
        let error = RestError::Refused {
            route,
            status,
            code,
            message: String::new(),
        };
        assert_eq!(error.meaning(), expected, "{status} {code}");
    };
    check(ORIGINAL, 400, 40060, Meaning::AcknowledgedBefore);
    check(ORIGINAL, 404, 10062, Meaning::TokenDead);
    check(ORIGINAL, 404, 10015, Meaning::TokenDead);
    check(ORIGINAL, 401, 50027, Meaning::TokenDead);
    check(ORIGINAL, 404, 0, Meaning::TokenDead);
    check(ORIGINAL, 404, 10008, Meaning::MessageGone);
    check(MESSAGES, 403, 50005, Meaning::MessageGone);
    check(MESSAGES, 429, 30046, Meaning::MessageGone);
    check(MESSAGES, 404, 10003, Meaning::PlaceClosed);
    check(MESSAGES, 403, 50001, Meaning::PlaceClosed);
    check(MESSAGES, 403, 50013, Meaning::PlaceClosed);
    check(MESSAGES, 400, 50083, Meaning::PlaceClosed);
    check(MESSAGES, 400, 160_005, Meaning::PlaceClosed);
    check(ORIGINAL, 400, 40094, Meaning::PlaceClosed);
    check(MESSAGES, 400, 40003, Meaning::Later(None));
    check(MESSAGES, 400, 40004, Meaning::Later(None));
    check(MESSAGES, 403, 50007, Meaning::PersonClosed);
    check(MESSAGES, 400, 50033, Meaning::PersonClosed);
    check(MESSAGES, 413, 0, Meaning::TooLarge);
    check(MESSAGES, 400, 40005, Meaning::TooLarge);
    check(MESSAGES, 400, 50035, Meaning::Malformed);
    check(MESSAGES, 403, 0, Meaning::Later(None));
}

#[tokio::test]
async fn nothing_more_is_sent_long_before_discord_would_ban_the_address() {
    let start = Instant::now();
    let limits = Limits::new(start);
    for _ in 0..2_000 {
        limits.admit(&edit(), start).expect("not yet");
        limits.count_invalid(start);
    }
    let later = start + Duration::from_secs(60);
    assert_eq!(limits.admit(&edit(), later), Err(Duration::from_secs(540)));
    assert_eq!(limits.admit(&edit(), start + Duration::from_secs(600)), Ok(()));
}

#[tokio::test]
async fn fifty_calls_of_the_bot_go_out_in_a_second() {
    let start = Instant::now();
    let limits = Limits::new(start);
    for channel in 0..50 {
        assert_eq!(limits.admit(&post(channel), start), Ok(()));
    }
    let soon = start + Duration::from_millis(400);
    assert_eq!(limits.admit(&post(99), soon), Err(Duration::from_millis(600)));
    assert_eq!(limits.admit(&edit(), soon), Ok(()));
    assert_eq!(limits.admit(&post(99), start + Duration::from_secs(1)), Ok(()));
}

#[test]
fn a_message_changes_more_rarely_on_a_slow_line() {
    let pace = Pace::default();
    assert_eq!(pace.interval(), Duration::from_secs(3));
    pace.took(Duration::from_millis(100));
    assert_eq!(pace.interval(), Duration::from_secs(3));
    for _ in 0..20 {
        pace.took(Duration::from_secs(2));
    }
    assert!(pace.interval() > Duration::from_secs(7), "{:?}", pace.interval());
    pace.failed(&RestError::Failing {
        route: MESSAGES,
        status: 500,
    });
    assert!(pace.interval() > Duration::from_secs(14), "{:?}", pace.interval());
    for _ in 0..40 {
        pace.took(Duration::from_millis(100));
    }
    assert!(
        pace.interval() < Duration::from_millis(3100),
        "{:?}",
        pace.interval()
    );
}
