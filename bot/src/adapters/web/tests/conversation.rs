//! Commands, news, history, pictures.

use insta::assert_snapshot;

use super::*;
use crate::chat::{ChatAdapter as _, ReplyAddress};
use crate::store::{JobId, LimitCheck, NewJob};

#[tokio::test]
async fn a_picture_from_command_to_history() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    let mut events = person.events().await;
    let first = person.type_command("/draw 後藤ひとり --count 2", "a").await;
    assert_eq!(first["job"], 1);
    assert_eq!(first["text"], "/draw 後藤ひとり --count 2");
    assert_eq!(first["size"], json!({ "width": 128, "height": 128, "count": 2 }));

    tester.step();
    assert_snapshot!(events.until(|message| message["step"] == 1).await, @r#"
    snapshot []
    message a pending: "", 0 pictures
    message a running: "Drawing, step 1 of 3.", 0 pictures
    "#);
    tester.step();
    assert_snapshot!(events.until(|message| message["step"] == 2).await, @r#"message a running: "Drawing, step 2 of 3." with a preview, 0 pictures"#);
    let (name, snapshot) = person.events().await.next().await.unwrap();
    assert_snapshot!(line(&name, &snapshot), @r#"snapshot [a running: "Drawing, step 2 of 3." with a preview, 0 pictures]"#);
    tester.step();
    let last = events.until(|message| message["state"] == "done").await;
    assert_snapshot!(last.lines().last().unwrap(), @r#"message a done: "Here are your 2 pictures.", 2 pictures"#);

    let history = person.get("/api/history").await.json().await;
    assert_eq!(history["earlier"], Value::Null);
    let message = &history["messages"][0];
    assert_eq!(
        message["recipe"]["seed"],
        (u64::MAX - 1).to_string(),
        "as text: JavaScript would round it"
    );
    assert_snapshot!(message["recipe"]["parameters"].as_str().unwrap(), @"
    後藤ひとり
    Steps: 3, Sampler: DDIM, CFG scale: 3, Seed: 18446744073709551614, Size: 128x128, Model: avatar, RNG: CPU, Version: Ekaki 0.1.0
    ");
    assert_snapshot!(message["images"][1], @r#"{"file_name":"ekaki-1-2.png","height":128,"is_spoiler":false,"kind":"picture","seed":"18446744073709551615","url":"/api/images/1/1","width":128}"#);
    assert!(tester.adapter.shared.hub.live(&person.cookie).is_empty());
}

#[tokio::test]
async fn answers_without_a_job() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    let mut events = person.events().await;
    let answer = person.type_command("/paint", "b").await;
    assert_eq!(answer["state"], "answered");
    assert_snapshot!(events.end().await, @r#"
    snapshot []
    message b pending: "", 0 pictures
    message b answered: "There is no command /paint. /help shows what I understand.", 0 pictures
    "#);
    assert_eq!(
        person.get("/api/history").await.json().await["messages"],
        json!([])
    );
}

#[tokio::test]
async fn a_failure_is_told_and_stays_in_the_history() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    let mut events = person.events().await;
    tester.finish();
    person.type_command("unlucky", "c").await;
    let last = events.end().await;
    assert_snapshot!(last.lines().last().unwrap(), @r#"message c failed: "Something went wrong while job 1 was drawn. It is not your fault. Please try again.", 0 pictures"#);
    let history = person.get("/api/history").await.json().await;
    assert_eq!(
        line("message", &history["messages"][0]),
        last.lines().last().unwrap()
    );
}

#[tokio::test]
async fn the_same_key_is_the_same_job() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    let first = person.type_command("green hair", "d").await;
    assert_eq!(person.type_command("green hair", "d").await["job"], first["job"]);
    let mut events = person.events().await;
    tester.finish();
    events.end().await;
    let again = person.type_command("green hair", "d").await;
    assert_eq!(again["state"], "done");
    assert_eq!(again["images"].as_array().unwrap().len(), 1);
    drop(events);
    assert!(
        tester.adapter.shared.hub.is_empty(),
        "a finished exchange is only in the job log"
    );
}

#[tokio::test]
async fn history_comes_in_pages() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    let id = person.cookie.split('=').nth(1).unwrap();
    let no_limits = LimitCheck {
        queued: Some(100),
        max_queued: 100,
        ..LimitCheck::default()
    };
    for number in 0..45 {
        let address = json!({ "user": id, "message": format!("m{number}"), "text": "/draw x" });
        let mut job = crate::store::tests::new_job(id);
        job.user.platform = crate::adapters::web::PLATFORM;
        job.reply_address = ReplyAddress(address);
        tester.store.jobs().insert(&job, &no_limits).await.unwrap();
    }
    let page = async |path: &str| {
        let history = person.get(path).await.json().await;
        let jobs: Vec<i64> = history["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["job"].as_i64().unwrap())
            .collect();
        (
            *jobs.first().unwrap(),
            *jobs.last().unwrap(),
            history["earlier"].as_i64(),
        )
    };
    assert_eq!(page("/api/history").await, (26, 45, Some(26)));
    assert_eq!(page("/api/history?before=26").await, (6, 25, Some(6)));
    assert_eq!(page("/api/history?before=6").await, (1, 5, None));
    assert_eq!(
        person.get("/api/history?before=x").await.status,
        StatusCode::BAD_REQUEST
    );
    let stranger = tester.person().await.get("/api/history").await.json().await;
    assert_eq!(stranger["messages"], json!([]));
}

#[tokio::test]
async fn pictures_belong_to_one_person() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    let mut events = person.events().await;
    tester.finish();
    person.type_command("blue eyes", "e").await;
    events.end().await;

    let picture = person.get("/api/images/1/0").await;
    assert_eq!(picture.status, StatusCode::OK);
    assert_snapshot!(picture.header("cache-control"), @"private, max-age=31536000, immutable");
    assert_snapshot!(picture.header("content-type"), @"image/png");
    let etag = picture.header("etag");
    assert!(picture.bytes().await.starts_with(b"\x89PNG"));
    let known = get("/api/images/1/0")
        .header(COOKIE, &person.cookie)
        .header("if-none-match", etag);
    assert_eq!(tester.send(known, "").await.status, StatusCode::NOT_MODIFIED);
    let download = person.get("/api/images/1/0?download").await;
    assert_snapshot!(download.header("content-disposition"), @r#"attachment; filename="ekaki-1-1.png""#);

    for path in [
        "/api/images/1/1",
        "/api/images/2/0",
        "/api/images/x/0",
        "/api/images/1/-1",
    ] {
        assert_eq!(person.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let stranger = tester.person().await;
    assert_eq!(
        stranger.get("/api/images/1/0").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn how_a_picture_came_to_be_is_served() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    let mut events = person.events().await;
    tester.finish();
    person.type_command("blue eyes --filmstrip webp", "e").await;
    events.end().await;
    let animation = person.get("/api/images/1/1").await;
    assert_eq!(animation.status, StatusCode::OK);
    assert_snapshot!(animation.header("content-type"), @"image/webp");
    assert!(animation.bytes().await.starts_with(b"RIFF"));
}

#[tokio::test]
async fn a_job_is_told_after_a_restart() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    let id = person.cookie.split('=').nth(1).unwrap();
    let address = ReplyAddress(json!({ "user": id, "message": "old", "text": "/draw x" }));
    let mut events = person.events().await;
    let mut job: NewJob = crate::store::tests::new_job(id);
    job.user.platform = crate::adapters::web::PLATFORM;
    let no_limits = LimitCheck {
        queued: Some(1),
        max_queued: 1,
        ..LimitCheck::default()
    };
    let inserted = tester.store.jobs().insert(&job, &no_limits).await.unwrap();
    assert_eq!(inserted.job, JobId(1));

    let responder = tester.adapter.responder(&address).unwrap();
    assert_eq!(responder.address(), address);
    assert!(responder.capabilities().previews, "a page is open");
    let reply = crate::chat::Reply::text("The end.");
    responder.finish(reply).await.unwrap();
    assert_snapshot!(events.end().await, @r#"
    snapshot []
    message old answered: "The end.", 0 pictures
    "#);
    assert!(
        tester
            .adapter
            .responder(&ReplyAddress(json!({ "page": 7 })))
            .is_err()
    );
}
