use std::path::Path;

use chrono::{DateTime, Utc};

use super::{Context, Depth, Level, examine, unusable};
use crate::config::{Config, ConfigSources, Environment};
use crate::store::Store;
use crate::store::tests::{NO_LIMITS, NOW, new_job};

fn sources(folder: &Path, settings: &str) -> ConfigSources {
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    std::fs::write(folder.join("ekaki.toml"), settings).expect("written");
    ConfigSources {
        folder: folder.to_owned(),
        environment: Environment {
            variables: vec![
                ("EKAKI__DATA__DIR".to_owned(), text(&folder.join("data"))),
                ("EKAKI__WEB__BIND".to_owned(), "127.0.0.1:0".to_owned()),
                (
                    "EKAKI__RUNTIME__LIBRARY".to_owned(),
                    text(&folder.join("none.so")),
                ),
            ],
            ..Environment::default()
        },
        ..ConfigSources::default()
    }
}

/// What is found, without what depends on the machine.
async fn found(folder: &Path, settings: &str, now: DateTime<Utc>) -> String {
    let sources = sources(folder, settings);
    let config = Config::load(&sources).expect("settings");
    let context = Context {
        sources: &sources,
        config: &config,
        now,
        depth: Depth::Full,
    };
    let findings = examine(&context).await;
    let here = folder.display().to_string();
    let lines: Vec<String> = findings
        .iter()
        .inspect(|finding| {
            assert_eq!(
                finding.remedy.is_some(),
                finding.level != Level::Ok,
                "{finding:?}"
            )
        })
        .filter(|finding| !finding.message.ends_with("are free"))
        .map(|finding| format!("{} {}: {}", finding.level, finding.check, finding.message))
        .collect();
    lines.join("\n").replace(&here, "<folder>")
}

#[tokio::test]
async fn a_new_installation_lacks_only_the_runtime() {
    let folder = tempfile::tempdir().expect("a folder");
    insta::assert_snapshot!(found(folder.path(), "", *NOW).await, @"
    ok settings: read from the built-in config.toml, <folder>/ekaki.toml, EKAKI__DATA__DIR, EKAKI__WEB__BIND, EKAKI__RUNTIME__LIBRARY
    ok rules: limits, words, 0 styles and 0 dictionaries can be used
    ok data: <folder>/data is not there yet; the first start creates it
    ok database: there is none yet; the first start creates it
    ok clock: 2026-11-22 12:00 in UTC
    fail runtime: the ONNX Runtime library <folder>/none.so does not exist
    ok models: avatar: Stable Diffusion
    ok safety: every picture is shown, as [safety] says
    ok web: 127.0.0.1:0 is free
    ok web: only this machine reaches it; there is no admin page, because web.admin_token is not set
    ok discord: it is off, because discord.token is not set
    ok telegram: it is off, because telegram.token is not set
    ");
}

#[tokio::test]
async fn what_is_wrong_with_data_and_rules_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let store = Store::open(&data).await.expect("a store");
    store
        .jobs()
        .insert(&new_job("kita"), &NO_LIMITS)
        .await
        .expect("accepted");
    store.close().await;
    drop(store);
    let earlier = *NOW - chrono::TimeDelta::hours(3);
    let settings =
        "[words]\nforbidden = [\"/(/\"]\n[inference]\nmodel = \"none\"\n[safety]\nmodel = \"none\"\n";
    insta::assert_snapshot!(found(folder.path(), settings, earlier).await, @r#"
    ok settings: read from the built-in config.toml, <folder>/ekaki.toml, EKAKI__DATA__DIR, EKAKI__WEB__BIND, EKAKI__RUNTIME__LIBRARY
    fail rules: <folder>/ekaki.toml, line 2: `words.forbidden`: the word rule "/(/" cannot be used: unclosed group
    ok data: <folder>/data can be written
    ok database: every page is sound
    ok database: every picture of the log has its file
    warn clock: 2026-11-22 09:00 in UTC, but the newest job is from 2026-11-22 12:00 UTC
    fail runtime: the ONNX Runtime library <folder>/none.so does not exist
    fail models: there is no model "none": neither a folder of this path nor one of the models avatar
    fail safety: the safety checker none does not exist
    ok web: 127.0.0.1:0 is free
    ok web: only this machine reaches it; there is no admin page, because web.admin_token is not set
    ok discord: it is off, because discord.token is not set
    ok telegram: it is off, because telegram.token is not set
    "#);
}

#[tokio::test]
async fn actions_without_a_safety_checker_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let found = found(folder.path(), "[safety]\naction = \"blur\"\n", *NOW).await;
    assert!(
        found.contains("warn safety: nothing looks at the pictures of avatar"),
        "{found}"
    );
}

