//! Jobs that draw the same are drawn once.

use super::*;

/// Jobs of these users that draw the same, the oldest first.
async fn equal(store: &Store, users: &[&str]) -> Vec<JobId> {
    let draw = new_job("a").draw;
    let mut jobs = Vec::new();
    for id in users {
        let new = NewJob {
            draw: draw.clone(),
            ..new_job(id)
        };
        jobs.push(insert(store, new).await);
    }
    jobs
}

async fn waiting(store: &Store) -> Vec<JobId> {
    let waiting = store.jobs().waiting().await.expect("read");
    waiting.into_iter().map(|job| job.id).collect()
}

async fn followers(store: &Store, job: JobId) -> Vec<JobId> {
    store.jobs().followers_of(job).await.expect("read")
}

#[tokio::test]
async fn what_decides_the_pictures_decides_whether_jobs_are_equal() {
    let (_dir, store) = open().await;
    let first = new_job("a");
    let job = insert(&store, first.clone()).await;
    lease(&store, *NOW).await.expect("a job");
    let check = async |new: NewJob, expected: Option<JobId>| {
        let inserted = store.jobs().insert(&new, &NO_LIMITS).await.expect("inserted");
        assert_eq!(inserted.same_as, expected, "{new:?}");
    };
    let draw = first.draw.clone();
    let other_draw = DrawParameters {
        num_inference_steps: 17,
        ..draw.clone()
    };
    let not_clamped = DrawParameters {
        clamped: vec![],
        ..draw
    };
    check(
        NewJob {
            draw: other_draw,
            ..first.clone()
        },
        None,
    )
    .await;
    check(
        NewJob {
            safety: SafetyAction::Blur,
            ..first.clone()
        },
        None,
    )
    .await;
    check(
        NewJob {
            draw: not_clamped,
            ..first.clone()
        },
        Some(job),
    )
    .await;
    check(
        NewJob {
            user: user("b"),
            is_private: true,
            ..first.clone()
        },
        Some(job),
    )
    .await;
    check(
        NewJob {
            prompt_typed: "another way".into(),
            ..first
        },
        Some(job),
    )
    .await;
}

#[tokio::test]
async fn equal_jobs_end_with_the_same_pictures() {
    let (_dir, store) = open().await;
    let mut jobs = equal(&store, &["a", "b"]).await;
    let running = lease(&store, *NOW).await.expect("a job");
    let late = NewJob {
        draw: running.draw.clone(),
        ..new_job("c")
    };
    jobs.push(insert(&store, late).await);
    assert_eq!(waiting(&store).await, []);
    assert_eq!(followers(&store, jobs[0]).await, jobs[1..]);
    let finished = store
        .jobs()
        .finish_generation(running.id, running.attempt, &done(), minutes(2))
        .await
        .expect("finish")
        .expect("it was running");
    assert_eq!(finished.job.id, jobs[0]);
    let ends: Vec<_> = finished
        .followers
        .iter()
        .map(|row| {
            (
                row.id,
                row.state,
                row.outcome,
                row.images.clone(),
                row.prompt_truncated,
            )
        })
        .collect();
    let expected = |job| {
        let images = vec![image(0), image(1)];
        (job, JobState::Delivering, Some(JobOutcome::Done), images, true)
    };
    assert_eq!(ends, [expected(jobs[1]), expected(jobs[2])]);
    assert_eq!(followers(&store, jobs[0]).await, []);
    // The next one draws anew: the pictures of an ended job may be deleted.
    assert_eq!(equal(&store, &["d"]).await, waiting(&store).await);
}

/// A job that is not drawn any more in the way that `end` does it, and left `waiting` by number.
async fn releases(end: impl AsyncFn(&Store, JobRow), expected: &[usize]) {
    let (_dir, store) = open().await;
    let jobs = equal(&store, &["a", "b", "c"]).await;
    assert_eq!(waiting(&store).await, jobs, "each has a place of its own");
    let running = lease(&store, *NOW).await.expect("a job");
    assert_eq!(followers(&store, jobs[0]).await, jobs[1..]);
    end(&store, running).await;
    let expected: Vec<JobId> = expected.iter().map(|at| jobs[*at]).collect();
    assert_eq!(waiting(&store).await, expected);
    assert_eq!(followers(&store, jobs[0]).await, []);
}

#[tokio::test]
async fn the_others_wait_for_themselves_again() {
    let ends = [Ending::Failed(ErrorClass::Internal), Ending::Cancelled];
    for ending in ends {
        releases(
            async |store, running| {
                let jobs = store.jobs();
                let ended = jobs.finish_generation(running.id, running.attempt, &ending, *NOW);
                let ended = ended.await.expect("write").expect("it ran");
                assert!(ended.has_released && ended.followers.is_empty());
            },
            &[1, 2],
        )
        .await;
    }
    releases(
        async |store, running| {
            let jobs = store.jobs();
            assert!(jobs.requeue(running.id, running.attempt).await.expect("write"));
        },
        &[0, 1, 2],
    )
    .await;
    releases(
        async |store, _| {
            store.jobs().take_back_lapsed(minutes(10)).await.expect("write");
        },
        &[0, 1, 2],
    )
    .await;
}

