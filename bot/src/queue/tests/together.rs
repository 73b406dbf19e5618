//! Equal jobs are drawn once, and what a job begins with.

use super::*;
use crate::store::DrawParameters;

/// A job that draws the same as all others that this makes.
fn same(user: &str) -> NewJob {
    let draw = DrawParameters {
        seed: 7,
        ..new_job(user).draw
    };
    NewJob {
        draw,
        ..new_job(user)
    }
}

#[tokio::test]
async fn equal_jobs_are_drawn_once() {
    let mut bench = Bench::start(Setup::default()).await;
    bench.submit(same("a")).await;
    let drawing = bench.drawing().await;
    let second = bench.submit(same("b")).await;
    assert_eq!(bench.queue.place(second).map(|place| place.position), Some(0));
    drawing.step(1);
    drawing.step(2);
    let third = bench.submit(same("c")).await;
    assert_eq!(cancel(&bench, third).await, CancelResult::Ended);
    drawing.finish();
    insta::assert_snapshot!(bench.events(7).await, @r"
    2 step 1 of 16
    1 step 1 of 16
    2 step 2 of 16
    1 step 2 of 16
    3 Cancelled with 0 pictures
    1 Done with 1 pictures
    2 Done with 1 pictures
    ");
    bench.stop().await;
    bench.no_drawing();
    assert_eq!(bench.rest(), [""; 0]);
}

async fn cancel(bench: &Bench, job: JobId) -> CancelResult {
    bench.queue.cancel(job).await.expect("write")
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_an_equal_job_is_told_its_position() {
    let _clock = HeldClock::hold();
    let mut bench = Bench::start(Setup::default()).await;
    bench.submit_for("a").await;
    let first = bench.drawing().await;
    let job = bench
        .queue
        .submit(same("b"), &bench.limits)
        .await
        .expect("accepted");
    insta::assert_snapshot!(bench.events(1).await, @"2 queued, position 1");
    let follower = bench
        .queue
        .submit(same("c"), &bench.limits)
        .await
        .expect("accepted");
    assert_eq!((job.position, follower.position), (1, 2));
    advance(announce::INTERVAL + A_MOMENT).await;
    insta::assert_snapshot!(bench.events(1).await, @"3 queued, position 2");
    first.finish();
    let drawing = bench.drawing().await;
    let position = |job| bench.queue.place(job).map(|place| place.position);
    assert_eq!([job.job, follower.job].map(position), [Some(0), Some(0)]);
    drawing.finish();
    insta::assert_snapshot!(bench.events(3).await, @r"
    1 Done with 1 pictures
    2 Done with 1 pictures
    3 Done with 1 pictures
    ");
    bench.stop().await;
}

/// Whoever waited for a job that ended without pictures is drawn alone.
#[tokio::test]
async fn the_end_of_one_job_does_not_end_its_equals() {
    let mut bench = Bench::start(Setup::default()).await;
    for end in 0..2 {
        // Nobody of them has drawn before.
        let mut jobs = Vec::new();
        for user in ["a", "b", "c"] {
            jobs.push(bench.submit(same(&format!("{user}{end}"))).await);
        }
        let drawing = bench.drawing().await;
        assert_eq!(drawing.job.id, jobs[0]);
        match end {
            0 => drawing.fail(InferenceError::Overloaded),
            _ => drawing.panic(),
        }
        assert_ne!(bench.finished().await.1.outcome, Some(JobOutcome::Done));
        let drawing = bench.drawing().await;
        assert_eq!(drawing.job.id, jobs[1]);
        drawing.finish();
        for job in [jobs[1], jobs[2]] {
            let (_, row) = bench.finished().await;
            assert_eq!(
                (row.id, row.outcome, row.images.len()),
                (job, Some(JobOutcome::Done), 1)
            );
        }
    }
    bench.stop().await;
    bench.no_drawing();
}

/// What is drawn is drawn on for whoever waits for it, as long as there is somebody.
#[tokio::test]
async fn a_cancelled_drawing_goes_to_its_equals() {
    let mut bench = Bench::start(Setup::default()).await;
    for user in ["a", "b", "c"] {
        bench.submit(same(user)).await;
    }
    let drawing = bench.drawing().await;
    drawing.step(1);
    insta::assert_snapshot!(bench.events(3).await, @"
    2 step 1 of 16
    3 step 1 of 16
    1 step 1 of 16
    ");
    assert_eq!(cancel(&bench, JobId(1)).await, CancelResult::Ending);
    insta::assert_snapshot!(bench.events(1).await, @"1 Cancelled with 0 pictures");
    assert_eq!(cancel(&bench, JobId(1)).await, CancelResult::TooLate);
    assert_eq!(bench.queue.place(JobId(1)), None);
    let position = |job| bench.queue.place(JobId(job)).map(|place| place.position);
    assert_eq!([2, 3].map(position), [Some(0), Some(0)]);
    drawing.step(2);
    insta::assert_snapshot!(bench.events(2).await, @"
    3 step 2 of 16
    2 step 2 of 16
    ");
    // Whoever comes now waits for the new owner.
    let late = bench.submit(same("d")).await;
    assert_eq!(cancel(&bench, JobId(2)).await, CancelResult::Ending);
    insta::assert_snapshot!(bench.events(1).await, @"2 Cancelled with 0 pictures");
    assert_eq!(cancel(&bench, JobId(3)).await, CancelResult::Ending);
    insta::assert_snapshot!(bench.events(1).await, @"3 Cancelled with 0 pictures");
    drawing.finish();
    insta::assert_snapshot!(bench.events(1).await, @"4 Done with 1 pictures");
    assert_eq!(late, JobId(4));
    bench.stop().await;
    bench.no_drawing();
    assert_eq!(bench.rest(), [""; 0]);
}

#[tokio::test]
async fn a_drawing_that_nobody_wants_any_more_ends() {
    let mut bench = Bench::start(Setup::default()).await;
    for user in ["a", "b"] {
        bench.submit(same(user)).await;
    }
    let drawing = bench.drawing().await;
    for job in 1..=2 {
        assert_eq!(cancel(&bench, JobId(job)).await, CancelResult::Ending);
        let (_, row) = bench.finished().await;
        assert_eq!((row.id, row.outcome), (JobId(job), Some(JobOutcome::Cancelled)));
    }
    drop(drawing);
    bench.stop().await;
    bench.no_drawing();
}

#[tokio::test]
async fn equal_jobs_that_wait_survive_their_first_one_and_a_kill() {
    let mut bench = Bench::start(Setup::default()).await;
    bench.submit_for("a").await;
    let _held = bench.drawing().await;
    let jobs = join_all(["b", "c", "d"].map(|user| bench.submit(same(user)))).await;
    assert_eq!(cancel(&bench, jobs[0]).await, CancelResult::Ended);
    let mut bench = bench.kill_and_start().await;
    let mut done = Vec::new();
    for _ in 0..2 {
        bench.drawing().await.finish();
    }
    for _ in 0..4 {
        let (_, row) = bench.finished().await;
        done.push((row.id, row.images.len()));
    }
    done.sort_unstable();
    assert_eq!(done, [(JobId(1), 1), (jobs[0], 0), (jobs[1], 1), (jobs[2], 1)]);
    bench.stop().await;
    bench.no_drawing();
}

/// Whoever waits for an equal job is drawn with it, and not behind the jobs of that one's owner.
#[tokio::test]
async fn an_equal_job_far_behind_holds_nobody_up() {
    let mut bench = Bench::start(Setup::default()).await;
    bench.submit_for("x").await;
    let first = bench.drawing().await;
    for _ in 0..3 {
        bench.submit_for("a").await;
    }
    let (far, near) = (bench.submit(same("a")).await, bench.submit(same("b")).await);
    first.finish();
    bench.drawing().await.finish();
    let drawing = bench.drawing().await;
    assert_eq!(drawing.job.id, near);
    drawing.finish();
    let mut done = Vec::new();
    while done.len() < 4 {
        done.push(bench.finished().await.1.id);
    }
    assert_eq!(done, [JobId(1), JobId(2), near, far]);
    bench.stop().await;
}

/// The log lets nobody be lost of whom the line has not heard.
#[tokio::test]
async fn a_follower_that_the_line_does_not_know_is_drawn_after_its_leader_failed() {
    let mut bench = Bench::start(Setup::default()).await;
    bench.submit(same("a")).await;
    let drawing = bench.drawing().await;
    let unknown = bench.store.jobs().insert(&same("b"), &bench.limits).await;
    let unknown = unknown.expect("inserted");
    assert_eq!(unknown.same_as, Some(JobId(1)));
    drawing.fail(InferenceError::Overloaded);
    let drawing = bench.drawing().await;
    assert_eq!(drawing.job.id, unknown.job);
    drawing.finish();
    bench.stop().await;
}

/// A job whose source has these bytes.
async fn with_source(bench: &Bench, bytes: Vec<u8>) -> NewJob {
    let stored = bench.store.images().save(bytes).await.expect("saved");
    let mut new = new_job("a");
    new.draw.source = Some(SourceParameters {
        hash: stored.hash,
        strength: 0.5,
        recipe: None,
    });
    new
}

#[tokio::test]
async fn a_job_begins_with_its_source() {
    let mut bench = Bench::start(Setup::default()).await;
    let image = inference::RgbImage::from_pixel(5, 3, image::Rgb([1, 2, 3]));
    let png = inference::images::encode_png(&image, None).expect("a PNG file");
    let new = with_source(&bench, png).await;
    bench.submit(new).await;
    let drawing = bench.drawing().await;
    assert_eq!(drawing.job.source.as_deref(), Some(&image));
    drawing.finish();
    assert_eq!(bench.finished().await.1.outcome, Some(JobOutcome::Done));
    bench.stop().await;
}

#[tokio::test]
async fn a_source_that_is_no_picture_or_gone_fails_its_job() {
    let mut bench = Bench::start(Setup::default()).await;
    let damaged = with_source(&bench, b"no picture".to_vec()).await;
    let gone = with_source(&bench, b"to be deleted".to_vec()).await;
    let hash = gone
        .draw
        .source
        .as_ref()
        .map(|source| source.hash.clone())
        .expect("a source");
    fs::remove_file(bench.store.images().path(&hash).expect("a hash")).expect("deleted");
    for new in [damaged, gone] {
        bench.submit(new).await;
        let row = bench.finished().await.1;
        assert_eq!(row.error_class, Some(ErrorClass::InvalidRequest));
    }
    bench.stop().await;
    bench.no_drawing();
}
