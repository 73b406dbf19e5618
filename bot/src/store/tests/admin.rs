//! What admins change.

use super::*;

fn actor(server: Option<&str>) -> Actor {
    Actor {
        user: user("admin"),
        server: server.map(str::to_owned),
        now: *NOW,
    }
}

fn blocked(id: &str, server: Option<&str>, until: Option<DateTime<Utc>>) -> Block {
    Block {
        user: user(id),
        server: server.map(str::to_owned),
        reason: "spam".into(),
        until,
    }
}

/// The audit log, newest first.
async fn audit(store: &Store, server: Option<&str>) -> String {
    let lines = store.admin().audit(server, None, 99).await.expect("read");
    let lines = lines.iter().map(|line| {
        let server = line.server.as_deref().unwrap_or("everywhere");
        format!("{} {} {} {}", line.actor, server, line.action, line.detail)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn blocks_hold_where_and_as_long_as_they_should() {
    let (_dir, store) = open().await;
    let admin = store.admin();
    let (everywhere, here) = (
        blocked("a", None, None),
        blocked("b", Some("s1"), Some(minutes(5))),
    );
    admin.block(&everywhere, &actor(None)).await.expect("written");
    admin
        .block(&blocked("a", Some("s1"), None), &actor(Some("s1")))
        .await
        .expect("written");
    admin.block(&here, &actor(Some("s1"))).await.expect("written");
    let of = async |id: &str, server: Option<&str>, now| {
        admin.block_of(&user(id), server, now).await.expect("read")
    };
    assert_eq!(of("a", None, minutes(0)).await, Some(everywhere.clone()));
    assert_eq!(of("a", Some("s1"), minutes(0)).await, Some(everywhere));
    assert_eq!(of("b", Some("s1"), minutes(4)).await, Some(here));
    assert_eq!(of("b", Some("s1"), minutes(5)).await, None);
    assert_eq!(of("b", Some("s2"), minutes(0)).await, None);
    assert_eq!(of("b", None, minutes(0)).await, None);
    assert_eq!(admin.blocks(None, minutes(0)).await.expect("read").len(), 3);
    assert_eq!(admin.blocks(None, minutes(5)).await.expect("read").len(), 2);
    assert_eq!(admin.blocks(Some("s1"), minutes(5)).await.expect("read").len(), 1);

    assert!(
        admin
            .unblock(&user("a"), None, &actor(None))
            .await
            .expect("written")
    );
    assert!(
        !admin
            .unblock(&user("a"), None, &actor(None))
            .await
            .expect("written")
    );
    assert_eq!(of("a", None, minutes(0)).await, None);
    insta::assert_snapshot!(audit(&store, None).await, @r#"
    admin everywhere unblock {"server":null,"user":{"id":"a","platform":"test"}}
    admin s1 block {"reason":"spam","server":"s1","until":"2026-11-22T12:05:00Z","user":{"id":"b","platform":"test"}}
    admin s1 block {"reason":"spam","server":"s1","until":null,"user":{"id":"a","platform":"test"}}
    admin everywhere block {"reason":"spam","server":null,"until":null,"user":{"id":"a","platform":"test"}}
    "#);
}

#[tokio::test]
async fn limits_of_a_scope_are_replaced_and_removed() {
    let (_dir, store) = open().await;
    let admin = store.admin();
    admin
        .set_limits("user=1", &json!({"per_day": 3}), &actor(None))
        .await
        .expect("written");
    admin
        .set_limits("user=1", &json!({"per_day": 4}), &actor(None))
        .await
        .expect("written");
    let limits = admin.limits().await.expect("read");
    let stored = StoredLimits {
        scope: "user=1".to_owned(),
        limits: json!({"per_day": 4}),
        by_owner: true,
    };
    assert_eq!(limits, [stored]);
    assert!(admin.reset_limits("user=1", &actor(None)).await.expect("written"));
    assert!(!admin.reset_limits("user=1", &actor(None)).await.expect("written"));
    insta::assert_snapshot!(audit(&store, None).await, @r#"
    admin everywhere limit reset {"scope":"user=1"}
    admin everywhere limit set {"limits":{"per_day":4},"scope":"user=1"}
    admin everywhere limit set {"limits":{"per_day":3},"scope":"user=1"}
    "#);
}

#[tokio::test]
async fn words_are_removed_by_whom_they_belong_to() {
    let (_dir, store) = open().await;
    let admin = store.admin();
    let platform = Platform::new("test");
    let all = admin
        .add_word("gore", None, None, &actor(None))
        .await
        .expect("written");
    let one = admin
        .add_word("/bl.od/", Some(&platform), Some("s1"), &actor(Some("s1")))
        .await
        .expect("written");
    let words = admin.words().await.expect("read");
    insta::assert_debug_snapshot!(words, @r#"
    [
        StoredWord {
            id: 1,
            platform: None,
            server: None,
            rule: "gore",
            by_owner: true,
        },
        StoredWord {
            id: 2,
            platform: Some(
                Platform(
                    "test",
                ),
            ),
            server: Some(
                "s1",
            ),
            rule: "/bl.od/",
            by_owner: false,
        },
    ]
    "#);
    assert!(
        !admin
            .remove_word(all, Some("s1"), &actor(Some("s1")))
            .await
            .expect("written")
    );
    assert!(
        admin
            .remove_word(one, Some("s1"), &actor(Some("s1")))
            .await
            .expect("written")
    );
    assert!(admin.remove_word(all, None, &actor(None)).await.expect("written"));
    assert!(!admin.remove_word(all, None, &actor(None)).await.expect("written"));
    insta::assert_snapshot!(audit(&store, Some("s1")).await, @r#"
    admin s1 words remove {"id":2,"platform":"test","rule":"/bl.od/","server":"s1"}
    admin s1 words add {"id":2,"platform":"test","rule":"/bl.od/","server":"s1"}
    "#);
}

#[tokio::test]
async fn what_an_owner_has_set_no_moderator_changes() {
    let (_dir, store) = open().await;
    let admin = store.admin();
    let (owner, moderator) = (actor(None), actor(Some("s1")));
    let limits = json!({"per_day": 3});
    assert!(
        admin
            .set_limits("chat=s1", &limits, &owner)
            .await
            .expect("written")
    );
    assert!(
        !admin
            .set_limits("chat=s1", &json!({}), &moderator)
            .await
            .expect("read")
    );
    assert!(!admin.reset_limits("chat=s1", &moderator).await.expect("read"));
    assert_eq!(admin.limits().await.expect("read").len(), 1);

    let word = admin
        .add_word("gore", None, Some("s1"), &owner)
        .await
        .expect("written");
    assert!(
        !admin
            .remove_word(word, Some("s1"), &moderator)
            .await
            .expect("read")
    );

    let block = blocked("a", Some("s1"), Some(minutes(5)));
    assert!(admin.block(&block, &owner).await.expect("written"));
    let shorter = blocked("a", Some("s1"), Some(minutes(1)));
    assert!(!admin.block(&shorter, &moderator).await.expect("read"));
    assert!(
        !admin
            .unblock(&user("a"), Some("s1"), &moderator)
            .await
            .expect("read")
    );
    let later = Actor {
        now: minutes(5),
        ..moderator.clone()
    };
    let again = blocked("a", Some("s1"), Some(minutes(9)));
    assert!(
        admin.block(&again, &later).await.expect("written"),
        "the old one is over"
    );
    assert!(admin.block(&block, &owner).await.expect("written"));
    assert!(
        admin
            .unblock(&user("a"), Some("s1"), &owner)
            .await
            .expect("written")
    );
}

#[tokio::test]
async fn the_audit_log_is_paged() {
    let (_dir, store) = open().await;
    for action in ["pause", "resume", "drain"] {
        store
            .admin()
            .note(action, &json!(null), &actor(None))
            .await
            .expect("written");
    }
    let page = async |before, limit| {
        let lines = store.admin().audit(None, before, limit).await.expect("read");
        lines.into_iter().map(|line| line.action).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, ["drain", "resume"]);
    assert_eq!(page(Some(2), 2).await, ["pause"]);
}

#[tokio::test]
async fn facts_are_kept() {
    let (_dir, store) = open().await;
    let admin = store.admin();
    assert_eq!(admin.fact("mode").await.expect("read"), None);
    admin.set_fact("mode", &json!("paused")).await.expect("written");
    admin.set_fact("mode", &json!("open")).await.expect("written");
    assert_eq!(admin.fact("mode").await.expect("read"), Some(json!("open")));
}