#[tokio::test]
async fn a_follower_is_cancelled_alone() {
    let (_dir, store) = open().await;
    let jobs = equal(&store, &["a", "b", "c"]).await;
    lease(&store, *NOW).await.expect("a job");
    store
        .jobs()
        .cancel_queued(jobs[1], *NOW)
        .await
        .expect("write")
        .expect("it waited");
    assert_eq!(followers(&store, jobs[0]).await, [jobs[2]]);
    assert_eq!(
        store.jobs().cancel_queued(jobs[1], *NOW).await.expect("write"),
        None
    );
}

#[tokio::test]
async fn jobs_that_follow_expire_and_are_recovered() {
    let (dir, store) = open().await;
    let draw = new_job("a").draw;
    let mut jobs = Vec::new();
    for minute in [-20, -90, -80, -5] {
        let new = NewJob {
            draw: draw.clone(),
            now: minutes(minute),
            ..new_job("a")
        };
        jobs.push(insert(&store, new).await);
    }
    lease(&store, minutes(-1)).await.expect("a job");
    assert_eq!(followers(&store, jobs[0]).await, jobs[1..]);
    let dir = copy_as_if_killed(dir.path());
    let store = Store::open(dir.path()).await.expect("store");
    let recovered = store
        .jobs()
        .recover(minutes(0), TimeDelta::hours(1))
        .await
        .expect("recovered");
    assert_eq!(recovered.expired, jobs[1..3]);
    assert_eq!(waiting(&store).await, [jobs[0], jobs[3]]);
}

#[tokio::test]
async fn deleting_the_pictures_of_one_leaves_those_of_the_other() {
    let (_dir, store) = open().await;
    let jobs = equal(&store, &["a", "b"]).await;
    let saved = store.images().save(b"picture".to_vec()).await.expect("saved");
    let running = lease(&store, *NOW).await.expect("a job");
    let ending = Ending::Done {
        images: vec![ImageRow {
            hash: saved.hash.clone(),
            ..image(0)
        }],
        withheld: 0,
        prompt_truncated: false,
    };
    end(&store, &running, ending).await.expect("it was running");
    for (job, is_there) in [(jobs[0], true), (jobs[1], false)] {
        let deleted = store.jobs().delete_images(job, *NOW).await.expect("deleted");
        assert_eq!(deleted, Deleted { images: 1 });
        let row = store.jobs().get(job).await.expect("read").expect("there");
        assert!(row.is_deleted && row.images[0].is_gone);
        assert_eq!(store.images().path_of(&row.images[0]), None);
        assert_eq!(
            store.images().read(&saved.hash).await.expect("read").is_some(),
            is_there
        );
    }
    assert_eq!(
        store.jobs().delete_images(jobs[0], *NOW).await.expect("deleted"),
        Deleted { images: 0 }
    );
}

#[tokio::test]
async fn a_drawing_is_handed_over_to_the_oldest_of_its_equals() {
    let (_dir, store) = open().await;
    let jobs = equal(&store, &["a", "b", "c"]).await;
    let running = lease(&store, *NOW).await.expect("a job");
    let hand_over = async |job: &JobRow| {
        let handed_over = store.jobs().hand_over(job.id, job.attempt, minutes(1)).await;
        handed_over.expect("written")
    };
    let stale = JobRow {
        attempt: running.attempt + 1,
        ..running.clone()
    };
    assert_eq!(hand_over(&stale).await, None, "that attempt does not run");
    let HandedOver { ended, heir } = hand_over(&running).await.expect("somebody waits");
    assert_eq!((ended.id, ended.outcome), (jobs[0], Some(JobOutcome::Cancelled)));
    assert_eq!(
        (heir.id, heir.state, heir.attempt),
        (jobs[1], JobState::Running, 1)
    );
    assert_eq!(followers(&store, heir.id).await, [jobs[2]]);
    assert_eq!(hand_over(&running).await, None, "it has ended");
    let usage = store.users().usage(&user("a"), minutes(1)).await.expect("read");
    assert_eq!(usage.used, [0, 0, 0], "what was cancelled does not count");

    let last = hand_over(&heir).await.expect("somebody waits").heir;
    assert_eq!((last.id, hand_over(&last).await), (jobs[2], None));
    let ending = Ending::Done {
        images: vec![image(0)],
        withheld: 0,
        prompt_truncated: false,
    };
    let ended = end(&store, &last, ending).await.expect("it was running");
    assert_eq!((ended.outcome, ended.images.len()), (Some(JobOutcome::Done), 1));
}
