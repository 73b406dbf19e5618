//! The data folder of a service that may be running, for looking into it.

use std::path::Path;
use std::sync::Arc;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use super::{BUSY_TIMEOUT, DATABASE, IMAGES, Inner, MIGRATOR, Memory, Recent, Store, StoreError, pool};

impl Store {
    /// Opens a data folder to read it, whether a service uses it or not: no lock is taken and nothing is changed. What
    /// would write fails with [`StoreError::ReadOnly`]. `None` when there is no job log.
    ///
    /// # Errors
    /// When the database is damaged or belongs to an older or a newer release.
    pub async fn open_readonly(data_dir: &Path) -> Result<Option<Self>, StoreError> {
        let path = data_dir.join(DATABASE);
        match path.try_exists() {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(source) => return Err(StoreError::file(&path, "read", source)),
        }
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .read_only(true)
            .busy_timeout(BUSY_TIMEOUT);
        let readers = pool(1)
            .connect_with(options)
            .await
            .map_err(|source| StoreError::open(&path, source))?;
        check_release(&readers, &path).await?;
        Ok(Some(Self {
            inner: Arc::new(Inner {
                writer: None,
                patient_readers: readers.clone(),
                readers,
                images_dir: data_dir.join(IMAGES),
                recent_images: Recent::default(),
                // Nobody draws here.
                memory: Memory::default(),
                _lock: None,
            }),
        }))
    }
}

/// Another release's tables have other columns.
async fn check_release(readers: &SqlitePool, path: &Path) -> Result<(), StoreError> {
    let applied: i64 = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
        .fetch_one(readers)
        .await
        .map_err(|source| StoreError::open(path, source))?;
    let newest = MIGRATOR
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0);
    let path = path.to_owned();
    match applied.cmp(&newest) {
        std::cmp::Ordering::Less => Err(StoreError::Older { path }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(StoreError::Newer { path }),
    }
}
