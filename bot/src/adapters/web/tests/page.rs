//! The page itself.

use std::collections::BTreeSet;

use axum::http::header::{ACCEPT_ENCODING, ACCEPT_LANGUAGE, IF_NONE_MATCH};
use insta::assert_snapshot;

use super::*;
use crate::i18n::messages;

const FILES: &[(&str, &str)] = &[
    ("admin-data.js", include_str!("../page/admin-data.js")),
    ("admin.html", include_str!("../page/admin.html")),
    ("admin.js", include_str!("../page/admin.js")),
    ("api.js", include_str!("../page/api.js")),
    ("app.js", include_str!("../page/app.js")),
    ("archive.js", include_str!("../page/archive.js")),
    ("attachment.js", include_str!("../page/attachment.js")),
    ("buttons.js", include_str!("../page/buttons.js")),
    ("chart.js", include_str!("../page/chart.js")),
    ("composer.js", include_str!("../page/composer.js")),
    ("dialogs.js", include_str!("../page/dialogs.js")),
    ("form.js", include_str!("../page/form.js")),
    ("icons.js", include_str!("../page/icons.js")),
    ("index.html", include_str!("../page/index.html")),
    ("login.html", include_str!("../page/login.html")),
    ("message.js", include_str!("../page/message.js")),
    ("picture.js", include_str!("../page/picture.js")),
    ("settings.js", include_str!("../page/settings.js")),
    ("table.js", include_str!("../page/table.js")),
    ("timeline.js", include_str!("../page/timeline.js")),
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
    let is_of_key = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let whole = FILES
        .iter()
        .flat_map(|(_, text)| text.split(|c| !is_of_key(c)))
        .filter(|word| word.starts_with("web-") && !word.ends_with('-'))
        .map(str::to_owned);
    // The admin page writes its keys without their beginning.
    let short = FILES
        .iter()
        .flat_map(|(_, text)| text.split("label('").skip(1))
        .filter_map(|rest| Some(format!("web-admin-{}", rest.split('\'').next()?)));
    let made = [
        "web-problem-offline",
        "web-problem-refused",
        "web-problem-busy",
        "web-login-text",
        "web-login-wrong",
        "web-login-admin-text",
        "web-login-admin-closed",
        "web-language-name",
        "web-quota-minute",
        "web-quota-hour",
        "web-quota-day",
        "web-size-square",
        "web-size-portrait",
        "web-size-landscape",
        "web-settings-no-size",
        "web-settings-no-model",
        "web-settings-no-style",
        "web-settings-no-language",
        "web-admin-failed",
        "web-admin-images",
        "web-admin-users",
    ];
    let used: BTreeSet<String> = whole.chain(short).chain(made.map(str::to_owned)).collect();
    let there = messages::web_labels(Locale::EN).into_keys().map(str::to_owned);
    assert_eq!(used, there.collect());
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
