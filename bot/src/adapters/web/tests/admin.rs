//! The admin page: its door, what it shows, and what it changes.

use axum::http::header::{LOCATION, ORIGIN};
use insta::assert_snapshot;

use super::*;

/// Somebody who knows the admin token.
async fn admin_cookie(tester: &Tester) -> String {
    let login = post("/admin/login").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = tester.send(login, "token=battery+staple").await;
    assert_eq!(
        (answer.status, answer.header(LOCATION.as_str())),
        (StatusCode::SEE_OTHER, "/admin".to_owned())
    );
    let cookie = answer.header(SET_COOKIE.as_str());
    cookie.split(';').next().unwrap().to_owned()
}

async fn give(tester: &Tester, cookie: &str, command: Value) -> Answer {
    let request = post("/api/admin/commands")
        .header(COOKIE, cookie)
        .header(CONTENT_TYPE, "application/json");
    tester.send(request, command.to_string()).await
}

const DATA: [&str; 6] = ["queue", "people", "limits", "words", "stats", "audit"];

#[tokio::test]
async fn only_the_admin_token_opens_the_admin_page() {
    let tester = Tester::with_token(Some("correct horse")).await;
    let chat = post("/login").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let chat = tester
        .send(chat, "token=correct+horse")
        .await
        .header(SET_COOKIE.as_str());
    let chat = chat.split(';').next().unwrap();
    for cookie in ["a=b", chat, "ekaki_admin=battery staple"] {
        let page = tester.send(get("/admin").header(COOKIE, cookie), "").await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{cookie}");
        assert!(page.text().await.contains("action=\"/admin/login\""));
        for what in DATA {
            let path = format!("/api/admin/{what}");
            let data = tester.send(get(&path).header(COOKIE, cookie), "").await;
            assert_eq!(data.status, StatusCode::UNAUTHORIZED, "{path}");
        }
        let command = json!({ "name": "admin pause", "options": {} });
        let refused = give(&tester, cookie, command).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    }
    let login = post("/admin/login").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let wrong = tester.send(login, "token=correct+horse").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.text().await.contains("That is not the token."));

    let cookie = admin_cookie(&tester).await;
    let page = tester.send(get("/admin").header(COOKIE, &cookie), "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().await.contains("Administration"));
    let chat = tester.send(get("/api/history").header(COOKIE, &cookie), "").await;
    assert_eq!(chat.status, StatusCode::UNAUTHORIZED, "it is another door");
    let left = tester
        .send(post("/admin/logout").header(COOKIE, &cookie), "")
        .await;
    assert_snapshot!(left.header(SET_COOKIE.as_str()), @"ekaki_admin=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
}

#[tokio::test]
async fn other_sites_change_nothing() {
    let tester = Tester::new().await;
    let cookie = admin_cookie(&tester).await;
    for path in ["/api/admin/commands", "/admin/login", "/admin/logout"] {
        let foreign = post(path)
            .header(COOKIE, &cookie)
            .header(CONTENT_TYPE, "application/json")
            .header(ORIGIN, "https://evil.example");
        let answer = tester.send(foreign, "{}").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn what_an_admin_sees() {
    let tester = Tester::new().await;
    let cookie = admin_cookie(&tester).await;
    let person = tester.person().await;
    let mut events = person.events().await;
    tester.finish();
    person.type_command("first", "a").await;
    events.end().await;
    person.type_command("second", "b").await;
    tester.step();
    events.until(|message| message["step"] == 1).await;
    let read = async |what: &str| {
        let path = format!("/api/admin/{what}");
        let answer = tester.send(get(&path).header(COOKIE, &cookie), "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        answer.json().await
    };
    let queue = read("queue").await;
    assert_eq!(queue["mode"], "open");
    assert_eq!(queue["running"][0]["job"], 2);
    assert_eq!(queue["waiting"], json!([]));
    let people = read("people").await;
    assert_eq!(people["active"][0]["jobs"], 2);
    assert_eq!(people["blocks"], json!([]));
    let days = read("stats?days=3").await;
    let days = days.as_array().unwrap();
    assert_eq!(days.len(), 3, "a day without a job is a day");
    assert_eq!((&days[0]["jobs"], &days[2]["jobs"]), (&json!(0), &json!(2)));
    assert_eq!(read("audit").await, json!([]));
    let bad = tester
        .send(get("/api/admin/stats?days=x").header(COOKIE, &cookie), "")
        .await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_the_settings_say_stands_behind_what_admins_have_set() {
    let tester = Tester::new().await;
    let cookie = admin_cookie(&tester).await;
    for command in [
        json!({ "name": "admin limit set", "options": { "limits": "platform=web per_day=2" } }),
        json!({ "name": "admin words add", "options": { "rule": "brick" } }),
    ] {
        assert_eq!(give(&tester, &cookie, command).await.status, StatusCode::OK);
    }
    let read = async |what: &str| {
        let path = format!("/api/admin/{what}");
        let answer = tester.send(get(&path).header(COOKIE, &cookie), "").await;
        let rows = answer.json().await;
        let rows = rows.as_array().unwrap().iter().map(Value::to_string);
        rows.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(read("limits").await, @r#"
    {"is_of_settings":false,"limits":{"per_day":2},"scope":"platform=web"}
    {"is_of_settings":true,"limits":{"cooldown_s":0,"max_count":4,"max_pixels":262144,"max_steps":50,"models":[],"per_day":0,"per_hour":0,"per_minute":0,"priority":0,"queued":3,"running":0},"scope":"everybody"}
    {"is_of_settings":true,"limits":{"per_day":5},"scope":"platform=telegram"}
    "#);
    assert_snapshot!(read("words").await, @r#"
    {"id":1,"platform":null,"rule":"brick","server":null}
    {"id":null,"platform":null,"rule":"gore","server":null}
    {"id":null,"platform":null,"rule":"!gore-tex","server":null}
    "#);
}

#[tokio::test]
async fn an_admin_ends_anybodys_job() {
    let tester = Tester::new().await;
    let cookie = admin_cookie(&tester).await;
    let person = tester.person().await;
    let mut events = person.events().await;
    tester.step();
    person.type_command("first", "a").await;
    events.until(|message| message["step"] == 1).await;
    person.type_command("second", "b").await;
    let stranger = json!({ "name": "draw", "options": { "prompt": "x" } });
    assert_eq!(
        give(&tester, &cookie, stranger).await.status,
        StatusCode::BAD_REQUEST
    );
    let answer = give(
        &tester,
        &cookie,
        json!({ "name": "cancel", "options": { "job": "2" } }),
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_snapshot!(answer.json().await["reply"].as_str().unwrap(), @"Job 2 was taken out of the queue.");
    let last = events.until(|message| message["state"] == "cancelled").await;
    assert_snapshot!(last.lines().last().unwrap(), @r#"message b cancelled: "Job 2 was cancelled.", 0 pictures"#);
}
