//! Reading folders without loading networks. The folder is `testdata/tiny/`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::*;
use crate::schedulers::LoopOptions;

/// The text of every file that is read before networks are loaded; networks are empty.
fn tiny() -> HashMap<String, Cow<'static, [u8]>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/tiny");
    let json = [
        "model_index.json",
        "scheduler/scheduler_config.json",
        "unet/config.json",
        "vae_decoder/config.json",
    ];
    let networks = [
        "text_encoder/model.onnx",
        "unet/model.onnx",
        "vae_decoder/model.onnx",
    ];
    let read = |file: &str| (file.to_owned(), fs::read(folder.join(file)).unwrap().into());
    json.into_iter()
        .map(read)
        .chain(networks.map(|file| (file.to_owned(), Cow::Borrowed(&b""[..]))))
        .collect()
}

/// Reads the folder with these files replaced, or removed.
fn inspect_with(changes: &[(&str, Option<&str>)]) -> Result<ModelInfo, String> {
    let mut files = tiny();
    for (file, content) in changes {
        match content {
            Some(content) => files.insert((*file).to_owned(), content.as_bytes().to_vec().into()),
            None => files.remove(*file),
        };
    }
    let source = ModelSource::Embedded {
        name: "tiny".into(),
        files,
    };
    inspect("tiny", &source)
        .map(|manifest| manifest.info)
        .map_err(|error| error.to_string())
}

#[test]
fn defaults_without_a_card() {
    let info = inspect_with(&[]).unwrap();
    assert_eq!(
        (
            info.name.as_str(),
            info.family,
            info.scheduler,
            info.size_multiple
        ),
        ("tiny", Family::StableDiffusion, "DDIM", 8)
    );
    assert_eq!(
        info.defaults,
        ModelDefaults {
            width: 64,
            height: 64,
            num_inference_steps: 20,
            guidance_scale: 7.5,
            preview: None
        }
    );
}

#[test]
fn defaults_of_a_card() {
    let card = r#"{"name": "Tiny", "description": {"en": "noise", "ja": "ノイズ"}, "width": 128, "num_inference_steps": 4,
        "guidance_scale": 1.5, "preview": {"matrix": [[1,0,0],[0,1,0],[0,0,1],[0,0,0]], "bias": [0.5,0.5,0.5]}}"#;
    let info = inspect_with(&[("ekaki.json", Some(card))]).unwrap();
    assert_eq!((info.id.as_str(), info.name.as_str()), ("tiny", "Tiny"));
    assert_eq!(info.description.get("ja").map(String::as_str), Some("ノイズ"));
    let defaults = info.defaults;
    assert_eq!(
        (defaults.width, defaults.height, defaults.num_inference_steps),
        (128, 64, 4)
    );
    assert_eq!(defaults.preview.unwrap().bias, [0.5; 3]);
}

#[test]
fn sizes_of_stable_diffusion() {
    let unet = r#"{"sample_size": [96, 64], "block_out_channels": [320, 640, 1280, 1280]}"#;
    let info = inspect_with(&[("unet/config.json", Some(unet))]).unwrap();
    assert_eq!(
        (info.defaults.width, info.defaults.height, info.size_multiple),
        (512, 768, 64)
    );
    // Folders of the first exporter have no configuration of their parts.
    let info = inspect_with(&[("unet/config.json", None), ("vae_decoder/config.json", None)]).unwrap();
    assert_eq!(
        (info.defaults.width, info.defaults.height, info.size_multiple),
        (512, 512, 64)
    );
}

#[test]
fn classes_of_all_exporters() {
    let class = |name: &str| {
        let index = format!(r#"{{"_class_name": "{name}"}}"#);
        inspect_with(&[("model_index.json", Some(&index))]).map(|info| info.family)
    };
    assert_eq!(class("ORTStableDiffusionPipeline"), Ok(Family::StableDiffusion));
    assert_eq!(class("OnnxStableDiffusionPipeline"), Ok(Family::StableDiffusion));
    insta::assert_snapshot!(class("FluxPipeline").unwrap_err(), @"the model file embedded:tiny/model_index.json names the class `FluxPipeline`, which is not supported (supported: StableDiffusionPipeline)");
}

#[test]
fn errors_name_the_file_and_the_key() {
    let check = |file: &str, content: Option<&str>| inspect_with(&[(file, content)]).unwrap_err();
    insta::assert_snapshot!(check("model_index.json", None), @"the model file embedded:tiny/model_index.json is missing");
    insta::assert_snapshot!(check("model_index.json", Some("{\"_class")), @"the model file embedded:tiny/model_index.json is not usable: EOF while parsing a string at line 1 column 8");
    insta::assert_snapshot!(check("unet/model.onnx", None), @"the model file embedded:tiny/unet/model.onnx is missing");
    insta::assert_snapshot!(check("scheduler/scheduler_config.json", None), @"the model file embedded:tiny/scheduler/scheduler_config.json is missing");
    insta::assert_snapshot!(check("scheduler/scheduler_config.json", Some(r#"{"_class_name": "DDIMScheduler", "prediction_type": true}"#)), @"the model file embedded:tiny/scheduler/scheduler_config.json sets `prediction_type` to true, which is not supported");
    insta::assert_snapshot!(check("unet/config.json", Some(r#"{"in_channels": 9}"#)), @"the model file embedded:tiny/unet/config.json sets `in_channels` to 9, which is not supported");
    insta::assert_snapshot!(check("unet/config.json", Some(r#"{"time_cond_proj_dim": 256}"#)), @"the model file embedded:tiny/unet/config.json sets `time_cond_proj_dim` to 256, which is not supported");
    insta::assert_snapshot!(check("vae_decoder/config.json", Some(r#"{"scaling_factor": 0}"#)), @"the model file embedded:tiny/vae_decoder/config.json sets `scaling_factor` to 0.0, which is not supported");
    insta::assert_snapshot!(check("ekaki.json", Some(r#"{"widht": 128}"#)), @"the model file embedded:tiny/ekaki.json is not usable: unknown field `widht`, expected one of `name`, `description`, `width`, `height`, `num_inference_steps`, `guidance_scale`, `preview` at line 1 column 8");
    insta::assert_snapshot!(check("ekaki.json", Some(r#"{"width": 100}"#)), @"the model file embedded:tiny/ekaki.json is not usable: its defaults cannot be drawn: width must be a multiple of 8 between 64 and 2048, not 100");
}

#[test]
fn the_pipeline_overrules_what_early_folders_have_wrong() {
    let source = ModelSource::Embedded {
        name: "tiny".into(),
        files: tiny(),
    };
    let scheduler = inspect("tiny", &source)
        .unwrap()
        .scheduler
        .build(&LoopOptions::new(4))
        .unwrap();
    // `steps_offset` is not in the file, and DDIM's own default would be 0.
    assert_eq!(scheduler.timesteps(), [751.0, 501.0, 251.0, 1.0]);
}

#[test]
fn a_folder_that_does_not_exist() {
    let error = inspect("x", &ModelSource::Folder("/no/such/model".into())).unwrap_err();
    insta::assert_snapshot!(error, @"the model folder /no/such/model does not exist");
}
