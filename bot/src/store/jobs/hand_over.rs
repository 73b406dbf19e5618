//! A job that is drawn ends for its owner and is drawn on for somebody who wants the same.

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use sqlx::SqliteConnection;

use super::draw::End;
use super::{Jobs, followers, record};
use crate::store::StoreError;
use crate::store::job::{Ending, JobId, JobRow};
use crate::store::time::to_ms;

/// A drawing that has changed its owner.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HandedOver {
    /// The job that was cancelled.
    pub(crate) ended: JobRow,
    /// The job that is drawn now.
    pub(crate) heir: JobRow,
}

impl Jobs<'_> {
    /// Ends a job that is drawn: `Running → Delivering`, cancelled. The oldest of the jobs that wait for its pictures
    /// takes its place, with its lease, and the others wait for that one.
    ///
    /// `None`, and nothing happened, when nobody waits for its pictures or `attempt` is not the one that is running.
    pub(crate) async fn hand_over(
        &self,
        job: JobId,
        attempt: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<HandedOver>, StoreError> {
        self.store
            .write(move |connection| hand_over(connection, job, attempt, now).boxed())
            .await
    }
}

async fn hand_over(
    connection: &mut SqliteConnection,
    job: JobId,
    attempt: u32,
    now: DateTime<Utc>,
) -> Result<Option<HandedOver>, StoreError> {
    let lease_until_ms: Option<i64> = sqlx::query_scalar(
        "SELECT lease_until_ms FROM jobs WHERE id = ? AND attempt = ? AND state = 'running'",
    )
    .bind(job)
    .bind(attempt)
    .fetch_optional(&mut *connection)
    .await?;
    let heir = followers::of(connection, job).await?.first().copied();
    let (Some(lease_until_ms), Some(heir)) = (lease_until_ms, heir) else {
        return Ok(None);
    };
    End::new(&Ending::Cancelled, now)
        .of_running(connection, job, attempt)
        .await?;
    sqlx::query(
        "UPDATE jobs SET state = 'running', attempt = attempt + 1, started_at_ms = ?, lease_until_ms = ?,
             same_as = NULL
         WHERE id = ?",
    )
    .bind(to_ms(now))
    .bind(lease_until_ms)
    .bind(heir)
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE jobs SET same_as = ? WHERE state = 'queued' AND same_as = ? AND outcome IS NULL")
        .bind(heir)
        .bind(job)
        .execute(&mut *connection)
        .await?;
    let ended = record::get(connection, job).await?;
    let heir = record::get(connection, heir).await?;
    Ok(ended.zip(heir).map(|(ended, heir)| HandedOver { ended, heir }))
}
