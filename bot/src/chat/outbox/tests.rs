use std::sync::Arc;
use std::time::Duration;

use inference::RgbImage;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, advance, timeout};

use super::Outbox;
use crate::chat::{Capabilities, ReplyAddress, UserId};
use crate::i18n::Locale;
use crate::queue::{Clock, EventSink, JobEvent};
use crate::store::tests::{NOW, new_job};
use crate::store::{Ending, ErrorClass, JobId, JobRow, JobState, Lease, LimitCheck, Store};
use crate::tests::fakes::{FakeChat, Fault, HeldClock, PLATFORM};

const TIME_LIMIT: Duration = Duration::from_secs(3600);

/// An outbox with a real job log and one job in it, on a clock that only the test moves.
struct Bench {
    _clock: HeldClock,
    _dir: TempDir,
    begun: Instant,
    store: Store,
    chat: FakeChat,
    lines: UnboundedReceiver<String>,
    outbox: Outbox,
    job: JobId,
}

impl Bench {
    async fn new(can: impl FnOnce(&mut Capabilities)) -> Self {
        Self::on(PLATFORM.as_str(), can).await
    }

    async fn on(platform: &str, can: impl FnOnce(&mut Capabilities)) -> Self {
        let clock = HeldClock::hold();
        let dir = tempfile::tempdir().expect("folder");
        let store = Store::open(dir.path()).await.expect("store");
        let (chat, lines) = FakeChat::new();
        chat.can(|capabilities| capabilities.progress_interval = Duration::from_secs(3));
        chat.can(can);
        let mut new = new_job("kita");
        new.user = UserId {
            platform: platform.to_owned().into(),
            id: "kita".to_owned(),
        };
        new.locale = Locale::EN;
        new.reply_address = ReplyAddress(json!({ "message": "m1" }));
        let check = LimitCheck {
            queued_per_user: 9,
            max_queued: 9,
            per_day: None,
        };
        let job = store.jobs().insert(&new, &check).await.expect("inserted").job;
        let outbox = Outbox::new(store.clone(), Clock::new(|| *NOW), vec![Arc::new(chat.clone())]);
        Self {
            _clock: clock,
            _dir: dir,
            begun: Instant::now(),
            store,
            chat,
            lines,
            outbox,
            job,
        }
    }

    fn queued(&self, position: u32) {
        self.outbox.emit(self.job, JobEvent::Queued { position });
    }

    fn step(&self, step: u32) {
        self.outbox.emit(
            self.job,
            JobEvent::Progress {
                step,
                num_inference_steps: 16,
                preview: None,
            },
        );
    }

    /// The job ends in the job log, and the outbox hears of it.
    async fn fail(&self) {
        let row = self.failed().await;
        self.outbox.emit(self.job, JobEvent::Finished(Box::new(row)));
    }

    async fn failed(&self) -> JobRow {
        let lease = Lease {
            now: *NOW,
            until: *NOW,
        };
        let jobs = self.store.jobs();
        let leased = jobs
            .lease(|waiting| waiting.first().map(|job| job.id), lease)
            .await;
        let attempt = leased.expect("writable").expect("it waits").attempt;
        let ending = Ending::Failed(ErrorClass::Internal);
        let ended = jobs.finish_generation(self.job, attempt, &ending, *NOW).await;
        ended.expect("writable").expect("it runs")
    }

    /// The next line of the chat, after the seconds that have passed.
    async fn line(&mut self) -> String {
        let line = timeout(TIME_LIMIT, self.lines.recv())
            .await
            .expect("a line in time");
        format!(
            "{}s {}",
            self.begun.elapsed().as_secs(),
            line.expect("the chat is open")
        )
    }

