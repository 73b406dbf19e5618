//! The pictures of a job are deleted because somebody wishes it.

use chrono::{DateTime, Utc};
use futures::FutureExt as _;

use super::Jobs;
use crate::chat::UserId;
use crate::store::StoreError;
use crate::store::job::JobId;
use crate::store::time::to_ms;

/// What [`Jobs::delete_images`] has removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Pictures, strips and animations that nobody can see any more in this job.
    pub images: u64,
}

impl Jobs<'_> {
    /// Deletes the pictures of a job. The rows stay and say that they are gone; a file stays when another job shows it
    /// or begins with it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn delete_images(&self, job: JobId, now: DateTime<Utc>) -> Result<Deleted, StoreError> {
        let (owner, hashes) = self
            .store
            .write(move |connection| {
                async move {
                    let owner: Option<(String, String)> = sqlx::query_as(
                        "UPDATE jobs SET deleted_at_ms = ? WHERE id = ? AND deleted_at_ms IS NULL
                         RETURNING platform, user_id",
                    )
                    .bind(to_ms(now))
                    .bind(job)
                    .fetch_optional(&mut *connection)
                    .await?;
                    let hashes: Vec<String> = sqlx::query_scalar(
                        "UPDATE images SET is_gone = 1 WHERE job_id = ? AND is_gone = 0 RETURNING hash",
                    )
                    .bind(job)
                    .fetch_all(connection)
                    .await?;
                    Ok::<_, StoreError>((owner, hashes))
                }
                .boxed()
            })
            .await?;
        if let Some((platform, id)) = owner {
            let platform = platform.into();
            self.store.memory().prompts.forget(&UserId { platform, id });
        }
        self.store.remove_unused_files(&hashes).await?;
        Ok(Deleted {
            images: hashes.len() as u64,
        })
    }
}
