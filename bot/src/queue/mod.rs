//! The queue: takes jobs in, draws them in a fair order, and tells what happens.
//!
//! The queue itself is the job log; `line` is its copy in memory, ordered by `policy`, with the ends that `estimate`
//! foretells. `worker` begins jobs, `drawing` draws one, `announce` tells the others where they stand. This room knows
//! no chat: what people should hear goes to an [`EventSink`].

mod announce;
mod clock;
mod control;
mod drawing;
mod estimate;
mod generator;
mod line;
mod mode;
mod policy;
mod refill;
mod submit;
mod types;
mod worker;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use self::clock::Clock;
pub use self::generator::{
    DrawingSettings, EngineGenerator, GenerateJob, GenerateProgress, ImageGenerator, ProgressSink,
};
use self::line::Line;
use self::mode::Mode;
pub use self::types::{
    CancelResult, EventSink, JobEvent, QueueMode, QueuePlace, QueueSnapshot, SubmitError, Submitted,
};
use crate::config::{QueueConfig, ShutdownConfig};
pub use crate::store::DrawParameters;
use crate::store::{JobId, JobRow, Store, StoreError};

/// How the queue works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// How many jobs are drawn at once.
    pub concurrency: usize,
    /// How long nothing may make progress before a job is taken back.
    pub lease: Duration,
    /// How old a job may be that waits when the service starts.
    pub expire_after: Duration,
    /// How long running jobs may go on after the service was told to stop.
    pub drain: Duration,
}

impl QueueSettings {
    /// The settings of the section `[queue]`, and `shutdown.drain_seconds`.
    pub fn new(queue: &QueueConfig, shutdown: &ShutdownConfig) -> Self {
        Self {
            concurrency: queue.concurrency,
            lease: Duration::from_secs(queue.lease_seconds),
            expire_after: Duration::from_secs(queue.expire_hours.saturating_mul(60 * 60)),
            drain: Duration::from_secs(shutdown.drain_seconds),
        }
    }
}

/// What a queue is made of.
pub struct QueueParts {
    /// The job log.
    pub store: Store,
    /// How the queue works.
    pub settings: QueueSettings,
    /// What draws.
    pub generator: Arc<dyn ImageGenerator>,
    /// Where events go.
    pub events: Arc<dyn EventSink>,
    /// Where the time comes from.
    pub clock: Clock,
}

impl fmt::Debug for QueueParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueParts")
            .field("store", &self.store)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// The handle of the queue. Clones share it.
#[derive(Clone)]
pub struct JobQueue {
    shared: Arc<Shared>,
}

struct Shared {
    parts: QueueParts,
    line: Mutex<Line>,
    mode: Mode,
    /// There may be a job to begin.
    wake: Notify,
    /// Places may have changed, and no job is being begun.
    moved: Notify,
    /// Cancelled when no more jobs are taken.
    stopped: CancellationToken,
    /// Some job has made progress since the leases were renewed.
    progressed: AtomicBool,
    /// The job log may have waiting jobs that are not in the line.
    stale: AtomicBool,
}

impl Shared {
    /// The line. Whoever holds it does nothing slow and calls nothing but [`EventSink`].
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the worker look for what the job log has and the line has not.
    fn mark_stale(&self) {
        self.stale.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Tells the end of a job. It must have left the line before, so that nothing is told of it afterwards.
    fn finished(&self, job: JobRow) {
        self.parts.events.emit(job.id, JobEvent::Finished(Box::new(job)));
    }
}

impl JobQueue {
    /// Makes a queue. Nothing is drawn before [`JobQueue::run`].
    pub fn new(parts: QueueParts) -> Self {
        Self {
            shared: Arc::new(Shared {
                line: Mutex::new(Line::new(&parts.settings)),
                parts,
                mode: Mode::default(),
                wake: Notify::new(),
                moved: Notify::new(),
                stopped: CancellationToken::new(),
                progressed: AtomicBool::new(false),
                stale: AtomicBool::new(false),
            }),
        }
    }

    /// What the queue does.
    pub fn mode(&self) -> QueueMode {
        self.shared.mode.get()
    }

    /// Everything that waits and is drawn at this moment, in the order in which it will be done as far as is known now.
    pub fn snapshot(&self) -> QueueSnapshot {
        let (view, jobs) = {
            let line = self.shared.line();
            (line.view(), line.jobs())
        };
        let mut snapshot = view.snapshot(&jobs);
        if self.mode() == QueueMode::Paused {
            for place in &mut snapshot.waiting {
                place.remaining = None;
            }
        }
        snapshot
    }

    /// The place of one job, and how long it will probably take; `None` when it neither waits nor is drawn.
    pub fn place(&self, job: JobId) -> Option<QueuePlace> {
        let mut place = self.shared.line().place(job)?;
        if place.position > 0 && self.mode() == QueueMode::Paused {
            place.remaining = None;
        }
        Some(place)
    }

    /// The models that can be drawn with, the default one first.
    pub fn models(&self) -> Vec<inference::ModelInfo> {
        self.shared.parts.generator.models()
    }

    /// Draws jobs until `shutdown` is cancelled.
    ///
    /// First the job log is put in order and every last message that was not sent is emitted again. After the
    /// shutdown no job is begun, running ones get [`QueueSettings::drain`] to end, and what is left waits in the log.
    ///
    /// # Errors
    /// When the job log cannot be put in order. Later errors of the log are retried.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), StoreError> {
        let Shared { parts, stopped, .. } = &*self.shared;
        let expire_after = TimeDelta::from_std(parts.settings.expire_after).unwrap_or(TimeDelta::MAX);
        let recovered = parts
            .store
            .jobs()
            .recover(parts.clock.now(), expire_after)
            .await?;
        tracing::info!(
            requeued = recovered.requeued.len(),
            crashed = recovered.crashed.len(),
            expired = recovered.expired.len(),
            undelivered = recovered.undelivered.len(),
            "job log opened"
        );
        self.shared.recall().await?;
        self.shared.refill().await?;
        for job in recovered.undelivered {
            self.shared.finished(job);
        }
        let announcing = tokio::spawn(announce::run(Arc::clone(&self.shared)));
        worker::Worker::new(Arc::clone(&self.shared))
            .run(&shutdown, stopped)
            .await;
        if let Err(error) = announcing.await {
            tracing::error!(%error, "the task that tells positions has failed");
        }
        Ok(())
    }
}

impl fmt::Debug for JobQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobQueue")
            .field("parts", &self.shared.parts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests;
