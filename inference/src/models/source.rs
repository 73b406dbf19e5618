//! Where the files of a model are.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::error::LoadError;
use crate::prompt::{Tokenizer, TokenizerFiles};
use crate::session::NetworkSource;

/// How large a file may be that is read as a whole: every file but the networks. The largest of them, the
/// `tokenizer.json` of Stable Diffusion, has 4 MiB.
const MAX_FILE_BYTES: u64 = 64 << 20;

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
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.join(file),
            Self::Embedded { name, .. } => PathBuf::from(format!("embedded:{name}")).join(file),
        }
    }

    /// Tells a missing folder from a folder with a missing file.
    pub(crate) fn check_folder(&self) -> Result<(), LoadError> {
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
                match read_limited(&path) {
                    Ok(Some(bytes)) => Ok(Some(bytes.into())),
                    Ok(None) => Err(self.corrupt(file, "it is no file of at most 64 MiB")),
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
    pub(crate) fn json_optional<T: DeserializeOwned>(&self, file: &str) -> Result<Option<T>, LoadError> {
        self.read_optional(file)?
            .map(|bytes| {
                serde_json::from_slice(&bytes).map_err(|error| self.corrupt(file, error.to_string()))
            })
            .transpose()
    }

    /// A network that has to exist.
    pub(crate) fn network(&self, file: &str) -> Result<NetworkSource<'_>, LoadError> {
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

    /// A network that may be missing.
    pub(crate) fn network_optional(&self, file: &str) -> Result<Option<NetworkSource<'_>>, LoadError> {
        match self.network(file) {
            Ok(network) => Ok(Some(network)),
            Err(LoadError::MissingFile { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How large a network is, with the weights that lie beside it. 0 if there is none.
    pub(crate) fn network_bytes(&self, file: &str) -> u64 {
        match self {
            Self::Folder(_) => file_bytes(&self.path(file)),
            Self::Embedded { files, .. } => files.get(file).map_or(0, |bytes| bytes.len() as u64),
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

/// The contents of a file; `None` when it is too large, or something that has no end, like a pipe.
fn read_limited(path: &Path) -> io::Result<Option<Vec<u8>>> {
    if !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= MAX_FILE_BYTES).then_some(bytes))
}

/// The size of a network in its own folder. External weights have many names (`model.onnx_data`, `weights.pb`, one
/// file for each tensor), so everything in the folder counts that is neither another network nor text.
fn file_bytes(network: &Path) -> u64 {
    let is_weights = |path: &Path| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        !matches!(extension, Some("onnx" | "json" | "txt" | "md"))
    };
    let bytes = |path: &Path| {
        fs::metadata(path)
            .ok()
            .filter(fs::Metadata::is_file)
            .map_or(0, |file| file.len())
    };
    let beside = network.parent().and_then(|folder| fs::read_dir(folder).ok());
    let external: u64 = beside
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| is_weights(path))
        .map(|path| bytes(&path))
        .sum();
    bytes(network) + external
}

/// The names in a folder, as far as they are text.
fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.extend(entry?.file_name().into_string().ok());
    }
    Ok(names)
}
