//! The queue: takes jobs in, draws them in a fair order, and tells what happens.
//!
//! The queue itself is the job log; this room decides who is next (`policy`), begins jobs (`worker`), draws one
//! (`drawing`) and knows no chat: what people should hear goes to an [`EventSink`].

mod clock;
mod drawing;
mod generator;
mod policy;
mod worker;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use chrono::TimeDelta;
use inference::RgbImage;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use self::clock::Clock;
pub use self::generator::{
    DrawingSettings, EngineGenerator, GenerateJob, GenerateProgress, ImageGenerator, ProgressSink,
};
use crate::config::{QueueConfig, ShutdownConfig};
use crate::limits::Limits;
pub use crate::store::DrawParameters;
use crate::store::{InsertError, Inserted, JobId, JobRow, NewJob, Refusal, Store, StoreError};

/// Hears what happens to jobs. Its functions return at once; they are called from the thread that draws, too.
pub trait EventSink: Send + Sync {
    /// Whether somebody would look at a preview of this job now.
    fn wants_preview(&self, job: JobId) -> bool;

    /// Something happened to a job.
    fn emit(&self, job: JobId, event: JobEvent);
}

/// What happens to a job.
#[derive(Clone, Debug, PartialEq)]
pub enum JobEvent {
    /// It waits. Sent when the worker sees the job first, and when its position has changed.
    Queued {
        /// 1 is next.
        position: u32,
    },
    /// It is being drawn.
    Progress {
        /// Finished steps, on average over the job's pictures.
        step: u32,
        /// All steps.
        num_inference_steps: u32,
        /// Which picture, counted from 0, and what can be seen of it so far.
        preview: Option<(u32, RgbImage)>,
    },
    /// It has ended; [`JobRow::outcome`] says how. Sent again after a restart until the job is marked as delivered.
    Finished(Box<JobRow>),
}

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
    /// Who may draw how much.
    pub limits: Limits,
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
            .field("limits", &self.limits)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// A job that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Its number.
    pub job: JobId,
    /// Its place in the queue: 1 is next, 0 does not wait.
    pub position: u32,
    /// The same command was accepted before; this is its job.
    pub duplicate: bool,
}

/// A job that was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// A limit forbids it.
    #[error(transparent)]
    Refused(Refusal),
    /// The service is stopping.
    #[error("the service is stopping")]
    Stopped,
    /// The job log cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<InsertError> for SubmitError {
    fn from(error: InsertError) -> Self {
        match error {
            InsertError::Refused(refusal) => Self::Refused(refusal),
            InsertError::Store(error) => Self::Store(error),
        }
    }
}

/// The handle of the queue. Clones share it.
#[derive(Clone)]
pub struct JobQueue {
    shared: Arc<Shared>,
}

struct Shared {
    parts: QueueParts,
    /// There may be a job to begin.
    wake: Notify,
    /// Cancelled when no more jobs are taken.
    stopped: CancellationToken,
    /// Some job has made progress since the leases were renewed.
    progressed: AtomicBool,
}

impl JobQueue {
    /// Makes a queue. Nothing is drawn before [`JobQueue::run`].
    pub fn new(parts: QueueParts) -> Self {
        Self {
            shared: Arc::new(Shared {
                parts,
                wake: Notify::new(),
                stopped: CancellationToken::new(),
                progressed: AtomicBool::new(false),
            }),
        }
    }

    /// Writes a job into the job log. When this returns, the job will be answered, whatever happens to the process.
    ///
    /// # Errors
    /// When a limit forbids it, the service is stopping, or the job log cannot be written.
    pub async fn submit(&self, new: NewJob) -> Result<Submitted, SubmitError> {
        if self.shared.stopped.is_cancelled() {
            return Err(SubmitError::Stopped);
        }
        let Shared { parts, wake, .. } = &*self.shared;
        let Inserted { job, duplicate } = parts.store.jobs().insert(&new, &parts.limits.check()).await?;
        wake.notify_one();
        let position = policy::position(&policy::order(&parts.store.jobs().waiting().await?), job);
        Ok(Submitted {
            job,
            position,
            duplicate,
        })
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
        for job in recovered.undelivered {
            parts.events.emit(job.id, JobEvent::Finished(Box::new(job)));
        }
        worker::Worker::new(Arc::clone(&self.shared))
            .run(&shutdown, stopped)
            .await;
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
mod tests;
