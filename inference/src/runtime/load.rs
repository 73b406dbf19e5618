//! Loading the library: once per process.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ort::LoadDynamicError;
use ort::environment::Environment;

use super::{RuntimeError, RuntimeLibrary};

/// What is loaded. `ort` allows one library and one environment in a process.
static LOADED: Mutex<Option<Loaded>> = Mutex::new(None);

struct Loaded {
    path: PathBuf,
    environment: Environment,
}

/// Loads the library into this process. Loading the same file again does nothing.
///
/// # Errors
/// The file is not a library, not ONNX Runtime or too old, or another library is loaded already.
pub fn load(library: &RuntimeLibrary) -> Result<(), RuntimeError> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    let path = std::path::absolute(&library.path).unwrap_or_else(|_| library.path.clone());
    match &*loaded {
        Some(loaded) if loaded.path == path => return Ok(()),
        Some(loaded) => {
            return Err(RuntimeError::AlreadyLoaded {
                path: loaded.path.clone(),
            });
        }
        None => {}
    }
    let environment = ort::init_from(&path)
        .map_err(|error| explain(&path, error))?
        .with_name("ekaki")
        .with_telemetry(false)
        .build()
        .map_err(|error| RuntimeError::Unloadable {
            path: path.clone(),
            reason: error.to_string(),
        })?;
    tracing::debug!(path = %path.display(), build = ort::info(), "ONNX Runtime is loaded");
    *loaded = Some(Loaded { path, environment });
    Ok(())
}

/// The environment that every session is created in.
pub(crate) fn environment() -> Result<Environment, RuntimeError> {
    let loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    loaded
        .as_ref()
        .map(|loaded| loaded.environment.clone())
        .ok_or(RuntimeError::NotLoaded)
}

fn explain(path: &Path, error: LoadDynamicError) -> RuntimeError {
    let path = path.to_path_buf();
    match error {
        LoadDynamicError::BadVersion { version_str, .. } => RuntimeError::TooOld {
            path,
            found: version_str,
            needed: format!("1.{}", ort::MINOR_VERSION),
        },
        LoadDynamicError::Dlopen { error, .. } => RuntimeError::Unloadable {
            path,
            reason: error.to_string(),
        },
        LoadDynamicError::MissingApi { .. } => RuntimeError::Unloadable {
            path,
            reason: "it is not an ONNX Runtime library".into(),
        },
        LoadDynamicError::InvalidVersionString => RuntimeError::Unloadable {
            path,
            reason: "its version is not readable".into(),
        },
    }
}
