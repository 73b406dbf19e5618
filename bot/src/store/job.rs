//! What a job is: its number, its states and its parameters.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::chat::{ChatId, ReplyAddress, UserId};
use crate::i18n::Locale;

/// The number of a job. Numbers grow and are never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct JobId(pub i64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Where a job is on its way.
///
/// `Queued → Running → Delivering`, and from there to the state that its [`JobOutcome`] names. A job that expires
/// goes from `Queued` to `Delivering`; a job whose drawing was interrupted goes back to `Queued`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(rename_all = "lowercase")]
pub enum JobState {
    /// It waits for its turn.
    Queued,
    /// It is being drawn.
    Running,
    /// It has ended, and the last message has not been sent.
    Delivering,
    /// The pictures were sent.
    Done,
    /// An error ended it, and the person was told.
    Failed,
    /// Somebody ended it, and the person was told.
    Cancelled,
    /// It waited too long, and the person was told.
    Expired,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(rename_all = "lowercase")]
pub enum JobOutcome {
    /// The pictures are there.
    Done,
    /// An error ended it; [`JobRow::error_class`] says which kind.
    Failed,
    /// Somebody ended it.
    Cancelled,
    /// The service was not there for so long that nobody waits for it any more.
    Expired,
}

/// The kind of error that ended a job: enough for a sentence to the person, the cause stands in the service's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
pub enum ErrorClass {
    /// The model cannot draw with these parameters.
    InvalidRequest,
    /// The model is not known or cannot be loaded.
    Model,
    /// The picture needs more memory than there is.
    OutOfMemory,
    /// The picture could not be written to the disk.
    Storage,
    /// The drawing made no progress, twice.
    Stalled,
    /// The service died while it drew this job, twice.
    Crashed,
    /// Everything else.
    Internal,
}

/// Everything that decides what the pictures look like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrawParameters {
    /// The prompt as it is used, after normalising and the dictionary.
    pub prompt: String,
    /// What should not be in the picture; empty when nothing was given.
    pub negative_prompt: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Denoising steps.
    pub num_inference_steps: u32,
    /// Classifier-free guidance.
    pub guidance_scale: f32,
    /// Seed of the first picture; the others have the next ones.
    pub seed: u64,
    /// How many pictures.
    pub count: u32,
    /// Id of the model.
    pub model: String,
    /// The scheduler's AUTOMATIC1111 or diffusers name, or `None` for the model's own.
    pub scheduler: Option<String>,
    /// What was asked for and is beyond a limit, so that the last message can say it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clamped: Vec<Clamped>,
}

/// A parameter that was asked for and is not drawn as asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clamped {
    /// Which one.
    pub what: ClampedParameter,
    /// What was asked for: a number, or a size as `640x480`.
    pub asked: String,
    /// What is used instead, written in the same way.
    pub used: String,
}

/// A parameter that has bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClampedParameter {
    /// Width and height.
    Size,
    /// Denoising steps.
    Steps,
    /// Classifier-free guidance.
    GuidanceScale,
    /// How many pictures.
    Count,
}

/// A command that is to become a job.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Who asks.
    pub user: UserId,
    /// Where.
    pub chat: ChatId,
    /// The language of the answer.
    pub locale: Locale,
    /// The platform's id of the command: the same user and key again is the same job.
    pub key: Option<String>,
    /// Where the answer goes.
    pub reply_address: ReplyAddress,
    /// What to draw.
    pub draw: DrawParameters,
    /// The prompt as the person typed it.
    pub prompt_typed: String,
    /// When it was asked.
    pub now: DateTime<Utc>,
}

/// A job as the job log knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRow {
    /// Its number.
    pub id: JobId,
    /// Who asked.
    pub user: UserId,
    /// Where.
    pub chat: ChatId,
    /// The language of the answer.
    pub locale: Locale,
    /// Where it is on its way.
    pub state: JobState,
    /// How it ended; `None` while it waits or is drawn.
    pub outcome: Option<JobOutcome>,
    /// The kind of error, when the outcome is [`JobOutcome::Failed`].
    pub error_class: Option<ErrorClass>,
    /// What to draw.
    pub draw: DrawParameters,
    /// The prompt as the person typed it.
    pub prompt_typed: String,
    /// Whether the prompt had more tokens than the model reads.
    pub prompt_truncated: bool,
    /// Where the answer goes.
    pub reply_address: ReplyAddress,
    /// How often drawing it was begun.
    pub attempt: u32,
    /// When it was asked.
    pub created_at: DateTime<Utc>,
    /// When drawing it was begun for the last time.
    pub started_at: Option<DateTime<Utc>>,
    /// When its outcome was known.
    pub finished_at: Option<DateTime<Utc>>,
    /// Its pictures, in order.
    pub images: Vec<ImageRow>,
}

/// One picture of a job. [`Images::path`](super::Images::path) says where its file lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRow {
    /// Which picture of the job it is, counted from 0.
    pub index: u32,
    /// SHA-256 of the file, in lower-case hex.
    pub hash: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Size of the file.
    pub bytes: u64,
    /// The seed it was drawn with.
    pub seed: u64,
}

/// How drawing a job ended.
#[derive(Clone, Debug)]
pub enum Ending {
    /// The pictures are on the disk.
    Done {
        /// The pictures, in order.
        images: Vec<ImageRow>,
        /// Whether the prompt had more tokens than the model reads.
        prompt_truncated: bool,
    },
    /// An error ended it.
    Failed(ErrorClass),
    /// It was cancelled.
    Cancelled,
}

impl Ending {
    /// The outcome that the job log keeps.
    pub fn outcome(&self) -> JobOutcome {
        match self {
            Self::Done { .. } => JobOutcome::Done,
            Self::Failed(_) => JobOutcome::Failed,
            Self::Cancelled => JobOutcome::Cancelled,
        }
    }
}

/// A job in the queue, as the choice of the next one sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingJob {
    /// Its number; a smaller one is older.
    pub id: JobId,
    /// Whose it is.
    pub user: UserId,
    /// A number that grows with every job that is begun: the user's last one, 0 when there was none.
    pub last_turn: i64,
}

/// What a start of the service found in the job log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recovered {
    /// Jobs whose drawing the end of the last process interrupted; they wait again.
    pub requeued: Vec<JobId>,
    /// Jobs that were interrupted twice and have failed.
    pub crashed: Vec<JobId>,
    /// Jobs that are too old to be drawn.
    pub expired: Vec<JobId>,
    /// Every job whose last message is still to be sent, the crashed and expired ones among them.
    pub undelivered: Vec<JobRow>,
}
