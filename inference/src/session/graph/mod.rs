//! Editing networks before they are opened, whatever exporter they come from.
//!
//! A model file is a protocol buffer. It is read without its weights (`skim`), its messages are taken apart as far as
//! needed (`proto`, on top of `wire`), and passes change the graph: `attention` makes it faster, `embedding` gives a
//! text encoder more tokens, `clip_skip` more outputs. Whatever cannot be read or is not recognised stays as it is.

mod attention;
mod clip_skip;
mod embedding;
mod field;
mod lookup;
mod operand;
mod proto;
mod scale;
mod skim;
mod tensor;
mod wire;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use ndarray::Array2;

use self::proto::Model;
use self::skim::skim;
use super::NetworkSource;

/// What shall be changed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Edits<'a> {
    /// Whether attention shall be fused.
    pub(super) fuse_attention: bool,
    /// Rows to append to the table of token embeddings, `[n, dimensions]`.
    pub(super) token_embeddings: Option<&'a Array2<f32>>,
    /// Whether a text encoder shall have the outputs
    /// [`clip_skip_output`](super::TextEncoderOptions::clip_skip_output).
    pub(super) clip_skip: bool,
}

/// A changed model.
#[derive(Debug)]
pub(super) struct Edited {
    /// The model.
    pub(super) bytes: Vec<u8>,
    /// The folder of the files that hold its weights, if they are not in it.
    pub(super) folder: Option<PathBuf>,
}

/// Why a model could not be changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum EditError {
    /// It cannot be read, so it stays as it is.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// It is not of the kind for which the changes were meant.
    #[error("{0}")]
    Unsuitable(String),
}

/// Changes a network; `None` when there is nothing to change.
pub(super) fn edit(source: &NetworkSource<'_>, edits: &Edits<'_>) -> Result<Option<Edited>, EditError> {
    let (bytes, folder) = match source {
        NetworkSource::Memory { bytes, .. } => (edit_bytes(bytes, edits)?, None),
        NetworkSource::File(path) => {
            let (bytes, folder) = read(path)?;
            (edit_bytes(&bytes, edits)?, Some(folder))
        }
    };
    Ok(bytes.map(|bytes| Edited { bytes, folder }))
}

/// A model file without its weights, and the folder in which they are.
fn read(path: &Path) -> io::Result<(Vec<u8>, PathBuf)> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or(io::ErrorKind::InvalidFilename)?;
    let bytes = skim(BufReader::new(File::open(path)?), name)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok((bytes, folder.unwrap_or(Path::new(".")).to_path_buf()))
}

fn edit_bytes(bytes: &[u8], edits: &Edits<'_>) -> Result<Option<Vec<u8>>, EditError> {
    let mut model = Model::parse(bytes).map_err(io::Error::from)?;
    let mut changes = 0;
    if edits.fuse_attention {
        changes += attention::fuse(&mut model);
    }
    if edits.clip_skip {
        changes += clip_skip::expose(&mut model);
    }
    if let Some(rows) = edits.token_embeddings {
        embedding::extend(&mut model, rows).map_err(EditError::Unsuitable)?;
        changes += 1;
    }
    Ok((changes > 0).then(|| model.write()))
}

#[cfg(test)]
mod tests;
