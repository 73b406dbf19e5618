//! Where a library may already be.

use std::fs;
use std::path::{Path, PathBuf};

use super::pins::Build;
use super::{Origin, RuntimeError, RuntimeLibrary, RuntimeRequest};

/// Looks in every place, in order.
pub(super) fn locate(
    request: &RuntimeRequest,
    serving: &[&Build],
) -> Result<Option<RuntimeLibrary>, RuntimeError> {
    if let Some(path) = &request.library {
        return match path.is_file() {
            true => Ok(Some(found(path.clone(), Origin::Explicit))),
            false => Err(RuntimeError::NotFound { path: path.clone() }),
        };
    }
    if let Some(path) = request.beside_binary.as_deref().and_then(newest_library_in) {
        return Ok(Some(found(path, Origin::BesideBinary)));
    }
    let installed = serving
        .iter()
        .flat_map(|build| build.folders())
        .find_map(|folder| {
            newest_library_in(&runtime_dir(request).join(folder)).map(|path| found(path, Origin::DataFolder))
        });
    Ok(installed)
}

/// The folder that libraries are installed below.
pub(super) fn runtime_dir(request: &RuntimeRequest) -> PathBuf {
    request.data_dir.join("runtime")
}

/// The library in this folder; the one with the highest version if there are several.
pub(super) fn newest_library_in(folder: &Path) -> Option<PathBuf> {
    fs::read_dir(folder)
        .ok()?
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_str().is_some_and(is_library_name))
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .max_by_key(|path| version_key(path))
}

/// Whether a file of this name is the library itself, on any platform.
pub(super) fn is_library_name(name: &str) -> bool {
    name == "onnxruntime.dll"
        || name
            .strip_prefix("libonnxruntime.so")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        || (name.starts_with("libonnxruntime.") && name.ends_with(".dylib"))
}

fn found(path: PathBuf, origin: Origin) -> RuntimeLibrary {
    let version = version_in_name(&path).or_else(|| version_in_folder(&path));
    RuntimeLibrary {
        path,
        version,
        origin,
    }
}

/// `libonnxruntime.so.1.28.0`, `libonnxruntime.1.28.0.dylib` → `1.28.0`. A link is followed to its target first.
fn version_in_name(path: &Path) -> Option<String> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let name = path.file_name()?.to_str()?;
    let digits: Vec<&str> = name
        .split('.')
        .filter(|part| part.parse::<u32>().is_ok())
        .collect();
    (digits.len() >= 2).then(|| digits.join("."))
}

/// `onnxruntime-1.28.0-cpu/onnxruntime.dll` → `1.28.0`: the name of a folder that this program made.
fn version_in_folder(path: &Path) -> Option<String> {
    let folder = path.parent()?.file_name()?.to_str()?;
    let version = folder.strip_prefix("onnxruntime-")?.split('-').next()?;
    Some(version.to_owned())
}

fn version_key(path: &Path) -> Vec<u32> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    name.split('.').filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        folder
    }

    fn check_newest(files: &[&str], expected: Option<&str>) {
        let folder = folder_with(files);
        let newest = newest_library_in(folder.path());
        assert_eq!(
            newest
                .as_deref()
                .and_then(Path::file_name)
                .and_then(|n| n.to_str()),
            expected
        );
    }

    #[test]
    fn newest_library() {
        check_newest(&[], None);
        check_newest(
            &[
                "libonnxruntime_providers_shared.so",
                "onnxruntime.lib",
                "libonnxruntime.sox",
            ],
            None,
        );
        check_newest(
            &[
                "libonnxruntime.so.1.9.0",
                "libonnxruntime.so.1.28.0",
                "libonnxruntime_providers_cuda.so",
            ],
            Some("libonnxruntime.so.1.28.0"),
        );
        check_newest(
            &["libonnxruntime.1.28.3.dylib"],
            Some("libonnxruntime.1.28.3.dylib"),
        );
        check_newest(
            &["onnxruntime.dll", "onnxruntime_providers_shared.dll"],
            Some("onnxruntime.dll"),
        );
    }

    #[test]
    fn order_of_the_places() {
        let build = super::super::pins::build_for_tests();
        let installed = format!("runtime/{}/libonnxruntime.so.1.28.0", build.folders()[1]);
        let folder = folder_with(&["explicit.so", "bin/libonnxruntime.so", &installed]);
        let mut request = RuntimeRequest {
            library: Some(folder.path().join("explicit.so")),
            beside_binary: Some(folder.path().join("bin")),
            ..RuntimeRequest::new(folder.path())
        };
        let origin =
            |request: &RuntimeRequest| locate(request, &[build]).unwrap().map(|l| (l.origin, l.version));

        assert_eq!(origin(&request), Some((Origin::Explicit, None)));
        request.library = None;
        assert_eq!(origin(&request), Some((Origin::BesideBinary, None)));
        request.beside_binary = Some(folder.path().join("nowhere"));
        assert_eq!(
            origin(&request),
            Some((Origin::DataFolder, Some("1.28.0".into())))
        );
        request.data_dir = folder.path().join("nowhere");
        assert_eq!(origin(&request), None);
    }

    #[test]
    fn a_library_asked_for_is_never_replaced_by_another() {
        let folder = folder_with(&["libonnxruntime.so"]);
        let request = RuntimeRequest {
            library: Some("/no/such/libonnxruntime.so".into()),
            beside_binary: Some(folder.path().into()),
            ..RuntimeRequest::new(folder.path())
        };
        let error = locate(&request, &[]).unwrap_err();
        insta::assert_snapshot!(error, @"the ONNX Runtime library /no/such/libonnxruntime.so does not exist");
    }

    #[test]
    fn version_of_a_dll_is_in_its_folder() {
        assert_eq!(
            found(
                "x/onnxruntime-1.28.3-cpu/onnxruntime.dll".into(),
                Origin::DataFolder
            )
            .version,
            Some("1.28.3".into())
        );
        assert_eq!(found("C/onnxruntime.dll".into(), Origin::Explicit).version, None);
    }
}
