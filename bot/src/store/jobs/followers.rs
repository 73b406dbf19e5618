//! Jobs that wait for the pictures of another one, because it draws the same. Such a job is queued and has `same_as`,
//! until the other one is done or it has to be drawn itself. The other one is running: among jobs that all wait for
//! their turn, whichever has it first draws for the others.

use sqlx::SqliteConnection;

use crate::store::StoreError;
use crate::store::job::JobId;

/// The jobs that follow this one, oldest first.
pub(super) async fn of(connection: &mut SqliteConnection, job: JobId) -> Result<Vec<JobId>, StoreError> {
    let followers = sqlx::query_scalar(
        "SELECT id FROM jobs WHERE state = 'queued' AND same_as = ? AND outcome IS NULL ORDER BY id",
    )
    .bind(job)
    .fetch_all(connection)
    .await?;
    Ok(followers)
}

/// Every job that waits and draws the same as this one, which has begun, follows it. Returns them, oldest first.
pub(super) async fn gather(connection: &mut SqliteConnection, job: JobId) -> Result<Vec<JobId>, StoreError> {
    let mut gathered: Vec<JobId> = sqlx::query_scalar(
        "UPDATE jobs SET same_as = ?1
         WHERE fingerprint = (SELECT fingerprint FROM jobs WHERE id = ?1) AND outcome IS NULL AND state = 'queued'
             AND same_as IS NULL
         RETURNING id",
    )
    .bind(job)
    .fetch_all(connection)
    .await?;
    gathered.sort_unstable();
    Ok(gathered)
}

/// The followers of every job that is not drawn any more and has no pictures wait for their own turns. Says whether
/// there were any.
pub(super) async fn release(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let released = sqlx::query(
        "UPDATE jobs SET same_as = NULL
         WHERE state = 'queued' AND same_as IS NOT NULL AND outcome IS NULL
             AND EXISTS (SELECT 1 FROM jobs AS leader WHERE leader.id = jobs.same_as AND leader.state <> 'running')",
    )
    .execute(connection)
    .await?;
    Ok(released.rows_affected() > 0)
}