    /// Waits for the couriers and returns the job's state. Nothing may have been left unread.
    async fn end(mut self) -> JobState {
        self.outbox.close(TIME_LIMIT).await;
        assert_eq!(self.lines.try_recv().ok(), None, "a line that nobody expected");
        assert!(
            self.outbox.shared.lock().is_empty(),
            "a job is forgotten when it has ended"
        );
        self.store
            .jobs()
            .get(self.job)
            .await
            .expect("readable")
            .expect("there")
            .state
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn only_the_newest_progress_is_sent_and_not_too_often() {
    let mut bench = Bench::new(|_| ()).await;
    bench.queued(3);
    assert_eq!(
        bench.line().await,
        "0s m1: Your picture is number 3 in the queue."
    );
    bench.queued(2);
    bench.step(1);
    advance(2 * SECOND).await;
    bench.step(5);
    advance(SECOND).await;
    assert_eq!(bench.line().await, "3s m1: Drawing, step 5 of 16.");
    advance(10 * SECOND).await;
    bench.step(9);
    assert_eq!(bench.line().await, "13s m1: Drawing, step 9 of 16.");
    assert_eq!(bench.end().await, JobState::Queued);
}

#[tokio::test(start_paused = true)]
async fn the_end_is_sent_at_once_and_replaces_progress() {
    let mut bench = Bench::new(|_| ()).await;
    bench.step(1);
    assert_eq!(bench.line().await, "0s m1: Drawing, step 1 of 16.");
    bench.step(2);
    bench.fail().await;
    bench.step(3);
    insta::assert_snapshot!(bench.line().await, @"0s m1: Something went wrong while job 1 was drawn. It is not your fault. Please try again.");
    assert_eq!(bench.end().await, JobState::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_asks_for_patience_gets_it() {
    let mut bench = Bench::new(|_| ()).await;
    bench.chat.fail([
        Fault::Retry(None),
        Fault::Retry(Some(7 * SECOND)),
        Fault::Retry(None),
        Fault::Hang,
    ]);
    bench.fail().await;
    assert_eq!(bench.line().await, "0s m1: (Retry(None))");
    advance(SECOND).await;
    assert_eq!(bench.line().await, "1s m1: (Retry(Some(7s)))");
    advance(7 * SECOND).await;
    assert_eq!(bench.line().await, "8s m1: (Retry(None))");
    advance(4 * SECOND).await;
    assert_eq!(bench.line().await, "12s m1: (Hang)");
    advance(30 * SECOND).await;
    tokio::task::yield_now().await;
    advance(8 * SECOND).await;
    insta::assert_snapshot!(bench.line().await, @"50s m1: Something went wrong while job 1 was drawn. It is not your fault. Please try again.");
    assert_eq!(bench.end().await, JobState::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_stays_away_is_tried_again_at_the_next_start() {
    let mut bench = Bench::new(|_| ()).await;
    bench
        .chat
        .fail((0..super::MAX_ATTEMPTS).map(|_| Fault::Retry(Some(1000 * SECOND))));
    bench.fail().await;
    for _ in 0..super::MAX_ATTEMPTS {
        bench.line().await;
        advance(super::LONGEST_PAUSE).await;
    }
    assert_eq!(bench.end().await, JobState::Delivering);
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_is_gone_needs_no_second_try() {
    let mut bench = Bench::new(|_| ()).await;
    bench.chat.fail([Fault::Gone]);
    bench.fail().await;
    assert_eq!(bench.line().await, "0s m1: (Gone)");
    assert_eq!(bench.end().await, JobState::Failed);
}

#[tokio::test(start_paused = true)]
async fn without_edits_only_the_end_is_sent() {
    let mut bench = Bench::new(|can| can.can_edit = false).await;
    bench.queued(1);
    bench.step(1);
    bench.fail().await;
    assert!(bench.line().await.starts_with("0s m1: Something went wrong"));
    assert_eq!(bench.end().await, JobState::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_too_long_is_cut() {
    let mut bench = Bench::new(|can| can.max_text_chars = 20).await;
    bench.fail().await;
    assert_eq!(bench.line().await, "0s m1: Something went wron…");
    assert_eq!(bench.end().await, JobState::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_job_of_a_platform_that_is_not_connected_waits() {
    let bench = Bench::on("carrier-pigeon", |_| ()).await;
    bench.queued(1);
    bench.fail().await;
    assert_eq!(bench.end().await, JobState::Delivering);
}

#[tokio::test(start_paused = true)]
async fn previews_are_made_when_somebody_looks() {
    let mut bench = Bench::new(|_| ()).await;
    assert!(!bench.outbox.wants_preview(bench.job));
    bench.queued(1);
    bench.line().await;
    assert!(!bench.outbox.wants_preview(bench.job));
    bench.chat.can(|capabilities| capabilities.previews = true);
    assert!(bench.outbox.wants_preview(bench.job));

    advance(3 * SECOND).await;
    // The engine's thread has no runtime.
    let (outbox, job) = (bench.outbox.clone(), bench.job);
    let preview = Some((0, RgbImage::new(16, 24)));
    let event = JobEvent::Progress {
        step: 4,
        num_inference_steps: 16,
        preview,
    };
    std::thread::spawn(move || outbox.emit(job, event))
        .join()
        .expect("it emits");
    assert_eq!(
        bench.line().await,
        "3s m1: Drawing, step 4 of 16. [preview 16x24]"
    );
    assert_eq!(bench.end().await, JobState::Queued);
}
