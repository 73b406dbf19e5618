//! A model whose networks are a few operators each: it draws coloured noise, and fast. See
//! `onnx/tools/make_tiny_model.py`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use inference::{Engine, GenerateRequest, ModelSource};

use crate::support::engine_with;

/// Everything that makes a complete folder.
pub(crate) const FILES: [&str; 9] = [
    "model_index.json",
    "scheduler/scheduler_config.json",
    "tokenizer/tokenizer.json",
    "tokenizer/tokenizer_config.json",
    "text_encoder/model.onnx",
    "unet/config.json",
    "unet/model.onnx",
    "vae_decoder/config.json",
    "vae_decoder/model.onnx",
];

/// Complete, and with the variants beside the networks.
pub(crate) fn tiny_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/tiny")
}

/// The tiny model with one of its networks replaced by a variant from the same folder.
pub(crate) fn variant(network: &str) -> ModelSource {
    let read = |file: &str| fs::read(tiny_folder().join(file)).unwrap();
    let mut files: HashMap<String, Cow<'static, [u8]>> = FILES
        .iter()
        .map(|file| ((*file).to_owned(), read(file).into()))
        .collect();
    let (part, _) = network.split_once('/').unwrap();
    files.insert(format!("{part}/model.onnx"), read(network).into());
    ModelSource::Embedded {
        name: "tiny".into(),
        files,
    }
}

/// An engine with this as the model `tiny`.
pub(crate) fn tiny_engine(source: ModelSource) -> Engine {
    engine_with(vec![("tiny".into(), source)])
}

/// A request for `tiny`.
pub(crate) fn request(seed: u64, num_inference_steps: u32) -> GenerateRequest {
    GenerateRequest {
        model: "tiny".into(),
        prompt: "絵".into(),
        negative_prompt: "blurry".into(),
        width: 64,
        height: 72,
        num_inference_steps,
        guidance_scale: 2.0,
        seed,
        ..GenerateRequest::default()
    }
}
