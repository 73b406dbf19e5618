//! Old files of pictures are removed, so that the disk does not fill up. Their rows stay.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use sqlx::types::Json;
use sqlx::{FromRow, SqliteConnection};

use super::remove::{AT_ONCE, Removed};
use crate::store::time::to_ms;
use crate::store::{Store, StoreError};

/// A file that no row names is removed when it is older: a job may be about to name it.
const ORPHANS_WAIT: TimeDelta = TimeDelta::days(1);

/// Which files of pictures may stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// For so many days after the last job that shows or begins with it was asked for; `None` for ever.
    pub keep_days: Option<u32>,
    /// As long as all files together have no more bytes; `None` without limit.
    pub max_bytes: Option<u64>,
}

/// What [`Store::retain`] has removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// Files.
    pub images: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Store {
    /// Removes the oldest files of pictures until `retention` is kept, and files that no row names. Rows stay. What a
    /// job needs that is not drawn or not delivered stays, too.
    ///
    /// # Errors
    /// When the database or the folder cannot be read or written.
    pub async fn retain(&self, retention: &Retention, now: DateTime<Utc>) -> Result<Retained, StoreError> {
        let mut used = Vec::new();
        let mut removed = Removed::default();
        for prefix in 0..=u8::MAX {
            let found = self.files_of(prefix).await?;
            let mut orphans = Vec::new();
            let mut uses = self.uses_of(&found).await?;
            for file in found {
                match uses.remove(&file.hash) {
                    Some(found) => used.push(UsedFile { file, used: found }),
                    None if file.modified < now - ORPHANS_WAIT => orphans.push(file.hash),
                    None => {}
                }
            }
            removed += self.remove_unused_files(&orphans).await?;
        }
        let too_much = choose(used, retention, now);
        for files in too_much.chunks(AT_ONCE) {
            removed += self.remove_used(files).await?;
        }
        Ok(Retained {
            images: removed.files,
            bytes: removed.bytes,
        })
    }

    async fn files_of(&self, prefix: u8) -> Result<Vec<FileOnDisk>, StoreError> {
        let folder = self.images_dir().join(format!("{prefix:02x}"));
        tokio::task::spawn_blocking(move || {
            list(&folder).map_err(|source| StoreError::file(&folder, "read", source))
        })
        .await
        .map_err(|_| StoreError::Interrupted)?
    }

    async fn uses_of(&self, files: &[FileOnDisk]) -> Result<HashMap<String, Use>, StoreError> {
        let hashes = files.iter().map(|file| file.hash.clone()).collect();
        uses(&mut *self.patient_readers().acquire().await?, hashes).await
    }

    /// Says of these files that they are gone, and removes them: those that nothing has used since they were chosen.
    async fn remove_used(&self, files: &[UsedFile]) -> Result<Removed, StoreError> {
        let chosen: HashMap<String, Use> = files
            .iter()
            .map(|UsedFile { file, used }| (file.hash.clone(), *used))
            .collect();
        let gone: Vec<String> = self
            .write(move |connection| mark_gone(connection, chosen).boxed())
            .await?;
        let store = self.clone();
        self.write_apart(move |connection| {
            async move {
                let again = uses(connection, gone.clone()).await?;
                let free: Vec<String> = gone
                    .into_iter()
                    .filter(|hash| {
                        !again
                            .get(hash)
                            .is_some_and(|used| used.is_shown || used.is_needed)
                    })
                    .collect();
                Ok(store.remove_files(&free))
            }
            .boxed()
        })
        .await
    }
}

