//! A queue with a real job log, a generator that the test holds in its hands, and a record of the events.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use inference::{GenerateOutput, InferenceError, ModelInfo, Recipe, RgbImage, Timings};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::limits::LimitCheck;
use crate::queue::{
    Clock, EventSink, GenerateJob, GenerateProgress, ImageGenerator, JobEvent, JobQueue, QueueParts,
    QueueSettings,
};
use crate::store::tests::{NO_LIMITS, NOW, copy_as_if_killed, new_job};
use crate::store::{DrawParameters, JobId, JobRow, JobState, NewJob, Store};

/// No test waits longer than this for anything.
const TIME_LIMIT: Duration = Duration::from_secs(20);

pub(crate) const SETTINGS: QueueSettings = QueueSettings {
    concurrency: 1,
    lease: Duration::from_secs(20),
    expire_after: Duration::from_secs(3600),
    drain: Duration::from_secs(10),
};

pub(super) const LIMITS: LimitCheck = LimitCheck {
    queued: Some(100),
    max_queued: 100,
    ..NO_LIMITS
};

type Answer = Result<Vec<GenerateOutput>, InferenceError>;

/// A job in the hands of the generator, which waits for the test.
pub(super) struct Drawing {
    pub(super) job: GenerateJob,
    pub(super) cancel: CancellationToken,
    answer: oneshot::Sender<Option<Answer>>,
}

impl Drawing {
    pub(super) fn step(&self, step: u32) {
        let num_inference_steps = self.job.draw.num_inference_steps;
        self.job.progress.report(GenerateProgress {
            step,
            num_inference_steps,
            preview: None,
        });
    }

    /// Ends with all pictures that were asked for.
    pub(super) fn finish(self) {
        self.finish_with(|_, _| ());
    }

    /// The same, but each picture is changed before, by its index.
    pub(super) fn finish_with(self, change: impl Fn(u32, &mut GenerateOutput)) {
        let picture = |index| {
            let mut output = output(&self.job.draw, index);
            change(index, &mut output);
            output
        };
        let outputs = (0..self.job.draw.count).map(picture).collect();
        self.end(Some(Ok(outputs)));
    }

    pub(super) fn fail(self, error: InferenceError) {
        self.end(Some(Err(error)));
    }

    pub(super) fn panic(self) {
        self.end(None);
    }

    fn end(self, answer: Option<Answer>) {
        assert!(
            self.answer.send(answer).is_ok(),
            "the queue does not wait for {:?}",
            self.job.id
        );
    }
}

fn output(draw: &DrawParameters, index: u32) -> GenerateOutput {
    let seed = draw.seed.wrapping_add(u64::from(index));
    GenerateOutput {
        image: RgbImage::from_pixel(
            draw.width,
            draw.height,
            image::Rgb([u8::try_from(index).unwrap_or(0); 3]),
        ),
        recipe: Recipe {
            prompt: draw.prompt.clone(),
            negative_prompt: draw.negative_prompt.clone(),
            num_inference_steps: draw.num_inference_steps,
            scheduler: "Euler".to_owned(),
            guidance_scale: draw.guidance_scale,
            seed,
            width: draw.width,
            height: draw.height,
            model_name: draw.model.clone(),
            ..Recipe::default()
        },
        timings: Timings::default(),
        truncated_prompt: false,
        snapshots: Vec::new(),
        safety: None,
    }
}

struct FakeGenerator {
    drawings: mpsc::UnboundedSender<Drawing>,
    /// Does not hear that it shall stop.
    deaf: bool,
}

#[async_trait]
impl ImageGenerator for FakeGenerator {
    async fn generate(&self, job: GenerateJob, cancel: CancellationToken) -> Answer {
        let (answer, answered) = oneshot::channel();
        let drawing = Drawing {
            job,
            cancel: cancel.clone(),
            answer,
        };
        assert!(self.drawings.send(drawing).is_ok(), "the test has ended");
        let stopped = async {
            if self.deaf {
                std::future::pending::<()>().await;
            }
            cancel.cancelled().await;
        };
        tokio::select! {
            answer = answered => match answer {
                Ok(Some(answer)) => answer,
                Ok(None) => panic!("this generator was told to panic"),
                Err(_) => Err(InferenceError::Stopped),
            },
            () = stopped => Err(InferenceError::Cancelled),
        }
    }

    fn models(&self) -> Vec<ModelInfo> {
        Vec::new()
    }
}

struct Recorder(mpsc::UnboundedSender<(JobId, JobEvent)>);

impl EventSink for Recorder {
    fn wants_preview(&self, _job: JobId) -> bool {
        true
    }

    fn emit(&self, job: JobId, event: JobEvent) {
        // A test that is over does not listen any more.
        let _ = self.0.send((job, event));
    }
}

/// Keeps tokio's paused clock from running ahead while SQLite works in its own thread: it moves only by `advance`.
pub(super) struct HeldClock {
    _release: std::sync::mpsc::Sender<()>,
}

impl HeldClock {
    pub(super) fn hold() -> Self {
        let (release, held) = std::sync::mpsc::channel::<()>();
        // When the test hangs, the clock is let go, and the time limits of the test end it.
        tokio::task::spawn_blocking(move || held.recv_timeout(TIME_LIMIT));
        Self { _release: release }
    }
}

