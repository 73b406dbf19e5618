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

/// No unit test of this crate loads a library: a process has one, and these tests need one that has none.
#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;
    use crate::runtime::Origin;

    /// The text of the error of loading this file, which is made by the C compiler that Rust links with if it is code.
    fn check(file: &File<'_>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("libonnxruntime.so");
        match file {
            File::Text(text) => fs::write(&path, text).unwrap(),
            File::Code(code) => {
                let source = folder.path().join("library.c");
                fs::write(&source, code).unwrap();
                let compiler = Command::new("cc")
                    .args(["-shared", "-fPIC", "-o"])
                    .args([&path, &source])
                    .status();
                assert!(compiler.unwrap().success());
            }
        }
        let library = RuntimeLibrary {
            path,
            version: None,
            origin: Origin::Explicit,
        };
        let error = load(&library).unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "folder")
    }

    enum File<'a> {
        Text(&'a str),
        Code(&'a str),
    }

    #[test]
    fn too_old() {
        let code = r#"
            static const void *get_api(unsigned version) { return 0; }
            static const char *get_version(void) { return "1.20.1"; }
            static const struct { const void *(*api)(unsigned); const char *(*version)(void); } base = { get_api, get_version };
            const void *OrtGetApiBase(void) { return &base; }
        "#;
        insta::assert_snapshot!(check(&File::Code(code)), @"the ONNX Runtime library folder/libonnxruntime.so is version 1.20.1, but version 1.24 or newer is needed");
    }

    #[test]
    fn another_library() {
        insta::assert_snapshot!(check(&File::Code("int answer(void) { return 42; }")), @"the ONNX Runtime library folder/libonnxruntime.so cannot be loaded: it is not an ONNX Runtime library");
    }

    #[test]
    fn no_library_at_all() {
        let error = check(&File::Text("not a library"));
        assert!(
            error.starts_with("the ONNX Runtime library folder/libonnxruntime.so cannot be loaded: "),
            "{error}"
        );
    }

    #[test]
    fn sessions_need_a_library() {
        assert!(matches!(environment(), Err(RuntimeError::NotLoaded)));
    }
}
