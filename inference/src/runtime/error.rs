//! Why there is no usable ONNX Runtime.

use std::path::PathBuf;

use crate::session::Provider;

/// What a person can do when the library cannot be installed.
const REMEDIES: &str = "Either download the library from https://github.com/microsoft/onnxruntime/releases on another \
    machine and put it beside the program or set `runtime.library` to its path, or run \
    `pip install onnxruntime==1.28.0` and set `runtime.library` to the libonnxruntime (onnxruntime.dll) file in the \
    package's folder `onnxruntime/capi`";

/// ONNX Runtime could not be found, installed or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// The library that was asked for does not exist.
    #[error("the ONNX Runtime library {} does not exist", path.display())]
    NotFound {
        /// The path that was asked for.
        path: PathBuf,
    },
    /// There is no library and none may be installed.
    #[error("no ONNX Runtime library was found, and installing one is switched off. {REMEDIES}.")]
    Missing,
    /// No build is pinned for this platform.
    #[error(
        "there is no pinned ONNX Runtime build with the provider `{provider}` for this platform. {REMEDIES}."
    )]
    NoBuild {
        /// The provider asked for.
        provider: Provider,
    },
    /// Neither the archive nor the wheel could be installed.
    #[error(
        "ONNX Runtime could not be installed. From Microsoft's release archive: {archive}. From the Python wheel: \
         {wheel}. {REMEDIES}."
    )]
    InstallFailed {
        /// Why not from the archive.
        archive: String,
        /// Why not from the wheel.
        wheel: String,
    },
    /// The data folder cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// The file is not a loadable ONNX Runtime library.
    #[error("the ONNX Runtime library {} cannot be loaded: {reason}", path.display())]
    Unloadable {
        /// The library.
        path: PathBuf,
        /// What the loader says.
        reason: String,
    },
    /// The library is older than the interface this program is built for.
    #[error("the ONNX Runtime library {} is version {found}, but version {needed} or newer is needed", path.display())]
    TooOld {
        /// The library.
        path: PathBuf,
        /// Its version.
        found: String,
        /// The oldest version that can be used.
        needed: String,
    },
    /// Another library was loaded before, and a process can only have one.
    #[error("ONNX Runtime is already loaded from {}", path.display())]
    AlreadyLoaded {
        /// The library in use.
        path: PathBuf,
    },
    /// [`load`](super::load()) was not called.
    #[error("ONNX Runtime is not loaded")]
    NotLoaded,
}
