//! What goes in and out of the queue: plain values.

use std::time::Duration;

use inference::RgbImage;
use serde::{Deserialize, Serialize};

use crate::chat::UserId;
use crate::store::{InsertError, JobId, JobRow, Refusal, StoreError};

/// Hears what happens to jobs. Its functions return at once; they are called from the thread that draws, too.
pub trait EventSink: Send + Sync {
    /// Whether somebody would look at a preview of this job now.
    fn wants_preview(&self, job: JobId) -> bool;

    /// Something happened to a job.
    fn emit(&self, job: JobId, event: JobEvent);
}

/// What happens to a job. A job that is computed once together with the same one of somebody else hears what happens
/// to that one.
#[derive(Clone, Debug, PartialEq)]
pub enum JobEvent {
    /// It waits. Sent when the queue has seen the job and could not begin it at once, and when its position has
    /// changed: at most about once a second, and at a position beyond 50 only when it has changed by a tenth.
    Queued {
        /// 1 is next.
        position: u32,
        /// How long it will probably take until the picture is there; `None` when nothing has been measured.
        remaining: Option<Duration>,
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

/// What a queue does with jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QueueMode {
    /// Takes and draws them.
    #[default]
    Open,
    /// Takes them and draws none.
    Paused,
    /// Draws those that wait and takes no new ones.
    Draining,
}

impl QueueMode {
    /// Its name in the job log and in commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Draining => "draining",
        }
    }
}

/// What became of the wish to end a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelResult {
    /// It waited and has ended.
    Ended,
    /// It is being drawn and ends at the next step.
    Ending,
    /// It had ended before, or there is no such job.
    TooLate,
}

/// What the queue holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueSnapshot {
    /// What is drawn, the oldest first.
    pub running: Vec<QueuePlace>,
    /// What waits, the next one first. A job that gets the pictures of another one stands behind that one, in the same
    /// place, there or in `running`.
    pub waiting: Vec<QueuePlace>,
}

/// One job in the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueuePlace {
    /// The job.
    pub job: JobId,
    /// Whose it is.
    pub user: UserId,
    /// 1 is next, 0 is being drawn.
    pub position: u32,
    /// How long it will probably take until the picture is there; `None` when nothing has been measured.
    pub remaining: Option<Duration>,
}

/// A job that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Its number.
    pub job: JobId,
    /// Its place in the queue: 1 is next, 0 does not wait.
    pub position: u32,
    /// How long it will probably take until the picture is there; `None` when nothing has been measured.
    pub remaining: Option<Duration>,
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
    /// An admin lets no new jobs in.
    #[error("the queue takes no jobs")]
    Draining,
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
