use std::sync::Arc;
use std::time::Duration;

use inference::RgbImage;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{Instant, advance, timeout};

use super::Outbox;
use crate::chat::{
    Capabilities, CommandInput, CommandRequest, Form, Place, Reply, ReplyAddress, SendError, Sent, Standing,
    UserId,
};
use crate::i18n::Locale;
use crate::queue::{Clock, EventSink, JobEvent};
use crate::store::tests::{NOW, allow_state, forbid_state, new_job};
use crate::store::{Ending, ErrorClass, JobId, JobRow, JobState, Lease, LimitCheck, NewJob, Store};
use crate::tests::fakes::{FakeChat, Fault, HeldClock, PLATFORM};

const TIME_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);
const SECOND: Duration = Duration::from_secs(1);

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
        Self::with_job(can, |_| ()).await
    }

    async fn with_job(can: impl FnOnce(&mut Capabilities), change: impl FnOnce(&mut NewJob)) -> Self {
        let clock = HeldClock::hold();
        let dir = tempfile::tempdir().expect("folder");
        let store = Store::open(dir.path()).await.expect("store");
        let (chat, lines) = FakeChat::new();
        chat.can(|capabilities| capabilities.progress_interval = Duration::from_secs(3));
        chat.can(can);
        let outbox = Outbox::new(store.clone(), Clock::new(|| *NOW), vec![Arc::new(chat.clone())]);
        let mut bench = Self {
            _clock: clock,
            _dir: dir,
            begun: Instant::now(),
            store,
            chat,
            lines,
            outbox,
            job: JobId(0),
        };
        bench.job = bench.add("m1", change).await;
        bench
    }

    /// Another job, asked for at `message` in the same conversation.
    async fn add(&self, message: &str, change: impl FnOnce(&mut NewJob)) -> JobId {
        let mut new = new_job("kita");
        new.user.platform = PLATFORM;
        new.place = Place::direct("starry");
        new.locale = Locale::EN;
        new.key = Some(message.to_owned());
        new.reply_address = ReplyAddress(json!({ "message": message }));
        change(&mut new);
        let check = LimitCheck {
            max_queued: 9,
            ..LimitCheck::default()
        };
        let inserted = self.store.jobs().insert(&new, &check).await;
        inserted.expect("inserted").job
    }

    fn queued(&self, job: JobId, position: u32) {
        let event = JobEvent::Queued {
            position,
            remaining: None,
        };
        self.outbox.emit(job, event);
    }

    fn step(&self, job: JobId, step: u32) {
        let event = JobEvent::Progress {
            step,
            num_inference_steps: 16,
            preview: None,
        };
        self.outbox.emit(job, event);
    }

    /// A job ends in the job log, and the outbox hears of it.
    async fn fail(&self, job: JobId) {
        let row = self.failed(job).await;
        self.outbox.emit(job, JobEvent::Finished(Box::new(row)));
    }

    async fn failed(&self, job: JobId) -> JobRow {
        let lease = Lease {
            now: *NOW,
            until: *NOW,
        };
        let jobs = self.store.jobs();
        let leased = jobs.lease(move |_| Some(job), lease).await;
        let attempt = leased.expect("writable").expect("it waits").attempt;
        let ending = Ending::Failed(ErrorClass::Internal);
        let ended = jobs.finish_generation(job, attempt, &ending, *NOW).await;
        ended.expect("writable").expect("it runs").job
    }

    /// A command is answered in the conversation.
    fn answer(&self, message: &str, text: &str) -> JoinHandle<Result<Sent, SendError>> {
        self.answer_with(message, Reply::text(text))
    }

    /// A command is answered with a question.
    fn ask(&self, message: &str) -> JoinHandle<Result<Sent, SendError>> {
        let form = Form {
            command: "edit",
            job: self.job,
            field: "prompt",
            label: "Prompt".to_owned(),
            value: "cat".to_owned(),
            is_private: false,
        };
        self.answer_with(
            message,
            Reply {
                form: Some(form),
                ..Reply::text("What?")
            },
        )
    }

    fn answer_with(&self, message: &str, reply: Reply) -> JoinHandle<Result<Sent, SendError>> {
        let request = CommandRequest {
            user: UserId {
                platform: PLATFORM,
                id: "kita".to_owned(),
            },
            standing: Standing::default(),
            place: Place::direct("starry"),
            locale: Locale::EN,
            input: CommandInput::Text(String::new()),
            attachments: Vec::new(),
            key: None,
            responder: self.chat.at(message),
        };
        let outbox = self.outbox.clone();
        tokio::spawn(async move { outbox.answer(&request, reply).await })
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

    /// Waits until the job log has said where the news of a job go.
    async fn settled(&self, job: JobId) {
        while self.outbox.shared.lock().way(job).is_none() {
            yield_now().await;
        }
    }

    /// Nothing is said in the next seconds.
    async fn quiet(&mut self, seconds: u32) {
        for _ in 0..seconds {
            advance(SECOND).await;
            // Whoever waited for this second does so before the next one.
            for _ in 0..8 {
                yield_now().await;
            }
            assert_eq!(self.lines.try_recv().ok(), None, "a line that nobody expected");
        }
    }

    async fn delivered(&self, job: JobId) {
        while self.row(job).await.state == JobState::Delivering {
            yield_now().await;
        }
    }

    async fn row(&self, job: JobId) -> JobRow {
        self.store
            .jobs()
            .get(job)
            .await
            .expect("readable")
            .expect("there")
    }

    /// Closes the outbox and returns the first job's state. Nothing may have been left unread.
    async fn end(mut self) -> JobState {
        self.outbox.close(TIME_LIMIT).await;
        assert_eq!(self.lines.try_recv().ok(), None, "a line that nobody expected");
        assert_eq!(
            self.outbox.shared.lock().chats(),
            0,
            "a chat in which all was said is forgotten"
        );
        self.row(self.job).await.state
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_newest_progress_is_sent_and_not_too_often() {
    let mut bench = Bench::new(|_| ()).await;
    let job = bench.job;
    bench.queued(job, 3);
    assert_eq!(
        bench.line().await,
        "0s m1: Your picture is number 3 in the queue."
    );
    bench.queued(job, 2);
    bench.step(job, 1);
    bench.quiet(2).await;
    bench.step(job, 5);
    advance(SECOND).await;
    assert_eq!(bench.line().await, "3s m1: Drawing, step 5 of 16.");
    bench.quiet(10).await;
    bench.step(job, 9);
    assert_eq!(bench.line().await, "13s m1: Drawing, step 9 of 16.");
    assert_eq!(bench.chat.buttons("m1"), ["v1:cancel:1"]);
    assert_eq!(bench.chat.shown("m1"), ["Drawing, step 9 of 16."]);
    assert_eq!(bench.end().await, JobState::Queued);
}

#[tokio::test(start_paused = true)]
async fn the_end_is_sent_at_once_and_replaces_progress() {
    let mut bench = Bench::new(|_| ()).await;
    let job = bench.job;
    bench.step(job, 1);
    assert_eq!(bench.line().await, "0s m1: Drawing, step 1 of 16.");
    bench.step(job, 2);
    bench.fail(job).await;
    bench.step(job, 3);
    insta::assert_snapshot!(bench.line().await, @"
    0s m1: Something went wrong while job 1 was drawn. It is not your fault. Please try again.
      [🔄 Try again]
    ");
    assert_eq!(bench.chat.shown("m1").len(), 1);
    assert_eq!(bench.end().await, JobState::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_reported_after_the_end_is_not_told() {
    let mut bench = Bench::new(|_| ()).await;
    let job = bench.job;
    bench.fail(job).await;
    assert!(bench.line().await.starts_with("0s m1: Something went wrong"));
    bench.delivered(job).await;
    bench.step(job, 3);
    assert_eq!(bench.end().await, JobState::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_asks_for_patience_gets_it() {
    let mut bench = Bench::new(|_| ()).await;
    bench.chat.fail([
        Fault::Retry(None),
        Fault::Retry(Some(700 * SECOND)),
        Fault::Panic,
        Fault::Hang,
    ]);
    bench.fail(bench.job).await;
    assert_eq!(bench.line().await, "0s m1: (Retry(None))");
    advance(SECOND).await;
    assert_eq!(bench.line().await, "1s m1: (Retry(Some(700s)))");
    bench.quiet(699).await;
    advance(SECOND).await;
    assert_eq!(bench.line().await, "701s m1: (Panic)");
    bench.quiet(3).await;
    advance(SECOND).await;
    assert_eq!(bench.line().await, "705s m1: (Hang)");
    bench.quiet(127).await;
    advance(SECOND).await;
    assert!(bench.line().await.starts_with("833s m1: Something went wrong"));
    assert_eq!(bench.end().await, JobState::Failed);
}

#[tokio::test(start_paused = true)]
async fn while_a_platform_asks_for_patience_nothing_is_sent_to_that_chat() {
    let mut bench = Bench::new(|_| ()).await;
    let (first, second) = (bench.job, bench.add("m2", |_| ()).await);
    let third = bench.add("m3", |_| ()).await;
    let elsewhere = bench.add("m4", |new| new.place = Place::direct("shelter")).await;
    bench.queued(third, 2);
    assert_eq!(
        bench.line().await,
        "0s m3: Your picture is number 2 in the queue."
    );
    bench.chat.fail([Fault::Retry(Some(50 * SECOND))]);
    bench.fail(first).await;
    assert_eq!(bench.line().await, "0s m1: (Retry(Some(50s)))");

    bench.quiet(10).await;
    bench.queued(third, 1);
    bench.fail(second).await;
    bench.quiet(10).await;
    let answer = bench.answer("m5", "Pong.");
    bench.step(third, 1);
    bench.quiet(10).await;
    bench.step(elsewhere, 1);
    assert_eq!(bench.line().await, "30s m4: Drawing, step 1 of 16.");
    bench.quiet(19).await;
    bench.step(third, 2);
    assert!(!answer.is_finished());

    advance(SECOND).await;
    assert!(
        bench
            .line()
            .await
            .starts_with("50s m1: Something went wrong while job 1")
    );
    assert!(
        bench
            .line()
            .await
            .starts_with("50s m2: Something went wrong while job 2")
    );
    assert_eq!(bench.line().await, "50s m5: Pong.");
    assert_eq!(bench.line().await, "50s m3: Drawing, step 2 of 16.");
    assert!(answer.await.expect("no panic").is_ok());
    assert_eq!(bench.end().await, JobState::Failed);
}

#[tokio::test(start_paused = true)]
async fn news_that_the_platform_refused_are_sent_after_the_wait_and_then_less_often() {
    let mut bench = Bench::new(|_| ()).await;
    let job = bench.job;
    bench.chat.fail_updates([Fault::Retry(Some(20 * SECOND))]);
    bench.step(job, 1);
    assert_eq!(bench.line().await, "0s m1: (Retry(Some(20s)))");
    bench.quiet(19).await;
    advance(SECOND).await;
    assert_eq!(bench.line().await, "20s m1: Drawing, step 1 of 16.");
    bench.step(job, 2);
    bench.quiet(5).await;
    bench.step(job, 3);
    advance(SECOND).await;
    assert_eq!(bench.line().await, "26s m1: Drawing, step 3 of 16.");
    bench.step(job, 4);
    bench.quiet(2).await;
    advance(SECOND).await;
    assert_eq!(bench.line().await, "29s m1: Drawing, step 4 of 16.");
    assert_eq!(bench.end().await, JobState::Queued);
}

#[tokio::test(start_paused = true)]
async fn the_jobs_of_a_group_share_what_the_platform_allows() {
    let group = |new: &mut NewJob| new.place.server = Some("kessoku".to_owned());
    let mut bench = Bench::with_job(|_| (), group).await;
    let (first, second) = (bench.job, bench.add("m2", group).await);
    bench.step(first, 1);
    assert_eq!(bench.line().await, "0s m1: Drawing, step 1 of 16.");
    bench.step(first, 2);
    bench.step(second, 1);
    bench.settled(second).await;
    bench.quiet(2).await;
    advance(SECOND).await;
    assert_eq!(bench.line().await, "3s m1: Drawing, step 2 of 16.");
    bench.step(first, 3);
    bench.quiet(2).await;
    advance(SECOND).await;
    assert_eq!(bench.line().await, "6s m2: Drawing, step 1 of 16.");
    bench.quiet(2).await;
    advance(SECOND).await;
    assert_eq!(bench.line().await, "9s m1: Drawing, step 3 of 16.");
    assert_eq!(bench.end().await, JobState::Queued);
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_receipt_was_lost_is_shown_once() {
    let mut bench = Bench::new(|_| ()).await;
    let job = bench.job;
    bench.chat.fail_updates([Fault::Lost]);
    bench.step(job, 1);
    assert_eq!(bench.line().await, "0s m1: Drawing, step 1 of 16.");
    assert_eq!(bench.line().await, "0s m1: (Lost)");
    bench.chat.fail([Fault::Lost]);
    bench.fail(job).await;
    assert!(bench.line().await.starts_with("0s m1: Something went wrong"));
    assert_eq!(bench.line().await, "0s m1: (Lost)");
    advance(SECOND).await;
    while bench.row(job).await.state == JobState::Delivering {
        yield_now().await;
    }
    assert_eq!(bench.chat.shown("m1").len(), 1);
    assert_eq!(bench.end().await, JobState::Failed);
}

#[tokio::test(start_paused = true)]
async fn the_number_of_a_message_is_stored_before_the_next_one() {
    let mut bench = Bench::new(|_| ()).await;
    let job = bench.job;
    bench.queued(job, 2);
    bench.line().await;
    advance(3 * SECOND).await;
    bench.queued(job, 1);
    assert_eq!(bench.line().await, "3s m1: Your picture is next.");
    let address = bench.row(job).await.reply_address;
    assert_eq!(address, ReplyAddress(json!({ "message": "m1", "number": 0 })));
    assert_eq!(bench.end().await, JobState::Queued);
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_stays_away_is_tried_again_at_the_next_start() {
    let mut bench = Bench::new(|_| ()).await;
    bench.chat.fail((0..20).map(|_| Fault::Retry(None)));
    bench.fail(bench.job).await;
    for pause in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
        bench.line().await;
        advance(pause * SECOND).await;
    }
    bench.line().await;
    bench.outbox.close(SECOND).await;
    assert_eq!(bench.end().await, JobState::Delivering);
}

#[tokio::test(start_paused = true)]
async fn a_question_does_not_wait_for_what_is_being_sent() {
    let mut bench = Bench::new(|_| ()).await;
    bench.chat.fail([Fault::Hang]);
    bench.fail(bench.job).await;
    assert_eq!(bench.line().await, "0s m1: (Hang)");
    let answer = bench.answer("m2", "Pong.");
    let question = bench.ask("m3");
    insta::assert_snapshot!(bench.line().await, @r#"
    0s m3: What?
      Prompt: "cat"
    "#);
    assert!(question.await.expect("no panic").is_ok());
    assert!(!answer.is_finished());
    bench.quiet(119).await;
    advance(SECOND).await;
    assert_eq!(bench.line().await, "120s m2: Pong.");
    advance(SECOND).await;
    assert!(bench.line().await.starts_with("121s m1: Something went wrong"));
    assert_eq!(bench.end().await, JobState::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_the_platform_refused_is_asked_after_the_wait() {
    let mut bench = Bench::new(|_| ()).await;
    bench.chat.fail([Fault::Retry(Some(5 * SECOND))]);
    let question = bench.ask("m1");
    assert_eq!(bench.line().await, "0s m1: (Retry(Some(5s)))");
    let second = bench.ask("m2");
    bench.quiet(4).await;
    advance(SECOND).await;
    assert!(bench.line().await.starts_with("5s m1: What?"));
    assert!(bench.line().await.starts_with("5s m2: What?"));
    assert!(question.await.expect("no panic").is_ok());
    assert!(second.await.expect("no panic").is_ok());
    assert_eq!(bench.end().await, JobState::Queued);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_given_up_when_nobody_can_wait_for_it() {
    let mut bench = Bench::new(|_| ()).await;
    bench.chat.fail([Fault::Retry(Some(16 * 60 * SECOND))]);
    let first = bench.answer("m1", "Pong.");
    assert_eq!(bench.line().await, "0s m1: (Retry(Some(960s)))");
    assert!(matches!(first.await, Ok(Err(SendError::Retry { .. }))));
    let second = bench.answer("m2", "Pong.");
    bench.quiet(100).await;
    let third = bench.answer("m3", "Pong.");
    bench.quiet(859).await;
    advance(SECOND).await;
    assert_eq!(bench.line().await, "960s m3: Pong.");
    assert!(third.await.expect("no panic").is_ok());
    assert!(matches!(second.await, Ok(Err(SendError::Retry { .. }))));
    assert_eq!(bench.end().await, JobState::Queued);
}

#[tokio::test(start_paused = true)]
async fn a_message_can_be_taken_away() {
    let mut bench = Bench::new(|_| ()).await;
    let job = bench.job;
    bench.fail(job).await;
    assert!(bench.line().await.starts_with("0s m1: Something went wrong"));
    bench.outbox.remove(job).await.expect("removed");
    assert_eq!(bench.line().await, "0s m1: (removed)");
    assert!(bench.chat.shown("m1").is_empty());
    bench.outbox.remove(JobId(99)).await.expect("nothing to remove");
    assert_eq!(bench.end().await, JobState::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_is_gone_needs_no_second_try() {
    let mut bench = Bench::new(|_| ()).await;
    bench.chat.fail([Fault::Gone]);
    bench.fail(bench.job).await;
    assert_eq!(bench.line().await, "0s m1: (Gone)");
    assert_eq!(bench.end().await, JobState::Failed);
}

#[tokio::test(start_paused = true)]
async fn without_edits_only_the_end_is_sent() {
    let mut bench = Bench::new(|can| can.can_edit = false).await;
    bench.queued(bench.job, 1);
    bench.step(bench.job, 1);
    bench.fail(bench.job).await;
    assert!(bench.line().await.starts_with("0s m1: Something went wrong"));
    assert_eq!(bench.end().await, JobState::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_too_long_is_cut() {
    let mut bench = Bench::new(|can| can.max_text_chars = 20).await;
    bench.fail(bench.job).await;
    assert!(bench.line().await.starts_with("0s m1: Something went wron…\n"));
    assert_eq!(bench.end().await, JobState::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_job_of_a_platform_that_is_not_connected_waits() {
    let elsewhere = |new: &mut NewJob| new.user.platform = "carrier-pigeon".to_owned().into();
    let bench = Bench::with_job(|_| (), elsewhere).await;
    bench.queued(bench.job, 1);
    bench.fail(bench.job).await;
    assert_eq!(bench.end().await, JobState::Delivering);
}

#[tokio::test(start_paused = true)]
async fn previews_are_made_when_somebody_looks() {
    let mut bench = Bench::new(|_| ()).await;
    let job = bench.job;
    assert!(!bench.outbox.wants_preview(job));
    bench.queued(job, 1);
    bench.line().await;
    assert!(!bench.outbox.wants_preview(job));
    bench.chat.can(|capabilities| capabilities.previews = true);
    assert!(bench.outbox.wants_preview(job));

    advance(3 * SECOND).await;
    // The engine's thread has no runtime.
    let outbox = bench.outbox.clone();
    let event = JobEvent::Progress {
        step: 4,
        num_inference_steps: 16,
        preview: Some((0, RgbImage::new(16, 24))),
    };
    std::thread::spawn(move || outbox.emit(job, event))
        .join()
        .expect("it emits");
    assert_eq!(
        bench.line().await,
        "3s m1: Drawing, step 4 of 16. [preview 16x24]"
    );
    bench.chat.fail_updates([Fault::Retry(Some(9 * SECOND))]);
    advance(3 * SECOND).await;
    bench.step(job, 5);
    assert_eq!(bench.line().await, "6s m1: (Retry(Some(9s)))");
    assert!(!bench.outbox.wants_preview(job), "nobody will see it");
    assert_eq!(bench.end().await, JobState::Queued);
}

#[tokio::test(start_paused = true)]
async fn an_end_of_which_nobody_told_is_found() {
    let mut bench = Bench::new(|_| ()).await;
    bench.failed(bench.job).await;
    bench.outbox.look_for_forgotten().await;
    bench.outbox.look_for_forgotten().await;
    bench.line().await;
    bench.delivered(bench.job).await;
    bench.outbox.look_for_forgotten().await;
    assert!(bench.lines.try_recv().is_err(), "it is told once");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_sent_is_not_sent_again_because_that_was_not_written_down() {
    let mut bench = Bench::new(|_| ()).await;
    forbid_state(&bench.store, "failed").await;
    bench.fail(bench.job).await;
    bench.line().await;
    while bench.outbox.shared.lock().jobs() > 0 {
        advance(SECOND).await;
        yield_now().await;
    }
    allow_state(&bench.store).await;
    bench.outbox.look_for_forgotten().await;
    bench.delivered(bench.job).await;
    assert!(bench.lines.try_recv().is_err(), "it is told once");
}
