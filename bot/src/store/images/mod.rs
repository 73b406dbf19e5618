//! The table `images`, and the files it names: `<data>/images/<2 hex>/<sha256>.png`. Pictures that people bring lie
//! there, too; a job names them as its source.

mod recent;
mod remove;
mod retain;
mod rows;

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub(super) use self::recent::Recent;
pub use self::retain::{Retained, Retention};
pub(super) use self::rows::{copy, insert, of_jobs};
use super::job::{ImageKind, ImageRow};
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

/// What a file is. It decides how the file's name ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// `.png`
    Png,
    /// `.webp`
    WebP,
    /// `.jpg`
    Jpeg,
}

impl FileFormat {
    /// Every format, the most frequent first.
    pub const ALL: [Self; 3] = [Self::Png, Self::WebP, Self::Jpeg];

    /// How the names of such files end, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Jpeg => "jpg",
        }
    }
}

impl From<ImageKind> for FileFormat {
    fn from(kind: ImageKind) -> Self {
        match kind {
            ImageKind::Picture | ImageKind::Strip => Self::Png,
            ImageKind::Animation => Self::WebP,
        }
    }
}

impl Images<'_> {
    /// Writes a PNG file under its own hash. When the same file is there already, nothing is written.
    ///
    /// # Errors
    /// When the disk is full or the folder cannot be written.
    pub async fn save(&self, png: Vec<u8>) -> Result<StoredImage, StoreError> {
        self.save_bytes(png, FileFormat::Png).await
    }

    /// Writes a file of any format under its own hash. It is kept for as long as a job names it, and for a while
    /// before one does.
    ///
    /// # Errors
    /// When the disk is full or the folder cannot be written.
    pub async fn save_bytes(&self, bytes: Vec<u8>, format: FileFormat) -> Result<StoredImage, StoreError> {
        let store = self.store.clone();
        let writing = tokio::task::spawn_blocking(move || {
            let hash = format!("{:x}", Sha256::digest(&bytes));
            store.recent_images().add(&hash);
            let path = file_path(store.images_dir(), &hash, format);
            write(store.images_dir(), &path, &bytes)?;
            Ok(StoredImage {
                hash,
                bytes: bytes.len() as u64,
            })
        });
        writing.await.map_err(|_| StoreError::Interrupted)?
    }

    /// Reads the file with this hash, whatever its format; `None` when there is none any more.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub async fn read(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if !is_hash(hash) {
            return Ok(None);
        }
        let paths = FileFormat::ALL.map(|format| file_path(self.store.images_dir(), hash, format));
        let reading = tokio::task::spawn_blocking(move || {
            for path in paths {
                match fs::read(&path) {
                    Ok(bytes) => return Ok(Some(bytes)),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(StoreError::file(&path, "read", error)),
                }
            }
            Ok(None)
        });
        reading.await.map_err(|_| StoreError::Interrupted)?
    }

    /// How many pictures there are whose file should be there and is not.
    ///
    /// # Errors
    /// When the job log cannot be read.
    pub async fn missing(&self) -> Result<u64, StoreError> {
        let mut missing = 0;
        let mut after = String::new();
        loop {
            let page = rows::hashes_after(self.store.patient_readers(), &after).await?;
            let Some((last, _)) = page.last() else {
                return Ok(missing);
            };
            after.clone_from(last);
            let folder = self.store.images_dir().to_owned();
            let is_missing =
                move |(hash, kind): &(String, ImageKind)| !file_path(&folder, hash, (*kind).into()).exists();
            missing += tokio::task::spawn_blocking(move || page.iter().filter(|row| is_missing(row)).count())
                .await
                .map_err(|_| StoreError::Interrupted)? as u64;
        }
    }

    /// Where the PNG file with this hash lies; `None` when the text cannot be a hash. It may come from anybody.
    pub fn path(&self, hash: &str) -> Option<PathBuf> {
        is_hash(hash).then(|| file_path(self.store.images_dir(), hash, FileFormat::Png))
    }

    /// Where the file of a picture lies, by what it is; `None` when the file was deleted.
    pub fn path_of(&self, image: &ImageRow) -> Option<PathBuf> {
        let is_there = !image.is_gone && is_hash(&image.hash);
        is_there.then(|| file_path(self.store.images_dir(), &image.hash, image.kind.into()))
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn file_path(folder: &Path, hash: &str, format: FileFormat) -> PathBuf {
    folder
        .join(hash.get(..2).unwrap_or_default())
        .join(format!("{hash}.{}", format.extension()))
}

fn write(folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    if fs::metadata(path).is_ok_and(|found| found.len() == bytes.len() as u64) {
        return Ok(());
    }
    // Two jobs may draw the same picture at the same time, so the temporary name is not made of the hash alone.
    let unfinished = unfinished_dir(folder).join(Uuid::now_v7().to_string());
    for folder in [unfinished.parent(), path.parent()].into_iter().flatten() {
        fs::create_dir_all(folder).map_err(|source| StoreError::file(folder, "created", source))?;
    }
    write_durably(&unfinished, bytes).map_err(|source| {
        // What is left of a write that failed would take the room that is missing.
        if let Err(error) = fs::remove_file(&unfinished)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %unfinished.display(), "unfinished file not removed");
        }
        StoreError::file(&unfinished, "written", source)
    })?;
    fs::rename(&unfinished, path)
        .and_then(|()| path.parent().map_or(Ok(()), sync_folder))
        .map_err(|source| StoreError::file(path, "written", source))
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
pub(super) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
pub(super) fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}
