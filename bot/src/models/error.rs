//! What can go wrong while a model is added.

use std::io;
use std::path::{Path, PathBuf};

use inference::LoadError;

/// What a folder has to be, for those who have something else.
const EXPORT: &str = "an ONNX export is a folder with model_index.json and a network in each of text_encoder/, unet/ \
    and vae_decoder/ (model.onnx); make one with: python3 onnx/tools/export.py MODEL onnx/NAME";

/// A model was not added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddError {
    /// The text names no model.
    #[error(
        "\"{text}\" {reason}; possible are a folder, owner/name[@revision] and https://huggingface.co/owner/name[/tree/revision[/folder]]"
    )]
    Name {
        /// What was typed.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The id cannot be the name of a folder.
    #[error("\"{id}\" cannot be the id of a model: letters, digits and - _ . are possible")]
    Id {
        /// The id.
        id: String,
    },
    /// There is something with this id.
    #[error("{} is already there; choose another id with --name, or replace it with --force", path.display())]
    Exists {
        /// Its folder.
        path: PathBuf,
    },
    /// There is something else where the model would be.
    #[error("{} is not a model, so it is not replaced; choose another id with --name", path.display())]
    Foreign {
        /// Its path.
        path: PathBuf,
    },
    /// Another program adds the same model.
    #[error("another ekaki is adding \"{id}\" now")]
    Busy {
        /// The id.
        id: String,
    },
    /// There is no pipeline in it.
    #[error("{place} has no model_index.json: {EXPORT}")]
    NoIndex {
        /// The folder or the name on the hub.
        place: String,
    },
    /// A network is missing.
    #[error("{place} is no ONNX export, it has no {missing}: {EXPORT}")]
    NotExported {
        /// The folder or the name on the hub.
        place: String,
        /// The file that is missing.
        missing: String,
    },
    /// A file would be written outside the folder.
    #[error("{place} has a file \"{}\", whose name would lead out of it", path.escape_debug())]
    UnsafePath {
        /// The name on the hub.
        place: String,
        /// The path it names.
        path: String,
    },
    /// The hub refuses.
    #[error("{place}: the hub answers {status}: {remedy}")]
    Refused {
        /// The name on the hub, or the file.
        place: String,
        /// The HTTP status.
        status: u16,
        /// What can be done.
        remedy: &'static str,
    },
    /// The hub cannot be reached, or not any more.
    #[error("{place}: {reason}; what has arrived is kept, the same command goes on from there")]
    Connection {
        /// The address.
        place: String,
        /// What happened.
        reason: String,
    },
    /// The hub's answer makes no sense.
    #[error("{place}: the hub's answer is not understood: {reason}")]
    Answer {
        /// The address.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Something else has arrived.
    #[error("{file} has {found} instead of {expected}; it was removed, the same command loads it again")]
    WrongChecksum {
        /// The file.
        file: String,
        /// What it has.
        found: String,
        /// What it should have.
        expected: String,
    },
    /// The model is of a kind that cannot draw.
    #[error(transparent)]
    Unsupported(#[from] LoadError),
    /// A file cannot be written or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

impl AddError {
    /// Says which path an error of the operating system is about.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
