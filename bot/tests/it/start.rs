//! What the program says when it cannot start.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Ended, Program};

/// The program ended with `code` and a message that has all of `parts`, and nothing panicked.
#[track_caller]
fn check(ended: &Ended, code: i32, parts: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    let last = ended
        .stderr
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or_default();
    assert!(
        last.starts_with("error: "),
        "the last line is the error:\n{}",
        ended.stderr
    );
    for part in parts {
        assert!(
            ended.stderr.contains(part),
            "{part} is missing in:\n{}",
            ended.stderr
        );
    }
}

#[test]
fn a_broken_config_line() {
    let program = Program::new();
    fs::write(
        program.folder().join("ekaki.toml"),
        "[limits]\nmax_steps = 20\n\nmax_stepps = 30\n",
    )
    .unwrap();
    check(&program.run(&[]), 2, &["max_stepps", "ekaki.toml", "4"]);

    fs::write(
        program.folder().join("ekaki.toml"),
        "[limits]\nmax_steps = \"many\"\n",
    )
    .unwrap();
    check(&program.run(&[]), 2, &["max_steps", "ekaki.toml", "2"]);

    fs::write(program.folder().join("ekaki.toml"), "[limits\n").unwrap();
    check(&program.run(&[]), 2, &["ekaki.toml", "1"]);
}

#[test]
fn an_address_for_everybody_needs_a_token() {
    let program = Program::new().with("EKAKI__WEB__BIND", "0.0.0.0:0");
    check(&program.run(&[]), 2, &["web.bind", "web.token"]);
}

#[test]
fn a_port_in_use() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let program = Program::new().with("EKAKI__WEB__BIND", &address);
    check(&program.run(&[]), 1, &[&address, "in use"]);
}

#[test]
fn a_data_folder_that_cannot_be_written() {
    // Permissions do not stop the superuser, but nobody can make a folder inside a file.
    let program = Program::new();
    fs::write(program.folder().join("file"), "").unwrap();
    let program = program.with("EKAKI__DATA__DIR", "file/data");
    check(&program.run(&[]), 1, &["file/data"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_read_only_data_folder() {
    // Not even the superuser can write there.
    let program = Program::new().with("EKAKI__DATA__DIR", "/proc");
    check(&program.run(&[]), 1, &["/proc"]);
}

#[test]
fn a_model_with_a_truncated_file() {
    let (program, model) = with_copied_model();
    let unet = model.join("unet/model.onnx");
    let bytes = fs::read(&unet).unwrap();
    fs::write(&unet, &bytes[..bytes.len() / 2]).unwrap();
    check(&program.run(&[]), 1, &["unet/model.onnx"]);
    check(&program.run(&["draw", "後藤ひとり"]), 1, &["unet/model.onnx"]);
}

#[test]
fn a_model_with_a_missing_file() {
    let (program, model) = with_copied_model();
    fs::remove_file(model.join("vae_decoder/model.onnx")).unwrap();
    check(&program.run(&[]), 1, &["vae_decoder/model.onnx"]);

    fs::write(model.join("model_index.json"), "{ \"_class_name\": ").unwrap();
    check(&program.run(&[]), 1, &["model_index.json"]);
}

#[test]
fn a_file_that_is_no_onnx_runtime() {
    let program = Program::new();
    let library = program.folder().join("libonnxruntime.so");
    fs::write(&library, "not a library").unwrap();
    let program = program.with("EKAKI__RUNTIME__LIBRARY", &library);
    check(&program.run(&[]), 1, &["libonnxruntime.so"]);
}

#[test]
#[cfg(target_os = "linux")]
fn an_onnx_runtime_that_is_too_old() {
    let program = Program::new();
    let library = old_onnx_runtime(program.folder());
    let program = program.with("EKAKI__RUNTIME__LIBRARY", &library);
    check(&program.run(&[]), 1, &["libonnxruntime.so", "1.10.0"]);
}

/// A program with its own copy of the embedded model, and the copy's folder.
fn with_copied_model() -> (Program, PathBuf) {
    let program = Program::new();
    let models = program.folder().join("models");
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("../onnx/avatar");
    let is_part = |path: &Path| !path.ends_with("train");
    copy(&original, &models.join("avatar"), &is_part);
    let model = models.join("avatar");
    (program.with("EKAKI__INFERENCE__MODELS_DIR", &models), model)
}

fn copy(from: &Path, to: &Path, is_part: &dyn Fn(&Path) -> bool) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() && is_part(&path) {
            copy(&path, &target, is_part);
        } else if path.is_file() {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// A library with the entry point of ONNX Runtime that knows only old versions of its interface.
fn old_onnx_runtime(folder: &Path) -> PathBuf {
    let source = "
        static const void *get_api(unsigned version) { return version <= 10 ? (const void *)&get_api : 0; }
        static const char *get_version(void) { return \"1.10.0\"; }
        static const struct { const void *(*get_api)(unsigned); const char *(*get_version)(void); } base =
            { get_api, get_version };
        const void *OrtGetApiBase(void) { return &base; }
    ";
    let path = folder.join("old.c");
    fs::write(&path, source).unwrap();
    let library = folder.join("libonnxruntime.so");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &path])
        .status();
    assert!(built.expect("a C compiler").success());
    library
}
