//! The job log in SQLite and the pictures on disk.
//!
//! Everything lies in one data folder: `ekaki.db`, `images/` and `ekaki.lock`. The log is the truth: a job is in it
//! before anybody is told that it was accepted, and every change of its state is one transaction.

mod error;
mod images;
mod job;
mod jobs;
mod quota;
mod time;
mod users;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

pub use self::error::StoreError;
pub use self::images::{Images, StoredImage};
pub use self::job::{
    Clamped, ClampedParameter, DrawParameters, Ending, ErrorClass, ImageRow, JobId, JobOutcome, JobRow,
    JobState, NewJob, Recovered, WaitingJob,
};
pub use self::jobs::{InsertError, Inserted, Jobs};
pub(crate) use self::jobs::{Lease, TakenBack};
pub use self::quota::{LimitCheck, Refusal};

/// The migrations, embedded so that the binary needs nothing beside it.
static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// How long SQLite waits for another program that looks into the database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The data folder. Clones share it; the last one to go releases it.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// One connection, so that writers wait here in the order they came and never for SQLite's lock.
    writer: SqlitePool,
    readers: SqlitePool,
    images_dir: PathBuf,
    /// Held as long as the folder is in use; the system releases it even when the process is killed.
    _lock: File,
}

impl Store {
    /// Opens a data folder: creates what is missing and applies the migrations.
    ///
    /// # Errors
    /// When the folder cannot be written, another process uses it, or its database is damaged or from a newer
    /// release. The text names the file.
    pub async fn open(data_dir: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(data_dir).map_err(|source| StoreError::file(data_dir, "created", source))?;
        let lock = lock(data_dir).await?;
        let images_dir = data_dir.join("images");
        images::prepare_dir(&images_dir)?;

        let path = data_dir.join("ekaki.db");
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A job that was accepted is still there after a power failure. That costs one fsync for each of the few
            // transactions of a job, and drawing takes seconds.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let writer = pool(1)
            .connect_with(options.clone())
            .await
            .map_err(|source| StoreError::open(&path, source))?;
        MIGRATOR
            .run(&writer)
            .await
            .map_err(|source| StoreError::migrate(&path, source))?;
        let readers = pool(2)
            .connect_with(options)
            .await
            .map_err(|source| StoreError::open(&path, source))?;
        Ok(Self {
            inner: Arc::new(Inner {
                writer,
                readers,
                images_dir,
                _lock: lock,
            }),
        })
    }

    /// The job log.
    pub fn jobs(&self) -> Jobs<'_> {
        Jobs { store: self }
    }

    /// The pictures.
    pub fn images(&self) -> Images<'_> {
        Images { store: self }
    }

    /// Waits for the running transactions and closes the database.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }

    fn images_dir(&self) -> &Path {
        &self.inner.images_dir
    }

    fn readers(&self) -> &SqlitePool {
        &self.inner.readers
    }

    /// A transaction that may write. It locks the database at once, so what it reads stays true until it ends.
    async fn begin_write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.inner.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    // A connection to a local file does not go bad, so it is neither tested nor replaced.
    SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(connections)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// How often, and how far apart, a lock that is held is tried again. A process holds a copy of its parent's lock from
/// the moment it is forked until it has become another program, so a folder can look used for an instant.
const LOCK_ATTEMPTS: u32 = 25;
const LOCK_INTERVAL: Duration = Duration::from_millis(20);

async fn lock(data_dir: &Path) -> Result<File, StoreError> {
    let path = data_dir.join("ekaki.lock");
    let file = File::create(&path).map_err(|source| StoreError::file(&path, "written", source))?;
    for _ in 0..LOCK_ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_INTERVAL).await,
            Err(TryLockError::Error(source)) => return Err(StoreError::file(&path, "locked", source)),
        }
    }
    Err(StoreError::InUse {
        path: data_dir.to_owned(),
    })
}

#[cfg(test)]
pub(crate) mod tests;