#[test]
fn settings_that_cannot_be_read_are_the_only_finding() {
    let folder = tempfile::tempdir().expect("a folder");
    let sources = sources(folder.path(), "[queue]\nmax_queued = 0\n");
    let error = Config::load(&sources).expect_err("out of range");
    let finding = unusable(&error);
    assert_eq!((finding.check, finding.level), ("settings", Level::Fail));
    assert!(finding.message.contains("line 2"), "{}", finding.message);
}

/// What is found about Discord, which answers every question with this status and body.
async fn discord(settings: &str, status: u16, body: serde_json::Value) -> String {
    let status = axum::http::StatusCode::from_u16(status).expect("a status");
    let me = body.clone();
    let server = axum::Router::new()
        .route(
            "/api/v10/applications/@me",
            axum::routing::get(async move || (status, axum::Json(me))),
        )
        .fallback(async || axum::Json(serde_json::json!([])));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = tokio::spawn(async move { axum::serve(listener, server).await });
    let folder = tempfile::tempdir().expect("a folder");
    let settings = format!("[discord]\ntoken = \"a.b.c\"\napi_url = \"http://{address}\"\n{settings}");
    let found = found(folder.path(), &settings, *NOW).await;
    serving.abort();
    let lines = found.lines().filter(|line| line.contains(" discord: "));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn discord_is_asked_about_the_bot() {
    let me = |more: serde_json::Value| {
        let mut me = serde_json::json!({ "id": "12", "name": "Ekaki" });
        me.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        me
    };
    let all = serde_json::json!({ "integration_types_config": { "0": {}, "1": {} } });
    insta::assert_snapshot!(discord("", 200, me(all)).await, @"
    ok discord: the bot is Ekaki (application 12)
    ok discord: servers and people can add it
    warn discord: its commands are not registered as they are in this release
    ");
    let some = serde_json::json!({
        "integration_types_config": { "0": {} }, "interactions_endpoint_url": "https://example.org",
    });
    insta::assert_snapshot!(discord("", 200, me(some)).await, @"
    ok discord: the bot is Ekaki (application 12)
    fail discord: Discord sends commands to an address of the web and not to Ekaki
    warn discord: it cannot be added in both ways, to a server and to a person
    warn discord: its commands are not registered as they are in this release
    ");
    let other = discord("application_id = \"13\"\n", 200, me(serde_json::json!({}))).await;
    insta::assert_snapshot!(other, @"fail discord: the bot's token belongs to the application 12, and discord.application_id is 13; set the token of that application, or leave discord.application_id empty");
    let refused = serde_json::json!({ "message": "401: Unauthorized", "code": 0 });
    insta::assert_snapshot!(discord("", 401, refused).await, @"fail discord: Discord does not accept the bot's token; make a new one at https://discord.com/developers/applications (Bot, Reset Token) and set discord.token or EKAKI__DISCORD__TOKEN");
    insta::assert_snapshot!(discord("", 502, serde_json::json!({})).await, @"warn discord: /applications/@me: Discord has a fault (502)");
}

#[tokio::test]
async fn half_a_token_of_discord_is_seen_without_asking() {
    let folder = tempfile::tempdir().expect("a folder");
    let found = found(folder.path(), "[discord]\ntoken = \"a.b\"\n", *NOW).await;
    assert!(
        found.contains("fail discord: discord.token is not a bot's token: it has too few parts"),
        "{found}"
    );
}
