use std::sync::Arc;
use std::time::Duration;

use inference::RgbImage;
use inference::images::encode_png;
use serde_json::Value;

use super::*;
use crate::adapters::discord::upload::Room;
use crate::chat::{
    Button, ButtonId, ButtonStyle, Form, ImageContent, JobReply, JobUpdate, JobUpdateState, Preview,
    RecipeView, Reply, ReplyImage,
};
use crate::i18n::Locale;
use crate::store::{JobId, JobOutcome};

const ROOM: Room = Room {
    file_bytes: 10 << 20,
    all_bytes: 25 << 20,
};

fn picture(index: u32) -> ReplyImage {
    let png = encode_png(&RgbImage::new(8, 8), None).expect("a picture");
    ReplyImage {
        bytes: png.len() as u64,
        content: ImageContent::Bytes(png.into()),
        is_spoiler: false,
        file_name: format!("ekaki-12-{}.png", index + 1),
        seed: 7,
        width: 8,
        height: 8,
    }
}

fn recipe(prompt: &str) -> RecipeView {
    RecipeView {
        prompt: prompt.to_owned(),
        negative_prompt: String::new(),
        num_inference_steps: 20,
        guidance_scale: 7.5,
        seed: 7,
        width: 8,
        height: 8,
        scheduler: "DDIM".to_owned(),
        model: "avatar".to_owned(),
        text: "Seed 7 · 20 steps".to_owned(),
        parameters: None,
    }
}

/// A job that has ended with so many pictures.
fn done(pictures: u32, prompt: &str) -> Reply {
    let button = |action: &str| Button {
        id: ButtonId::new(action, JobId(12)),
        emoji: "🔄",
        label: action.to_owned(),
        style: ButtonStyle::Plain,
    };
    Reply {
        text: "Here is your picture.".to_owned(),
        job: Some(JobReply {
            id: JobId(12),
            outcome: JobOutcome::Done,
            recipe: Some(recipe(prompt)),
        }),
        images: (0..pictures).map(picture).collect(),
        buttons: vec![vec![button("again"), button("recipe"), button("delete")]],
        nonce: Some("ekaki-12".to_owned()),
        ..Reply::default()
    }
}

fn wire(message: &Message, manner: &Manner) -> Value {
    serde_json::to_value(message.body(manner)).expect("JSON")
}

/// What people see: texts, pictures and the labels of buttons.
async fn shown(answer: &Reply) -> String {
    let message = reply(answer, ROOM, Locale::EN).await;
    let wire = wire(&message, &Manner::default());
    let mut lines = vec![wire["content"].as_str().unwrap_or_default().to_owned()];
    for embed in wire["embeds"].as_array().expect("embeds") {
        lines.push(format!(
            "[{:06x}] {}",
            embed["color"].as_u64().unwrap_or(0),
            embed["description"]
        ));
        for field in embed["fields"].as_array().into_iter().flatten() {
            lines.push(format!("{}: {}", field["name"], field["value"]));
        }
        lines.push(format!("{} {}", embed["footer"]["text"], embed["image"]["url"]));
    }
    lines.extend(message.files.iter().map(|file| format!("file {}", file.name)));
    for row in wire["components"].as_array().expect("rows") {
        let buttons = row["components"].as_array().expect("buttons").iter();
        let buttons: Vec<&str> = buttons
            .map(|button| button["custom_id"].as_str().expect("an id"))
            .collect();
        lines.push(buttons.join(" "));
    }
    lines.join("\n")
}

