//! What is said of model folders.

use std::fs;
use std::path::Path;

use inference::models::{ModelReport, report};
use inference::{LoadError, ModelSource, Provider, SessionConfig};

use crate::exports::{EXPORTS, exports};
use crate::support::{avatar, load_runtime};
use crate::tiny::variant;

fn report_of(source: &ModelSource) -> Result<ModelReport, LoadError> {
    load_runtime();
    let config = SessionConfig {
        provider: Provider::Cpu,
        intra_threads: Some(1),
    };
    report("model", source, &config)
}

/// One line for each network, then the problems.
fn text(report: &ModelReport) -> String {
    let mut lines = vec![format!(
        "{}, {}, clip_skip {}, image_to_image {}, inpainting {}",
        report.info.family,
        report.prediction_type,
        report.clip_skip,
        report.image_to_image,
        report.inpainting
    )];
    for network in &report.networks {
        let tensors = |tensors: &[inference::models::TensorReport]| {
            let tensor = |tensor: &inference::models::TensorReport| {
                format!("{} {} {:?}", tensor.name, tensor.dtype, tensor.dims)
            };
            tensors.iter().map(tensor).collect::<Vec<_>>().join(", ")
        };
        lines.push(format!(
            "{}, {} KiB, {}: {} -> {}",
            network.file,
            network.bytes >> 10,
            network.dtype,
            tensors(&network.inputs),
            tensors(&network.outputs)
        ));
    }
    lines.extend(report.problems.iter().cloned());
    lines.join("\n")
}

fn export(name: &str) -> String {
    text(&report_of(&ModelSource::Folder(exports().join(name))).unwrap())
}

