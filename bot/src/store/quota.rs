//! The limits that are counted from the job log, in the transaction that adds a job to it.

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use sqlx::types::Json;
use sqlx::{FromRow, SqliteConnection};

use super::job::{JobId, NewJob};
use super::time::{from_ms, to_ms};
use super::{Store, StoreError};
use crate::chat::UserId;

/// What to count before a job is accepted. `None` is without limit everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitCheck {
    /// How many jobs one user may begin within a minute. Those that drew nothing do not count, here and below.
    pub per_minute: Option<u32>,
    /// Within an hour.
    pub per_hour: Option<u32>,
    /// Within 24 hours.
    pub per_day: Option<u32>,
    /// The shortest time between two jobs of one user.
    pub cooldown: Option<TimeDelta>,
    /// How many jobs of one user may wait or be drawn at once.
    pub queued: Option<u32>,
    /// How many jobs of all users may wait.
    pub max_queued: u32,
}

/// A window in which jobs are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
}

impl Window {
    /// Every window, the shortest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// Its length.
    pub fn length(self) -> TimeDelta {
        match self {
            Self::Minute => TimeDelta::minutes(1),
            Self::Hour => TimeDelta::hours(1),
            Self::Day => TimeDelta::hours(24),
        }
    }
}

impl LimitCheck {
    /// The limit of a window.
    pub fn of(&self, window: Window) -> Option<u32> {
        match window {
            Window::Minute => self.per_minute,
            Window::Hour => self.per_hour,
            Window::Day => self.per_day,
        }
    }
}

/// Which limit refused a job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The user has enough unfinished jobs. Another one fits as soon as one of them ends.
    #[error("{queued} of {limit} jobs of this user are unfinished")]
    Queued {
        /// How many are allowed.
        limit: u32,
        /// How many there are.
        queued: u32,
    },
    /// The queue is full for everybody.
    #[error("the queue is full with {limit} jobs")]
    QueueFull {
        /// How many may wait.
        limit: u32,
    },
    /// The user has drawn enough for now.
    #[error("this user has used {used} of {limit} jobs of the window {window:?}")]
    Window {
        /// Of which time.
        window: Window,
        /// How many are allowed.
        limit: u32,
        /// How many there were.
        used: u32,
        /// When enough of them are old enough.
        again_at: DateTime<Utc>,
    },
    /// The last job of the user was too short a time ago.
    #[error("this user has to wait {} s between two jobs", pause.num_seconds())]
    Cooldown {
        /// How long it has to be.
        pause: TimeDelta,
        /// When the pause is over.
        again_at: DateTime<Utc>,
    },
}

/// What a user has used of the windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Jobs that count of the last minute, hour and day, in the order of [`Window::ALL`].
    pub used: [u32; 3],
    /// For each window: when the oldest of them drops out; `None` when there is none.
    pub next_free_at: [Option<DateTime<Utc>>; 3],
    /// When the last job that counts was asked for.
    pub last_at: Option<DateTime<Utc>>,
    /// Jobs that wait.
    pub queued: u32,
    /// Jobs that are being drawn.
    pub running: u32,
}

/// What stands against a new job, counted in one statement: the writer's time is what a busy service runs out of.
#[derive(FromRow)]
struct Counts {
    /// The job that the same command has already become.
    known: Option<JobId>,
    used_minute: u32,
    used_hour: u32,
    used_day: u32,
    last_at_ms: Option<i64>,
    unfinished: u32,
    waiting: u32,
}

/// What to do with a new job.
pub(super) enum Verdict {
    /// It is in the log.
    Known(JobId),
    /// A limit forbids it.
    Refused(Refusal),
    /// It may be added.
    Fits,
}

/// Finds the job of a command that was accepted before, and counts what `check` asks for.
///
/// The clock may have been set back since a job was asked for. Such a job counts in every window, and nobody waits
/// longer than a window for it.
pub(super) async fn verdict(
    connection: &mut SqliteConnection,
    new: &NewJob,
    check: &LimitCheck,
) -> Result<Verdict, StoreError> {
    let counts = count(connection, new, check).await?;
    if let Some(job) = counts.known {
        return Ok(Verdict::Known(job));
    }
    let refusal = match full_window(connection, new, check, &counts).await? {
        Some(refusal) => Some(refusal),
        None => counts.refusal(check, new.now),
    };
    Ok(refusal.map_or(Verdict::Fits, Verdict::Refused))
}

async fn count(
    connection: &mut SqliteConnection,
    new: &NewJob,
    check: &LimitCheck,
) -> Result<Counts, StoreError> {
    // Nothing is younger than the end of time, so a window without a limit costs nothing.
    let since = |window| check.of(window).map_or(i64::MAX, |_| start_ms(window, new.now));
    let counts = sqlx::query_as(
        "SELECT
             (SELECT id FROM jobs WHERE platform = ?1 AND user_id = ?2 AND command_key = ?3) AS known,
             (SELECT count(*) FROM uses WHERE platform = ?1 AND user_id = ?2 AND created_at_ms > ?4) AS used_minute,
             (SELECT count(*) FROM uses WHERE platform = ?1 AND user_id = ?2 AND created_at_ms > ?5) AS used_hour,
             (SELECT count(*) FROM uses WHERE platform = ?1 AND user_id = ?2 AND created_at_ms > ?6) AS used_day,
             (SELECT max(created_at_ms) FROM uses
              WHERE platform = ?1 AND user_id = ?2 AND created_at_ms > ?7) AS last_at_ms,
             (SELECT count(*) FROM jobs WHERE platform = ?1 AND user_id = ?2 AND outcome IS NULL) AS unfinished,
             (SELECT coalesce(sum(jobs), 0) FROM job_counts WHERE state = 'queued') AS waiting",
    )
    .bind(new.user.platform.as_str())
    .bind(&new.user.id)
    .bind(&new.key)
    .bind(since(Window::Minute))
    .bind(since(Window::Hour))
    .bind(since(Window::Day))
    .bind(check.cooldown.map_or(i64::MAX, |pause| to_ms(new.now - pause)))
    .fetch_one(connection)
    .await?;
    Ok(counts)
}

