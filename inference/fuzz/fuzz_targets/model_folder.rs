//! Any `model_index.json`, `config.json` and `ekaki.json` describe a model or are an error.
#![no_main]

use std::borrow::Cow;
use std::collections::HashMap;

use inference::ModelSource;
use inference::models::describe;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|files: [&str; 5]| {
    let names = [
        "model_index.json",
        "unet/config.json",
        "vae_decoder/config.json",
        "scheduler/scheduler_config.json",
        "ekaki.json",
    ];
    let valid = [
        include_str!("../../testdata/tiny/model_index.json"),
        include_str!("../../testdata/tiny/unet/config.json"),
        include_str!("../../testdata/tiny/vae_decoder/config.json"),
        include_str!("../../testdata/tiny/scheduler/scheduler_config.json"),
        "{}",
    ];
    let networks = ["text_encoder/model.onnx", "unet/model.onnx", "vae_decoder/model.onnx"];
    // An empty file stands for the valid one, so that a change gets past the files that are read before.
    let files: HashMap<String, Cow<'static, [u8]>> = names
        .iter()
        .zip(files.iter().zip(valid))
        .map(|(name, (file, valid))| {
            let content = if file.is_empty() { valid } else { *file };
            ((*name).to_owned(), content.as_bytes().to_vec().into())
        })
        .chain(networks.map(|name| (name.to_owned(), Vec::new().into())))
        .collect();
    let source = ModelSource::Embedded { name: "fuzz".into(), files };
    if let Ok(info) = describe("fuzz", &source) {
        assert!(info.defaults.width > 0 && info.defaults.height > 0);
    }
});
