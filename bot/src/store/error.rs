//! What can go wrong with the data folder.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::migrate::MigrateError;

/// SQLite's primary result codes, which are the lowest byte of the extended ones.
const SQLITE_READONLY: u32 = 8;
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_FULL: u32 = 13;

/// The job log or a picture could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file or folder of the data folder cannot be used.
    #[error("{} cannot be {action}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was tried, as a participle.
        action: &'static str,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// Another process works with this data folder.
    #[error(
        "the data folder {} is in use by another Ekaki; stop that one, or set `data.dir` to another folder",
        path.display()
    )]
    InUse {
        /// The data folder.
        path: PathBuf,
    },
    /// A newer release wrote the job log, and this one would damage it.
    #[error("the job log {} was written by a newer Ekaki; start that one, or use another data folder", path.display())]
    Newer {
        /// The database file.
        path: PathBuf,
    },
    /// An older release wrote the job log, and it was not brought up to date yet.
    #[error("the job log {} was written by an older Ekaki; start this one once", path.display())]
    Older {
        /// The database file.
        path: PathBuf,
    },
    /// The file is not a job log.
    #[error("the job log {} cannot be opened: {source}", path.display())]
    Open {
        /// The database file.
        path: PathBuf,
        /// What SQLite or the migrations say.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no room for another row.
    #[error("the disk with the data folder is full")]
    DiskFull,
    /// SQLite failed.
    #[error("the job log cannot be read or written: {0}")]
    Database(#[source] Arc<sqlx::Error>),
    /// A part of the job log cannot be read any more; other parts may be.
    #[error("the job log is damaged: {0}; stop the service and put a backup in its place")]
    Damaged(#[source] Arc<sqlx::Error>),
    /// The job log may be read and not written.
    #[error("the job log cannot be written: its file or the disk is read-only")]
    ReadOnly,
    /// The end of the service interrupted a write.
    #[error("the service ended while something was being written")]
    Interrupted,
}

impl StoreError {
    pub(super) fn file(path: &Path, action: &'static str, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::StorageFull {
            return Self::DiskFull;
        }
        Self::File {
            path: path.to_owned(),
            action,
            source,
        }
    }

    pub(super) fn migrate(path: &Path, source: MigrateError) -> Self {
        match source {
            MigrateError::VersionMissing(_) => Self::Newer {
                path: path.to_owned(),
            },
            source => Self::open(path, source),
        }
    }

    pub(super) fn open(path: &Path, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Open {
            path: path.to_owned(),
            source: Box::new(source),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Arc::new(error).into()
    }
}

impl From<Arc<sqlx::Error>> for StoreError {
    fn from(error: Arc<sqlx::Error>) -> Self {
        let code = error.as_database_error().and_then(|error| error.code());
        let primary = code
            .and_then(|code| code.parse::<u32>().ok())
            .map(|code| code & 0xff);
        match primary {
            Some(SQLITE_FULL) => Self::DiskFull,
            Some(SQLITE_CORRUPT) => Self::Damaged(error),
            Some(SQLITE_READONLY) => Self::ReadOnly,
            _ => Self::Database(error),
        }
    }
}
