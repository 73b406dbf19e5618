use serde_json::{Value, json};

use super::*;
use crate::adapters::telegram::receive::person::Person;

fn me() -> Me {
    Me {
        id: 42,
        username: "EkakiBot".to_owned(),
    }
}

fn bot() -> Value {
    json!({ "id": 42, "is_bot": true, "first_name": "Ekaki", "username": "EkakiBot" })
}

fn private_chat() -> Value {
    json!({ "id": 7, "type": "private", "first_name": "Hitori" })
}

fn group() -> Value {
    json!({ "id": -1001, "type": "supergroup", "title": "STARRY" })
}

/// A message of a person with these fields.
fn message(chat: Value, fields: Value) -> Message {
    let mut message = json!({
        "message_id": 5,
        "date": 1_790_000_000,
        "from": { "id": 7, "is_bot": false, "first_name": "Hitori", "last_name": "Gotoh", "language_code": "ja" },
    });
    message["chat"] = chat;
    let Value::Object(fields) = fields else {
        panic!("fields have names");
    };
    for (name, value) in fields {
        message[name] = value;
    }
    serde_json::from_value(message).expect("a message")
}

fn shown(said: Said) -> String {
    match said {
        Said::Nothing => "nothing".to_owned(),
        Said::Command(CommandInput::Text(text)) => text,
        Said::Command(other) => format!("{other:?}"),
        Said::Bare => "what shall I draw?".to_owned(),
        Said::Start(payload) => format!("start {payload}").trim().to_owned(),
        Said::Picture { album } => format!("picture {}", album.unwrap_or_default()).trim().to_owned(),
    }
}

#[track_caller]
fn check(chat: Value, fields: Value, expected: &str) {
    assert_eq!(shown(understand(&message(chat, fields), &me())), expected);
}

#[track_caller]
fn check_private(text: &str, expected: &str) {
    check(private_chat(), json!({ "text": text }), expected);
}

#[track_caller]
fn check_group(text: &str, expected: &str) {
    check(group(), json!({ "text": text }), expected);
}

fn photo() -> Value {
    json!([
        { "file_id": "small", "file_unique_id": "1", "width": 90, "height": 60, "file_size": 900 },
        { "file_id": "large", "file_unique_id": "2", "width": 1280, "height": 853, "file_size": 90_000 },
        { "file_id": "medium", "file_unique_id": "3", "width": 320, "height": 213 },
    ])
}

/// A picture that the bot has drawn.
fn drawn(job: i64) -> Value {
    json!({
        "message_id": 4, "date": 1_790_000_000, "chat": private_chat(), "from": bot(), "photo": photo(),
        "reply_markup": { "inline_keyboard": [
            [{ "text": "again", "callback_data": format!("v1:again:{job}") }],
            [{ "text": "copy", "copy_text": { "text": "a recipe" } }],
        ] },
    })
}

#[test]
fn in_private_every_text_is_for_the_bot() {
    check_private("後藤ひとり", "/draw 後藤ひとり");
    check_private("/draw a cat --steps 9", "/draw a cat --steps 9");
    check_private("／ｄｒａｗ a cat", "/draw a cat");
    check_private("/Draw@ekakibot a cat", "/draw a cat");
    check_private("/draw@OtherBot a cat", "nothing");
    check_private("@EkakiBot a cat", "/draw a cat");
    check_private("/history guitar", "/history guitar");
    check_private("/nonsense", "/nonsense ");
    check_private("/admin_limit_show", "/admin_limit_show ");
    check_private("  ", "nothing");
}

#[test]
fn in_a_group_only_what_is_meant_for_the_bot_is() {
    check_group("a cat", "nothing");
    check_group("/draw a cat", "/draw a cat");
    check_group("/draw@EkakiBot a cat", "/draw a cat");
    check_group("/draw@OtherBot a cat", "nothing");
    check_group("/ban someone", "nothing");
    check_group("/ban@EkakiBot someone", "/ban someone");
    check_group("@ekakibot a cat", "/draw a cat");
    check_group("@ekakibotany a cat", "nothing");
    check_group("@EkakiBot", "what shall I draw?");
}

