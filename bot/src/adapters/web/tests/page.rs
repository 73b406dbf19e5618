//! The page itself.

use std::collections::BTreeSet;

use axum::http::header::{ACCEPT_ENCODING, ACCEPT_LANGUAGE, IF_NONE_MATCH};
use insta::assert_snapshot;

use super::*;
use crate::i18n::messages;

const FILES: &[(&str, &str)] = &[
    ("index.html", include_str!("../page/index.html")),
    ("login.html", include_str!("../page/login.html")),
    ("api.js", include_str!("../page/api.js")),
    ("app.js", include_str!("../page/app.js")),
    ("message.js", include_str!("../page/message.js")),
];

#[tokio::test]
async fn the_page_speaks_the_browsers_language() {
    let tester = Tester::new().await;
    let title = async |language: &str| {
        let page = tester
            .send(get("/").header(ACCEPT_LANGUAGE, language), "")
            .await
            .text()
            .await;
        let lang = page
            .split_once("<html lang=\"")
            .unwrap()
            .1
            .split_once('"')
            .unwrap()
            .0
            .to_owned();
        let title = page
            .split_once("<h2>")
            .unwrap()
            .1
            .split_once("</h2>")
            .unwrap()
            .0
            .to_owned();
        assert!(!page.contains("{{"), "every text is filled in");
        format!("{lang}: {title}")
    };
    assert_snapshot!(title("ja,en;q=0.5").await, @"ja: 何を描きましょうか？");
    assert_snapshot!(title("de,en;q=0.5").await, @"en: What shall I draw?");
    assert_snapshot!(title("de").await, @"en: What shall I draw?");
}

#[tokio::test]
async fn files_are_kept_by_the_browser_and_asked_for_again() {
    let tester = Tester::new().await;
    for path in ["/", "/assets/app.js", "/assets/chat.css"] {
        let first = tester.send(get(path), "").await;
        assert_eq!(
            (first.status, first.header("cache-control").as_str()),
            (StatusCode::OK, "no-cache")
        );
        let known = get(path).header(IF_NONE_MATCH, first.header("etag"));
        assert_eq!(
            tester.send(known, "").await.status,
            StatusCode::NOT_MODIFIED,
            "{path}"
        );
    }
    let small = tester
        .send(get("/assets/chat.css").header(ACCEPT_ENCODING, "gzip"), "")
        .await;
    assert_eq!(small.header("content-encoding"), "gzip");
    assert_eq!(
        tester.send(get("/assets/index.html"), "").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn every_answer_carries_the_policy() {
    let tester = Tester::new().await;
    for path in ["/", "/assets/app.js", "/api/history", "/no/such/thing"] {
        let answer = tester.send(get(path), "").await;
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

#[test]
fn the_page_uses_exactly_the_texts_there_are() {
    let words = FILES.iter().flat_map(|(_, text)| {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .filter(|word| word.starts_with("web-"))
    });
    let used: BTreeSet<&str> = words.filter(|word| !word.ends_with('-')).collect();
    let dynamic = [
        "web-problem-offline",
        "web-problem-refused",
        "web-problem-too-large",
    ];
    let used: BTreeSet<&str> = used
        .into_iter()
        .chain(dynamic)
        .chain(["web-login-wrong"])
        .collect();
    let there: BTreeSet<&str> = messages::web_labels(Locale::EN).into_keys().collect();
    assert_eq!(used, there);
}

#[test]
fn the_page_needs_nobody_elses_server() {
    for (name, text) in FILES {
        let foreign = text.replace("http://www.w3.org/2000/svg", "");
        assert!(!foreign.contains("://"), "{name} names another server");
        assert!(
            !text.contains(" style=") && !text.contains(" onclick="),
            "{name} breaks the policy"
        );
    }
}
