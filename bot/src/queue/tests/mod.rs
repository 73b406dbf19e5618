mod control;
pub(crate) mod fakes;
mod memory;
mod pictures;
mod together;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use inference::{InferenceError, LoadError, RequestError};
use tokio::time::advance;

use self::fakes::{Bench, HeldClock, LIMITS, SETTINGS, Setup};
use super::*;
use crate::limits::LimitCheck;
use crate::store::tests::{NOW, new_job};
use crate::store::{ErrorClass, JobOutcome, JobState, NewJob, SourceParameters};

/// A little more than a time that is advanced, so that it has passed.
const A_MOMENT: Duration = Duration::from_millis(10);

#[tokio::test]
async fn a_job_is_queued_drawn_and_finished() {
    let mut bench = Bench::start(Setup::default()).await;
    let mut new = new_job("a");
    new.draw.count = 2;
    new.draw.seed = u64::MAX;
    let job = bench.submit(new).await;
    let drawing = bench.drawing().await;
    drawing.step(1);
    drawing.step(2);
    drawing.finish();
    let (lines, row) = bench.finished().await;
    insta::assert_snapshot!(lines.join("\n"), @r"
    1 step 1 of 16
    1 step 2 of 16
    1 Done with 2 pictures
    ");
    assert_eq!(
        (row.id, row.state, row.outcome),
        (job, JobState::Delivering, Some(JobOutcome::Done))
    );
    assert_eq!(
        row.images.iter().map(|image| image.seed).collect::<Vec<_>>(),
        [u64::MAX, 0]
    );
    for image in &row.images {
        let path = bench.store.images().path(&image.hash).expect("a hash");
        let file = fs::read(&path).expect("file");
        assert_eq!(
            (file.len() as u64, image.width, image.height),
            (image.bytes, 128, 192)
        );
        let seed = format!("Seed: {}", image.seed);
        assert!(
            file.windows(seed.len()).any(|text| text == seed.as_bytes()),
            "the file tells its seed"
        );
    }
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn positions_are_told_when_they_change() {
    let _clock = HeldClock::hold();
    let mut bench = Bench::start(Setup::default()).await;
    bench.submit_for("a").await;
    let first = bench.drawing().await;
    bench.submit_for("a").await;
    insta::assert_snapshot!(bench.events(1).await, @"2 queued, position 1");
    bench.submit_for("a").await;
    let fourth = bench
        .queue
        .submit(new_job("b"), &bench.limits)
        .await
        .expect("accepted");
    assert_eq!(
        fourth,
        Submitted {
            remaining: None,
            job: JobId(4),
            position: 1,
            duplicate: false
        }
    );
    advance(announce::INTERVAL - A_MOMENT).await;
    assert_eq!(bench.rest(), [""; 0], "it is too soon to tell positions again");
    advance(A_MOMENT * 2).await;
    insta::assert_snapshot!(bench.events(3).await, @r"
    4 queued, position 1
    2 queued, position 2
    3 queued, position 3
    ");
    first.finish();
    insta::assert_snapshot!(bench.events(1).await, @"1 Done with 1 pictures");
    let fourth = bench.drawing().await;
    advance(announce::INTERVAL + A_MOMENT).await;
    // How long it takes was measured meanwhile, but that alone is no news.
    insta::assert_snapshot!(bench.events(2).await, @r"
    2 queued, position 1
    3 queued, position 2
    ");
    fourth.finish();
    bench.drawing().await.finish();
    bench.drawing().await.finish();
    insta::assert_snapshot!(bench.events(3).await, @r"
    4 Done with 1 pictures
    2 Done with 1 pictures
    3 Done with 1 pictures
    ");
    bench.stop().await;
    assert_eq!(bench.rest(), [""; 0]);
}

#[tokio::test]
async fn one_user_cannot_hold_the_others_up() {
    let mut bench = Bench::start(Setup::default()).await;
    for _ in 0..20 {
        bench.submit_for("a").await;
    }
    let other = bench.submit_for("b").await;
    let mut begun = Vec::new();
    for _ in 0..4 {
        let drawing = bench.drawing().await;
        begun.push(drawing.job.id);
        drawing.finish();
    }
    assert_eq!(begun, [JobId(1), other, JobId(2), JobId(3)]);
    bench.stop().await;
}

#[tokio::test]
async fn as_many_jobs_are_drawn_at_once_as_configured() {
    let settings = QueueSettings {
        concurrency: 2,
        ..SETTINGS
    };
    let mut bench = Bench::start(Setup {
        settings,
        ..Setup::default()
    })
    .await;
    for _ in 0..3 {
        bench.submit_for("a").await;
    }
    let (first, second) = (bench.drawing().await, bench.drawing().await);
    assert_eq!((first.job.id, second.job.id), (JobId(1), JobId(2)));
    while bench.event().await.0 != JobId(3) {}
    bench.no_drawing();
    for (job, expected) in [
        (1, JobState::Running),
        (2, JobState::Running),
        (3, JobState::Queued),
    ] {
        assert_eq!(bench.state(JobId(job)).await.0, expected);
    }
    second.finish();
    assert_eq!(bench.drawing().await.job.id, JobId(3));
    drop(first);
    bench.stop().await;
}

#[tokio::test]
async fn a_generator_that_fails_fails_one_job() {
    let load = LoadError::Models {
        reason: "gone".into(),
    };
    let run = |reason: &str| InferenceError::Run {
        network: "unet".into(),
        reason: reason.into(),
    };
    let cases = [
        (
            InferenceError::InvalidRequest(RequestError::Steps { value: 0 }),
            Some(ErrorClass::InvalidRequest),
        ),
        (
            InferenceError::UnknownModel { id: "x".into() },
            Some(ErrorClass::Model),
        ),
        (InferenceError::Load(Arc::new(load)), Some(ErrorClass::Model)),
        (
            run("Failed to allocate memory for requested buffer of size 9"),
            Some(ErrorClass::OutOfMemory),
        ),
        (run("std::bad_alloc"), Some(ErrorClass::OutOfMemory)),
        (run("Non-zero status code"), Some(ErrorClass::Internal)),
        (InferenceError::Overloaded, Some(ErrorClass::Internal)),
        (InferenceError::Stopped, Some(ErrorClass::Internal)),
        (InferenceError::Cancelled, None),
    ];
    let mut bench = Bench::start(Setup::default()).await;
    for (error, class) in cases {
        bench.submit_for("a").await;
        bench.drawing().await.fail(error);
        let row = bench.finished().await.1;
        let outcome = if class.is_some() {
            JobOutcome::Failed
        } else {
            JobOutcome::Cancelled
        };
        assert_eq!((row.outcome, row.error_class), (Some(outcome), class));
    }
    bench.submit_for("a").await;
    bench.drawing().await.panic();
    assert_eq!(bench.finished().await.1.error_class, Some(ErrorClass::Internal));
    bench.submit_for("a").await;
    bench.drawing().await.finish();
    assert_eq!(bench.finished().await.1.outcome, Some(JobOutcome::Done));
    bench.stop().await;
}

#[tokio::test]
async fn a_picture_that_cannot_be_saved_fails_its_job() {
    let mut bench = Bench::start(Setup::default()).await;
    bench.submit_for("a").await;
    let images = bench.dir.path().join("images");
    fs::remove_dir_all(&images).expect("removed");
    fs::write(&images, b"in the way").expect("file");
    bench.drawing().await.finish();
    let (lines, _) = bench.finished().await;
    insta::assert_snapshot!(lines.join("\n"), @"1 Failed (Storage) with 0 pictures");
    bench.stop().await;
}

#[tokio::test]
async fn a_job_that_is_refused_is_not_in_the_log() {
    let limits = || LimitCheck {
        queued: Some(1),
        ..LIMITS
    };
    let mut bench = Bench::start(Setup {
        limits,
        ..Setup::default()
    })
    .await;
    bench.submit_for("a").await;
    let error = bench
        .queue
        .submit(new_job("a"), &bench.limits)
        .await
        .expect_err("refused");
    insta::assert_snapshot!(error, @"1 of 1 jobs of this user are unfinished");
    assert_eq!(bench.store.jobs().get(JobId(2)).await.expect("read"), None);
    bench.drawing().await.finish();
    bench.stop().await;
}

#[tokio::test]
async fn a_repeated_command_is_not_drawn_twice() {
    let mut bench = Bench::start(Setup::default()).await;
    let keyed = || NewJob {
        key: Some("k".into()),
        ..new_job("a")
    };
    let first = bench
        .queue
        .submit(keyed(), &bench.limits)
        .await
        .expect("accepted");
    let drawing = bench.drawing().await;
    let again = bench.queue.submit(keyed(), &bench.limits).await.expect("found");
    assert_eq!(
        again,
        Submitted {
            remaining: None,
            job: first.job,
            position: 0,
            duplicate: true
        }
    );
    drawing.finish();
    bench.finished().await;
    bench.stop().await;
    bench.no_drawing();
}

#[tokio::test]
async fn a_killed_process_finishes_its_jobs_after_the_next_start() {
    let mut bench = Bench::start(Setup::default()).await;
    let (running, waiting) = (bench.submit_for("a").await, bench.submit_for("b").await);
    let _held = bench.drawing().await;

    let mut bench = bench.kill_and_start().await;
    let mut begun = Vec::new();
    for _ in 0..2 {
        let drawing = bench.drawing().await;
        begun.push(drawing.job.id);
        drawing.finish();
    }
    assert_eq!(begun, [waiting, running], "the interrupted one has had its turn");
    let finished = [bench.finished().await.1, bench.finished().await.1];
    assert_eq!(
        finished.map(|row| (row.id, row.attempt)),
        [(waiting, 1), (running, 2)]
    );
    assert!(
        bench
            .store
            .jobs()
            .mark_delivered(running, *NOW)
            .await
            .expect("write")
    );

    // Killed before the last message of the other one was marked as sent: it is emitted once more, and not drawn.
    let mut bench = bench.kill_and_start().await;
    let (lines, row) = bench.finished().await;
    insta::assert_snapshot!(lines.join("\n"), @"2 Done with 1 pictures");
    assert!(
        bench
            .store
            .jobs()
            .mark_delivered(row.id, *NOW)
            .await
            .expect("write")
    );

    let mut bench = bench.kill_and_start().await;
    bench.stop().await;
    bench.no_drawing();
    assert_eq!(bench.rest(), [""; 0]);
}

#[tokio::test]
async fn a_job_that_kills_the_process_twice_has_failed() {
    let mut bench = Bench::start(Setup::default()).await;
    let job = bench.submit_for("a").await;
    let _held = bench.drawing().await;
    let mut bench = bench.kill_and_start().await;
    let _held = bench.drawing().await;
    let mut bench = bench.kill_and_start().await;
    let (lines, row) = bench.finished().await;
    insta::assert_snapshot!(lines.join("\n"), @"1 Failed (Crashed) with 0 pictures");
    assert_eq!(row.id, job);
    bench.stop().await;
    bench.no_drawing();
}

#[tokio::test]
async fn a_job_nobody_waits_for_any_more_expires_at_the_start() {
    let mut bench = Bench::start(Setup::default()).await;
    bench.submit_for("a").await;
    let _held = bench.drawing().await;
    bench
        .submit(NewJob {
            now: *NOW - SETTINGS.expire_after - A_MOMENT,
            ..new_job("b")
        })
        .await;
    let mut bench = bench.kill_and_start().await;
    let (lines, _) = bench.finished().await;
    insta::assert_snapshot!(lines.join("\n"), @"2 Expired with 0 pictures");
    bench.drawing().await.finish();
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_generator_that_stands_still_loses_its_job_twice() {
    let _clock = HeldClock::hold();
    let mut bench = Bench::start(Setup::default()).await;
    let job = bench.submit_for("a").await;
    let first = bench.drawing().await;
    advance(SETTINGS.lease + A_MOMENT).await;
    first.cancel.cancelled().await;
    let second = bench.drawing().await;
    assert_eq!(
        (second.job.id, bench.state(job).await),
        (job, (JobState::Running, 2))
    );
    first.step(5);
    assert!(
        !first.job.progress.wants_preview(),
        "nobody listens to it any more"
    );
    assert!(second.job.progress.wants_preview());
    advance(SETTINGS.lease + A_MOMENT).await;
    let (lines, _) = bench.finished().await;
    insta::assert_snapshot!(lines.join("\n"), @"1 Failed (Stalled) with 0 pictures");
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn progress_of_one_job_keeps_all_of_them() {
    let _clock = HeldClock::hold();
    let settings = QueueSettings {
        concurrency: 2,
        ..SETTINGS
    };
    let mut bench = Bench::start(Setup {
        settings,
        ..Setup::default()
    })
    .await;
    bench.submit_for("a").await;
    bench.submit_for("b").await;
    let (first, second) = (bench.drawing().await, bench.drawing().await);
    for step in 1..=16 {
        first.step(step);
        advance(SETTINGS.lease / 4).await;
    }
    first.finish();
    second.finish();
    for _ in 0..2 {
        assert_eq!(bench.finished().await.1.attempt, 1);
    }
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_lets_running_jobs_end() {
    let _clock = HeldClock::hold();
    let mut bench = Bench::start(Setup::default()).await;
    let (running, waiting) = (bench.submit_for("a").await, bench.submit_for("a").await);
    let drawing = bench.drawing().await;
    bench.shutdown.cancel();
    bench.queue.shared.stopped.cancelled().await;
    assert!(matches!(
        bench.queue.submit(new_job("b"), &bench.limits).await,
        Err(SubmitError::Stopped)
    ));
    drawing.finish();
    bench.stopped().await;
    assert_eq!(bench.state(running).await, (JobState::Delivering, 1));
    assert_eq!(bench.state(waiting).await, (JobState::Queued, 0));
    bench.no_drawing();
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_gives_back_what_takes_too_long() {
    let _clock = HeldClock::hold();
    let mut bench = Bench::start(Setup::default()).await;
    let job = bench.submit_for("a").await;
    let drawing = bench.drawing().await;
    bench.shutdown.cancel();
    bench.queue.shared.stopped.cancelled().await;
    advance(SETTINGS.drain - A_MOMENT).await;
    assert!(!drawing.cancel.is_cancelled());
    advance(A_MOMENT * 2).await;
    drawing.cancel.cancelled().await;
    bench.stopped().await;
    assert_eq!(bench.state(job).await, (JobState::Queued, 0));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_a_generator_that_does_not_listen() {
    let _clock = HeldClock::hold();
    let mut bench = Bench::start(Setup {
        deaf: true,
        ..Setup::default()
    })
    .await;
    let job = bench.submit_for("a").await;
    let drawing = bench.drawing().await;
    bench.shutdown.cancel();
    bench.queue.shared.stopped.cancelled().await;
    advance(SETTINGS.drain + A_MOMENT).await;
    drawing.cancel.cancelled().await;
    advance(drawing::STOP_WITHIN + A_MOMENT).await;
    bench.stopped().await;
    assert_eq!(bench.state(job).await, (JobState::Queued, 0));
}
