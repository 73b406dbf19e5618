//! Installing the library in the data folder: from the archive, else from the wheel.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::locate::{newest_library_in, runtime_dir};
use super::pins::Build;
use super::{InstallProgress, Origin, RuntimeError, RuntimeLibrary, RuntimeRequest, archive, wheel};

/// Why one source could not be used. The next one is tried.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    #[error("there is none for this platform")]
    NotPublished,
    #[error("{url}: {reason}")]
    Download { url: String, reason: String },
    #[error("{what} has the SHA-256 {found} instead of {expected}")]
    WrongHash {
        what: String,
        found: String,
        expected: String,
    },
    #[error("{what} holds no library")]
    NoLibrary { what: String },
    #[error("{0}")]
    Tools(String),
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Installs this build and returns the library.
///
/// Everything happens in a folder with a name of its own, which is renamed when it is complete: two programs that
/// start at once do not disturb each other, and a program that is killed leaves nothing that looks installed.
pub(super) fn install(
    request: &RuntimeRequest,
    build: &Build,
    progress: &mut dyn FnMut(InstallProgress),
) -> Result<RuntimeLibrary, RuntimeError> {
    let root = runtime_dir(request);
    let io_error = |source| RuntimeError::Io {
        path: root.clone(),
        source,
    };
    fs::create_dir_all(&root).map_err(io_error)?;

    let scratch = scratch_dir(&root).map_err(io_error)?;
    let archive_error = match archive::fetch(request, build, scratch.path(), progress) {
        Ok(version) => return publish(scratch, &root, build, version, Origin::Archive),
        Err(error) => error,
    };
    tracing::warn!(error = %archive_error, "the ONNX Runtime archive cannot be used, trying the Python wheel");

    let scratch = scratch_dir(&root).map_err(io_error)?;
    match wheel::fetch(build, scratch.path(), progress) {
        Ok(version) => publish(scratch, &root, build, version, Origin::Wheel),
        Err(wheel_error) => Err(RuntimeError::InstallFailed {
            archive: archive_error.to_string(),
            wheel: wheel_error.to_string(),
        }),
    }
}

fn scratch_dir(root: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(".install-").tempdir_in(root)
}

/// Gives the complete folder its final name.
fn publish(
    scratch: TempDir,
    root: &Path,
    build: &Build,
    version: &str,
    origin: Origin,
) -> Result<RuntimeLibrary, RuntimeError> {
    let folder = root.join(build.folder(version));
    let io_error = |source| RuntimeError::Io {
        path: folder.clone(),
        source,
    };
    // Whoever was faster has installed the same bytes.
    if newest_library_in(&folder).is_none() {
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(io_error)?;
        }
        let complete = scratch.keep();
        if let Err(source) = fs::rename(&complete, &folder)
            && newest_library_in(&folder).is_none()
        {
            return Err(io_error(source));
        }
    }
    let path = newest_library_in(&folder).ok_or_else(|| {
        io_error(io::Error::new(
            io::ErrorKind::NotFound,
            "the library has disappeared",
        ))
    })?;
    Ok(RuntimeLibrary {
        path,
        version: Some(version.to_owned()),
        origin,
    })
}

/// Compares the SHA-256 of a file with the pinned one.
pub(super) fn verify(path: &Path, what: &str, expected: &str) -> Result<(), SourceError> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        hasher.update(buffer.get(..count).unwrap_or_default());
    }
    let found = hex(&hasher.finalize());
    if found == expected {
        Ok(())
    } else {
        Err(SourceError::WrongHash {
            what: what.into(),
            found,
            expected: expected.into(),
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Checks the library that was unpacked into this folder.
pub(super) fn verify_library(folder: &Path, what: &str, expected: Option<&str>) -> Result<(), SourceError> {
    let library = newest_library_in(folder).ok_or_else(|| SourceError::NoLibrary { what: what.into() })?;
    match expected {
        Some(expected) => verify(&library, &format!("the library in {what}"), expected),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::pins::{Archive, Flavour, Platform};

    /// Nobody answers at port 9.
    fn request(data_dir: &Path) -> RuntimeRequest {
        RuntimeRequest {
            archive_url: "http://127.0.0.1:9".into(),
            ..RuntimeRequest::new(data_dir)
        }
    }

    fn build() -> Build {
        let archive = Archive {
            version: "1.28.3",
            file: "ort.tgz",
            bytes: 0,
            sha256: "",
            library_sha256: None,
        };
        Build {
            platform: Platform::LinuxX64,
            flavour: Flavour::Cpu,
            archive: Some(archive),
            wheel: None,
        }
    }

    #[test]
    fn neither_source_can_be_used() {
        let data = tempfile::tempdir().unwrap();
        let error = install(&request(data.path()), &build(), &mut |_| ()).unwrap_err();
        let error = error.to_string().replace(" (os error 111)", "");
        insta::assert_snapshot!(error, @"ONNX Runtime could not be installed. From Microsoft's release archive: http://127.0.0.1:9/v1.28.3/ort.tgz: io: Connection refused. From the Python wheel: there is none for this platform. Either download the library from https://github.com/microsoft/onnxruntime/releases on another machine and put it beside the program or set `runtime.library` to its path, or run `pip install onnxruntime==1.28.0` and set `runtime.library` to the libonnxruntime (onnxruntime.dll) file in the package's folder `onnxruntime/capi`.");
        assert_eq!(
            fs::read_dir(data.path().join("runtime")).unwrap().count(),
            0,
            "something was left behind"
        );
    }

    #[test]
    fn a_data_folder_that_cannot_be_made() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("data");
        fs::write(&file, "").unwrap();
        let error = install(&request(&file), &build(), &mut |_| ()).unwrap_err();
        assert!(
            matches!(&error, RuntimeError::Io { path, .. } if path.starts_with(&file)),
            "{error}"
        );
    }

    #[test]
    fn an_incomplete_folder_is_replaced_and_a_complete_one_is_kept() {
        let root = tempfile::tempdir().unwrap();
        let publish_file = |content: &str| {
            let scratch = scratch_dir(root.path()).unwrap();
            fs::write(scratch.path().join("libonnxruntime.so.1.28.3"), content).unwrap();
            publish(scratch, root.path(), &build(), "1.28.3", Origin::Archive).unwrap()
        };
        fs::create_dir_all(root.path().join("onnxruntime-1.28.3-cpu/left over")).unwrap();
        let first = publish_file("first");
        let second = publish_file("second");
        assert_eq!(first, second);
        assert_eq!(fs::read_to_string(first.path).unwrap(), "first");
        assert_eq!(
            fs::read_dir(root.path()).unwrap().count(),
            1,
            "something was left behind"
        );
    }
}
