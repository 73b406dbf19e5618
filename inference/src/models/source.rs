//! Where the files of a model are.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::error::LoadError;
use crate::prompt::{Tokenizer, TokenizerFiles};
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
    /// Reads the tokenizer, from whichever files there are. It needs no network and no ONNX Runtime.
    ///
    /// # Errors
    /// When the folder has no tokenizer, or one that is not usable.
    pub fn tokenizer(&self) -> Result<Tokenizer, LoadError> {
        self.check_folder()?;
        let read = |file: &str| self.read_optional(&format!("tokenizer/{file}"));
        let tokenizer_json = read("tokenizer.json")?;
        let vocab_json = read("vocab.json")?;
        let merges_txt = read("merges.txt")?;
        let tokenizer_config_json = read("tokenizer_config.json")?;
        let special_tokens_map_json = read("special_tokens_map.json")?;
        let files = TokenizerFiles {
            tokenizer_json: tokenizer_json.as_deref(),
            vocab_json: vocab_json.as_deref(),
            merges_txt: merges_txt.as_deref(),
            tokenizer_config_json: tokenizer_config_json.as_deref(),
            special_tokens_map_json: special_tokens_map_json.as_deref(),
        };
        Tokenizer::from_files(&files).map_err(|error| self.corrupt("tokenizer", error.to_string()))
    }

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

    /// The paths of the files in a folder of the model, sorted. A folder that does not exist has none.
    pub(crate) fn list(&self, folder: &str) -> Result<Vec<String>, LoadError> {
        let mut files: Vec<String> = match self {
            Self::Folder(_) => {
                let path = self.path(folder);
                let names = match names_in(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
                    names => names.map_err(|source| LoadError::Unreadable { path, source })?,
                };
                names.iter().map(|name| format!("{folder}/{name}")).collect()
            }
            Self::Embedded { files, .. } => {
                let prefix = format!("{folder}/");
                let inside = files.keys().filter(|path| path.starts_with(&prefix));
                inside.cloned().collect()
            }
        };
        files.sort_unstable();
        Ok(files)
    }

    /// The contents of a file that has to exist.
    pub(crate) fn read(&self, file: &str) -> Result<Cow<'_, [u8]>, LoadError> {
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
    pub(crate) fn corrupt(&self, file: &str, reason: impl Into<String>) -> LoadError {
        LoadError::Corrupt {
            path: self.path(file),
            reason: reason.into(),
        }
    }
}

/// The names in a folder, as far as they are text.
fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.extend(entry?.file_name().into_string().ok());
    }
    Ok(names)
}
