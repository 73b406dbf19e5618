//! The table `images`, and the files it names: `<data>/images/<2 hex>/<sha256>.png`.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::job::{ImageRow, JobId};
use super::{Store, StoreError};

/// The pictures on the disk.
#[derive(Clone, Copy, Debug)]
pub struct Images<'a> {
    pub(super) store: &'a Store,
}

/// A picture that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredImage {
    /// SHA-256 of the file, in lower-case hex: its name.
    pub hash: String,
    /// Size of the file.
    pub bytes: u64,
}

impl Images<'_> {
    /// Writes a PNG file under its own hash. When the same file is there already, nothing is written.
    ///
    /// # Errors
    /// When the disk is full or the folder cannot be written.
    pub async fn save(&self, png: Vec<u8>) -> Result<StoredImage, StoreError> {
        let folder = self.store.images_dir().to_owned();
        tokio::task::spawn_blocking(move || write(&folder, &png))
            .await
            .map_err(|_| StoreError::Interrupted)?
    }

    /// Where the file with this hash lies; `None` when the text cannot be a hash. It may come from anybody.
    pub fn path(&self, hash: &str) -> Option<PathBuf> {
        let is_hash = hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_hash.then(|| file_path(self.store.images_dir(), hash))
    }
}

fn file_path(folder: &Path, hash: &str) -> PathBuf {
    folder
        .join(hash.get(..2).unwrap_or_default())
        .join(format!("{hash}.png"))
}

fn write(folder: &Path, png: &[u8]) -> Result<StoredImage, StoreError> {
    let hash = format!("{:x}", Sha256::digest(png));
    let path = file_path(folder, &hash);
    let stored = StoredImage {
        hash,
        bytes: png.len() as u64,
    };
    if fs::metadata(&path).is_ok_and(|found| found.len() == stored.bytes) {
        return Ok(stored);
    }
    // Two jobs may draw the same picture at the same time, so the temporary name is not made of the hash alone.
    let unfinished = unfinished_dir(folder).join(Uuid::now_v7().to_string());
    for folder in [unfinished.parent(), path.parent()].into_iter().flatten() {
        fs::create_dir_all(folder).map_err(|source| StoreError::file(folder, "created", source))?;
    }
    write_durably(&unfinished, png).map_err(|source| {
        // What is left of a write that failed would take the room that is missing.
        if let Err(error) = fs::remove_file(&unfinished)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %unfinished.display(), "unfinished file not removed");
        }
        StoreError::file(&unfinished, "written", source)
    })?;
    fs::rename(&unfinished, &path)
        .and_then(|()| path.parent().map_or(Ok(()), sync_folder))
        .map_err(|source| StoreError::file(&path, "written", source))?;
    Ok(stored)
}

/// Where files lie until they are complete.
fn unfinished_dir(folder: &Path) -> PathBuf {
    folder.join("unfinished")
}

/// Makes the folder for pictures, and removes what a process left behind that died while it wrote one.
pub(super) fn prepare_dir(folder: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(folder).map_err(|source| StoreError::file(folder, "created", source))?;
    let unfinished = unfinished_dir(folder);
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(StoreError::file(&unfinished, "removed", error))
        }
        _ => Ok(()),
    }
}

fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// On Unix a new name is only durable once its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    job: JobId,
    images: &[ImageRow],
) -> Result<(), StoreError> {
    for image in images {
        sqlx::query(
            "INSERT INTO images (job_id, idx, hash, width, height, bytes, seed) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(job)
        .bind(image.index)
        .bind(&image.hash)
        .bind(image.width)
        .bind(image.height)
        .bind(image.bytes.cast_signed())
        .bind(image.seed.cast_signed())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Record {
    job_id: JobId,
    idx: u32,
    hash: String,
    width: u32,
    height: u32,
    bytes: i64,
    seed: i64,
}

/// The pictures of these jobs, in the order of jobs and pictures.
pub(super) async fn of_jobs(
    connection: &mut SqliteConnection,
    jobs: &[JobId],
) -> Result<Vec<(JobId, ImageRow)>, StoreError> {
    let records: Vec<Record> = sqlx::query_as(
        "SELECT job_id, idx, hash, width, height, bytes, seed FROM images
         WHERE job_id IN (SELECT value FROM json_each(?)) ORDER BY job_id, idx",
    )
    .bind(sqlx::types::Json(jobs))
    .fetch_all(connection)
    .await?;
    Ok(records
        .into_iter()
        .map(|record| (record.job_id, record.into()))
        .collect())
}

impl From<Record> for ImageRow {
    fn from(record: Record) -> Self {
        Self {
            index: record.idx,
            hash: record.hash,
            width: record.width,
            height: record.height,
            bytes: record.bytes.cast_unsigned(),
            seed: record.seed.cast_unsigned(),
        }
    }
}
