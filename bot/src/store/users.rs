//! The table `users`: who has had a turn when, and what they chose for themselves.

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;
use sqlx::types::Json;

use super::{JobId, Store, StoreError, Usage, offers, quota, searches};
use crate::chat::UserId;

/// What a person has chosen for themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSettings {
    /// Size of pictures for which none is given, as it was typed: `portrait` or `512x768`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// The model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The style.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    /// The language's tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether jobs are private.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<bool>,
}

/// What [`Users::forget`] has removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Jobs.
    pub jobs: u64,
    /// Pictures.
    pub images: u64,
    /// Jobs that are still there, because they have not ended.
    pub left: u64,
}

/// The people.
#[derive(Clone, Copy, Debug)]
pub struct Users<'a> {
    pub(super) store: &'a Store,
}

impl Users<'_> {
    /// What the person has chosen; the default for somebody unknown.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn settings(&self, user: &UserId) -> Result<UserSettings, StoreError> {
        let settings: Option<Option<Json<UserSettings>>> =
            sqlx::query_scalar("SELECT settings FROM users WHERE platform = ? AND id = ?")
                .bind(user.platform.as_str())
                .bind(&user.id)
                .fetch_optional(self.store.readers())
                .await?;
        Ok(settings.flatten().map(|settings| settings.0).unwrap_or_default())
    }

    /// Keeps what the person has chosen.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_settings(&self, user: &UserId, settings: &UserSettings) -> Result<(), StoreError> {
        let (owner, is_private) = (user, settings.private.unwrap_or_default());
        let (user, settings) = (user.clone(), settings.clone());
        self.store
            .write::<_, StoreError, _>(move |connection| {
                async move {
                    sqlx::query(
                        "INSERT INTO users (platform, id, settings) VALUES (?, ?, ?)
                         ON CONFLICT DO UPDATE SET settings = excluded.settings",
                    )
                    .bind(user.platform.as_str())
                    .bind(&user.id)
                    .bind(Json(settings))
                    .execute(connection)
                    .await?;
                    Ok(())
                }
                .boxed()
            })
            .await?;
        self.store.memory().private.set(owner, is_private);
        Ok(())
    }

    /// Keeps what the person is called, for the pages of admins. A name that is known costs no write.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_name(&self, user: &UserId, name: &str) -> Result<(), StoreError> {
        let known: Option<Option<String>> =
            sqlx::query_scalar("SELECT name FROM users WHERE platform = ? AND id = ?")
                .bind(user.platform.as_str())
                .bind(&user.id)
                .fetch_optional(self.store.readers())
                .await?;
        if known.flatten().as_deref() == Some(name) {
            return Ok(());
        }
        let (user, name) = (user.clone(), name.to_owned());
        self.store
            .write(move |connection| {
                async move {
                    sqlx::query(
                        "INSERT INTO users (platform, id, name) VALUES (?, ?, ?)
                         ON CONFLICT DO UPDATE SET name = excluded.name",
                    )
                    .bind(user.platform.as_str())
                    .bind(&user.id)
                    .bind(name)
                    .execute(connection)
                    .await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }

    /// Counts the person's jobs in every window.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn usage(&self, user: &UserId, now: DateTime<Utc>) -> Result<Usage, StoreError> {
        quota::usage(&mut *self.store.readers().acquire().await?, user, now).await
    }

    /// Removes everything of a person: jobs that have ended, settings, searches, files that nobody else's job has. Jobs that
    /// have not ended, or whose last message is still to be sent, stay; [`Forgotten::left`] counts them.
    ///
    /// What an admin did stays in the audit log, and so do blocks, or forgetting would lift them. How many jobs count
    /// in the running windows is kept without anything else about them.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget(&self, user: &UserId, now: DateTime<Utc>) -> Result<Forgotten, StoreError> {
        let owner = user.clone();
        let (forgotten, files) = self
            .store
            .write(move |connection| forget(connection, owner, now).boxed())
            .await?;
        self.store.memory().private.set(user, false);
        self.store.memory().prompts.forget(user);
        self.store.remove_unused_files(&files).await?;
        Ok(forgotten)
    }
}

/// Removes the rows of a person, and returns what they were with the hashes of the files that they named.
async fn forget(
    connection: &mut SqliteConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(Forgotten, Vec<String>), StoreError> {
    let jobs: Vec<JobId> = sqlx::query_scalar(
        "SELECT id FROM jobs WHERE platform = ? AND user_id = ? AND state IN ('done', 'failed', 'cancelled', 'expired')",
    )
    .bind(user.platform.as_str())
    .bind(&user.id)
    .fetch_all(&mut *connection)
    .await?;
    let jobs = Json(jobs);
    let files = sqlx::query_scalar(
        "SELECT hash FROM images WHERE job_id IN (SELECT value FROM json_each(?1)) AND is_gone = 0
         UNION SELECT source FROM jobs WHERE id IN (SELECT value FROM json_each(?1)) AND source IS NOT NULL",
    )
    .bind(&jobs)
    .fetch_all(&mut *connection)
    .await?;
    quota::keep_spent(connection, &jobs, now).await?;
    let images = sqlx::query("DELETE FROM images WHERE job_id IN (SELECT value FROM json_each(?))")
        .bind(&jobs)
        .execute(&mut *connection)
        .await?
        .rows_affected();
    sqlx::query(
        "DELETE FROM prompts
         WHERE platform = ? AND user_id = ? AND job_id IN (SELECT value FROM json_each(?))",
    )
    .bind(user.platform.as_str())
    .bind(&user.id)
    .bind(&jobs)
    .execute(&mut *connection)
    .await?;
    for statement in [
        "UPDATE jobs SET parent = NULL WHERE parent IN (SELECT value FROM json_each(?))",
        "DELETE FROM jobs WHERE id IN (SELECT value FROM json_each(?))",
    ] {
        sqlx::query(statement)
            .bind(&jobs)
            .execute(&mut *connection)
            .await?;
    }
    searches::forget(&mut *connection, &user).await?;
    offers::forget(&mut *connection, &user).await?;
    let left = forget_person(connection, &user).await?;
    let forgotten = Forgotten {
        jobs: jobs.len() as u64,
        images,
        left,
    };
    Ok((forgotten, files))
}

/// Removes the name and the settings, and the row when no job needs it. Returns how many jobs do.
async fn forget_person(connection: &mut SqliteConnection, user: &UserId) -> Result<u64, StoreError> {
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE platform = ? AND user_id = ?")
        .bind(user.platform.as_str())
        .bind(&user.id)
        .fetch_one(&mut *connection)
        .await?;
    let statement = if left == 0 {
        "DELETE FROM users WHERE platform = ? AND id = ?"
    } else {
        "UPDATE users SET name = NULL, settings = NULL WHERE platform = ? AND id = ?"
    };
    sqlx::query(statement)
        .bind(user.platform.as_str())
        .bind(&user.id)
        .execute(connection)
        .await?;
    Ok(left.cast_unsigned())
}

/// Puts the user behind everybody who has had a turn.
pub(super) async fn take_turn(connection: &mut SqliteConnection, user: &UserId) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE users SET last_turn = (SELECT max(last_turn) + 1 FROM users) WHERE platform = ? AND id = ?",
    )
    .bind(user.platform.as_str())
    .bind(&user.id)
    .execute(connection)
    .await?;
    Ok(())
}
