//! What a job is: its number, its states and its parameters.

mod draw;

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::draw::{
    Clamped, ClampedParameter, DrawParameters, Filmstrip, HiresParameters, SourceParameters,
    VariationParameters,
};
use crate::chat::{Place, ReplyAddress, UserId};
use crate::i18n::Locale;
use crate::safety::SafetyAction;

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

impl JobState {
    /// Every state, in the order in which a job goes through them.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Running,
        Self::Delivering,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
    ];

    /// Its name in the job log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Delivering => "delivering",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for JobState {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|state| state.name() == name);
        found.ok_or_else(|| format!("\"{name}\" is none of {}", Self::ALL.map(Self::name).join(", ")))
    }
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

/// Which command made a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(rename_all = "lowercase")]
pub enum JobKind {
    /// A prompt.
    #[default]
    Draw,
    /// The same with a new seed.
    Again,
    /// Almost the same.
    Vary,
    /// The same, larger.
    Upscale,
    /// The same with another prompt.
    Edit,
}

/// A command that is to become a job.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Who asks.
    pub user: UserId,
    /// Where.
    pub place: Place,
    /// Which command it was.
    pub kind: JobKind,
    /// The job that it goes on from.
    pub parent: Option<JobId>,
    /// Nobody but the owner and moderators may use its buttons or see it.
    pub is_private: bool,
    /// A larger number is drawn earlier, as far as fairness allows.
    pub priority: i32,
    /// How many jobs of this user may be drawn at once; `None` for any number.
    pub max_running: Option<u32>,
    /// What is done with a picture that the safety checker has doubts about.
    pub safety: SafetyAction,
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
    pub place: Place,
    /// Which command it was.
    pub kind: JobKind,
    /// The job that it went on from.
    pub parent: Option<JobId>,
    /// Nobody but the owner and moderators may use its buttons or see it.
    pub is_private: bool,
    /// What is done with a picture that the safety checker has doubts about.
    pub safety: SafetyAction,
    /// How many of its pictures were withheld for that reason.
    pub withheld: u32,
    /// Somebody deleted its pictures.
    pub is_deleted: bool,
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

impl JobRow {
    /// Whether the job belongs to this user.
    pub fn is_of(&self, user: &UserId) -> bool {
        self.user == *user
    }
}

/// One picture of a job. [`Images::path`](super::Images::path) says where its file lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// What its file is.
    pub kind: ImageKind,
    /// What was done because the safety checker had doubts: [`SafetyAction::Spoiler`] or [`SafetyAction::Blur`].
    pub safety: SafetyAction,
    /// AUTOMATIC1111's `parameters` text, as it stands in the file; `None` in rows of the first release.
    pub parameters: Option<String>,
    /// The file was deleted, by somebody or because it was old; the row stays.
    pub is_gone: bool,
}

/// What the file of a picture is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(rename_all = "lowercase")]
pub enum ImageKind {
    /// A picture, as PNG.
    #[default]
    Picture,
    /// How one came to be, as PNG.
    Strip,
    /// How one came to be, as animated WebP.
    Animation,
}

/// How drawing a job ended.
#[derive(Clone, Debug)]
pub enum Ending {
    /// The pictures are on the disk.
    Done {
        /// The pictures, in order.
        images: Vec<ImageRow>,
        /// How many more were drawn and are withheld.
        withheld: u32,
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
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingJob {
    /// Its number; a smaller one is older.
    pub id: JobId,
    /// Whose it is.
    pub user: UserId,
    /// A number that grows with every job that is begun: the user's last one, 0 when there was none.
    pub last_turn: i64,
    /// A larger number is drawn earlier, as far as fairness allows.
    pub priority: i32,
    /// How many jobs of this user may be drawn at once.
    pub max_running: Option<u32>,
    /// How much there is to draw, see [`DrawParameters::work`].
    pub work: f64,
    /// See [`DrawParameters::steps`].
    pub steps: f64,
    /// Id of the model.
    pub model: String,
    /// When it was asked.
    pub created_at: DateTime<Utc>,
}

impl WaitingJob {
    /// What `new` is once it has this number. Nothing is known of the user's last turn.
    pub(crate) fn new(id: JobId, new: &NewJob) -> Self {
        Self {
            id,
            user: new.user.clone(),
            last_turn: 0,
            priority: new.priority,
            max_running: new.max_running,
            work: new.draw.work(),
            steps: new.draw.steps(),
            model: new.draw.model.clone(),
            created_at: new.now,
        }
    }
}

/// A job that gets the pictures of another one, which draws the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowingJob {
    /// Its number.
    pub id: JobId,
    /// Whose it is.
    pub user: UserId,
    /// The other one.
    pub leader: JobId,
}

/// A job that was begun.
#[derive(Clone, Debug, PartialEq)]
pub struct RecentWork {
    /// Whose it is.
    pub user: UserId,
    /// How much there was to draw, see [`DrawParameters::work`].
    pub work: f64,
    /// When it was begun.
    pub at: DateTime<Utc>,
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
