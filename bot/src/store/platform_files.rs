//! The table `platform_files`: under which ids platforms have pictures already.

use futures::FutureExt as _;

use super::{Store, StoreError};

/// What is known to a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformFile {
    /// The platform and the account there: `telegram:123456`.
    pub account: String,
    /// What the platform has it as, in the platform's own words: `photo`.
    pub kind: &'static str,
    /// SHA-256 of the picture in hex, or a name for something that every installation has.
    pub hash: String,
}

/// Under which ids platforms have pictures.
#[derive(Clone, Copy, Debug)]
pub struct PlatformFiles<'a> {
    pub(super) store: &'a Store,
}

impl PlatformFiles<'_> {
    /// The id of a file; `None` when it has to be uploaded.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn id_of(&self, file: &PlatformFile) -> Result<Option<String>, StoreError> {
        let id = sqlx::query_scalar(
            "SELECT file_id FROM platform_files WHERE hash = ? AND account = ? AND kind = ?",
        )
        .bind(&file.hash)
        .bind(&file.account)
        .bind(file.kind)
        .fetch_optional(self.store.readers())
        .await?;
        Ok(id)
    }

    /// Keeps the id of a file.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn keep(&self, file: PlatformFile, id: String) -> Result<(), StoreError> {
        self.store
            .write(move |connection| {
                async move {
                    sqlx::query(
                        "INSERT OR REPLACE INTO platform_files (hash, account, kind, file_id) VALUES (?, ?, ?, ?)",
                    )
                    .bind(file.hash)
                    .bind(file.account)
                    .bind(file.kind)
                    .bind(id)
                    .execute(connection)
                    .await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }

    /// Forgets an id that the platform does not know any more.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget(&self, file: PlatformFile) -> Result<(), StoreError> {
        self.store
            .write(move |connection| {
                async move {
                    sqlx::query("DELETE FROM platform_files WHERE hash = ? AND account = ? AND kind = ?")
                        .bind(file.hash)
                        .bind(file.account)
                        .bind(file.kind)
                        .execute(connection)
                        .await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }
}
