//! What can go wrong: while loading ([`LoadError`]) and while drawing ([`InferenceError`]).

use std::path::PathBuf;
use std::sync::Arc;

use crate::request::RequestError;
use crate::runtime::RuntimeError;
use crate::session::Provider;

/// A model folder could not be loaded, or the engine could not be started.
///
/// The text names the file and the cause in one sentence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There is no such model folder.
    #[error("the model folder {} does not exist", path.display())]
    MissingFolder {
        /// The folder that was looked for.
        path: PathBuf,
    },
    /// A file that the model needs does not exist.
    #[error("the model file {} is missing", path.display())]
    MissingFile {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// A file exists but cannot be read.
    #[error("the model file {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// A file is truncated, malformed, or not what its name says.
    #[error("the model file {} is not usable: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A key that changes the picture has a value that is not supported.
    #[error("the model file {} sets `{key}` to {value}, which is not supported", path.display())]
    UnsupportedKey {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// Its value as JSON.
        value: String,
    },
    /// A `_class_name` or architecture that is not known.
    #[error("the model file {} names the class `{class}`, which is not supported (supported: {known})", path.display())]
    UnknownClass {
        /// The file.
        path: PathBuf,
        /// The class it names.
        class: String,
        /// What would be accepted.
        known: &'static str,
    },
    /// The execution provider that was asked for by name cannot be used.
    #[error("the execution provider `{provider}` cannot be used: {reason}")]
    Provider {
        /// The provider.
        provider: Provider,
        /// What ONNX Runtime says.
        reason: String,
    },
    /// ONNX Runtime is not loaded.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The engine was started with no model, or with one id twice.
    #[error("the list of models is not usable: {reason}")]
    Models {
        /// What is wrong with it.
        reason: String,
    },
    /// The engine's thread could not be started.
    #[error("the thread of the engine could not be started: {0}")]
    Thread(#[source] std::io::Error),
}

/// One request failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum InferenceError {
    /// The request was cancelled by its [`CancelFlag`](crate::CancelFlag).
    #[error("the drawing was cancelled")]
    Cancelled,
    /// A parameter is outside its bounds.
    #[error(transparent)]
    InvalidRequest(#[from] RequestError),
    /// There is no model with this id.
    #[error("there is no model `{id}`")]
    UnknownModel {
        /// The id asked for.
        id: String,
    },
    /// The model is known but could not be loaded on its first use.
    #[error("the model could not be loaded: {0}")]
    Load(Arc<LoadError>),
    /// ONNX Runtime failed while it ran a network.
    #[error("{network} failed: {reason}")]
    Run {
        /// The file of the network.
        network: String,
        /// What ONNX Runtime says.
        reason: String,
    },
    /// The request asks for something that this export of the model cannot do.
    #[error("the model cannot draw this: {what}")]
    Unsupported {
        /// What is missing, and where there is a remedy, which.
        what: String,
    },
    /// A network's answer has values that are not numbers, or infinite ones.
    #[error(
        "the model's answer is not made of numbers (NaN or infinity); a float16 export may be out of its range, or the \
         model's files are damaged"
    )]
    NotFinite,
    /// More requests are waiting than the engine accepts.
    #[error("too many drawings are waiting")]
    Overloaded,
    /// The engine was shut down before the drawing was finished.
    #[error("the engine was stopped")]
    Stopped,
    /// A bug in this library. The engine goes on with other requests.
    #[error("internal error while drawing: {reason}")]
    Internal {
        /// The text of the panic.
        reason: String,
    },
}

impl InferenceError {
    /// Whether ONNX Runtime has said, in the words of one of its execution providers, that it has no memory left.
    pub fn is_out_of_memory(&self) -> bool {
        const TEXTS: &[&str] = &[
            "failed to allocate",
            "out of memory",
            "bad_alloc",
            "bad allocation",
            "alloc_failed",
            "outofmemory",
            "8007000e",
        ];
        let Self::Run { reason, .. } = self else {
            return false;
        };
        let reason = reason.to_ascii_lowercase();
        TEXTS.iter().any(|text| reason.contains(text))
    }
}
