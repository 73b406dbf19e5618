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

/// Everything that is set for places, and where the jobs are, in lines.
async fn set_for_places(store: &Store) -> String {
    let admin = store.admin();
    let mut lines: Vec<String> = Vec::new();
    for block in admin.blocks(None, *NOW).await.expect("read") {
        let server = block.server.unwrap_or_default();
        lines.push(format!("block {server} {} {}", block.user.id, block.reason));
    }
    for limits in admin.limits().await.expect("read") {
        lines.push(format!("limit {} {}", limits.scope, limits.limits));
    }
    for word in admin.words().await.expect("read") {
        lines.push(format!("word {:?} {}", word.server, word.rule));
    }
    for rule in admin.place_rules().await.expect("read") {
        let channel = rule.place.channel.unwrap_or_default();
        lines.push(format!(
            "{} {} {channel} {}",
            rule.place.server, rule.kind, rule.value
        ));
    }
    for job in store.jobs().of_user(&user("a"), None, 9).await.expect("read") {
        lines.push(format!(
            "job {} {:?} {}",
            job.id, job.place.server, job.place.chat.0
        ));
    }
    lines.join("\n")
}

#[tokio::test]
async fn a_server_takes_everything_along() {
    let (_dir, store) = open().await;
    let (admin, by) = (store.admin(), actor(Some("-1")));
    let at = |server: &str, channel: Option<&str>| RuledPlace {
        platform: user("a").platform,
        server: server.to_owned(),
        channel: channel.map(str::to_owned),
    };
    for (server, chat) in [
        (Some("-1"), "-1"),
        (Some("-1"), "-1/5"),
        (Some("-12"), "-12"),
        (None, "-1"),
    ] {
        let place = Place {
            server: server.map(str::to_owned),
            ..Place::direct(chat)
        };
        insert(
            &store,
            NewJob {
                place,
                ..new_job("a")
            },
        )
        .await;
    }
    for server in ["-1", "-100"] {
        let block = Block {
            reason: format!("in {server}"),
            ..blocked("b", Some(server), None)
        };
        admin.block(&block, &actor(Some(server))).await.expect("written");
    }
    admin
        .block(&blocked("c", Some("-1"), None), &by)
        .await
        .expect("written");
    for scope in [
        "platform=test chat=-1 role=3",
        "chat=-1 channel=-1/5",
        "chat=-12",
        "platform=discord chat=-1",
    ] {
        admin
            .set_limits(scope, &json!({"per_day": 1}), &by)
            .await
            .expect("written");
    }
    let platform = user("a").platform;
    admin
        .add_word("blood", Some(&platform), Some("-1"), &by)
        .await
        .expect("written");
    for (place, kind, value) in [
        (at("-1", Some("-1/5")), PlaceRuleKind::Drawing, json!(true)),
        (at("-1", None), PlaceRuleKind::Safety, json!("blur")),
        (at("-100", None), PlaceRuleKind::Safety, json!("block")),
    ] {
        admin
            .set_place_rule(&place, kind, &value, &by)
            .await
            .expect("written");
    }
    let moved = async || {
        let moved = admin.move_server(&platform, "-1", "-100", *NOW).await;
        moved.expect("moved");
        set_for_places(&store).await
    };
    let once = moved().await;
    insta::assert_snapshot!(once, @r#"
    block -100 b in -100
    block -100 c spam
    limit chat=-100 channel=-100/5 {"per_day":1}
    limit chat=-12 {"per_day":1}
    limit platform=discord chat=-1 {"per_day":1}
    limit platform=test chat=-100 role=3 {"per_day":1}
    word Some("-100") blood
    -100 safety  "block"
    -100 channel -100/5 true
    job 4 None -100
    job 3 Some("-12") -12
    job 2 Some("-100") -100/5
    job 1 Some("-100") -100
    "#);
    assert_eq!(moved().await, once);
    assert!(audit(&store, Some("-1")).await.is_empty());
    assert!(audit(&store, Some("-100")).await.contains("words add"));
}

#[tokio::test]
async fn what_an_owner_sets_for_a_place_no_moderator_changes() {
    let (_dir, store) = open().await;
    let admin = store.admin();
    let place = RuledPlace {
        platform: user("a").platform,
        server: "s1".into(),
        channel: None,
    };
    let kind = PlaceRuleKind::Defaults;
    let (owner, moderator) = (actor(None), actor(Some("s1")));
    let set = async |by: &Actor, value: i32| {
        let set = admin
            .set_place_rule(&place, kind, &json!({ "steps": value }), by)
            .await;
        set.expect("written")
    };
    assert!(set(&moderator, 1).await);
    assert!(set(&owner, 2).await);
    assert!(!set(&moderator, 3).await);
    assert!(
        !admin
            .reset_place_rule(&place, kind, &moderator)
            .await
            .expect("written")
    );
    assert_eq!(
        admin.place_rules().await.expect("read")[0].value,
        json!({ "steps": 2 })
    );
    assert!(
        admin
            .reset_place_rule(&place, kind, &owner)
            .await
            .expect("written")
    );
    assert!(
        !admin
            .reset_place_rule(&place, kind, &owner)
            .await
            .expect("written")
    );
    insta::assert_snapshot!(audit(&store, None).await, @r#"
    admin everywhere default reset {"place":{"channel":null,"platform":"test","server":"s1"}}
    admin everywhere default set {"place":{"channel":null,"platform":"test","server":"s1"},"value":{"steps":2}}
    admin s1 default set {"place":{"channel":null,"platform":"test","server":"s1"},"value":{"steps":1}}
    "#);
}