#[test]
fn the_menu_sends_a_command_without_a_prompt() {
    check_private("/draw", "what shall I draw?");
    check_group("/draw@EkakiBot", "what shall I draw?");
    check_private("/history", "/history ");
    check_private("/start", "start");
    check_private("/start ask-edit-12-prompt", "start ask-edit-12-prompt");
}

#[test]
fn the_second_line_is_what_should_not_be_there() {
    check_private("a cat\nhands, dogs", "/draw a cat --no hands, dogs");
    check_private(
        "/draw a cat --steps 9\n\nhands",
        "/draw a cat --steps 9 --no hands",
    );
    check_private("a cat\nNegative prompt: hands", "/draw a cat --no hands");
    // Something else than a second line.
    check_private("a cat\n--steps 9", "/draw a cat\n--steps 9");
    check_private("a cat --no dogs\nhands", "/draw a cat --no dogs\nhands");
    check_private("a cat\non a mat\nin the sun", "/draw a cat\non a mat\nin the sun");
    check_private("/history a cat\nhands", "/history a cat\nhands");
}

#[test]
fn a_picture_with_words_is_drawn_anew() {
    check(
        private_chat(),
        json!({ "photo": photo(), "caption": "in winter" }),
        "/draw in winter",
    );
    check(
        group(),
        json!({ "photo": photo(), "caption": "in winter" }),
        "nothing",
    );
    check(
        group(),
        json!({ "photo": photo(), "caption": "/draw in winter" }),
        "/draw in winter",
    );
    check(private_chat(), json!({ "photo": photo() }), "picture");
    check(
        private_chat(),
        json!({ "photo": photo(), "media_group_id": "9" }),
        "picture 9",
    );
    check(group(), json!({ "photo": photo() }), "nothing");
    check(
        private_chat(),
        json!({ "photo": photo(), "caption": "/draw" }),
        "/draw ",
    );
}