/// Which files are too old or too much, the oldest first.
fn choose(mut used: Vec<UsedFile>, retention: &Retention, now: DateTime<Utc>) -> Vec<UsedFile> {
    let oldest_ms = retention
        .keep_days
        .and_then(|days| now.checked_sub_signed(TimeDelta::days(days.into())))
        .map(to_ms);
    let mut bytes: u64 = used.iter().map(|file| file.file.bytes).sum();
    used.retain(|file| !file.used.is_needed);
    used.sort_by_key(|file| file.used.last_at_ms);
    used.into_iter()
        .take_while(|file| {
            let is_old = oldest_ms.is_some_and(|oldest_ms| file.used.last_at_ms < oldest_ms);
            let is_too_much = retention.max_bytes.is_some_and(|max_bytes| bytes > max_bytes);
            bytes = bytes.saturating_sub(file.file.bytes);
            is_old || is_too_much
        })
        .collect()
}

struct FileOnDisk {
    hash: String,
    bytes: u64,
    modified: DateTime<Utc>,
}

struct UsedFile {
    file: FileOnDisk,
    used: Use,
}

/// What the job log says about a file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Use {
    /// When the newest job was asked for that shows it or begins with it.
    last_at_ms: i64,
    /// A picture is this file.
    is_shown: bool,
    /// A job that is not drawn begins with it, or one that is not delivered shows it.
    is_needed: bool,
}

fn list(folder: &Path) -> std::io::Result<Vec<FileOnDisk>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let hash = name
            .to_str()
            .and_then(|name| name.split('.').next())
            .unwrap_or_default();
        if !super::is_hash(hash) {
            continue;
        }
        match entry.metadata() {
            Ok(metadata) => files.push(FileOnDisk {
                hash: hash.to_owned(),
                bytes: metadata.len(),
                modified: metadata.modified()?.into(),
            }),
            // Somebody deleted the picture a moment ago.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(files)
}

/// Those of these files that a row names.
async fn uses(
    connection: &mut SqliteConnection,
    hashes: Vec<String>,
) -> Result<HashMap<String, Use>, StoreError> {
    let records: Vec<UseRecord> = sqlx::query_as(
        "SELECT value AS hash,
             (SELECT max(created_at_ms) FROM images JOIN jobs ON jobs.id = images.job_id
              WHERE hash = wanted.value AND is_gone = 0) AS shown_at_ms,
             (SELECT max(created_at_ms) FROM jobs WHERE source = wanted.value) AS begun_with_at_ms,
             EXISTS (SELECT 1 FROM jobs WHERE source = wanted.value AND outcome IS NULL)
                 OR EXISTS (SELECT 1 FROM images JOIN jobs ON jobs.id = images.job_id
                            WHERE hash = wanted.value AND is_gone = 0 AND state = 'delivering') AS is_needed
         FROM json_each(?) AS wanted",
    )
    .bind(Json(hashes))
    .fetch_all(connection)
    .await?;
    Ok(records.into_iter().filter_map(UseRecord::into_use).collect())
}

#[derive(FromRow)]
struct UseRecord {
    hash: String,
    shown_at_ms: Option<i64>,
    begun_with_at_ms: Option<i64>,
    is_needed: bool,
}

impl UseRecord {
    fn into_use(self) -> Option<(String, Use)> {
        let found = Use {
            last_at_ms: self.shown_at_ms.max(self.begun_with_at_ms)?,
            is_shown: self.shown_at_ms.is_some(),
            is_needed: self.is_needed,
        };
        Some((self.hash, found))
    }
}

/// Returns the files whose rows say now that they are gone.
async fn mark_gone(
    connection: &mut SqliteConnection,
    chosen: HashMap<String, Use>,
) -> Result<Vec<String>, StoreError> {
    let now = uses(connection, chosen.keys().cloned().collect()).await?;
    let gone: Vec<String> = chosen
        .into_iter()
        .filter(|(hash, used)| now.get(hash).is_none_or(|now| now == used))
        .map(|(hash, _)| hash)
        .collect();
    sqlx::query(
        "UPDATE images SET is_gone = 1 WHERE hash IN (SELECT value FROM json_each(?)) AND is_gone = 0",
    )
    .bind(Json(&gone))
    .execute(connection)
    .await?;
    Ok(gone)
}