impl Counts {
    fn used(&self, window: Window) -> u32 {
        match window {
            Window::Minute => self.used_minute,
            Window::Hour => self.used_hour,
            Window::Day => self.used_day,
        }
    }

    /// The limits that are no windows.
    fn refusal(&self, check: &LimitCheck, now: DateTime<Utc>) -> Option<Refusal> {
        if let (Some(last_at_ms), Some(pause)) = (self.last_at_ms, check.cooldown) {
            let again_at = from_ms(last_at_ms).min(now) + pause;
            return Some(Refusal::Cooldown { pause, again_at });
        }
        if let Some(limit) = check.queued.filter(|limit| self.unfinished >= *limit) {
            return Some(Refusal::Queued {
                limit,
                queued: self.unfinished,
            });
        }
        (self.waiting >= check.max_queued).then_some(Refusal::QueueFull {
            limit: check.max_queued,
        })
    }
}

/// Of the windows that are full, the one that opens last: after it the person is let in.
async fn full_window(
    connection: &mut SqliteConnection,
    new: &NewJob,
    check: &LimitCheck,
    counts: &Counts,
) -> Result<Option<Refusal>, StoreError> {
    let mut last: Option<(DateTime<Utc>, Refusal)> = None;
    for window in Window::ALL {
        let used = counts.used(window);
        let Some(limit) = check.of(window).filter(|limit| used >= *limit) else {
            continue;
        };
        // As soon as this one is too old, one less than the limit is left.
        let blocking_ms: Option<i64> = sqlx::query_scalar(
            "SELECT created_at_ms FROM uses WHERE platform = ? AND user_id = ? AND created_at_ms > ?
             ORDER BY created_at_ms LIMIT 1 OFFSET ?",
        )
        .bind(new.user.platform.as_str())
        .bind(&new.user.id)
        .bind(start_ms(window, new.now))
        .bind(used - limit)
        .fetch_optional(&mut *connection)
        .await?;
        let again_at = blocking_ms.map_or(new.now, from_ms).min(new.now) + window.length();
        if last.as_ref().is_none_or(|(at, _)| again_at > *at) {
            let refusal = Refusal::Window {
                window,
                limit,
                used,
                again_at,
            };
            last = Some((again_at, refusal));
        }
    }
    Ok(last.map(|(_, refusal)| refusal))
}

fn start_ms(window: Window, now: DateTime<Utc>) -> i64 {
    to_ms(now - window.length())
}

/// What a user has used of the windows.
pub(super) async fn usage(
    connection: &mut SqliteConnection,
    user: &UserId,
    now: DateTime<Utc>,
) -> Result<Usage, StoreError> {
    let mut usage = Usage::default();
    for ((window, used), next_free_at) in Window::ALL
        .into_iter()
        .zip(&mut usage.used)
        .zip(&mut usage.next_free_at)
    {
        let (count, oldest_ms): (u32, Option<i64>) = sqlx::query_as(
            "SELECT count(*), min(created_at_ms) FROM uses
             WHERE platform = ? AND user_id = ? AND created_at_ms > ?",
        )
        .bind(user.platform.as_str())
        .bind(&user.id)
        .bind(start_ms(window, now))
        .fetch_one(&mut *connection)
        .await?;
        *used = count;
        *next_free_at = oldest_ms.map(|oldest_ms| from_ms(oldest_ms).min(now) + window.length());
    }
    let (last_at_ms, queued, running): (Option<i64>, u32, u32) = sqlx::query_as(
        "SELECT
             (SELECT created_at_ms FROM uses WHERE platform = ?1 AND user_id = ?2
              ORDER BY created_at_ms DESC LIMIT 1),
             (SELECT count(*) FROM jobs
              WHERE platform = ?1 AND user_id = ?2 AND state = 'queued' AND outcome IS NULL),
             (SELECT count(*) FROM jobs
              WHERE platform = ?1 AND user_id = ?2 AND state = 'running' AND outcome IS NULL)",
    )
    .bind(user.platform.as_str())
    .bind(&user.id)
    .fetch_one(connection)
    .await?;
    usage.last_at = last_at_ms.map(from_ms);
    usage.queued = queued;
    usage.running = running;
    Ok(usage)
}

impl Store {
    /// Forgets removed jobs that have left the longest window.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_spent(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.write(move |connection| remove_old_spent(connection, now).boxed())
            .await
    }
}

async fn remove_old_spent(connection: &mut SqliteConnection, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM spent WHERE created_at_ms <= ?")
        .bind(start_ms(Window::Day, now))
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps how many of these jobs, which are about to be removed, count in the longest window, and nothing else.
pub(super) async fn keep_spent(
    connection: &mut SqliteConnection,
    jobs: &Json<Vec<JobId>>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let since_ms = start_ms(Window::Day, now);
    remove_old_spent(&mut *connection, now).await?;
    sqlx::query(
        "INSERT INTO spent (platform, user_id, created_at_ms)
         SELECT platform, user_id, created_at_ms FROM jobs
         WHERE id IN (SELECT value FROM json_each(?)) AND counts = 1 AND created_at_ms > ?",
    )
    .bind(jobs)
    .bind(since_ms)
    .execute(connection)
    .await?;
    Ok(())
}
