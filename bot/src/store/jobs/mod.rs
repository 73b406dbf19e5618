//! The table `jobs`: every change of a job's state is a function here.

mod insert;
mod record;
mod recover;

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

pub use self::insert::{InsertError, Inserted};
pub(crate) use self::recover::TakenBack;
use super::job::{Ending, ErrorClass, JobId, JobRow, WaitingJob};
use super::time::to_ms;
use super::{Store, StoreError, images, users};
use crate::chat::UserId;

/// How often drawing a job is begun before the job has failed.
const MAX_ATTEMPTS: u32 = 2;

/// The job log.
#[derive(Clone, Copy, Debug)]
pub struct Jobs<'a> {
    pub(super) store: &'a Store,
}

/// The right to draw a job until a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    /// When the drawing begins.
    pub(crate) now: DateTime<Utc>,
    /// When the job is taken back unless the lease is renewed.
    pub(crate) until: DateTime<Utc>,
}

impl Jobs<'_> {
    /// The job with this number, if there is one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn get(&self, job: JobId) -> Result<Option<JobRow>, StoreError> {
        record::get(&mut *self.store.readers().acquire().await?, job).await
    }

    /// The newest jobs of a user, newest first: at most `limit`, and only those older than `before`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn of_user(
        &self,
        user: &UserId,
        before: Option<JobId>,
        limit: u32,
    ) -> Result<Vec<JobRow>, StoreError> {
        record::of_user(&mut *self.store.readers().acquire().await?, user, before, limit).await
    }

    /// The jobs that wait, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn waiting(&self) -> Result<Vec<WaitingJob>, StoreError> {
        waiting(&mut *self.store.readers().acquire().await?).await
    }

    /// Lets `choose` pick one of the waiting jobs and begins it: `Queued → Running`. The user has had a turn then.
    pub(crate) async fn lease(
        &self,
        choose: impl FnOnce(&[WaitingJob]) -> Option<JobId> + Send,
        lease: Lease,
    ) -> Result<Option<JobRow>, StoreError> {
        let mut transaction = self.store.begin_write().await?;
        let Some(id) = choose(&waiting(&mut transaction).await?) else {
            return Ok(None);
        };
        sqlx::query(
            "UPDATE jobs SET state = 'running', attempt = attempt + 1, started_at_ms = ?, lease_until_ms = ?
             WHERE id = ? AND state = 'queued'",
        )
        .bind(to_ms(lease.now))
        .bind(to_ms(lease.until))
        .bind(id)
        .execute(&mut *transaction)
        .await?;
        let Some(job) = record::get(&mut transaction, id).await? else {
            return Ok(None);
        };
        users::take_turn(&mut transaction, &job.user).await?;
        transaction.commit().await?;
        Ok(Some(job))
    }

    /// Gives running jobs more time.
    pub(crate) async fn renew(&self, jobs: &[JobId], until: DateTime<Utc>) -> Result<(), StoreError> {
        let mut transaction = self.store.begin_write().await?;
        sqlx::query(
            "UPDATE jobs SET lease_until_ms = ?
             WHERE state = 'running' AND id IN (SELECT value FROM json_each(?))",
        )
        .bind(to_ms(until))
        .bind(sqlx::types::Json(jobs))
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Writes down how drawing ended: `Running → Delivering`.
    ///
    /// `None`, and nothing happened, when `attempt` is not the one that is running: the job was taken back meanwhile.
    pub(crate) async fn finish_generation(
        &self,
        job: JobId,
        attempt: u32,
        ending: &Ending,
        now: DateTime<Utc>,
    ) -> Result<Option<JobRow>, StoreError> {
        let (error_class, prompt_truncated): (Option<ErrorClass>, bool) = match ending {
            Ending::Done { prompt_truncated, .. } => (None, *prompt_truncated),
            Ending::Failed(class) => (Some(*class), false),
            Ending::Cancelled => (None, false),
        };
        let mut transaction = self.store.begin_write().await?;
        let changed = sqlx::query(
            "UPDATE jobs SET state = 'delivering', outcome = ?, error_class = ?, prompt_truncated = ?,
                 finished_at_ms = ?, lease_until_ms = NULL
             WHERE id = ? AND attempt = ? AND state = 'running'",
        )
        .bind(ending.outcome())
        .bind(error_class)
        .bind(prompt_truncated)
        .bind(to_ms(now))
        .bind(job)
        .bind(attempt)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if changed == 0 {
            return Ok(None);
        }
        if let Ending::Done { images, .. } = ending {
            images::insert(&mut transaction, job, images).await?;
        }
        let row = record::get(&mut transaction, job).await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// The last message was sent: `Delivering →` the outcome. `false`, and nothing happened, in every other state.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn mark_delivered(&self, job: JobId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.store.begin_write().await?;
        let changed = sqlx::query(
            "UPDATE jobs SET state = outcome, delivered_at_ms = ? WHERE id = ? AND state = 'delivering'",
        )
        .bind(to_ms(now))
        .bind(job)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(changed > 0)
    }

    /// Gives a job back that was begun and not drawn through no fault of its own: `Running → Queued`, and the attempt
    /// does not count.
    pub(crate) async fn requeue(&self, job: JobId, attempt: u32) -> Result<bool, StoreError> {
        let mut transaction = self.store.begin_write().await?;
        let changed = sqlx::query(
            "UPDATE jobs SET state = 'queued', attempt = attempt - 1, started_at_ms = NULL, lease_until_ms = NULL
             WHERE id = ? AND attempt = ? AND state = 'running'",
        )
        .bind(job)
        .bind(attempt)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(changed > 0)
    }
}

async fn waiting(connection: &mut SqliteConnection) -> Result<Vec<WaitingJob>, StoreError> {
    let rows: Vec<(JobId, String, String, i64)> = sqlx::query_as(
        "SELECT jobs.id, jobs.platform, jobs.user_id, users.last_turn
         FROM jobs JOIN users ON users.platform = jobs.platform AND users.id = jobs.user_id
         WHERE jobs.state = 'queued' ORDER BY jobs.id",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, platform, user, last_turn)| WaitingJob {
            id,
            user: UserId {
                platform: platform.into(),
                id: user,
            },
            last_turn,
        })
        .collect())
}
