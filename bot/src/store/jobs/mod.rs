//! The table `jobs`: every change of a job's state is a function here.

mod cancel;
mod delete;
mod draw;
mod fingerprint;
mod followers;
mod hand_over;
mod insert;
mod record;
mod recover;
mod search;
mod waiting;

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use sqlx::types::Json;

pub use self::delete::Deleted;
pub(crate) use self::draw::{Begun, Finished, Lease};
pub(crate) use self::hand_over::HandedOver;
pub use self::insert::{InsertError, Inserted};
pub(crate) use self::recover::TakenBack;
pub use self::search::{HistoryPage, HistoryQuery, JobsQuery, SEARCH_DEPTH};
use super::job::{JobId, JobRow};
use super::time::to_ms;
use super::{Store, StoreError};
use crate::chat::{ReplyAddress, UserId};

/// How often drawing a job is begun before the job has failed.
const MAX_ATTEMPTS: u32 = 2;

/// The job log.
#[derive(Clone, Copy, Debug)]
pub struct Jobs<'a> {
    pub(super) store: &'a Store,
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

    /// The jobs that get the pictures of this one, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn followers_of(&self, job: JobId) -> Result<Vec<JobId>, StoreError> {
        followers::of(&mut *self.store.readers().acquire().await?, job).await
    }

    /// The job of a command that was accepted before, by [`NewJob::key`](crate::store::NewJob::key).
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn by_key(&self, user: &UserId, key: &str) -> Result<Option<JobId>, StoreError> {
        let job =
            sqlx::query_scalar("SELECT id FROM jobs WHERE platform = ? AND user_id = ? AND command_key = ?")
                .bind(user.platform.as_str())
                .bind(&user.id)
                .bind(key)
                .fetch_optional(self.store.readers())
                .await?;
        Ok(job)
    }

    /// The jobs that have ended and whose last message was not sent, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn undelivered(&self) -> Result<Vec<JobRow>, StoreError> {
        record::undelivered(&mut *self.store.patient_readers().acquire().await?).await
    }

    /// The last message was sent: `Delivering →` the outcome. `false`, and nothing happened, in every other state.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn mark_delivered(&self, job: JobId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.store
            .write(move |connection| {
                async move {
                    let changed = sqlx::query(
                        "UPDATE jobs SET state = outcome, delivered_at_ms = ? WHERE id = ? AND state = 'delivering'",
                    )
                    .bind(to_ms(now))
                    .bind(job)
                    .execute(connection)
                    .await?;
                    Ok(changed.rows_affected() > 0)
                }
                .boxed()
            })
            .await
    }

    /// Keeps where the answer stands now, so that the same message is edited after a restart.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_reply_address(&self, job: JobId, address: &ReplyAddress) -> Result<(), StoreError> {
        let address = address.clone();
        self.store
            .write(move |connection| {
                async move {
                    sqlx::query("UPDATE jobs SET reply_address = ? WHERE id = ?")
                        .bind(Json(address))
                        .bind(job)
                        .execute(connection)
                        .await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }
}
