//! What programs ask that watch over the service.

use axum::http::header::AUTHORIZATION;
use insta::assert_snapshot;

use super::*;

#[tokio::test]
async fn readiness_and_numbers_are_for_this_machine_and_admins() {
    let tester = Tester::new().await;
    let check = async |request: Builder, status: StatusCode| {
        let answer = tester.send(request, "").await;
        assert_eq!(answer.status, status);
        answer
    };
    for path in ["/readyz", "/metrics"] {
        check(get(path).extension(from("127.0.0.1")), StatusCode::OK).await;
        check(get(path).extension(from("10.0.0.1")), StatusCode::UNAUTHORIZED).await;
        let proxied = get(path)
            .extension(from("127.0.0.1"))
            .header("x-forwarded-for", "10.0.0.3");
        check(proxied, StatusCode::UNAUTHORIZED).await;
        let admin = get(path)
            .extension(from("10.0.0.1"))
            .header(AUTHORIZATION, format!("Bearer {ADMIN_TOKEN}"));
        check(admin, StatusCode::OK).await;
    }
    for _ in 0..20 {
        // Without a token it is no guess.
        check(
            get("/metrics").extension(from("10.0.0.1")),
            StatusCode::UNAUTHORIZED,
        )
        .await;
    }
    check(get("/healthz").extension(from("10.0.0.1")), StatusCode::OK).await;
    let ready = check(get("/readyz").extension(from("127.0.0.1")), StatusCode::OK).await;
    assert_snapshot!(ready.text().await, @r#"{"status":"ready"}"#);
    let numbers = check(get("/metrics").extension(from("127.0.0.1")), StatusCode::OK).await;
    assert_snapshot!(numbers.header("content-type"), @"application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(numbers.text().await.ends_with("# EOF\n"));
}

#[tokio::test]
async fn a_service_that_cannot_write_is_not_ready() {
    let tester = Tester::new().await;
    tester.store.close().await;
    let answer = tester.send(get("/readyz").extension(from("127.0.0.1")), "").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_snapshot!(answer.text().await, @r#"{"missing":["store"],"status":"not ready"}"#);
    let alive = tester.send(get("/healthz"), "").await;
    assert_eq!(alive.status, StatusCode::OK);
}
