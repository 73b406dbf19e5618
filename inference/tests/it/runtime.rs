//! Finding, installing and loading ONNX Runtime for real.

use std::fs;
use std::process::Command;

use inference::runtime::{self, Origin, RuntimeLibrary, RuntimeRequest};

use crate::support::load_runtime;

/// An address at which nobody answers.
const NOWHERE: &str = "http://127.0.0.1:9";

/// Whether this machine has a tool that can fetch a wheel.
fn has_package_tool() -> bool {
    let runs = |program: &str, arguments: &[&str]| {
        Command::new(program)
            .args(arguments)
            .output()
            .is_ok_and(|output| output.status.success())
    };
    runs("uv", &["--version"])
        || runs("python3", &["-m", "pip", "--version"])
        || runs("pip3", &["--version"])
        || runs("pip", &["--version"])
}

#[test]
fn installs_from_the_wheel_when_the_archive_cannot_be_reached() {
    let data = tempfile::tempdir().unwrap();
    let request = RuntimeRequest {
        archive_url: NOWHERE.into(),
        ..RuntimeRequest::new(data.path())
    };
    let result = runtime::locate_or_install(&request, &mut |_| ());
    if !has_package_tool() {
        let error = result.unwrap_err().to_string();
        assert!(
            error.contains("From the Python wheel: neither uv nor pip is installed."),
            "{error}"
        );
        return;
    }
    let library = result.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        (library.origin, library.version.as_deref()),
        (Origin::Wheel, Some("1.28.0"))
    );

    let again = runtime::locate_or_install(&request, &mut |_| panic!("it is installed already")).unwrap();
    assert_eq!((again.origin, &again.path), (Origin::DataFolder, &library.path));
    let names = fs::read_dir(data.path().join("runtime")).unwrap().count();
    assert_eq!(names, 1, "something was left behind");
}

#[test]
fn is_loaded_once() {
    let library = load_runtime();
    runtime::load(library).unwrap();
    let other = RuntimeLibrary {
        path: "/somewhere/else/libonnxruntime.so".into(),
        ..library.clone()
    };
    let error = runtime::load(&other).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("ONNX Runtime is already loaded from {}", library.path.display())
    );
}

#[test]
fn nothing_is_installed_when_that_is_switched_off() {
    let data = tempfile::tempdir().unwrap();
    let request = RuntimeRequest {
        allow_install: false,
        ..RuntimeRequest::new(data.path())
    };
    let error = runtime::locate_or_install(&request, &mut |_| ()).unwrap_err();
    insta::assert_snapshot!(error, @"no ONNX Runtime library was found, and installing one is switched off. Either download the library from https://github.com/microsoft/onnxruntime/releases on another machine and put it beside the program or set `runtime.library` to its path, or run `pip install onnxruntime==1.28.0` and set `runtime.library` to the libonnxruntime (onnxruntime.dll) file in the package's folder `onnxruntime/capi`.");
    assert!(!data.path().join("runtime").exists());
}
