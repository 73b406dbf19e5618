//! The limits that are counted from the job log, in the transaction that adds a job to it.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::SqliteConnection;

use super::StoreError;
use super::time::{from_ms, to_ms};
use crate::chat::UserId;

/// The window of [`LimitCheck::per_day`].
const DAY: TimeDelta = TimeDelta::hours(24);

/// What to count before a job is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitCheck {
    /// How many jobs of one user may wait or be drawn at once.
    pub queued_per_user: u32,
    /// How many jobs of all users may wait.
    pub max_queued: u32,
    /// How many jobs one user may begin within 24 hours; those that drew nothing do not count.
    pub per_day: Option<u32>,
}

/// Which limit refused a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The user has enough unfinished jobs. Another one fits as soon as one of them ends.
    #[error("{queued} of {limit} jobs of this user are unfinished")]
    QueuedPerUser {
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
    /// The user has drawn enough for a day.
    #[error("this user has used {used} of {limit} jobs within 24 hours")]
    PerDay {
        /// How many are allowed.
        limit: u32,
        /// How many there were.
        used: u32,
        /// When the oldest of them is a day old.
        again_at: DateTime<Utc>,
    },
}

/// Counts what `check` asks for.
pub(super) async fn refusal(
    connection: &mut SqliteConnection,
    user: &UserId,
    check: &LimitCheck,
    now: DateTime<Utc>,
) -> Result<Option<Refusal>, StoreError> {
    if let Some(refusal) = per_day_refusal(connection, user, check.per_day, now).await? {
        return Ok(Some(refusal));
    }
    let queued: u32 = sqlx::query_scalar(
        "SELECT count(*) FROM jobs WHERE platform = ? AND user_id = ? AND state IN ('queued', 'running')",
    )
    .bind(user.platform.as_str())
    .bind(&user.id)
    .fetch_one(&mut *connection)
    .await?;
    if queued >= check.queued_per_user {
        return Ok(Some(Refusal::QueuedPerUser {
            limit: check.queued_per_user,
            queued,
        }));
    }
    let all: u32 = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE state = 'queued'")
        .fetch_one(&mut *connection)
        .await?;
    Ok((all >= check.max_queued).then_some(Refusal::QueueFull {
        limit: check.max_queued,
    }))
}

async fn per_day_refusal(
    connection: &mut SqliteConnection,
    user: &UserId,
    per_day: Option<u32>,
    now: DateTime<Utc>,
) -> Result<Option<Refusal>, StoreError> {
    let Some(limit) = per_day else { return Ok(None) };
    let (used, oldest_ms): (u32, Option<i64>) = sqlx::query_as(
        "SELECT count(*), min(created_at_ms) FROM jobs
         WHERE platform = ? AND user_id = ? AND created_at_ms > ? AND coalesce(outcome, 'done') = 'done'",
    )
    .bind(user.platform.as_str())
    .bind(&user.id)
    .bind(to_ms(now - DAY))
    .fetch_one(connection)
    .await?;
    let oldest = oldest_ms.map_or(now, from_ms);
    Ok((used >= limit).then(|| Refusal::PerDay {
        limit,
        used,
        again_at: oldest + DAY,
    }))
}
