//! Limits that are counted in the transaction that adds a job.

use super::*;

async fn refused(store: &Store, new: NewJob, limits: LimitCheck) -> String {
    match store.jobs().insert(&new, &limits).await {
        Err(InsertError::Refused(refusal)) => format!("{refusal:?}"),
        other => format!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_quota_of_three_lets_three_of_a_hundred_in() {
    let (_dir, store) = open().await;
    let limits = LimitCheck {
        queued: Some(3),
        ..NO_LIMITS
    };
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.jobs().insert(&new_job("a"), &limits).await })
        })
        .collect();
    let mut inserted = 0;
    for task in tasks {
        match task.await.expect("no panic") {
            Ok(_) => inserted += 1,
            Err(InsertError::Refused(refusal)) => {
                assert_eq!(refusal, Refusal::Queued { limit: 3, queued: 3 });
            }
            Err(InsertError::Store(error)) => panic!("{error}"),
        }
    }
    assert_eq!(inserted, 3);
    assert_eq!(store.jobs().waiting().await.expect("read").len(), 3);
}

#[tokio::test]
async fn the_queue_has_an_end_for_everybody() {
    let (_dir, store) = open().await;
    let limits = LimitCheck {
        max_queued: 2,
        ..NO_LIMITS
    };
    insert(&store, new_job("a")).await;
    insert(&store, new_job("b")).await;
    insta::assert_snapshot!(refused(&store, new_job("c"), limits).await, @"QueueFull { limit: 2 }");
    lease(&store, *NOW).await.expect("a job");
    insta::assert_snapshot!(
        refused(&store, new_job("c"), limits).await,
        @"Ok(Inserted { job: JobId(3), duplicate: false, same_as: None })"
    );
}

#[tokio::test]
async fn jobs_that_drew_nothing_do_not_count_for_the_day() {
    let (_dir, store) = open().await;
    let limits = LimitCheck {
        per_day: Some(2),
        ..NO_LIMITS
    };
    for ending in [done(), Ending::Cancelled, Ending::Failed(ErrorClass::Internal)] {
        insert(&store, new_job("a")).await;
        let running = lease(&store, *NOW).await.expect("a job");
        end(&store, &running, ending).await.expect("it was running");
    }
    let later = |hours| NewJob {
        now: *NOW + TimeDelta::hours(hours),
        ..new_job("a")
    };
    insta::assert_snapshot!(
        refused(&store, later(1), limits).await,
        @"Ok(Inserted { job: JobId(4), duplicate: false, same_as: None })"
    );
    insta::assert_snapshot!(
        refused(&store, later(2), limits).await,
        @"Window { window: Day, limit: 2, used: 2, again_at: 2026-11-23T12:00:00Z }"
    );
    insta::assert_snapshot!(
        refused(&store, later(24), limits).await,
        @"Ok(Inserted { job: JobId(5), duplicate: false, same_as: None })"
    );
    insta::assert_snapshot!(
        refused(&store, new_job("b"), LimitCheck { per_day: Some(0), ..limits }).await,
        @"Window { window: Day, limit: 0, used: 0, again_at: 2026-11-23T12:00:00Z }"
    );
}

#[tokio::test]
async fn a_repeated_command_is_the_same_job() {
    let (_dir, store) = open().await;
    let limits = LimitCheck {
        queued: Some(1),
        ..NO_LIMITS
    };
    let keyed = |user: &str| NewJob {
        key: Some("k1".into()),
        ..new_job(user)
    };
    let first = store.jobs().insert(&keyed("a"), &limits).await.expect("inserted");
    let again = store.jobs().insert(&keyed("a"), &limits).await.expect("found");
    assert_eq!(
        (again.job, first.duplicate, again.duplicate),
        (first.job, false, true)
    );
    let other = store.jobs().insert(&keyed("b"), &limits).await.expect("inserted");
    assert!(other.job != first.job && !other.duplicate);
}

fn at(user_id: &str, seconds: i64) -> NewJob {
    NewJob {
        now: *NOW + TimeDelta::seconds(seconds),
        ..new_job(user_id)
    }
}

/// Adds jobs at these seconds and checks what the limits say about another one at `seconds`.
async fn check(jobs: &[i64], limits: LimitCheck, seconds: i64, expected: &str) {
    let (_dir, store) = open().await;
    for seconds in jobs {
        insert(&store, at("a", *seconds)).await;
    }
    let said = refused(&store, at("a", seconds), limits).await;
    let accepted = said.starts_with("Ok(");
    assert_eq!(
        if accepted { "accepted" } else { &said },
        expected,
        "{jobs:?} {seconds}"
    );
}

