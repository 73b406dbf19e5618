//! What can go wrong with the data folder.

use std::io;
use std::path::{Path, PathBuf};

use sqlx::migrate::MigrateError;

/// SQLite's primary result code for a full disk.
const SQLITE_FULL: &str = "13";

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
    Database(#[source] sqlx::Error),
    /// The end of the runtime interrupted a write.
    #[error("the service ended while a file was being written")]
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
        match error.as_database_error().and_then(|error| error.code()) {
            Some(code) if code == SQLITE_FULL => Self::DiskFull,
            _ => Self::Database(error),
        }
    }
}
