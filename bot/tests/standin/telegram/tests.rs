//! The stand-in itself: what it would let through, no test of the bot would find.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::description::Description;
use super::markup;

fn problems(method: &str, parameters: &Value) -> Vec<String> {
    let parameters: &Map<String, Value> = parameters.as_object().expect("an object");
    Description::get().problems(method, parameters)
}

#[test]
fn the_description_is_the_one_that_was_published() {
    let hash = Sha256::digest(Description::text());
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hash,
        "0950def6a1c900792c3a1d65ab13c1ee76d2f400a761df1aa0e6245e2355070a"
    );
}

#[test]
fn a_right_call_has_no_problems() {
    let keyboard = json!({ "inline_keyboard": [[
        { "text": "Again", "callback_data": "v1:again:12" },
        { "text": "Copy", "copy_text": { "text": "a cat" } },
    ]] });
    let call = json!({ "chat_id": 7, "text": "hello", "parse_mode": "HTML", "reply_markup": keyboard });
    assert_eq!(problems("sendMessage", &call), [""; 0]);
    let media = json!({ "type": "photo", "media": "attach://a", "has_spoiler": true });
    assert_eq!(
        problems(
            "editMessageMedia",
            &json!({ "chat_id": 7, "message_id": 1, "media": media })
        ),
        [""; 0]
    );
}

#[test]
fn wrong_calls_are_found() {
    let check = |method: &str, parameters: Value, expected: &str| {
        let found = problems(method, &parameters);
        assert!(
            found.iter().any(|problem| problem.contains(expected)),
            "{expected}: {found:?}"
        );
    };
    check("sendMessage", json!({ "chat_id": 7 }), "sendMessage lacks text");
    check(
        "sendMessage",
        json!({ "chat_id": 7, "text": 5 }),
        "text is no String",
    );
    check(
        "sendMessage",
        json!({ "chat_id": 7, "text": "a", "topic": 5 }),
        "topic is unknown",
    );
    check(
        "sendMessage",
        json!({ "chat_id": 7, "text": "a", "message_thread_id": "5" }),
        "message_thread_id is no Integer",
    );
    let keyboard = json!({ "inline_keyboard": [[{ "text": "A", "callback_data": "x".repeat(65) }]] });
    check(
        "sendMessage",
        json!({ "chat_id": 7, "text": "a", "reply_markup": keyboard }),
        "has 65 bytes",
    );
    check(
        "answerCallbackQuery",
        json!({ "callback_query_id": "1", "text": "x".repeat(201) }),
        "has 201 characters",
    );
    check("fly", json!({}), "there is no method fly");
}

#[test]
fn markup_is_read_strictly() {
    let marked = markup::read("<b>a</b> &lt;b&gt; <a href=\"https://t.me/x\">🎸</a>").expect("markup");
    assert_eq!(marked.text, "a <b> 🎸");
    assert_eq!(
        marked.entities[1],
        json!({ "type": "text_link", "url": "https://t.me/x", "offset": 6, "length": 2 })
    );
    for wrong in ["<b>a", "a</b>", "<b>a</i>", "<blink>a</blink>", "a & b", "a < b"] {
        assert!(markup::read(wrong).is_err(), "{wrong}");
    }
}
