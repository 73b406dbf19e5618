//! Buttons, forms, files and settings: commands that nobody has typed.

use insta::assert_snapshot;

use super::*;
use crate::store::JobId;

impl Person<'_> {
    async fn give(&self, given: Value) -> Value {
        let request = post("/api/commands")
            .header(COOKIE, &self.cookie)
            .header(CONTENT_TYPE, "application/json")
            .header("accept-language", "en");
        let answer = self.tester.send(request, given.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{given}");
        answer.json().await
    }

    async fn press(&self, button: &str, key: &str) -> Value {
        self.give(json!({ "button": button, "key": key })).await
    }

    async fn draw(&self, prompt: &str, key: &str) -> Value {
        let mut events = self.events().await;
        self.tester.finish();
        self.type_command(prompt, key).await;
        events.end().await;
        self.get("/api/history").await.json().await["messages"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()
            .clone()
    }
}

fn buttons(view: &Value) -> String {
    let rows = view["buttons"].as_array().unwrap().iter();
    let rows = rows.map(|row| {
        let labels = row.as_array().unwrap().iter();
        let labels = labels.map(|button| {
            format!(
                "{} ({})",
                button["label"].as_str().unwrap(),
                button["id"].as_str().unwrap()
            )
        });
        labels.collect::<Vec<_>>().join(" | ")
    });
    rows.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_result_leads_to_the_next_one() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    let first = person.draw("green hair", "a").await;
    assert_snapshot!(buttons(&first), @"
    Again (v1:again:1) | Vary (v1:vary:1) | Larger (v1:upscale:1) | Edit (v1:edit:1)
    Recipe (v1:recipe:1) | Delete (v1:delete:1)
    ");
    let mut events = person.events().await;
    tester.finish();
    let second = person.press("v1:again:1", "b").await;
    assert_eq!((&second["job"], &second["text"]), (&json!(2), &json!("/again 1")));
    assert!(events.end().await.contains("message b done"));
    let several = person.draw("blue hair --count 2", "c").await;
    assert_snapshot!(buttons(&several), @"
    Again (v1:again:3) | Edit (v1:edit:3) | Recipe (v1:recipe:3) | Delete (v1:delete:3)
    Vary 1 (v1:vary:3:0) | Vary 2 (v1:vary:3:1)
    Larger 1 (v1:upscale:3:0) | Larger 2 (v1:upscale:3:1)
    ");
    let unknown = person.press("v1:dance:1", "d").await;
    assert_eq!(unknown["state"], "answered");
}

#[tokio::test]
async fn a_waiting_job_can_be_cancelled() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    let mut events = person.events().await;
    let first = person.type_command("green hair", "a").await;
    assert_snapshot!(buttons(&first), @"Cancel (v1:cancel:1)");
    let answer = person.press("v1:cancel:1", "b").await;
    assert_eq!(answer["state"], "answered");
    let news = events.until(|message| message["state"] == "cancelled").await;
    assert!(
        !news.contains("message b"),
        "only the page that asked hears it: {news}"
    );
}

#[tokio::test]
async fn a_form_is_filled_in() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    person.draw("green hair", "a").await;
    let asked = person.press("v1:edit:1", "b").await;
    assert_snapshot!(asked["form"], @r#"{"command":"edit","field":"prompt","job":1,"label":"New prompt","value":"green hair"}"#);
    let edited = json!({
        "command": { "name": "edit", "options": { "job": "1", "prompt": "red hair" } },
        "key": "c",
    });
    let edited = person.give(edited).await;
    assert_eq!(
        (&edited["job"], &edited["text"]),
        (&json!(2), &json!("/edit 1 red hair"))
    );
    let job = tester.store.jobs().get(JobId(2)).await.unwrap().unwrap();
    assert_eq!(job.draw.prompt, "red hair");
}

#[tokio::test]
async fn a_deleted_picture_leaves_the_page_and_the_disk() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    person.draw("green hair", "a").await;
    let mut events = person.events().await;
    person.press("v1:delete:1", "b").await;
    let news = events.until(|message| message["state"] == "removed").await;
    assert!(news.ends_with(r#"message a removed: "", 0 pictures"#), "{news}");
    assert_eq!(
        person.get("/api/history").await.json().await["messages"],
        json!([])
    );
    assert_eq!(person.get("/api/images/1/0").await.status, StatusCode::GONE);
}

#[tokio::test]
async fn own_settings() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    let before = person.get("/api/me").await.json().await;
    assert_eq!(before["settings"], json!({}));
    assert_eq!(
        before["choices"]["models"],
        json!([{ "id": "avatar", "name": "avatar" }])
    );
    assert_eq!(
        before["choices"]["languages"],
        json!([["en", "English"], ["ja", "日本語"]])
    );
    let options = json!({ "reset": "true", "language": "ja", "size": "portrait", "private": "false" });
    let answer = json!({ "command": { "name": "settings", "options": options }, "key": "a" });
    let answer = person.give(answer).await;
    assert_eq!(
        (&answer["state"], &answer["is_refusal"]),
        (&json!("answered"), &json!(false))
    );
    let options = json!({ "reset": "true", "size": "wide" });
    let refused = json!({ "command": { "name": "settings", "options": options }, "key": "b" });
    let refused = person.give(refused).await;
    assert_eq!(refused["is_refusal"], true, "{refused}");
    let after = person.get("/api/me").await.json().await;
    assert_eq!(
        after["settings"],
        json!({ "language": "ja", "size": "portrait", "private": false })
    );
    let page = person.get("/").await.text().await;
    assert!(
        page.contains("<html lang=\"ja\">"),
        "the page is in that language"
    );
}

#[tokio::test]
async fn the_history_is_searched() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    for (prompt, key) in [("green hair", "a"), ("blue hair", "b"), ("GREEN eyes", "c")] {
        person.draw(prompt, key).await;
    }
    let find = async |query: &str| {
        let history = person.get(&format!("/api/history?{query}")).await.json().await;
        let messages = history["messages"].as_array().unwrap().clone();
        messages
            .iter()
            .map(|message| message["job"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(find("find=green").await, [1, 3]);
    assert_eq!(find("find=green&before=3").await, [1]);
    assert_eq!(find("find=red").await, [0; 0]);
    assert_eq!(find("find=").await, [1, 2, 3]);
}

#[tokio::test]
async fn a_picture_to_begin_with() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    let png = inference::images::encode_png(&RgbImage::new(64, 64), None).unwrap();
    let send = async |file: &[u8], key: &str| {
        let command = json!({ "text": "green hair --strength 0.5", "key": key });
        let mut body = format!(
            "--x\r\ncontent-disposition: form-data; name=\"command\"\r\n\r\n{command}\r\n--x\r\n\
             content-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--x--\r\n");
        let request = post("/api/commands")
            .header(COOKIE, &person.cookie)
            .header(CONTENT_TYPE, "multipart/form-data; boundary=x");
        tester.send(request, body).await
    };
    let accepted = send(&png, "a").await;
    assert_eq!(accepted.status, StatusCode::OK);
    assert_eq!(accepted.json().await["job"], 1);
    let job = tester.store.jobs().get(JobId(1)).await.unwrap().unwrap();
    assert_eq!(job.draw.source.unwrap().strength, 0.5);
    let hostile = send(b"<svg/>", "b").await.json().await;
    assert_eq!(hostile["state"], "answered");
    let huge = send(&vec![0; 21 << 20], "c").await;
    assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
}