/// A queue that runs.
pub(super) struct Bench {
    pub(super) limits: LimitCheck,
    pub(super) dir: TempDir,
    pub(super) store: Store,
    pub(super) queue: JobQueue,
    pub(super) shutdown: CancellationToken,
    run: JoinHandle<()>,
    drawings: mpsc::UnboundedReceiver<Drawing>,
    events: mpsc::UnboundedReceiver<(JobId, JobEvent)>,
}

/// How a [`Bench`] differs from the usual one.
#[derive(Clone, Copy)]
pub(super) struct Setup {
    pub(super) settings: QueueSettings,
    pub(super) limits: fn() -> LimitCheck,
    pub(super) deaf: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            settings: SETTINGS,
            limits: || LIMITS,
            deaf: false,
        }
    }
}

impl Bench {
    pub(super) async fn start(setup: Setup) -> Self {
        Self::start_in(tempfile::tempdir().expect("folder"), setup).await
    }

    pub(super) async fn start_in(dir: TempDir, setup: Setup) -> Self {
        let store = Store::open(dir.path()).await.expect("store");
        let (drawings_sender, drawings) = mpsc::unbounded_channel();
        let (events_sender, events) = mpsc::unbounded_channel();
        let begin = Instant::now();
        let elapsed = move || TimeDelta::from_std(begin.elapsed()).expect("short");
        let queue = JobQueue::new(QueueParts {
            store: store.clone(),
            settings: setup.settings,
            generator: Arc::new(FakeGenerator {
                drawings: drawings_sender,
                deaf: setup.deaf,
            }),
            events: Arc::new(Recorder(events_sender)),
            clock: Clock::new(move || *NOW + elapsed()),
        });
        let shutdown = CancellationToken::new();
        let run = tokio::spawn({
            let (queue, shutdown) = (queue.clone(), shutdown.clone());
            async move { queue.run(shutdown).await.expect("the log is usable") }
        });
        Self {
            dir,
            store,
            queue,
            shutdown,
            run,
            drawings,
            events,
            limits: (setup.limits)(),
        }
    }

    pub(super) async fn submit(&self, new: NewJob) -> JobId {
        self.queue.submit(new, &self.limits).await.expect("accepted").job
    }

    pub(super) async fn submit_for(&self, user: &str) -> JobId {
        self.submit(new_job(user)).await
    }

    /// The next job that the generator is given.
    pub(super) async fn drawing(&mut self) -> Drawing {
        timeout(TIME_LIMIT, self.drawings.recv())
            .await
            .expect("a drawing in time")
            .expect("the queue runs")
    }

    /// The generator holds no job that the test has not taken.
    pub(super) fn no_drawing(&mut self) {
        assert!(self.drawings.try_recv().is_err(), "a job was begun");
    }

    pub(super) async fn event(&mut self) -> (JobId, JobEvent) {
        timeout(TIME_LIMIT, self.events.recv())
            .await
            .expect("an event in time")
            .expect("the queue runs")
    }

    /// The next events as lines of text.
    pub(super) async fn events(&mut self, count: usize) -> String {
        let mut lines = Vec::new();
        for _ in 0..count {
            let (job, event) = self.event().await;
            lines.push(line(job, &event));
        }
        lines.join("\n")
    }

    /// Every event up to the end of a job as a line of text, and the job as it ended.
    pub(super) async fn finished(&mut self) -> (Vec<String>, JobRow) {
        let mut lines = Vec::new();
        loop {
            let (job, event) = self.event().await;
            lines.push(line(job, &event));
            if let JobEvent::Finished(row) = event {
                return (lines, *row);
            }
        }
    }

    /// The events that nobody has asked for.
    pub(super) fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.events.try_recv().ok())
            .map(|(job, event)| line(job, &event))
            .collect()
    }

    pub(super) async fn state(&self, job: JobId) -> (JobState, u32) {
        let row = self.store.jobs().get(job).await.expect("read").expect("there");
        (row.state, row.attempt)
    }

    /// Stops the queue and waits for its end.
    pub(super) async fn stop(&mut self) {
        self.shutdown.cancel();
        self.stopped().await;
    }

    pub(super) async fn stopped(&mut self) {
        timeout(TIME_LIMIT, &mut self.run)
            .await
            .expect("an end in time")
            .expect("no panic");
    }

    /// The data folder, after the queue has stopped.
    pub(super) fn released(self) -> TempDir {
        let Self { dir, .. } = self;
        copy_as_if_killed(dir.path())
    }

    /// `kill -9`, and the next start.
    pub(super) async fn kill_and_start(self) -> Self {
        let dir = copy_as_if_killed(self.dir.path());
        self.run.abort();
        Self::start_in(dir, Setup::default()).await
    }
}

fn line(job: JobId, event: &JobEvent) -> String {
    match event {
        JobEvent::Queued { position, .. } => format!("{job} queued, position {position}"),
        JobEvent::Progress {
            step,
            num_inference_steps,
            ..
        } => {
            format!("{job} step {step} of {num_inference_steps}")
        }
        JobEvent::Finished(row) => {
            let class = row
                .error_class
                .map(|class| format!(" ({class:?})"))
                .unwrap_or_default();
            format!(
                "{job} {:?}{class} with {} pictures",
                row.outcome.expect("an outcome"),
                row.images.len()
            )
        }
    }
}
