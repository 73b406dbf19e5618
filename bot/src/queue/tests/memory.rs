//! What the queue remembers of what it has drawn.

use super::*;

/// Draws a job, a second for each step.
async fn draw_slowly(bench: &mut Bench) {
    let drawing = bench.drawing().await;
    for step in 1..=drawing.job.draw.num_inference_steps {
        advance(Duration::from_secs(1)).await;
        drawing.step(step);
    }
    drawing.finish();
    bench.finished().await;
}

#[track_caller]
fn check_remaining(bench: &Bench, job: JobId, seconds: f64) {
    let remaining = bench.queue.place(job).and_then(|place| place.remaining);
    let found = remaining.map(|remaining| remaining.as_secs_f64().round());
    assert_eq!(found, Some(seconds));
}

#[tokio::test(start_paused = true)]
async fn how_long_it_takes_is_known_after_the_first_job_and_after_a_restart() {
    let _clock = HeldClock::hold();
    let mut bench = Bench::start(Setup::default()).await;
    let first = bench.submit_for("a").await;
    assert_eq!(bench.queue.place(first).and_then(|place| place.remaining), None);
    draw_slowly(&mut bench).await;
    let running = bench.submit_for("a").await;
    let drawing = bench.drawing().await;
    let waiting = bench.submit_for("a").await;
    check_remaining(&bench, running, 16.0);
    check_remaining(&bench, waiting, 32.0);
    advance(Duration::from_secs(4)).await;
    drawing.step(4);
    check_remaining(&bench, running, 12.0);
    check_remaining(&bench, waiting, 28.0);
    bench.queue.set_mode(QueueMode::Paused).await.expect("write");
    assert_eq!(bench.queue.place(waiting).and_then(|place| place.remaining), None);
    check_remaining(&bench, running, 12.0);
    bench.queue.set_mode(QueueMode::Open).await.expect("write");
    drawing.finish();
    let drawing = bench.drawing().await;
    bench.shutdown.cancel();
    bench.queue.shared.stopped.cancelled().await;
    advance(SETTINGS.drain + A_MOMENT).await;
    drawing.cancel.cancelled().await;
    bench.stopped().await;

    let mut bench = Bench::start_in(bench.released(), Setup::default()).await;
    let _drawing = bench.drawing().await;
    check_remaining(&bench, waiting, 16.0);
}

#[tokio::test]
async fn who_has_drawn_lately_is_served_later_also_after_a_restart() {
    let mut bench = Bench::start(Setup::default()).await;
    bench.submit_for("a").await;
    bench.drawing().await.finish();
    bench.finished().await;

    let mut bench = bench.kill_and_start().await;
    bench.queue.set_mode(QueueMode::Paused).await.expect("write");
    for user in ["a", "b", "b"] {
        bench.submit_for(user).await;
    }
    let order: Vec<JobId> = bench
        .queue
        .snapshot()
        .waiting
        .iter()
        .map(|place| place.job)
        .collect();
    assert_eq!(order, [JobId(3), JobId(2), JobId(4)]);
    bench.stop().await;
}
