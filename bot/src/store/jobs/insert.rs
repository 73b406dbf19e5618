//! A command becomes a row of the job log.

use futures::FutureExt as _;
use sqlx::SqliteConnection;
use sqlx::types::Json;

use super::Jobs;
use super::fingerprint::fingerprint;
use super::search::fold;
use crate::store::StoreError;
use crate::store::job::{JobId, NewJob};
use crate::store::quota::{self, LimitCheck, Refusal, Verdict};
use crate::store::time::to_ms;

/// A job that is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inserted {
    /// Its number.
    pub job: JobId,
    /// The command was in the log before; nothing was added.
    pub duplicate: bool,
    /// The running job that draws the same; this one does not wait for a turn and ends with that one.
    pub same_as: Option<JobId>,
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
        let (work, limits) = (new.clone(), *limits);
        let inserted = self
            .store
            .write(move |connection| {
                async move {
                    match quota::verdict(connection, &work, &limits).await? {
                        Verdict::Known(job) => Ok(Inserted {
                            job,
                            duplicate: true,
                            same_as: None,
                        }),
                        Verdict::Refused(refusal) => Err(InsertError::Refused(refusal)),
                        Verdict::Fits => Ok(add(connection, &work).await?),
                    }
                }
                .boxed()
            })
            .await?;
        if let Some(source) = &new.draw.source {
            self.store.recent_images().settle([source.hash.as_str()]);
        }
        if !inserted.duplicate {
            self.store.memory().prompts.add(&new.user, &new.prompt_typed);
        }
        Ok(inserted)
    }
}

/// Adds the rows of a job in one call: the way to SQLite's thread and back costs more than a row.
async fn add(connection: &mut SqliteConnection, new: &NewJob) -> Result<Inserted, StoreError> {
    let fingerprint =
        fingerprint(&new.draw, new.safety).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let (job, same_as) = sqlx::query_as(
        "INSERT INTO users (platform, id) VALUES (?1, ?2) ON CONFLICT DO NOTHING;
         INSERT INTO jobs (platform, user_id, chat_id, locale, command_key, reply_address, draw, prompt_typed,
             created_at_ms, server, age_restricted, kind, parent, is_private, priority, max_running, work, safety,
             source, fingerprint, same_as)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
             (SELECT id FROM jobs WHERE fingerprint = ?20 AND outcome IS NULL AND state = 'running'));
         INSERT INTO prompts (platform, user_id, job_id, text) VALUES (?1, ?2, last_insert_rowid(), ?21)
         RETURNING job_id, (SELECT same_as FROM jobs WHERE id = job_id)",
    )
    .bind(new.user.platform.as_str())
    .bind(&new.user.id)
    .bind(&new.place.chat.0)
    .bind(new.locale.tag())
    .bind(&new.key)
    .bind(Json(&new.reply_address))
    .bind(Json(&new.draw))
    .bind(&new.prompt_typed)
    .bind(to_ms(new.now))
    .bind(&new.place.server)
    .bind(new.place.age_restricted)
    .bind(new.kind)
    .bind(new.parent)
    .bind(new.is_private)
    .bind(new.priority)
    .bind(new.max_running)
    .bind(new.draw.work())
    .bind(new.safety.name())
    .bind(new.draw.source.as_ref().map(|source| source.hash.as_str()))
    .bind(fingerprint)
    .bind(fold(&format!("{}\n{}", new.prompt_typed, new.draw.prompt)))
    .fetch_one(connection)
    .await?;
    Ok(Inserted {
        job,
        duplicate: false,
        same_as,
    })
}
