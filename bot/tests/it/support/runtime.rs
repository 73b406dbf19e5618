//! One ONNX Runtime for all tests, installed by the program itself when the machine has none.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The folder into which the program installs it, kept between runs of the tests.
static DATA_DIR: LazyLock<PathBuf> = LazyLock::new(|| {
    let data_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("runtime");
    let output = Command::new(env!("CARGO_BIN_EXE_ekaki"))
        .args(["runtime", "install"])
        .env("EKAKI__DATA__DIR", &data_dir)
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .output()
        .expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "ONNX Runtime could not be installed:\n{stderr}"
    );
    data_dir
});

/// The library's path.
pub(crate) fn library() -> PathBuf {
    find(&DATA_DIR).unwrap_or_else(|| panic!("there is no ONNX Runtime under {}", DATA_DIR.display()))
}

fn find(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    let is_library = |path: &PathBuf| {
        path.is_file()
            && path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().contains("onnxruntime."))
    };
    let found = paths.iter().find(|path| is_library(path)).cloned();
    found.or_else(|| {
        paths
            .iter()
            .filter(|path| path.is_dir())
            .find_map(|path| find(path))
    })
}
