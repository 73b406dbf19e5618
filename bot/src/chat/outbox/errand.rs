//! What is sent sooner or later, with what became of it so far.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::chat::{Reply, Responder, SendError, Sent};
use crate::store::JobId;

/// How long a command may wait for its answer. Discord forgets it after that time, and people sooner.
const ANSWER_WITHIN: Duration = Duration::from_secs(15 * 60);
/// The pause after the first failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause that is our own choice.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Hears how sending something went.
pub(super) type Done = oneshot::Sender<Result<Sent, SendError>>;

/// Something that is done sooner or later, whatever else happens in the chat.
pub(super) enum Task {
    /// The last message about a job.
    End(JobId),
    /// The answer to a command.
    Answer {
        responder: Arc<dyn Responder>,
        reply: Box<Reply>,
        done: Done,
    },
    /// The message about a job goes away.
    Removal { job: JobId, done: Done },
}

/// A [`Task`] with what became of it so far.
pub(super) struct Errand {
    pub(super) task: Task,
    failures: u32,
    pub(super) not_before: Instant,
    /// Nobody waits for it any longer than this.
    pub(super) until: Option<Instant>,
    /// Its place among the errands of its chat; a smaller number is older.
    pub(super) number: u64,
}

impl Errand {
    pub(super) fn new(task: Task, now: Instant) -> Self {
        let until = match task {
            Task::End(_) => None,
            Task::Answer { .. } | Task::Removal { .. } => Some(now + ANSWER_WITHIN),
        };
        Self {
            task,
            failures: 0,
            not_before: now,
            until,
            number: 0,
        }
    }

    /// It did not work, and the platform asks to be left alone until `blocked_until`. Returns whether there is a point
    /// in another try.
    pub(super) fn postpone(&mut self, now: Instant, blocked_until: Instant) -> bool {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(16));
        self.failures += 1;
        self.not_before = now + pause.min(LONGEST_PAUSE);
        let next = self.not_before.max(blocked_until);
        self.until.is_none_or(|until| next <= until)
    }

    pub(super) fn failures(&self) -> u32 {
        self.failures
    }
}
