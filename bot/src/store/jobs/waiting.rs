//! What the queue begins with: the jobs that wait, for their turn or for another job, and what was drawn lately.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{FromRow, SqliteConnection};

use super::Jobs;
use crate::chat::UserId;
use crate::store::StoreError;
use crate::store::job::{DrawParameters, FollowingJob, JobId, RecentWork, WaitingJob};
use crate::store::time::{from_ms, to_ms};

impl Jobs<'_> {
    /// The jobs that wait for their turn, oldest first. One that gets the pictures of another job is not among them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn waiting(&self) -> Result<Vec<WaitingJob>, StoreError> {
        all(&mut *self.store.readers().acquire().await?).await
    }

    /// The jobs that wait for the pictures of another one, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn following(&self) -> Result<Vec<FollowingJob>, StoreError> {
        let rows: Vec<(JobId, String, String, JobId)> = sqlx::query_as(
            "SELECT id, platform, user_id, same_as FROM jobs
             WHERE state = 'queued' AND same_as IS NOT NULL AND outcome IS NULL ORDER BY id",
        )
        .fetch_all(&mut *self.store.readers().acquire().await?)
        .await?;
        let following = rows.into_iter().map(|(id, platform, user, leader)| FollowingJob {
            id,
            user: UserId {
                platform: platform.into(),
                id: user,
            },
            leader,
        });
        Ok(following.collect())
    }

    /// What was begun of the jobs that were asked for since then.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn recent_work(&self, since: DateTime<Utc>) -> Result<Vec<RecentWork>, StoreError> {
        let rows: Vec<(String, String, f64, i64)> = sqlx::query_as(
            "SELECT platform, user_id, work, started_at_ms FROM jobs
             WHERE created_at_ms >= ? AND started_at_ms IS NOT NULL",
        )
        .bind(to_ms(since))
        .fetch_all(&mut *self.store.readers().acquire().await?)
        .await?;
        let recent = rows.into_iter().map(|(platform, user, work, at_ms)| RecentWork {
            user: UserId {
                platform: platform.into(),
                id: user,
            },
            work,
            at: from_ms(at_ms),
        });
        Ok(recent.collect())
    }
}

async fn all(connection: &mut SqliteConnection) -> Result<Vec<WaitingJob>, StoreError> {
    let rows: Vec<WaitingRecord> = sqlx::query_as(
        "SELECT jobs.id, jobs.platform, jobs.user_id, users.last_turn, priority, max_running, work, draw,
             created_at_ms
         FROM jobs JOIN users ON users.platform = jobs.platform AND users.id = jobs.user_id
         WHERE jobs.state = 'queued' AND jobs.same_as IS NULL AND jobs.outcome IS NULL ORDER BY jobs.id",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(WaitingJob::from).collect())
}

#[derive(FromRow)]
struct WaitingRecord {
    id: JobId,
    platform: String,
    user_id: String,
    last_turn: i64,
    priority: i32,
    max_running: Option<u32>,
    work: f64,
    draw: Json<DrawParameters>,
    created_at_ms: i64,
}

impl From<WaitingRecord> for WaitingJob {
    fn from(record: WaitingRecord) -> Self {
        Self {
            id: record.id,
            user: UserId {
                platform: record.platform.into(),
                id: record.user_id,
            },
            last_turn: record.last_turn,
            priority: record.priority,
            max_running: record.max_running,
            work: record.work,
            steps: record.draw.steps(),
            model: record.draw.0.model,
            created_at: from_ms(record.created_at_ms),
        }
    }
}
