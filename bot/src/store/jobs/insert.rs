//! A command becomes a row of the job log.

use sqlx::SqliteConnection;
use sqlx::types::Json;

use super::Jobs;
use crate::store::job::{JobId, NewJob};
use crate::store::quota::{self, LimitCheck, Refusal};
use crate::store::time::to_ms;
use crate::store::{StoreError, users};

/// A job that is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inserted {
    /// Its number.
    pub job: JobId,
    /// The command was in the log before; nothing was added.
    pub duplicate: bool,
}

/// A job that is not in the log.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// A limit forbids it.
    #[error(transparent)]
    Refused(Refusal),
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for InsertError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Jobs<'_> {
    /// Counts the user's jobs against the limits and adds a job, in one transaction. A command that is in the log
    /// already is found by its key and counts against nothing.
    ///
    /// # Errors
    /// When a limit forbids it or the database cannot be written.
    pub async fn insert(&self, new: &NewJob, limits: &LimitCheck) -> Result<Inserted, InsertError> {
        let mut transaction = self.store.begin_write().await?;
        if let Some(job) = of_command(&mut transaction, new).await? {
            return Ok(Inserted { job, duplicate: true });
        }
        if let Some(refusal) = quota::refusal(&mut transaction, &new.user, limits, new.now).await? {
            return Err(InsertError::Refused(refusal));
        }
        users::add(&mut transaction, &new.user).await?;
        let job = sqlx::query_scalar(
            "INSERT INTO jobs (platform, user_id, chat_id, locale, command_key, reply_address, draw, prompt_typed,
                 created_at_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        )
        .bind(new.user.platform.as_str())
        .bind(&new.user.id)
        .bind(&new.chat.0)
        .bind(new.locale.tag())
        .bind(&new.key)
        .bind(Json(&new.reply_address))
        .bind(Json(&new.draw))
        .bind(&new.prompt_typed)
        .bind(to_ms(new.now))
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Inserted {
            job,
            duplicate: false,
        })
    }
}

async fn of_command(connection: &mut SqliteConnection, new: &NewJob) -> Result<Option<JobId>, StoreError> {
    let Some(key) = &new.key else { return Ok(None) };
    let job =
        sqlx::query_scalar("SELECT id FROM jobs WHERE platform = ? AND user_id = ? AND command_key = ?")
            .bind(new.user.platform.as_str())
            .bind(&new.user.id)
            .bind(key)
            .fetch_optional(connection)
            .await?;
    Ok(job)
}
