//! Finds the ONNX Runtime library, or installs it, and loads it once per process.
//!
//! Looked for in this order: the path that was asked for, beside the binary, the data folder. If it is nowhere,
//! Microsoft's own build is installed: from the release archive, and where that cannot be reached, from the wheel
//! through the machine's `uv` or `pip`. Versions and SHA-256 are pinned in `pins`.

mod archive;
mod error;
mod install;
mod load;
mod locate;
mod pins;
mod wheel;

use std::fmt;
use std::path::PathBuf;

pub use self::error::RuntimeError;
pub(crate) use self::load::environment;
pub use self::load::load;
use crate::session::Provider;

/// What is needed to find or install ONNX Runtime.
#[derive(Debug, Clone)]
pub struct RuntimeRequest {
    /// The library to use and no other: from the configuration or the environment.
    pub library: Option<PathBuf>,
    /// The folder of the running program.
    pub beside_binary: Option<PathBuf>,
    /// The data folder of the service. The library is installed below it, in `runtime/`.
    pub data_dir: PathBuf,
    /// The execution provider that the library has to be built with. `auto` takes the best build that is installed
    /// and installs the CPU build.
    pub provider: Provider,
    /// Whether the library may be installed when there is none.
    pub allow_install: bool,
    /// The address below which the release archives are, for those who mirror GitHub's. It is followed by
    /// `/v<version>/<file>`.
    pub archive_url: String,
}

impl RuntimeRequest {
    /// Where Microsoft publishes the release archives.
    pub const ARCHIVE_URL: &'static str = "https://github.com/microsoft/onnxruntime/releases/download";

    /// The CPU build in this data folder, installed when it is not there.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            library: None,
            beside_binary: None,
            data_dir: data_dir.into(),
            provider: Provider::Auto,
            allow_install: true,
            archive_url: Self::ARCHIVE_URL.into(),
        }
    }
}

/// A library that was found or installed. It is not loaded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeLibrary {
    /// The file.
    pub path: PathBuf,
    /// The version, as far as it can be read from the file without loading it.
    pub version: Option<String>,
    /// Why this one.
    pub origin: Origin,
}

/// Where a library comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was asked for.
    Explicit,
    /// It lies beside the binary.
    BesideBinary,
    /// It was installed in the data folder before.
    DataFolder,
    /// It was installed just now from Microsoft's release archive.
    Archive,
    /// It was installed just now from the wheel.
    Wheel,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Origin::Explicit => "as configured",
            Origin::BesideBinary => "beside the binary",
            Origin::DataFolder => "in the data folder",
            Origin::Archive => "installed from the release archive",
            Origin::Wheel => "installed from the Python wheel",
        })
    }
}

/// What an installation is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstallProgress {
    /// The release archive is being downloaded.
    Downloading {
        /// The file.
        file: String,
        /// How much of it has arrived.
        received_bytes: u64,
        /// How long it is.
        total_bytes: u64,
    },
    /// The archive is complete and is being unpacked.
    Unpacking {
        /// The file.
        file: String,
    },
    /// The archive could not be used and a Python package tool is at work.
    PackageTool {
        /// `uv`, `pip3`, ….
        tool: String,
        /// The package with its version.
        package: String,
    },
}

/// Finds the library, or installs it if that is allowed.
///
/// # Errors
/// The library that was asked for does not exist, or there is none and it cannot be installed.
pub fn locate_or_install(
    request: &RuntimeRequest,
    progress: &mut dyn FnMut(InstallProgress),
) -> Result<RuntimeLibrary, RuntimeError> {
    let platform = pins::Platform::current();
    let serving = platform
        .map(|platform| pins::serving(platform, request.provider))
        .unwrap_or_default();
    if let Some(library) = locate::locate(request, &serving)? {
        return Ok(library);
    }
    if !request.allow_install {
        return Err(RuntimeError::Missing);
    }
    let build = platform
        .and_then(|platform| pins::build(platform, request.provider))
        .ok_or(RuntimeError::NoBuild {
            provider: request.provider,
        })?;
    install::install(request, build, progress)
}
