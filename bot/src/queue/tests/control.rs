//! Jobs that somebody ends, and a queue that somebody stops.

use futures::FutureExt as _;

use super::*;
use crate::chat::{Place, Platform};
use crate::store::tests::{allow_state, forbid_state};

async fn cancelled(bench: &Bench, job: JobId) -> CancelResult {
    bench.queue.cancel(job).await.expect("write")
}

#[tokio::test]
async fn a_waiting_job_is_cancelled_at_once() {
    let mut bench = Bench::start(Setup::default()).await;
    bench.submit_for("a").await;
    let first = bench.drawing().await;
    let waiting = bench.submit_for("b").await;
    assert_eq!(cancelled(&bench, waiting).await, CancelResult::Ended);
    let (lines, row) = bench.finished().await;
    assert_eq!(
        lines.last().map(String::as_str),
        Some("2 Cancelled with 0 pictures")
    );
    assert_eq!(row.state, JobState::Delivering);
    assert_eq!(cancelled(&bench, waiting).await, CancelResult::TooLate);
    assert_eq!(cancelled(&bench, JobId(99)).await, CancelResult::TooLate);
    assert_eq!(bench.queue.place(waiting), None);
    first.finish();
    bench.finished().await;
    bench.stop().await;
    bench.no_drawing();
    assert_eq!(bench.rest(), [""; 0]);
}

#[tokio::test]
async fn a_running_job_is_cancelled_and_does_not_wait_again() {
    let mut bench = Bench::start(Setup::default()).await;
    let job = bench.submit_for("a").await;
    let drawing = bench.drawing().await;
    assert_eq!(cancelled(&bench, job).await, CancelResult::Ending);
    drawing.cancel.cancelled().await;
    let (lines, _) = bench.finished().await;
    insta::assert_snapshot!(lines.join("\n"), @"1 Cancelled with 0 pictures");
    assert_eq!(cancelled(&bench, job).await, CancelResult::TooLate);
    bench.submit_for("a").await;
    bench.drawing().await.finish();
    bench.finished().await;
    bench.stop().await;
    assert_eq!(bench.state(job).await, (JobState::Delivering, 1));
}

#[tokio::test(start_paused = true)]
async fn a_generator_that_does_not_listen_does_not_keep_a_cancelled_job() {
    let _clock = HeldClock::hold();
    let mut bench = Bench::start(Setup {
        deaf: true,
        ..Setup::default()
    })
    .await;
    let job = bench.submit_for("a").await;
    let drawing = bench.drawing().await;
    assert_eq!(cancelled(&bench, job).await, CancelResult::Ending);
    drawing.step(1);
    drawing.cancel.cancelled().await;
    tokio::task::yield_now().await;
    advance(drawing::STOP_WITHIN + A_MOMENT).await;
    let (lines, _) = bench.finished().await;
    insta::assert_snapshot!(lines.join("\n"), @"1 Cancelled with 0 pictures");
    bench.stop().await;
}

/// A promise to end a job that is about to be begun is kept, also when beginning it fails.
#[tokio::test]
async fn a_job_that_is_cancelled_while_it_cannot_be_begun_ends() {
    let mut bench = Bench::start(Setup::default()).await;
    bench.queue.set_mode(QueueMode::Paused).await.expect("write");
    let (job, other) = (bench.submit_for("a").await, bench.submit_for("b").await);
    let mut worker = worker::Worker::new(Arc::clone(&bench.queue.shared));
    let taken = worker.take();
    assert_eq!(taken.iter().map(|taken| taken.job).collect::<Vec<_>>(), [job]);
    assert_eq!(cancelled(&bench, job).await, CancelResult::Ending);
    forbid_state(&bench.store, "running").await;
    worker.begin(taken).await.expect_err("the log is broken");
    assert_eq!(bench.queue.place(job).map(|place| place.position), Some(1));
    allow_state(&bench.store).await;
    worker.refill_and_begin().await.expect("the log is usable");
    let row = bench.finished().await.1;
    assert_eq!((row.id, row.outcome), (job, Some(JobOutcome::Cancelled)));
    assert_eq!(bench.queue.place(other).map(|place| place.position), Some(1));
    bench.stop().await;
}

