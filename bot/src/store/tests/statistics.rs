//! Numbers for admins.

use chrono::FixedOffset;

use super::*;

/// A job in a server at this minute, drawn for ten seconds.
async fn drawn(store: &Store, id: &str, server: &str, minute: i64) {
    let mut new = new_job(id);
    new.place.server = Some(server.into());
    new.now = minutes(minute);
    let job = insert(store, new).await;
    let lease = Lease {
        now: minutes(minute),
        until: minutes(minute + 10),
    };
    let running = store
        .jobs()
        .lease_job(job, lease)
        .await
        .expect("write")
        .expect("a job");
    let ending = if minute == 0 {
        Ending::Failed(ErrorClass::Internal)
    } else {
        done()
    };
    let now = minutes(minute) + TimeDelta::seconds(10);
    store
        .jobs()
        .finish_generation(job, running.job.attempt, &ending, now)
        .await
        .expect("finish")
        .expect("it was running");
}

async fn filled() -> (TempDir, Store) {
    let (dir, store) = open().await;
    for (id, server, minute) in [
        ("a", "s1", -3000),
        ("a", "s1", -600),
        ("b", "s2", -590),
        ("a", "s2", 0),
    ] {
        drawn(&store, id, server, minute).await;
    }
    insert(&store, new_job("c")).await;
    store
        .users()
        .set_name(&user("a"), "Alice")
        .await
        .expect("written");
    (dir, store)
}

fn query(server: Option<&str>, hours: i32) -> StatsQuery {
    StatsQuery {
        platform: server.map(|_| Platform::new("test")),
        server: server.map(str::to_owned),
        since: minutes(-24 * 60),
        offset: FixedOffset::east_opt(hours * 3600).expect("an offset"),
    }
}

#[tokio::test]
async fn days_begin_when_they_begin_there() {
    let (_dir, store) = filled().await;
    let check = async |query: StatsQuery| {
        let days = store.stats().by_day(&query).await.expect("read");
        let lines = days.iter().map(|day| {
            format!(
                "{}: {} jobs, {} failed, {} users, {} images, {} s",
                day.day, day.jobs, day.failed, day.users, day.images, day.seconds
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(check(query(None, 0)).await, @"2026-11-22: 4 jobs, 1 failed, 3 users, 4 images, 30 s");
    insta::assert_snapshot!(check(query(None, -9)).await, @"
    2026-11-21: 2 jobs, 0 failed, 2 users, 4 images, 20 s
    2026-11-22: 2 jobs, 1 failed, 2 users, 0 images, 10 s
    ");
    insta::assert_snapshot!(check(query(Some("s1"), 0)).await, @"2026-11-22: 1 jobs, 0 failed, 1 users, 2 images, 10 s");
    insta::assert_snapshot!(check(query(Some("s3"), 0)).await, @"");
    let elsewhere = StatsQuery {
        platform: Some(Platform::new("other")),
        ..query(None, 0)
    };
    insta::assert_snapshot!(check(elsewhere).await, @"");
}

#[tokio::test]
async fn people_are_ordered_by_their_jobs() {
    let (_dir, store) = filled().await;
    let users = store.stats().by_user(&query(None, 0), 2).await.expect("read");
    let lines: Vec<_> = users
        .iter()
        .map(|stats| {
            format!(
                "{} {:?} {} {}",
                stats.user.id, stats.name, stats.jobs, stats.last_at
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    a Some("Alice") 2 2026-11-22 12:00:00 UTC
    c None 1 2026-11-22 12:00:00 UTC
    "#);
}

#[tokio::test]
async fn jobs_are_counted_by_state() {
    let (_dir, store) = filled().await;
    store.users().forget(&user("b"), *NOW).await.expect("forgotten");
    let states = store.stats().by_state().await.expect("read");
    let lines: Vec<_> = states
        .iter()
        .map(|(platform, state, jobs)| format!("{platform} {state:?} {jobs}"))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    test Delivering 4
    test Queued 1
    test Running 0
    ");
    let begun = store.jobs().recent_work(minutes(-24 * 60)).await.expect("read");
    let begun: Vec<_> = begun.into_iter().map(|work| (work.user.id, work.at)).collect();
    assert_eq!(
        begun,
        [
            ("a".into(), minutes(-600)),
            ("b".into(), minutes(-590)),
            ("a".into(), minutes(0))
        ]
    );
}

#[test]
fn days_begin_at_midnight_and_none_is_left_out() {
    let tokyo = FixedOffset::east_opt(9 * 60 * 60).expect("an offset");
    let now: DateTime<Utc> = "2026-02-28T20:00:00Z".parse().expect("a time");
    let query = StatsQuery::of_last_days(now, &tokyo, 3);
    assert_eq!(query.since.to_rfc3339(), "2026-02-26T15:00:00+00:00");
    let known = [DayStats {
        day: "2026-02-28".parse().expect("a day"),
        jobs: 5,
        ..DayStats::default()
    }];
    let jobs: Vec<_> = query
        .every_day(&known, now)
        .iter()
        .map(|stats| format!("{} {}", stats.day, stats.jobs))
        .collect();
    assert_eq!(jobs, ["2026-02-27 0", "2026-02-28 5", "2026-03-01 0"]);
}
