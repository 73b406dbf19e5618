//! Files of pictures are removed once nothing names them.

use std::fs;
use std::io::ErrorKind;
use std::ops::AddAssign;

use futures::FutureExt as _;
use sqlx::types::Json;

use super::{FileFormat, file_path};
use crate::store::{Store, StoreError};

/// How many files are removed at once: nobody else can write meanwhile.
pub(super) const AT_ONCE: usize = 64;

/// How much was removed.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::store) struct Removed {
    pub(super) files: u64,
    pub(super) bytes: u64,
}

impl AddAssign for Removed {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
    }
}

impl Store {
    /// Removes the files with these hashes that neither a picture nor a job's source names. It must come after the
    /// change that made them superfluous was committed, and it looks only at what is committed: a file without a row
    /// only takes room, a row without its file would be a lie.
    pub(in crate::store) async fn remove_unused_files(
        &self,
        hashes: &[String],
    ) -> Result<Removed, StoreError> {
        let mut removed = Removed::default();
        for hashes in hashes.chunks(AT_ONCE) {
            let (store, hashes) = (self.clone(), hashes.to_vec());
            removed += self
                .write_apart(move |connection| {
                    async move {
                        let unused: Vec<String> = sqlx::query_scalar(
                            "SELECT value FROM json_each(?) AS wanted
                         WHERE NOT EXISTS (SELECT 1 FROM images WHERE hash = wanted.value AND is_gone = 0)
                             AND NOT EXISTS (SELECT 1 FROM jobs WHERE source = wanted.value)",
                        )
                        .bind(Json(hashes))
                        .fetch_all(connection)
                        .await?;
                        Ok::<_, StoreError>(store.remove_files(&unused))
                    }
                    .boxed()
                })
                .await?;
        }
        Ok(removed)
    }

    /// Removes files, except those that were saved a moment ago for a row that is still to come. A file that cannot be removed is found again by the next retention.
    pub(super) fn remove_files(&self, hashes: &[String]) -> Removed {
        let mut removed = Removed::default();
        self.recent_images().for_others(hashes, |hash| {
            for format in FileFormat::ALL {
                let path = file_path(self.images_dir(), hash, format);
                let size = fs::metadata(&path).map_or(0, |found| found.len());
                match fs::remove_file(&path) {
                    Ok(()) => {
                        removed.files += 1;
                        removed.bytes += size;
                    }
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => {
                        tracing::warn!(%error, path = %path.display(), "file of a picture not removed");
                    }
                }
            }
        });
        removed
    }
}
