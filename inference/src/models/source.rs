//! Where the files of a model are.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;

use serde::de::DeserializeOwned;

use crate::error::LoadError;
use crate::session::NetworkSource;

/// Where the files of a model are.
#[derive(Clone)]
pub enum ModelSource {
    /// A folder as diffusers and optimum write it.
    Folder(PathBuf),
    /// In the program itself.
    Embedded {
        /// What to call it in error messages.
        name: String,
        /// The contents by path below the model folder, with `/` between the parts: `unet/model.onnx`.
        files: HashMap<String, Cow<'static, [u8]>>,
    },
}

impl fmt::Debug for ModelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => f.debug_tuple("Folder").field(path).finish(),
            Self::Embedded { name, files } => f
                .debug_struct("Embedded")
                .field("name", name)
                .field("files", &files.len())
                .finish(),
        }
    }
}

impl ModelSource {
    /// What to call a file in error messages.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.join(file),
            Self::Embedded { name, .. } => PathBuf::from(format!("embedded:{name}")).join(file),
        }
    }

    /// Tells a missing folder from a folder with a missing file.
    pub(super) fn check_folder(&self) -> Result<(), LoadError> {
        match self {
            Self::Folder(path) if !path.is_dir() => Err(LoadError::MissingFolder { path: path.clone() }),
            _ => Ok(()),
        }
    }

    /// The contents of a file, `None` when it does not exist.
    pub(super) fn read_optional(&self, file: &str) -> Result<Option<Cow<'_, [u8]>>, LoadError> {
        match self {
            Self::Folder(_) => {
                let path = self.path(file);
                match fs::read(&path) {
                    Ok(bytes) => Ok(Some(bytes.into())),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(source) => Err(LoadError::Unreadable { path, source }),
                }
            }
            Self::Embedded { files, .. } => Ok(files.get(file).map(|bytes| Cow::Borrowed(bytes.as_ref()))),
        }
    }

    /// The contents of a file that has to exist.
    pub(super) fn read(&self, file: &str) -> Result<Cow<'_, [u8]>, LoadError> {
        self.read_optional(file)?.ok_or_else(|| LoadError::MissingFile {
            path: self.path(file),
        })
    }

    /// A JSON file that has to exist.
    pub(super) fn json<T: DeserializeOwned>(&self, file: &str) -> Result<T, LoadError> {
        self.json_optional(file)?.ok_or_else(|| LoadError::MissingFile {
            path: self.path(file),
        })
    }

    /// A JSON file, `None` when it does not exist.
    pub(super) fn json_optional<T: DeserializeOwned>(&self, file: &str) -> Result<Option<T>, LoadError> {
        self.read_optional(file)?
            .map(|bytes| {
                serde_json::from_slice(&bytes).map_err(|error| self.corrupt(file, error.to_string()))
            })
            .transpose()
    }

    /// A network that has to exist.
    pub(super) fn network(&self, file: &str) -> Result<NetworkSource<'_>, LoadError> {
        let path = self.path(file);
        match self {
            Self::Folder(_) if path.is_file() => Ok(NetworkSource::File(path)),
            Self::Folder(_) => Err(LoadError::MissingFile { path }),
            Self::Embedded { .. } => Ok(NetworkSource::Memory {
                path,
                bytes: self.read(file)?,
            }),
        }
    }

    /// The error for a file whose contents are no good.
    pub(super) fn corrupt(&self, file: &str, reason: impl Into<String>) -> LoadError {
        LoadError::Corrupt {
            path: self.path(file),
            reason: reason.into(),
        }
    }
}
