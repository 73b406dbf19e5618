//! Loading ONNX Runtime. A binary of its own: a process has one library for good, and these tests need a process that
//! has none.
#![cfg(test)]

use std::fs;
use std::process::Command;

use inference::runtime::{self, Origin, RuntimeLibrary};
use inference::{Engine, EngineConfig, ModelSource, SessionConfig};

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
    let error = runtime::load(&library).unwrap_err().to_string();
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
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/tiny");
    let config = EngineConfig {
        models: vec![("tiny".into(), ModelSource::Folder(folder.into()))],
        session: SessionConfig::default(),
        max_batch_rows: 1,
        max_pending: 1,
        memory_budget_bytes: None,
        safety_checker: None,
    };
    insta::assert_snapshot!(Engine::start(config).unwrap_err(), @"ONNX Runtime is not loaded");
}
