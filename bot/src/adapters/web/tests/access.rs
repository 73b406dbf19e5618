//! Who gets in, and what is refused.

use axum::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, LOCATION, ORIGIN};
use insta::assert_snapshot;

use super::*;

#[tokio::test]
async fn a_first_visit_gives_a_cookie() {
    let tester = Tester::new().await;
    let first = tester.send(get("/"), "").await.header(SET_COOKIE.as_str());
    let (pair, attributes) = first.split_once("; ").unwrap();
    assert_snapshot!(attributes, @"Path=/; Max-Age=34560000; HttpOnly; SameSite=Strict");
    let known = tester.send(get("/").header(COOKIE, pair), "").await;
    assert_eq!(known.header(SET_COOKIE.as_str()), "");
    let other = tester
        .send(get("/").header(COOKIE, "ekaki_user=../../etc"), "")
        .await;
    assert_ne!(other.header(SET_COOKIE.as_str()), first, "numbers are random");
}

#[tokio::test]
async fn bad_requests() {
    let tester = Tester::new().await;
    let json = || post("/api/commands").header(CONTENT_TYPE, "application/json");
    let check = async |request: Builder, body: String, expected: &str| {
        let answer = tester.send(request, body).await;
        let status = answer.status.as_u16();
        assert_eq!(format!("{status} {}", answer.text().await), expected);
    };
    let command = r#"{"text":"x","key":"k"}"#.to_owned();
    let form = post("/api/commands").header(CONTENT_TYPE, "text/plain");
    check(form, command.clone(), r#"415 {"error":"unsupported_media_type"}"#).await;
    check(json(), "{".into(), r#"400 {"error":"bad_request"}"#).await;
    check(
        json(),
        r#"{"text":"x","key":"k","admin":true}"#.into(),
        r#"400 {"error":"bad_request"}"#,
    )
    .await;
    check(
        json(),
        r#"{"text":"x","key":"a b"}"#.into(),
        r#"400 {"error":"bad_request"}"#,
    )
    .await;
    check(
        json(),
        r#"{"text":" ","key":"k"}"#.into(),
        r#"400 {"error":"bad_request"}"#,
    )
    .await;
    let huge = format!(r#"{{"text":"{}","key":"k"}}"#, "x".repeat(70_000));
    check(json(), huge, r#"413 {"error":"too_large"}"#).await;
    let foreign = json().header(ORIGIN, "https://evil.example");
    check(foreign, command.clone(), r#"403 {"error":"forbidden"}"#).await;
    let rebound = Request::builder()
        .uri("/api/history")
        .header(HOST, "evil.example");
    check(rebound, String::new(), r#"403 {"error":"forbidden"}"#).await;
    check(
        get("/no/such/thing"),
        String::new(),
        r#"404 {"error":"not_found"}"#,
    )
    .await;
    check(get("/healthz"), String::new(), r#"200 {"status":"ok"}"#).await;
}

#[tokio::test]
async fn an_over_long_prompt_gets_a_readable_answer() {
    let tester = Tester::new().await;
    let answer = tester
        .person()
        .await
        .type_command(&"長".repeat(20_000), "k")
        .await;
    assert_snapshot!(answer["reply"].as_str().unwrap(), @"The prompt has 20000 characters; at most 100 are possible.");
}

#[tokio::test]
async fn a_token_is_asked_for() {
    let tester = Tester::with_token(Some("correct horse")).await;
    let page = tester.send(get("/").header(ACCEPT_LANGUAGE, "ja"), "").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(page.text().await.contains("アクセストークン"));
    for path in ["/api/history", "/api/events", "/api/images/1/0"] {
        assert_eq!(
            tester.send(get(path), "").await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    for path in ["/healthz", "/assets/login.css", "/assets/mark.svg"] {
        assert_eq!(tester.send(get(path), "").await.status, StatusCode::OK, "{path}");
    }
    let bearer = get("/api/history").header(AUTHORIZATION, "Bearer correct horse");
    assert_eq!(tester.send(bearer, "").await.status, StatusCode::OK);
    // With a token, any name may lead here.
    let named = Request::builder()
        .uri("/api/history")
        .header(HOST, "draw.example");
    assert_eq!(tester.send(named, "").await.status, StatusCode::UNAUTHORIZED);

    let login = || post("/login").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let wrong = tester.send(login(), "token=wrong+horse").await;
    assert_eq!(
        (wrong.status, wrong.header(SET_COOKIE.as_str())),
        (StatusCode::UNAUTHORIZED, String::new())
    );
    assert!(wrong.text().await.contains("That is not the token."));
    let guesses = futures::future::join_all((0..20).map(|_| tester.send(login(), "token=wrong+horse"))).await;
    let refused = guesses
        .iter()
        .filter(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS)
        .count();
    assert_eq!(refused, 16, "guessing is slow");
    let right = tester.send(login(), "token=correct+horse").await;
    assert_eq!(
        (right.status, right.header(LOCATION.as_str())),
        (StatusCode::SEE_OTHER, "/".to_owned())
    );
    let cookie = right.header(SET_COOKIE.as_str());
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(
        tester.send(get("/").header(COOKIE, cookie), "").await.status,
        StatusCode::OK
    );
}