#[tokio::test]
async fn a_window_says_when_there_is_room_again() {
    let limits = LimitCheck {
        per_minute: Some(2),
        ..NO_LIMITS
    };
    check(&[0], limits, 1, "accepted").await;
    check(
        &[0, 20],
        limits,
        21,
        "Window { window: Minute, limit: 2, used: 2, again_at: 2026-11-22T12:01:00Z }",
    )
    .await;
    check(
        &[0, 20],
        limits,
        59,
        "Window { window: Minute, limit: 2, used: 2, again_at: 2026-11-22T12:01:00Z }",
    )
    .await;
    check(&[0, 20], limits, 60, "accepted").await;
    // The limit was lowered: two jobs have to become too old before there is room for one.
    check(
        &[0, 10, 20],
        limits,
        30,
        "Window { window: Minute, limit: 2, used: 3, again_at: 2026-11-22T12:01:10Z }",
    )
    .await;
}

#[tokio::test]
async fn of_several_full_windows_the_last_to_open_is_told() {
    let limits = LimitCheck {
        per_minute: Some(1),
        per_hour: Some(1),
        per_day: Some(5),
        ..NO_LIMITS
    };
    check(
        &[0],
        limits,
        30,
        "Window { window: Hour, limit: 1, used: 1, again_at: 2026-11-22T13:00:00Z }",
    )
    .await;
}

#[tokio::test]
async fn a_pause_between_two_jobs_is_kept() {
    let limits = LimitCheck {
        cooldown: Some(TimeDelta::seconds(30)),
        ..NO_LIMITS
    };
    check(
        &[0, 10],
        limits,
        39,
        "Cooldown { pause: TimeDelta { secs: 30, nanos: 0 }, again_at: 2026-11-22T12:00:40Z }",
    )
    .await;
    check(&[0, 10], limits, 40, "accepted").await;
}

#[tokio::test]
async fn a_clock_that_was_set_back_locks_nobody_out_for_longer_than_a_window() {
    let year = 365 * 24 * 60 * 60;
    let limits = LimitCheck {
        per_hour: Some(1),
        cooldown: Some(TimeDelta::seconds(30)),
        ..NO_LIMITS
    };
    check(
        &[year],
        limits,
        0,
        "Window { window: Hour, limit: 1, used: 1, again_at: 2026-11-22T13:00:00Z }",
    )
    .await;
    let limits = LimitCheck {
        per_hour: None,
        ..limits
    };
    check(
        &[year],
        limits,
        0,
        "Cooldown { pause: TimeDelta { secs: 30, nanos: 0 }, again_at: 2026-11-22T12:00:30Z }",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_requests_at_once_cannot_overspend_a_day() {
    let (_dir, store) = open().await;
    let limits = LimitCheck {
        per_day: Some(3),
        ..NO_LIMITS
    };
    let requests = (0..100).map(|_| {
        let (store, new) = (store.clone(), new_job("a"));
        tokio::spawn(async move { store.jobs().insert(&new, &limits).await.is_ok() })
    });
    let answers = futures::future::join_all(requests.collect::<Vec<_>>()).await;
    let accepted = answers.into_iter().filter(|answer| matches!(answer, Ok(true)));
    assert_eq!(accepted.count(), 3);
    assert_eq!(store.jobs().waiting().await.expect("read").len(), 3);
}

#[tokio::test]
async fn pictures_that_nobody_may_see_do_not_count() {
    let (_dir, store) = open().await;
    let limits = LimitCheck {
        per_day: Some(1),
        ..NO_LIMITS
    };
    for (images, accepted) in [(vec![], true), (vec![image(0)], false)] {
        insert(&store, new_job("a")).await;
        let running = lease(&store, *NOW).await.expect("a job");
        let ending = Ending::Done {
            images,
            withheld: 1,
            prompt_truncated: false,
        };
        let row = end(&store, &running, ending).await.expect("it was running");
        assert_eq!(row.withheld, 1);
        let fits = store.jobs().insert(&new_job("a"), &limits).await;
        assert_eq!(fits.is_ok(), accepted);
        if let Ok(inserted) = fits {
            store
                .jobs()
                .cancel_queued(inserted.job, *NOW)
                .await
                .expect("write");
        }
    }
}
