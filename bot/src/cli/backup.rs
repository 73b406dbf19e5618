//! `ekaki backup`: everything that has to be kept, in one file, while the service runs.

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::BinaryBytes;
use serde::Serialize;
use tar::Builder;
use uuid::Uuid;

use super::jobs::open;
use super::{block_on, print};
use crate::config::Config;

/// Where things lie in the data folder, and in the backup.
const DATABASE: &str = "ekaki.db";
const IMAGES: &str = "images";
/// Pictures that are being written.
const UNFINISHED: &str = "unfinished";

/// `ekaki backup …`
#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// The file to write, a tar archive; it must not exist. To restore it: tar -xf FILE -C data
    file: PathBuf,
    /// Only the job log; the pictures stay where they are
    #[arg(long)]
    without_images: bool,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(super) json: bool,
}

/// What was written. The names of the fields are part of the interface.
#[derive(Debug, Serialize)]
struct Written {
    file: PathBuf,
    bytes: u64,
    images: u64,
}

/// Writes the job log first and the pictures after it: every picture of the log is on the disk before its row.
pub(super) fn run(config: &Config, args: &BackupArgs) -> anyhow::Result<()> {
    let data_dir = &config.data.dir;
    if fs::symlink_metadata(&args.file).is_ok() {
        bail!("{} exists; a backup overwrites nothing", args.file.display());
    }
    // Beside the backup, where there is room for it if there is room for the backup.
    let mut name = args
        .file
        .file_name()
        .context("the backup needs the name of a file")?
        .to_owned();
    name.push(format!(".{}.unfinished", Uuid::now_v7()));
    let unfinished = Unfinished(args.file.with_file_name(name));
    let database = Unfinished(unfinished.0.with_extension("db"));
    block_on(tokio::runtime::Builder::new_current_thread(), async {
        let store = open(data_dir).await?;
        let written = store.backup(&database.0).await;
        store.close().await;
        Ok(written?)
    })?;
    let images = (!args.without_images).then(|| data_dir.join(IMAGES));
    let images = archive(&unfinished.0, &database.0, images.as_deref())
        .with_context(|| format!("cannot write the backup {}", args.file.display()))?;
    // Unlike renaming, this never takes the place of a file that has come meanwhile.
    fs::hard_link(&unfinished.0, &args.file)
        .with_context(|| format!("cannot give the backup its name {}", args.file.display()))?;
    let written = Written {
        bytes: fs::metadata(&args.file)?.len(),
        file: args.file.clone(),
        images,
    };
    let text = format!(
        "{}: the job log and {} pictures, {}\n",
        written.file.display(),
        written.images,
        BinaryBytes(written.bytes)
    );
    print(&text, &written, args.json)
}

/// A file that is removed in the end, whatever happens.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                tracing::warn!(%error, path = %self.0.display(), "unfinished file not removed");
            }
            _ => {}
        }
    }
}

/// Returns how many pictures are in the archive.
fn archive(target: &Path, database: &Path, images: Option<&Path>) -> anyhow::Result<u64> {
    let mut archive = Builder::new(BufWriter::new(File::create_new(target)?));
    archive.append_path_with_name(database, DATABASE)?;
    let mut count = 0;
    for folder in images.map(folders).transpose()?.into_iter().flatten() {
        for entry in fs::read_dir(&folder)? {
            count += u64::from(append_image(&mut archive, &entry?.path())?);
        }
    }
    let mut file = archive.into_inner()?;
    file.flush()?;
    file.get_ref().sync_all()?;
    Ok(count)
}

/// The folders with complete pictures.
fn folders(images: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(images) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.file_name() != UNFINISHED {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

/// `false` when the picture was deleted meanwhile.
fn append_image(archive: &mut Builder<impl std::io::Write>, path: &Path) -> anyhow::Result<bool> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    let mut parts = path.components().rev();
    let (Some(name), Some(folder)) = (parts.next(), parts.next()) else {
        return Ok(false);
    };
    let name = Path::new(IMAGES).join(folder).join(name);
    archive.append_file(name, &mut file)?;
    Ok(true)
}
