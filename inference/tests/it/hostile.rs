//! Model folders that were made to do harm, or were damaged on the way.

use std::fs;
use std::path::Path;

use inference::{ModelSource, Provider};

use crate::exports::exports;
use crate::folders::start;

/// Copies a folder with everything in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The error of starting an engine with an export after `change` was done to a copy of it, which lies in a folder of
/// its own; `ok` when it starts all the same.
fn started(export: &str, change: impl FnOnce(&Path)) -> String {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("model");
    copy(&exports().join(export), &folder);
    change(&folder);
    match start(vec![("model".into(), ModelSource::Folder(folder))], Provider::Cpu) {
        Ok(engine) => {
            engine.shutdown();
            "ok".into()
        }
        Err(error) => error
            .to_string()
            .replace(&format!("{}/", parent.path().display()), ""),
    }
}

/// Replaces the name of the file with the weights by another of the same length, which keeps the network's other
/// bytes as they are.
fn point_weights_to(network: &Path, name: &str, other: &str) {
    assert_eq!(name.len(), other.len());
    let mut bytes = fs::read(network).unwrap();
    let found: Vec<usize> = (0..bytes.len() - name.len())
        .filter(|&start| bytes[start..].starts_with(name.as_bytes()))
        .collect();
    assert!(!found.is_empty());
    for start in found {
        bytes[start..start + name.len()].copy_from_slice(other.as_bytes());
    }
    fs::write(network, bytes).unwrap();
}

#[test]
fn external_weights() {
    assert_eq!(started("external", |_| ()), "ok");
    let missing = started("external", |folder| {
        fs::remove_file(folder.join("unet/model.onnx_data")).unwrap();
    });
    assert!(
        missing.starts_with("the model file model/unet/model.onnx is not usable: "),
        "{missing}"
    );
    assert!(missing.contains("model.onnx_data"), "{missing}");
    let truncated = started("external", |folder| {
        let path = folder.join("unet/model.onnx_data");
        let bytes = fs::read(&path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    });
    assert!(
        truncated.starts_with("the model file model/unet/model.onnx is not usable: "),
        "{truncated}"
    );
}

/// The weights are there and of the right size, but outside of the folder of the network: a model must not read what
/// is not its own.
#[test]
fn weights_outside_of_the_folder() {
    let escaped = started("external", |folder| {
        let data = folder.join("unet/model.onnx_data");
        fs::rename(data, folder.join("outside.data")).unwrap();
        point_weights_to(
            &folder.join("unet/model.onnx"),
            "model.onnx_data",
            "../outside.data",
        );
    });
    assert!(
        escaped.starts_with("the model file model/unet/model.onnx is not usable: "),
        "{escaped}"
    );
    assert!(escaped.contains("escapes"), "{escaped}");
}

#[test]
fn networks_of_other_kinds() {
    let replaced = |with: &'static [u8]| {
        started("optimum", move |folder| {
            fs::write(folder.join("vae_encoder/model.onnx"), with).unwrap();
        })
    };
    for content in [
        &b""[..],
        b"\0",
        b"version https://git-lfs.github.com/spec/v1\n",
        &[0x08; 1000],
        &[0xff; 1000],
    ] {
        let error = replaced(content);
        assert!(
            error.starts_with("the model file model/vae_encoder/model.onnx is not usable: "),
            "{error}"
        );
    }
    let folder = started("optimum", |folder| {
        fs::remove_file(folder.join("unet/model.onnx")).unwrap();
        fs::create_dir(folder.join("unet/model.onnx")).unwrap();
    });
    insta::assert_snapshot!(folder, @"the model file model/unet/model.onnx is missing");
    let channels = started("optimum", |folder| {
        fs::write(
            folder.join("unet/config.json"),
            r#"{"in_channels": 9, "sample_size": 8}"#,
        )
        .unwrap();
    });
    insta::assert_snapshot!(channels, @"the model file model/unet/model.onnx is not usable: it reads 4 channels, but the configuration says 9");
}

/// A byte of a network is flipped here and there: it starts, or says what is wrong.
#[test]
fn damaged_networks() {
    let mut seed = 1_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % below
    };
    for _ in 0..24 {
        let result = started("ekaki", |folder| {
            let path = folder.join("text_encoder/model.onnx");
            let mut bytes = fs::read(&path).unwrap();
            for _ in 0..3 {
                let place = random(bytes.len().min(4000));
                bytes[place] = random(256) as u8;
            }
            fs::write(path, bytes).unwrap();
        });
        assert!(result == "ok" || result.contains("text_encoder"), "{result}");
    }
}
