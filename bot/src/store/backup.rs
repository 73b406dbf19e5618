//! Copies of the job log, and whether it is sound.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::{Store, StoreError};

impl Store {
    /// Writes the job log as it is at this moment into a new file, while the service goes on. The file is there whole
    /// or not at all. Pictures are not in it: they lie in files that never change.
    ///
    /// # Errors
    /// When there is a file already, when it cannot be written, or when the job log is damaged.
    pub async fn backup(&self, target: &Path) -> Result<(), StoreError> {
        let there = fs::symlink_metadata(target).is_ok();
        if there {
            return Err(StoreError::file(
                target,
                "written",
                ErrorKind::AlreadyExists.into(),
            ));
        }
        let unfinished = beside(target);
        let written = sqlx::query("VACUUM INTO ?")
            .bind(unfinished.to_string_lossy().into_owned())
            .execute(self.patient_readers())
            .await
            .map_err(StoreError::from);
        let done = match written {
            Ok(_) => finish(&unfinished, target),
            Err(error) => Err(error),
        };
        // After a success only its first name is left to be removed.
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                tracing::warn!(%error, path = %unfinished.display(), "unfinished file not removed");
            }
            _ => {}
        }
        done
    }

    /// What is wrong with the job log, one sentence each; nothing when it is sound. Reads all of it.
    ///
    /// # Errors
    /// When it cannot be read at all.
    pub async fn check(&self) -> Result<Vec<String>, StoreError> {
        let checked: Result<Vec<String>, _> = sqlx::query_scalar("PRAGMA integrity_check")
            .fetch_all(self.patient_readers())
            .await
            .map_err(StoreError::from);
        let mut wrong = match checked {
            Ok(lines) => lines,
            Err(error @ StoreError::Damaged(_)) => return Ok(vec![error.to_string()]),
            Err(error) => return Err(error),
        };
        wrong.retain(|line| line != "ok");
        let orphans: Vec<(String, Option<i64>, String)> =
            sqlx::query_as("SELECT \"table\", rowid, parent FROM pragma_foreign_key_check")
                .fetch_all(self.patient_readers())
                .await?;
        wrong.extend(orphans.into_iter().map(|(table, row, parent)| {
            let row = row.map_or_else(String::new, |row| format!(" {row}"));
            format!("row{row} of {table} names a row of {parent} that is not there")
        }));
        Ok(wrong)
    }
}

/// A name in the same folder, so that the file can be given its own name without copying it.
fn beside(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.unfinished", Uuid::now_v7()));
    target.with_file_name(name)
}

/// A second name for the complete file: unlike a renamed file it never takes the place of another one.
fn finish(unfinished: &Path, target: &Path) -> Result<(), StoreError> {
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(unfinished)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::hard_link(unfinished, target))
        .and_then(|()| super::images::sync_folder(folder))
        .map_err(|source| StoreError::file(target, "written", source))
}
