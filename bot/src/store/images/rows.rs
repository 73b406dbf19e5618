//! The table `images`.

use sqlx::{SqliteConnection, SqlitePool};

use crate::safety::SafetyAction;
use crate::store::StoreError;
use crate::store::job::{ImageKind, ImageRow, JobId};

pub(in crate::store) async fn insert(
    connection: &mut SqliteConnection,
    job: JobId,
    images: &[ImageRow],
) -> Result<(), StoreError> {
    for image in images {
        sqlx::query(
            "INSERT INTO images (job_id, idx, hash, width, height, bytes, seed, kind, safety, parameters)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(job)
        .bind(image.index)
        .bind(&image.hash)
        .bind(image.width)
        .bind(image.height)
        .bind(image.bytes.cast_signed())
        .bind(image.seed.cast_signed())
        .bind(image.kind)
        .bind(image.safety.name())
        .bind(&image.parameters)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Gives the pictures of a job to other jobs, too.
pub(in crate::store) async fn copy(
    connection: &mut SqliteConnection,
    from: JobId,
    to: &[JobId],
) -> Result<(), StoreError> {
    if to.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO images (job_id, idx, hash, width, height, bytes, seed, kind, safety, parameters)
         SELECT json_each.value, idx, hash, width, height, bytes, seed, images.kind, images.safety, parameters
         FROM json_each(?) CROSS JOIN images WHERE job_id = ?",
    )
    .bind(sqlx::types::Json(to))
    .bind(from)
    .execute(connection)
    .await?;
    Ok(())
}

/// How many hashes are read at once.
const PAGE: u32 = 1000;

/// The next hashes of files that should be there, in their order.
pub(super) async fn hashes_after(
    readers: &SqlitePool,
    after: &str,
) -> Result<Vec<(String, ImageKind)>, StoreError> {
    let page = sqlx::query_as(
        "SELECT hash, min(kind) FROM images WHERE is_gone = 0 AND hash > ? GROUP BY hash ORDER BY hash LIMIT ?",
    )
    .bind(after)
    .bind(PAGE)
    .fetch_all(readers)
    .await?;
    Ok(page)
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
    kind: ImageKind,
    safety: String,
    parameters: Option<String>,
    is_gone: bool,
}

/// The pictures of these jobs, in the order of jobs and pictures.
pub(in crate::store) async fn of_jobs(
    connection: &mut SqliteConnection,
    jobs: &[JobId],
) -> Result<Vec<(JobId, ImageRow)>, StoreError> {
    let records: Vec<Record> = sqlx::query_as(
        "SELECT job_id, idx, hash, width, height, bytes, seed, kind, safety, parameters, is_gone FROM images
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
            kind: record.kind,
            safety: record.safety.parse().unwrap_or(SafetyAction::Block),
            parameters: record.parameters,
            is_gone: record.is_gone,
        }
    }
}
