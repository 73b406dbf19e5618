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
    let locked_out = tester.send(login(), "token=correct+horse").await;
    assert_eq!(locked_out.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(locked_out.header("retry-after"), "6");
    let elsewhere = login().extension(from("10.0.0.2"));
    let right = tester.send(elsewhere, "token=correct+horse").await;
    assert_eq!(
        (right.status, right.header(LOCATION.as_str())),
        (StatusCode::SEE_OTHER, "/".to_owned())
    );
    let cookie = right.header(SET_COOKIE.as_str());
    let cookie = cookie.split(';').next().unwrap();
    let check = async |address: &str, expected: StatusCode| {
        let page = get("/").header(COOKIE, cookie).extension(from(address));
        assert_eq!(tester.send(page, "").await.status, expected);
    };
    check("10.0.0.2", StatusCode::OK).await;
    // A cookie can be guessed as well as a token.
    check("0.0.0.0", StatusCode::TOO_MANY_REQUESTS).await;
}

#[tokio::test]
async fn who_changes_too_much_has_to_wait() {
    let tester = Tester::new().await;
    let command = async |address: &str| {
        let request = post("/api/commands")
            .extension(from(address))
            .header(CONTENT_TYPE, "application/json");
        tester.send(request, "{").await
    };
    let mut answers = Vec::new();
    for _ in 0..130 {
        answers.push(command("10.0.0.1").await);
    }
    let refused: Vec<&Answer> = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS)
        .collect();
    assert!(refused.len() > 1, "{} of 130 were refused", refused.len());
    assert!(refused.iter().all(|answer| answer.header("retry-after") == "1"));
    assert_eq!(command("10.0.0.2").await.status, StatusCode::BAD_REQUEST);
    let reading = get("/api/history").extension(from("10.0.0.1"));
    assert_eq!(
        tester.send(reading, "").await.status,
        StatusCode::OK,
        "one can look on"
    );
}

#[tokio::test]
async fn a_new_person_for_every_command_does_not_help() {
    let tester = Tester::new().await;
    let command = async |address: &str, cookie: &str| {
        let request = post("/api/commands")
            .extension(from(address))
            .header(COOKIE, cookie)
            .header(CONTENT_TYPE, "application/json");
        tester.send(request, r#"{"text":"/ping","key":"k"}"#).await
    };
    for number in 0..30 {
        // Half of them invent a cookie.
        let cookie = match number % 2 {
            0 => "other=1".to_owned(),
            _ => format!("ekaki_user={number:032x}"),
        };
        assert_eq!(command("10.0.0.1", &cookie).await.status, StatusCode::OK);
    }
    let refused = command("10.0.0.1", "other=1").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_ne!(refused.header("retry-after"), "");
    assert_eq!(command("10.0.0.2", "other=1").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_command_beside_a_file_is_not_longer_than_one_alone() {
    let tester = Tester::new().await;
    let send = async |text: &str| {
        let command = json!({ "text": text, "key": "k" });
        let part = "Content-Disposition: form-data; name=\"command\"";
        let body = format!("--b\r\n{part}\r\n\r\n{command}\r\n--b--\r\n");
        let request = post("/api/commands").header(CONTENT_TYPE, "multipart/form-data; boundary=b");
        tester.send(request, body).await.status
    };
    assert_eq!(send("/ping").await, StatusCode::OK);
    assert_eq!(send(&"x".repeat(70_000)).await, StatusCode::PAYLOAD_TOO_LARGE);
}