#[test]
fn reports() {
    insta::assert_snapshot!(export("ekaki"), @r"
    Stable Diffusion, epsilon, clip_skip true, image_to_image true, inpainting false
    text_encoder/model.onnx, 51 KiB, f32: input_ids i64 [-1, -1] -> last_hidden_state f32 [-1, -1, 8], pooler_output f32 [-1, 8], hidden_states.0 f32 [-1, -1, 8], hidden_states.1 f32 [-1, -1, 8], hidden_states.2 f32 [-1, -1, 8], hidden_states.3 f32 [-1, -1, 8], clip_skip.1 f32 [-1, -1, 8], clip_skip.2 f32 [-1, -1, 8], clip_skip.3 f32 [-1, -1, 8]
    unet/model.onnx, 103 KiB, f32: sample f32 [-1, 4, -1, -1], timestep f32 [-1], encoder_hidden_states f32 [-1, -1, 8] -> out_sample f32 [-1, 4, -1, -1]
    vae_decoder/model.onnx, 34 KiB, f32: latent_sample f32 [-1, 4, -1, -1] -> sample f32 [-1, 3, -1, -1]
    vae_encoder/model.onnx, 26 KiB, f32: sample f32 [-1, 3, -1, -1] -> latent_parameters f32 [-1, 8, -1, -1]
    ");
    insta::assert_snapshot!(export("legacy"), @r"
    Stable Diffusion, epsilon, clip_skip true, image_to_image true, inpainting false
    text_encoder/model.onnx, 51 KiB, f32: input_ids i32 [-1, -1] -> last_hidden_state f32 [-1, -1, 8], pooler_output f32 [-1, 8]
    unet/model.onnx, 137 KiB, f32: sample f32 [-1, -1, -1, -1], timestep i64 [-1], encoder_hidden_states f32 [-1, -1, 8] -> out_sample f32 [-1, 4, -1, -1]
    vae_decoder/model.onnx, 37 KiB, f32: latent_sample f32 [-1, -1, -1, -1] -> sample f32 [-1, 3, -1, -1]
    vae_encoder/model.onnx, 32 KiB, f32: sample f32 [-1, -1, -1, -1] -> latent_sample f32 [-1, -1, -1, -1]
    vae_encoder/model.onnx draws its own noise: the same seed gives a slightly different picture each time in image to image and inpainting.
    ");
    insta::assert_snapshot!(export("fp16"), @r"
    Stable Diffusion, epsilon, clip_skip true, image_to_image true, inpainting false
    text_encoder/model.onnx, 32 KiB, f16: input_ids i64 [-1, -1] -> last_hidden_state f16 [-1, -1, 8], pooler_output f16 [-1, 8]
    unet/model.onnx, 77 KiB, f16: sample f16 [-1, 4, -1, -1], timestep f16 [], encoder_hidden_states f16 [-1, -1, 8] -> out_sample f16 [-1, 4, -1, -1]
    vae_decoder/model.onnx, 26 KiB, f16: latent_sample f16 [-1, 4, -1, -1] -> sample f16 [-1, 3, -1, -1]
    vae_encoder/model.onnx, 21 KiB, f16: sample f16 [-1, 3, -1, -1] -> latent_parameters f16 [-1, 8, -1, -1]
    ");
    insta::assert_snapshot!(export("ort_cuda"), @r"
    Stable Diffusion, epsilon, clip_skip true, image_to_image true, inpainting false
    text_encoder/model.onnx, 51 KiB, f32: input_ids i32 [-1, 77] -> text_embeddings f32 [-1, 77, 8]
    unet/model.onnx, 107 KiB, f32: sample f32 [-1, 4, -1, -1], timestep f32 [1], encoder_hidden_states f32 [-1, 77, 8] -> latent f32 [-1, 4, -1, -1]
    vae_decoder/model.onnx, 34 KiB, f32: latent f32 [-1, 4, -1, -1] -> images f32 [-1, 3, -1, -1]
    vae_encoder/model.onnx, 28 KiB, f32: images f32 [-1, 3, -1, -1] -> latent f32 [-1, -1, -1, -1]
    unet/model.onnx reads exactly 77 tokens: longer prompts are cut off.
    vae_encoder/model.onnx draws its own noise: the same seed gives a slightly different picture each time in image to image and inpainting.
    ");
}

#[test]
fn what_the_exports_can() {
    let facts = |name: &str| {
        let report = report_of(&ModelSource::Folder(exports().join(name))).unwrap();
        assert_eq!(report.networks.len(), 4, "{name}");
        (report.prediction_type, report.clip_skip, report.inpainting)
    };
    let facts: Vec<(String, bool, bool)> = EXPORTS.iter().map(|name| facts(name)).collect();
    let expected = EXPORTS.map(|name| {
        let prediction_type = if name == "sd2" { "v_prediction" } else { "epsilon" };
        (prediction_type.to_owned(), true, name == "inpaint")
    });
    assert_eq!(facts, expected);
}

#[test]
fn the_committed_model_has_no_problem() {
    let report = report_of(&avatar()).unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["info"]["family"], "Stable Diffusion");
    assert_eq!(json["networks"][1]["file"], "unet/model.onnx");
}

#[test]
fn problems() {
    let of = |source: &ModelSource| report_of(source).unwrap().problems.join("\n");
    insta::assert_snapshot!(of(&variant("unet/text_embeds.onnx")), @r"
    The model file embedded:tiny/unet/model.onnx is not usable: its input `text_embeds` is not supported.
    There is no vae_encoder/model.onnx: image to image, inpainting and the like are not possible.
    ");
    let broken = |change: fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        crate::hostile::copy(&exports().join("optimum"), folder.path());
        change(folder.path());
        let text = of(&ModelSource::Folder(folder.path().into()));
        text.replace(&folder.path().display().to_string(), "model")
    };
    insta::assert_snapshot!(broken(|folder| fs::remove_dir_all(folder.join("tokenizer")).unwrap()), @"The model file model/tokenizer is not usable: there is neither tokenizer.json nor vocab.json with merges.txt.");
    insta::assert_snapshot!(broken(|folder| fs::write(folder.join("ekaki.json"), r#"{"clip_skip": 12}"#).unwrap()), @"The model file model/text_encoder/model.onnx is not usable: clip_skip can be at most 4 with this export, not 12.");
    let empty = broken(|folder| fs::write(folder.join("vae_decoder/model.onnx"), "").unwrap());
    assert!(
        empty.starts_with("The model file model/vae_decoder/model.onnx is not usable: "),
        "{empty}"
    );
    insta::assert_snapshot!(broken(|folder| fs::write(folder.join("unet/config.json"), r#"{"in_channels": 9}"#).unwrap()), @"The model file model/unet/model.onnx is not usable: it reads 4 channels, but the configuration says 9.");
}