#[tokio::test]
async fn a_queue_is_cleared() {
    let mut bench = Bench::start(Setup::default()).await;
    bench.submit_for("a").await;
    let first = bench.drawing().await;
    let place = Place {
        server: Some("kessoku".into()),
        ..Place::direct("room")
    };
    bench
        .submit(NewJob {
            place,
            ..new_job("b")
        })
        .await;
    bench.submit_for("c").await;
    let platform = Platform::new("test");
    let other = Platform::new("other");
    for (platform, server, count) in [
        (&platform, Some("other"), 0),
        (&other, Some("kessoku"), 0),
        (&other, None, 0),
        (&platform, Some("kessoku"), 1),
    ] {
        let cleared = bench.queue.clear(Some(platform), server).await.expect("write");
        assert_eq!(cleared, count, "{platform} {server:?}");
    }
    assert_eq!(bench.finished().await.1.id, JobId(2));
    assert_eq!(bench.queue.clear(None, None).await.expect("write"), 1);
    assert_eq!(bench.finished().await.1.id, JobId(3));
    assert_eq!(bench.queue.snapshot().waiting, []);
    first.finish();
    assert_eq!(bench.finished().await.1.outcome, Some(JobOutcome::Done));
    bench.stop().await;
    bench.no_drawing();
}

#[tokio::test]
async fn a_paused_queue_takes_jobs_and_draws_none_also_after_a_restart() {
    let mut bench = Bench::start(Setup::default()).await;
    bench.queue.set_mode(QueueMode::Paused).await.expect("write");
    let job = bench.submit_for("a").await;
    insta::assert_snapshot!(bench.events(1).await, @"1 queued, position 1");
    bench.no_drawing();

    let mut bench = bench.kill_and_start().await;
    insta::assert_snapshot!(bench.events(1).await, @"1 queued, position 1");
    assert_eq!(bench.queue.mode(), QueueMode::Paused);
    bench.no_drawing();
    bench.queue.set_mode(QueueMode::Open).await.expect("write");
    bench.drawing().await.finish();
    assert_eq!(bench.finished().await.1.id, job);
    bench.stop().await;
}

#[tokio::test]
async fn a_draining_queue_draws_what_waits_and_takes_no_more() {
    let mut bench = Bench::start(Setup::default()).await;
    let keyed = NewJob {
        key: Some("once".into()),
        ..new_job("a")
    };
    let known = bench.submit(keyed.clone()).await;
    bench.submit_for("a").await;
    let first = bench.drawing().await;
    bench.queue.set_mode(QueueMode::Draining).await.expect("write");
    let refused = bench.queue.submit(new_job("b"), &bench.limits).await;
    assert!(matches!(refused, Err(SubmitError::Draining)), "{refused:?}");
    // A command that was accepted is, also when it is repeated.
    let again = bench.queue.submit(keyed, &bench.limits).await.expect("accepted");
    assert_eq!((again.job, again.duplicate), (known, true));
    first.finish();
    bench.drawing().await.finish();
    bench.stop().await;

    let bench = Bench::start_in(bench.released(), Setup::default()).await;
    let refused = bench.queue.submit(new_job("b"), &bench.limits).await;
    assert!(matches!(refused, Err(SubmitError::Draining)), "{refused:?}");
}

#[tokio::test]
async fn a_user_has_no_more_jobs_drawn_at_once_than_allowed() {
    let mut bench = Bench::start(Setup {
        settings: QueueSettings {
            concurrency: 3,
            ..SETTINGS
        },
        ..Setup::default()
    })
    .await;
    for user in ["a", "a", "a", "b"] {
        let max_running = Some(1);
        bench
            .submit(NewJob {
                max_running,
                ..new_job(user)
            })
            .await;
    }
    let (first, other) = (bench.drawing().await, bench.drawing().await);
    assert_eq!((first.job.id, other.job.id), (JobId(1), JobId(4)));
    while bench.event().await.0 != JobId(3) {}
    bench.no_drawing();
    first.finish();
    let second = bench.drawing().await;
    assert_eq!(second.job.id, JobId(2));
    bench.no_drawing();
    other.finish();
    second.finish();
    bench.drawing().await.finish();
    bench.stop().await;
}

/// Somebody who asked for a picture and did not wait for the answer is not forgotten.
#[tokio::test]
async fn a_caller_who_goes_away_has_asked_all_the_same() {
    let mut bench = Bench::start(Setup::default()).await;
    bench.submit_for("a").await;
    let first = bench.drawing().await;
    let answer = bench.queue.submit(new_job("b"), &bench.limits).now_or_never();
    assert!(answer.is_none(), "the job log takes a moment");
    first.finish();
    bench.drawing().await.finish();
    for job in [JobId(1), JobId(2)] {
        assert_eq!(bench.finished().await.1.id, job);
    }
    bench.stop().await;
}
