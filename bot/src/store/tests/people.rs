//! What people choose for themselves, and how they are forgotten.

use super::*;

#[tokio::test]
async fn settings_are_kept() {
    let (_dir, store) = open().await;
    let users = store.users();
    assert_eq!(
        users.settings(&user("a")).await.expect("read"),
        UserSettings::default()
    );
    let settings = UserSettings {
        size: Some("portrait".into()),
        private: Some(true),
        ..UserSettings::default()
    };
    users.set_settings(&user("a"), &settings).await.expect("written");
    insert(&store, new_job("a")).await;
    assert_eq!(users.settings(&user("a")).await.expect("read"), settings);
    assert_eq!(
        users.settings(&user("b")).await.expect("read"),
        UserSettings::default()
    );
}

#[tokio::test]
async fn usage_says_what_is_used_and_when_it_is_free_again() {
    let (_dir, store) = open().await;
    for minute in [-120, -30, 0, 0] {
        let new = NewJob {
            now: minutes(minute),
            ..new_job("a")
        };
        insert(&store, new).await;
    }
    let running = lease(&store, *NOW).await.expect("a job");
    end(&store, &running, Ending::Cancelled)
        .await
        .expect("it was running");
    lease(&store, *NOW).await.expect("a job");
    let usage = store.users().usage(&user("a"), *NOW).await.expect("read");
    insta::assert_debug_snapshot!(usage, @"
    Usage {
        used: [
            2,
            3,
            3,
        ],
        next_free_at: [
            Some(
                2026-11-22T12:01:00Z,
            ),
            Some(
                2026-11-22T12:30:00Z,
            ),
            Some(
                2026-11-23T11:30:00Z,
            ),
        ],
        last_at: Some(
            2026-11-22T12:00:00Z,
        ),
        queued: 2,
        running: 1,
    }
    ");
    assert_eq!(
        store.users().usage(&user("b"), *NOW).await.expect("read"),
        Usage::default()
    );
}

async fn finished(store: &Store, id: &str, hash: &str) -> JobId {
    let job = insert(store, new_job(id)).await;
    let running = lease(store, *NOW).await.expect("a job");
    let ending = Ending::Done {
        images: vec![ImageRow {
            hash: hash.into(),
            ..image(0)
        }],
        withheld: 0,
        prompt_truncated: false,
    };
    end(store, &running, ending).await.expect("it was running");
    store.jobs().mark_delivered(job, *NOW).await.expect("write");
    job
}

#[tokio::test]
async fn a_person_is_forgotten_and_their_quota_is_not() {
    let (_dir, store) = open().await;
    let own = store.images().save(b"own".to_vec()).await.expect("saved").hash;
    let shared = store.images().save(b"shared".to_vec()).await.expect("saved").hash;
    let job = finished(&store, "a", &own).await;
    finished(&store, "a", &shared).await;
    let of_other = finished(&store, "b", &shared).await;
    let child = NewJob {
        parent: Some(job),
        ..new_job("b")
    };
    let child = insert(&store, child).await;
    let unfinished = insert(&store, new_job("a")).await;
    store
        .users()
        .set_name(&user("a"), "Alice")
        .await
        .expect("written");
    let blocked = Block {
        user: user("a"),
        server: None,
        reason: "spam".into(),
        until: None,
    };
    let actor = Actor {
        user: user("admin"),
        server: None,
        now: *NOW,
    };
    store.admin().block(&blocked, &actor).await.expect("written");

    let forgotten = store.users().forget(&user("a"), *NOW).await.expect("forgotten");
    assert_eq!(
        forgotten,
        Forgotten {
            jobs: 2,
            images: 2,
            left: 1
        }
    );
    assert_eq!(store.jobs().get(job).await.expect("read"), None);
    assert!(store.jobs().get(unfinished).await.expect("read").is_some());
    assert_eq!(store.images().read(&own).await.expect("read"), None);
    assert!(store.images().read(&shared).await.expect("read").is_some());
    assert_eq!(
        store
            .jobs()
            .get(of_other)
            .await
            .expect("read")
            .map(|row| row.images.len()),
        Some(1)
    );
    assert_eq!(
        store.jobs().get(child).await.expect("read").map(|row| row.parent),
        Some(None)
    );
    assert_eq!(
        store
            .admin()
            .block_of(&user("a"), None, *NOW)
            .await
            .expect("read"),
        Some(blocked)
    );
    let used = store
        .users()
        .usage(&user("a"), minutes(1))
        .await
        .expect("read")
        .used;
    assert_eq!(used, [0, 3, 3]);
    assert_eq!(store.check().await.expect("checked"), Vec::<String>::new());

    store.jobs().cancel_queued(unfinished, *NOW).await.expect("write");
    store
        .jobs()
        .mark_delivered(unfinished, *NOW)
        .await
        .expect("write");
    let forgotten = store
        .users()
        .forget(&user("a"), minutes(1))
        .await
        .expect("forgotten");
    assert_eq!(
        forgotten,
        Forgotten {
            jobs: 1,
            images: 0,
            left: 0
        }
    );
    let names: Vec<(String,)> = sqlx::query_as("SELECT id FROM users ORDER BY id")
        .fetch_all(store.readers())
        .await
        .expect("read");
    assert_eq!(names, [("b".to_owned(),)]);
    let later = store
        .users()
        .usage(&user("a"), minutes(24 * 60))
        .await
        .expect("read");
    assert_eq!(later.used, [0; 3]);
}

#[tokio::test]
async fn who_is_private_is_known_from_the_start() {
    let (dir, store) = open().await;
    let set = async |id: &str, private: Option<bool>| {
        let settings = UserSettings {
            private,
            ..UserSettings::default()
        };
        let kept = store.users().set_settings(&user(id), &settings).await;
        kept.expect("written");
    };
    for (id, private) in [
        ("a", Some(true)),
        ("b", Some(false)),
        ("c", None),
        ("d", Some(true)),
    ] {
        set(id, private).await;
    }
    set("d", None).await;
    let check = |store: &Store| ["a", "b", "c", "d", "e"].map(|id| store.users().is_private(&user(id)));
    assert_eq!(check(&store), [true, false, false, false, false]);
    let copy = copy_as_if_killed(dir.path());
    let reopened = Store::open(copy.path()).await.expect("store");
    assert_eq!(check(&reopened), [true, false, false, false, false]);
    reopened
        .users()
        .forget(&user("a"), *NOW)
        .await
        .expect("forgotten");
    assert_eq!(check(&reopened), [false; 5]);
}
