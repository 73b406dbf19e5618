//! The job log in SQLite and the pictures on disk.
//!
//! Everything lies in one data folder: `ekaki.db`, `images/` and `ekaki.lock`. The log is the truth: a job is in it
//! before anybody is told that it was accepted, and every change of its state is one transaction.

mod admin;
mod backup;
mod error;
mod images;
mod job;
mod jobs;
mod memory;
mod offers;
mod platform_files;
mod quota;
mod readonly;
mod searches;
mod stats;
mod time;
mod users;
mod writer;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, SqliteConnection};

pub use self::admin::{
    Actor, Admin, AuditLine, Block, PlaceRuleKind, RuledPlace, StoredLimits, StoredPlaceRule, StoredWord,
};
pub use self::error::StoreError;
use self::images::Recent;
pub use self::images::{FileFormat, Images, Retained, Retention, StoredImage};
pub use self::job::{
    Clamped, ClampedParameter, DrawParameters, Ending, ErrorClass, Filmstrip, FollowingJob, HiresParameters,
    ImageKind, ImageRow, JobId, JobKind, JobOutcome, JobRow, JobState, NewJob, RecentWork, Recovered,
    SourceParameters, VariationParameters, WaitingJob,
};
pub(crate) use self::jobs::{Begun, Finished, HandedOver, Lease, TakenBack};
pub use self::jobs::{
    Deleted, HistoryPage, HistoryQuery, InsertError, Inserted, Jobs, JobsQuery, SEARCH_DEPTH,
};
use self::memory::Memory;
pub use self::offers::{Offer, Offers};
pub use self::platform_files::{PlatformFile, PlatformFiles};
pub use self::quota::{LimitCheck, Refusal, Usage, Window};
pub use self::searches::SearchId;
pub use self::stats::{DayStats, Stats, StatsQuery, UserStats};
pub use self::users::{Forgotten, UserSettings, Users};
use self::writer::Writer;

/// The migrations, embedded so that the binary needs nothing beside it.
static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// The names in a data folder.
const DATABASE: &str = "ekaki.db";
const IMAGES: &str = "images";
const LOCK: &str = "ekaki.lock";

/// How many connections answer those who wait.
const READERS: u32 = 3;

/// How long SQLite waits for another program that looks into the database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The data folder. Clones share it; the last one to go releases it.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// One connection, so that writes wait here in the order they came and never for SQLite's lock.
    /// `None` when nothing may be written.
    writer: Option<Writer>,
    /// For whoever waits for an answer.
    readers: SqlitePool,
    /// For what reads much and may take its time: it must not hold the others up.
    patient_readers: SqlitePool,
    images_dir: PathBuf,
    recent_images: Recent,
    memory: Memory,
    /// Held as long as the folder is in use; the system releases it even when the process is killed.
    _lock: Option<File>,
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
        let images_dir = data_dir.join(IMAGES);
        images::prepare_dir(&images_dir)?;

        let path = data_dir.join(DATABASE);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A job that was accepted is still there after a power failure. That costs one fsync for each transaction,
            // which all writes share that wait at the same time.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let mut writer = options
            .connect()
            .await
            .map_err(|source| StoreError::open(&path, source))?;
        MIGRATOR
            .run(&mut writer)
            .await
            .map_err(|source| StoreError::migrate(&path, source))?;
        let readers = pool(READERS)
            .connect_with(options.clone())
            .await
            .map_err(|source| StoreError::open(&path, source))?;
        let patient_readers = pool(1)
            .connect_with(options)
            .await
            .map_err(|source| StoreError::open(&path, source))?;
        let memory = Memory::read(&readers).await?;
        Ok(Self {
            inner: Arc::new(Inner {
                writer: Some(Writer::new(writer)),
                readers,
                patient_readers,
                images_dir,
                recent_images: Recent::default(),
                memory,
                _lock: Some(lock),
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

    /// The people.
    pub fn users(&self) -> Users<'_> {
        Users { store: self }
    }

    /// Under which ids platforms have pictures already.
    pub fn platform_files(&self) -> PlatformFiles<'_> {
        PlatformFiles { store: self }
    }

    /// What was offered to people.
    pub fn offers(&self) -> Offers<'_> {
        Offers { store: self }
    }

    /// What admins have changed.
    pub fn admin(&self) -> Admin<'_> {
        Admin { store: self }
    }

    /// Numbers about jobs.
    pub fn stats(&self) -> Stats<'_> {
        Stats { store: self }
    }

    /// Waits for the writes that were begun and closes the database.
    pub async fn close(&self) {
        if let Some(writer) = &self.inner.writer {
            writer.close().await;
        }
        self.inner.readers.close().await;
        self.inner.patient_readers.close().await;
    }

    fn images_dir(&self) -> &Path {
        &self.inner.images_dir
    }

    fn readers(&self) -> &SqlitePool {
        &self.inner.readers
    }

    fn patient_readers(&self) -> &SqlitePool {
        &self.inner.patient_readers
    }

    fn recent_images(&self) -> &Recent {
        &self.inner.recent_images
    }

    /// Lets `work` write, as a whole or not at all; see [`Writer::write`].
    async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> BoxFuture<'_, Result<T, E>> + Send + 'static,
    {
        match &self.inner.writer {
            Some(writer) => writer.write(work).await,
            None => Err(StoreError::ReadOnly.into()),
        }
    }

    /// The same, but `work` sees only what is committed; see [`Writer::write_apart`].
    async fn write_apart<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> BoxFuture<'_, Result<T, E>> + Send + 'static,
    {
        match &self.inner.writer {
            Some(writer) => writer.write_apart(work).await,
            None => Err(StoreError::ReadOnly.into()),
        }
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
    let path = data_dir.join(LOCK);
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