#[tokio::test]
async fn a_picture_is_shown_with_its_prompt_and_its_recipe() {
    insta::assert_snapshot!(shown(&done(1, "a *cat*, __long hair__")).await, @r#"

    [57f287] "Here is your picture."
    "Prompt": "a \\*cat\\*, \\_\\_long hair\\_\\_"
    "Job 12 · Seed 7 · 20 steps" "attachment://ekaki-12-1.png"
    file ekaki-12-1.png
    v1:again:12 v1:recipe:12 v1:delete:12
    "#);
}

#[tokio::test]
async fn several_pictures_are_one_and_each_can_be_had() {
    insta::assert_snapshot!(shown(&done(4, "cat")).await, @r#"

    [57f287] "Here is your picture."
    "Prompt": "cat"
    "Job 12 · Seed 7 · 20 steps" "attachment://ekaki-12.png"
    file ekaki-12.png
    v1:again:12 v1:recipe:12 v1:original:12 v1:delete:12
    "#);
}

#[tokio::test]
async fn a_covered_picture_is_not_shown_by_an_embed() {
    let mut reply = done(1, "cat");
    reply.images[0].is_spoiler = true;
    let shown = shown(&reply).await;
    assert!(shown.contains("file SPOILER_ekaki-12-1.png"), "{shown}");
    assert!(!shown.contains("attachment://"), "{shown}");
}

#[tokio::test]
async fn files_are_files() {
    let reply = Reply {
        as_files: true,
        ..done(2, "cat")
    };
    insta::assert_snapshot!(shown(&reply).await, @r"
    Here is your picture.
    file ekaki-12-1.png
    file ekaki-12-2.png
    v1:again:12 v1:recipe:12 v1:delete:12
    ");
}

#[tokio::test]
async fn a_recipe_is_there_to_be_copied() {
    let reply = Reply {
        is_verbatim: true,
        ..Reply::private("a *cat* ```\nSteps: 20")
    };
    insta::assert_snapshot!(shown(&reply).await.replace('\u{200b}', "·"), @r"
    ```
    a *cat* `·`·`
    Steps: 20
    ```
    ");
}

#[tokio::test]
async fn limits_are_kept() {
    let check = async |answer: Reply| {
        let message = reply(&answer, ROOM, Locale::EN).await;
        let wire = wire(&message, &Manner::default());
        let count = |value: &Value| value.as_str().unwrap_or_default().chars().count();
        assert!(count(&wire["content"]) <= 2000);
        let mut all = 0;
        for embed in wire["embeds"].as_array().expect("embeds") {
            assert!(count(&embed["description"]) <= 4096);
            assert!(count(&embed["footer"]["text"]) <= 2048);
            all += count(&embed["description"]) + count(&embed["footer"]["text"]);
            for field in embed["fields"].as_array().into_iter().flatten() {
                assert!(count(&field["value"]) <= 1024);
                all += count(&field["name"]) + count(&field["value"]);
            }
        }
        assert!(all <= 6000, "{all}");
        message
    };
    let long = "_猫".repeat(9_000);
    check(done(1, &long)).await;
    check(Reply {
        text: long.clone(),
        ..done(1, &long)
    })
    .await;
    for lines in [10, 50, 100, 1000] {
        let message = check(Reply::text(
            "a line of *text*, as long as lines are, more or less\n".repeat(lines),
        ))
        .await;
        assert_eq!(message.files.len(), usize::from(lines > 100), "{lines}");
    }
    for verbatim in [1000, 3000, 5000] {
        let message = check(Reply {
            is_verbatim: true,
            ..Reply::text("x".repeat(verbatim))
        });
        assert_eq!(
            message.await.files.len(),
            usize::from(verbatim == 5000),
            "{verbatim}"
        );
    }
}

#[test]
fn news_show_the_picture_in_the_making() {
    let update = JobUpdate {
        job: JobId(12),
        text: "Drawing, step 2 of 4.".to_owned(),
        state: JobUpdateState::Queued {
            position: 1,
            remaining: Some(Duration::from_secs(1)),
        },
        buttons: Vec::new(),
        is_private: false,
        nonce: "ekaki-12".to_owned(),
    };
    let message = progress(&update, None);
    assert_eq!(
        wire(&message, &Manner::default())["content"],
        "Drawing, step 2 of 4."
    );
    let preview = Preview {
        jpeg: Arc::from([1].as_slice()),
        width: 8,
        height: 8,
        index: 0,
    };
    insta::assert_snapshot!(wire(&progress(&update, Some(&preview)), &Manner::default()), @r#"{"allowed_mentions":{"parse":[],"roles":[],"users":[]},"attachments":[{"filename":"preview.jpg","id":0}],"components":[],"content":"","embeds":[{"color":5793266,"description":"Drawing, step 2 of 4.","image":{"height":null,"proxy_url":null,"url":"attachment://preview.jpg","width":null},"type":"rich"}]}"#);
}

#[test]
fn a_message_of_the_bot_itself_tells_only_the_person() {
    let message = Message {
        content: "@everyone <@1>".to_owned(),
        ..Message::default()
    };
    let manner = Manner {
        is_private: false,
        mentions: Some(UserId::new(40)),
        answers: Some(MessageId::new(50)),
        nonce: Some("ekaki-12".to_owned()),
    };
    insta::assert_snapshot!(wire(&message, &manner), @r#"{"allowed_mentions":{"parse":[],"roles":[],"users":["40"]},"attachments":[],"components":[],"content":"<@40> @everyone <@1>","embeds":[],"enforce_nonce":true,"message_reference":{"fail_if_not_exists":false,"message_id":"50"},"nonce":"ekaki-12"}"#);
}

#[test]
fn a_window_asks_for_a_text() {
    let form = Form {
        command: "edit",
        job: JobId(12),
        field: "prompt",
        label: "l".repeat(60),
        value: "猫".repeat(5000),
        is_private: false,
    };
    let window = serde_json::to_value(window(&form)).expect("JSON");
    let field = &window["components"][0]["components"][0];
    let chars = |value: &Value| value.as_str().unwrap_or_default().chars().count();
    assert_eq!(window["custom_id"], "v1:edit:12");
    assert_eq!(chars(&window["title"]), 45);
    assert_eq!(field["custom_id"], "prompt");
    assert_eq!(chars(&field["label"]), 45);
    assert_eq!(chars(&field["value"]), 4000);
}

#[test]
fn texts_of_others_are_shown_as_they_stand() {
    let check = |text: &str, expected: &str| assert_eq!(escaped(text), expected, "{text}");
    check("a cat", "a cat");
    check(
        "**bold** _it_ ~~no~~ `code` ||hidden||",
        r"\*\*bold\*\* \_it\_ \~\~no\~\~ \`code\` \|\|hidden\|\|",
    );
    check(
        "# no heading\n> no quote\n- no list",
        "\\# no heading\n\\> no quote\n\\- no list",
    );
    check(
        "1. no list\n  2) nor this\n3 cats",
        "1\\. no list\n  2\\) nor this\n3 cats",
    );
    check(r"C:\cats", r"C:\\cats");
    check("[no](https://link)", r"\[no](https://link)");
    check("see https://a.example/b_c", "see https://a.example/b_c");
    check("<#20> <@40>", "<#20> <@40>");
}

#[test]
fn texts_are_cut_between_characters() {
    let check =
        |text: &str, max: usize, expected: &str| assert_eq!(markdown::cut(text, max), expected, "{text}");
    check("猫猫猫", 3, "猫猫猫");
    check("猫猫猫猫", 3, "猫猫…");
    check(r"ab\*cd", 4, "ab…");
    check(r"a\\bcd", 4, r"a\\…");
}

#[test]
fn buttons_keep_to_what_discord_takes() {
    let button = Button {
        id: ButtonId::new("again", JobId(12)),
        emoji: "🔄",
        label: "l".repeat(100),
        style: ButtonStyle::Danger,
    };
    let rows = buttons::rows(&vec![vec![button; 7]; 7]);
    let rows = serde_json::to_value(rows).expect("JSON");
    assert_eq!(rows.as_array().map(Vec::len), Some(5));
    let row = rows[0]["components"].as_array().expect("buttons");
    assert_eq!(row.len(), 5);
    insta::assert_snapshot!(row[0].to_string().replace(&"l".repeat(79), "l…"), @r#"{"custom_id":"v1:again:12","disabled":false,"emoji":{"name":"🔄"},"label":"l……","style":4,"type":2}"#);
}
