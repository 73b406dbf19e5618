//! Jobs end before they were begun.

use chrono::{DateTime, Utc};
use futures::FutureExt as _;

use super::{Jobs, record};
use crate::chat::Platform;
use crate::store::StoreError;
use crate::store::job::{JobId, JobRow};
use crate::store::time::to_ms;

impl Jobs<'_> {
    /// Ends a job that waits: `Queued → Delivering`, cancelled. `None`, and nothing happened, in every other state.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn cancel_queued(&self, job: JobId, now: DateTime<Utc>) -> Result<Option<JobRow>, StoreError> {
        self.store
            .write(move |connection| {
                async move {
                    let changed = sqlx::query(
                        "UPDATE jobs SET state = 'delivering', outcome = 'cancelled', counts = 0,
                             finished_at_ms = ?, same_as = NULL
                         WHERE id = ? AND state = 'queued'",
                    )
                    .bind(to_ms(now))
                    .bind(job)
                    .execute(&mut *connection)
                    .await?;
                    if changed.rows_affected() == 0 {
                        return Ok(None);
                    }
                    record::get(connection, job).await
                }
                .boxed()
            })
            .await
    }

    /// Ends every job that waits, of one platform or of all, of one server or of all, and returns them, oldest first.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn clear_queued(
        &self,
        platform: Option<&Platform>,
        server: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Vec<JobRow>, StoreError> {
        let platform = platform.map(|platform| platform.as_str().to_owned());
        let server = server.map(str::to_owned);
        self.store
            .write(move |connection| {
                async move {
                    let mut cleared: Vec<JobId> = sqlx::query_scalar(
                        "UPDATE jobs SET state = 'delivering', outcome = 'cancelled', counts = 0,
                             finished_at_ms = ?1, same_as = NULL
                         WHERE state = 'queued' AND outcome IS NULL
                             AND (?2 IS NULL OR platform = ?2) AND (?3 IS NULL OR server = ?3)
                         RETURNING id",
                    )
                    .bind(to_ms(now))
                    .bind(platform)
                    .bind(server)
                    .fetch_all(&mut *connection)
                    .await?;
                    cleared.sort_unstable();
                    record::get_all(connection, &cleared).await
                }
                .boxed()
            })
            .await
    }
}