#[test]
fn the_largest_photo_is_taken_and_only_pictures_are() {
    let picture = |fields: Value| {
        let picture = Picture::of(&message(private_chat(), fields));
        picture.map_or_else(|| "none".to_owned(), |picture| format!("{picture:?}"))
    };
    let document = |mime: &str| {
        json!({ "document": {
            "file_id": "file", "file_unique_id": "1", "file_name": "winter.png", "mime_type": mime, "file_size": 7,
        } })
    };
    insta::assert_snapshot!(picture(json!({ "photo": photo() })), @r#"Picture { file_id: "large", name: "photo.jpg", bytes: Some(90000) }"#);
    insta::assert_snapshot!(picture(document("image/png")), @r#"Picture { file_id: "file", name: "winter.png", bytes: Some(7) }"#);
    insta::assert_snapshot!(picture(document("application/pdf")), @"none");
    insta::assert_snapshot!(picture(json!({ "text": "none" })), @"none");
}

#[test]
fn an_answer_to_a_question_is_what_was_asked_for() {
    let asked = |link: &str| {
        json!({
            "message_id": 4, "date": 1_790_000_000, "chat": group(), "from": bot(), "text": "✏️ What?",
            "entities": [{ "type": "text_link", "offset": 0, "length": 2, "url": link }],
        })
    };
    let check_answer = |link: &str, text: &str, expected: &str| {
        check(
            group(),
            json!({ "text": text, "reply_to_message": asked(link) }),
            expected,
        );
    };
    let draw = "https://t.me/EkakiBot?start=ask-draw";
    check_answer(draw, "a cat --steps 9", "/draw a cat --steps 9");
    check_answer(draw, "a cat\nhands", "/draw a cat --no hands");
    check_answer(
        "https://t.me/EkakiBot?start=ask-edit-12-prompt",
        "a dog",
        "/edit 12 a dog",
    );
    check_answer(
        "https://t.me/EkakiBot?start=ask-edit-12-no",
        "hands",
        r#"Options { name: "edit", options: [("job", "12"), ("no", "hands")] }"#,
    );
    // A command is a command, and another link is none of ours.
    check_answer(draw, "/queue", "/queue ");
    check_answer("https://example.com/", "a cat", "nothing");
}

#[test]
fn a_reply_to_a_picture_of_the_bot_is_about_its_job() {
    let reply = |text: &str| json!({ "text": text, "reply_to_message": drawn(12) });
    check(private_chat(), reply("/recipe"), "/recipe 12 ");
    check(private_chat(), reply("/again"), "/again 12 ");
    check(private_chat(), reply("/again 3"), "/again 3");
    check(private_chat(), reply("/edit a dog"), "/edit 12 a dog");
    check(
        private_chat(),
        reply("/draw in winter"),
        "/draw in winter --source 12",
    );
    check(private_chat(), reply("in winter"), "/draw in winter --source 12");
    check(
        private_chat(),
        reply("in winter --source 3"),
        "/draw in winter --source 3",
    );
    check(private_chat(), reply("/queue"), "/queue ");
}

#[test]
fn a_list_of_jobs_is_about_none() {
    let list = json!({
        "message_id": 4, "date": 1_790_000_000, "chat": private_chat(), "from": bot(), "text": "Your jobs",
        "reply_markup": { "inline_keyboard": [[
            { "text": "12", "callback_data": "v1:show:12" }, { "text": "11", "callback_data": "v1:show:11" },
        ]] },
    });
    check(
        private_chat(),
        json!({ "text": "/again", "reply_to_message": list }),
        "/again ",
    );
}

#[test]
fn people_without_a_name_are_meant_by_their_id() {
    check(
        group(),
        json!({
            "text": "/admin_block ぼっち for spam",
            "entities": [
                { "type": "bot_command", "offset": 0, "length": 12 },
                {
                    "type": "text_mention", "offset": 13, "length": 3,
                    "user": { "id": 99, "is_bot": false, "first_name": "ぼっち" },
                },
            ],
        }),
        "/admin_block 99 for spam",
    );
}

#[test]
fn a_reply_to_a_person_is_about_that_person() {
    let theirs = json!({
        "message_id": 4, "date": 1_790_000_000, "chat": group(), "text": "buy this",
        "from": { "id": 99, "is_bot": false, "first_name": "Somebody" },
    });
    check(
        group(),
        json!({ "text": "/admin_block for spam", "reply_to_message": theirs.clone() }),
        "/admin_block 99 for spam",
    );
    check(
        group(),
        json!({ "text": "/draw a cat", "reply_to_message": theirs }),
        "/draw a cat",
    );
}

#[test]
fn what_the_bot_has_made_itself_is_not_for_it() {
    check(
        private_chat(),
        json!({ "photo": photo(), "caption": "a cat", "via_bot": bot() }),
        "nothing",
    );
    check(
        group(),
        json!({ "text": "/draw a cat", "is_automatic_forward": true }),
        "nothing",
    );
}

#[test]
fn only_topics_have_numbers() {
    let topic = |fields: Value| topic_of(&message(group(), fields));
    let in_topic = json!({ "text": "a", "message_thread_id": 9, "is_topic_message": true });
    assert_eq!(topic(in_topic), Some(9));
    assert_eq!(topic(json!({ "text": "a", "message_thread_id": 9 })), None);
    assert_eq!(topic(json!({ "text": "a" })), None);
}

#[test]
fn who_speaks_is_a_person_or_a_chat() {
    let speaker = |fields: Value| {
        Person::of_message(&message(group(), fields))
            .map_or_else(|| "nobody".to_owned(), |person| format!("{person:?}"))
    };
    let in_the_name_of = |chat: Value| {
        json!({
            "text": "a",
            "sender_chat": chat,
            "from": { "id": 1_087_968_824, "is_bot": true, "first_name": "Group", "username": "GroupAnonymousBot" },
        })
    };
    insta::assert_snapshot!(speaker(json!({ "text": "a" })), @r#"Person { id: 7, private_chat: 7, name: "Hitori Gotoh", locale: Some(Locale("ja")), is_anonymous_administrator: false }"#);
    insta::assert_snapshot!(speaker(in_the_name_of(group())), @r#"Person { id: -1001, private_chat: 1087968824, name: "STARRY", locale: None, is_anonymous_administrator: true }"#);
    let other_bot = json!({ "text": "a", "from": { "id": 5, "is_bot": true, "first_name": "Other" } });
    insta::assert_snapshot!(speaker(other_bot), @"nobody");
}
