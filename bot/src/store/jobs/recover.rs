//! Jobs that nobody draws any more are taken back.

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use sqlx::SqliteConnection;

use super::{Jobs, MAX_ATTEMPTS, followers, record};
use crate::store::StoreError;
use crate::store::job::{ErrorClass, JobId, Recovered};
use crate::store::time::to_ms;

/// Running jobs that were taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TakenBack {
    /// Those that wait again.
    pub(crate) requeued: Vec<JobId>,
    /// Those whose last attempt it was; they are to be delivered.
    pub(crate) failed: Vec<JobId>,
}

/// Which running jobs are taken back, and what it means.
#[derive(Clone, Copy)]
struct TakeBack {
    lease_ended_by_ms: i64,
    class: ErrorClass,
    now: DateTime<Utc>,
}

impl Jobs<'_> {
    /// Puts the log in order when the service starts.
    ///
    /// What runs belongs to a process that has died, whatever its lease says: the lock of the data folder allows only
    /// one. It is queued once more and fails the second time. What waits longer than `expire_after` has expired.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn recover(
        &self,
        now: DateTime<Utc>,
        expire_after: TimeDelta,
    ) -> Result<Recovered, StoreError> {
        self.store
            .write(move |connection| recover(connection, now, expire_after).boxed())
            .await
    }

    /// Takes back the running jobs whose lease has ended: once to the queue, the second time they fail.
    pub(crate) async fn take_back_lapsed(&self, now: DateTime<Utc>) -> Result<TakenBack, StoreError> {
        let lapsed = TakeBack {
            lease_ended_by_ms: to_ms(now),
            class: ErrorClass::Stalled,
            now,
        };
        self.store
            .write(move |connection| take_back(connection, lapsed).boxed())
            .await
    }
}

async fn recover(
    connection: &mut SqliteConnection,
    now: DateTime<Utc>,
    expire_after: TimeDelta,
) -> Result<Recovered, StoreError> {
    let every = TakeBack {
        lease_ended_by_ms: i64::MAX,
        class: ErrorClass::Crashed,
        now,
    };
    let TakenBack { mut requeued, failed } = take_back(connection, every).await?;
    let mut expired: Vec<JobId> = sqlx::query_scalar(
        "UPDATE jobs SET state = 'delivering', outcome = 'expired', counts = 0, finished_at_ms = ?, same_as = NULL
         WHERE state = 'queued' AND outcome IS NULL AND created_at_ms < ? RETURNING id",
    )
    .bind(to_ms(now))
    .bind(to_ms(now - expire_after))
    .fetch_all(&mut *connection)
    .await?;
    expired.sort_unstable();
    requeued.retain(|job| !expired.contains(job));
    followers::release(connection).await?;
    let undelivered = record::undelivered(connection).await?;
    Ok(Recovered {
        requeued,
        crashed: failed,
        expired,
        undelivered,
    })
}

async fn take_back(
    connection: &mut SqliteConnection,
    TakeBack {
        lease_ended_by_ms,
        class,
        now,
    }: TakeBack,
) -> Result<TakenBack, StoreError> {
    let mut failed: Vec<JobId> = sqlx::query_scalar(
        "UPDATE jobs SET state = 'delivering', outcome = 'failed', error_class = ?, counts = 0, finished_at_ms = ?,
             lease_until_ms = NULL
         WHERE state = 'running' AND outcome IS NULL AND lease_until_ms <= ? AND attempt >= ? RETURNING id",
    )
    .bind(class)
    .bind(to_ms(now))
    .bind(lease_ended_by_ms)
    .bind(MAX_ATTEMPTS)
    .fetch_all(&mut *connection)
    .await?;
    let mut requeued: Vec<JobId> = sqlx::query_scalar(
        "UPDATE jobs SET state = 'queued', started_at_ms = NULL, lease_until_ms = NULL
         WHERE state = 'running' AND outcome IS NULL AND lease_until_ms <= ? RETURNING id",
    )
    .bind(lease_ended_by_ms)
    .fetch_all(&mut *connection)
    .await?;
    followers::release(connection).await?;
    failed.sort_unstable();
    requeued.sort_unstable();
    Ok(TakenBack { requeued, failed })
}
