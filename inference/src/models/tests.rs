//! Reading folders without loading networks. The folder is `testdata/tiny/`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::*;

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
    assert!(info.can_grow);
    let info = inspect_with(&[("ekaki.json", Some(r#"{"can_grow": false}"#))]).unwrap();
    assert!(!info.can_grow);
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
    assert_eq!(
        class("ORTStableDiffusionImg2ImgPipeline"),
        Ok(Family::StableDiffusion)
    );
    assert_eq!(
        class("OnnxStableDiffusionInpaintPipelineLegacy"),
        Ok(Family::StableDiffusion)
    );
    assert_eq!(
        class("LatentConsistencyModelPipeline"),
        Ok(Family::StableDiffusion)
    );
    insta::assert_snapshot!(class("FluxPipeline").unwrap_err(), @"the model file embedded:tiny/model_index.json names the class `FluxPipeline`, which is not supported (supported: StableDiffusionPipeline, StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline, LatentConsistencyModelPipeline)");
}

/// The UNet's configuration decides; where it is missing, the pipeline does.
#[test]
fn inpainting_models() {
    let index = |name: &str| format!(r#"{{"_class_name": "{name}"}}"#);
    let check = |class: &str, unet: Option<&str>| {
        let info = inspect_with(&[
            ("model_index.json", Some(&index(class))),
            ("unet/config.json", unet),
        ]);
        info.unwrap().inpainting
    };
    assert!(check("StableDiffusionInpaintPipeline", None));
    assert!(check(
        "StableDiffusionInpaintPipeline",
        Some(r#"{"in_channels": 9}"#)
    ));
    assert!(check("StableDiffusionPipeline", Some(r#"{"in_channels": 9}"#)));
    assert!(!check(
        "StableDiffusionInpaintPipeline",
        Some(r#"{"in_channels": 4}"#)
    ));
    assert!(!check("OnnxStableDiffusionInpaintPipelineLegacy", None));
    assert!(!check("StableDiffusionPipeline", None));
}

#[test]
fn what_a_model_predicts() {
    let check = |key: &str, expected: &str| {
        let scheduler = format!(r#"{{"_class_name": "DDIMScheduler"{key}}}"#);
        let info = inspect_with(&[("scheduler/scheduler_config.json", Some(&scheduler))]).unwrap();
        assert_eq!(info.prediction_type, expected);
    };
    check("", "epsilon");
    check(r#", "prediction_type": "v_prediction""#, "v_prediction");
}

/// Exporters put the autoencoder's configuration beside one half or the other.
#[test]
fn configurations_of_the_autoencoder() {
    let absurd = Some(r#"{"scaling_factor": 1e30}"#);
    let check = |file: &str| {
        let changes = [("vae_decoder/config.json", None), (file, absurd)];
        assert!(inspect_with(&changes).unwrap_err().contains(file));
    };
    check("vae_decoder/config.json");
    check("vae_encoder/config.json");
    check("vae/config.json");
}

#[test]
fn errors_name_the_file_and_the_key() {
    let check = |file: &str, content: Option<&str>| inspect_with(&[(file, content)]).unwrap_err();
    insta::assert_snapshot!(check("model_index.json", None), @"the model file embedded:tiny/model_index.json is missing");
    insta::assert_snapshot!(check("model_index.json", Some("{\"_class")), @"the model file embedded:tiny/model_index.json is not usable: EOF while parsing a string at line 1 column 8");
    insta::assert_snapshot!(check("unet/model.onnx", None), @"the model file embedded:tiny/unet/model.onnx is missing");
    insta::assert_snapshot!(check("scheduler/scheduler_config.json", None), @"the model file embedded:tiny/scheduler/scheduler_config.json is missing");
    insta::assert_snapshot!(check("scheduler/scheduler_config.json", Some(r#"{"_class_name": "EulerDiscreteScheduler", "timestep_type": "flow"}"#)), @"the model file embedded:tiny/scheduler/scheduler_config.json sets `timestep_type` to \"flow\", which is not supported");
    insta::assert_snapshot!(check("unet/config.json", Some(r#"{"in_channels": 8}"#)), @"the model file embedded:tiny/unet/config.json sets `in_channels` to 8, which is not supported");
    insta::assert_snapshot!(check("unet/config.json", Some(r#"{"time_cond_proj_dim": 256}"#)), @"the model file embedded:tiny/unet/config.json sets `time_cond_proj_dim` to 256, which is not supported");
    insta::assert_snapshot!(check("vae_decoder/config.json", Some(r#"{"scaling_factor": 0}"#)), @"the model file embedded:tiny/vae_decoder/config.json sets `scaling_factor` to 0.0, which is not supported");
    insta::assert_snapshot!(check("unet/config.json", Some(r#"{"sample_size": 4000000000}"#)), @"the model file embedded:tiny/unet/config.json sets `sample_size` to 4000000000, which is not supported");
    insta::assert_snapshot!(check("unet/config.json", Some(r#"{"sample_size": [64, 0]}"#)), @"the model file embedded:tiny/unet/config.json sets `sample_size` to [64,0], which is not supported");
    insta::assert_snapshot!(check("unet/config.json", Some(r#"{"sample_size": "64"}"#)), @"the model file embedded:tiny/unet/config.json is not usable: `sample_size` is neither a number nor a height and a width at line 1 column 21");
    insta::assert_snapshot!(check("unet/config.json", Some(r#"{"block_out_channels": []}"#)), @"the model file embedded:tiny/unet/config.json sets `block_out_channels` to [], which is not supported");
    insta::assert_snapshot!(check("unet/config.json", Some(r#"{"block_out_channels": [1,1,1,1,1,1,1,1,1]}"#)), @"the model file embedded:tiny/unet/config.json sets `block_out_channels` to [1,1,1,1,1,1,1,1,1], which is not supported");
    insta::assert_snapshot!(check("vae_decoder/config.json", Some(r#"{"scaling_factor": 1e-40}"#)), @"the model file embedded:tiny/vae_decoder/config.json sets `scaling_factor` to 9.99994610111476e-41, which is not supported");
    insta::assert_snapshot!(check("vae_decoder/config.json", Some(r#"{"block_out_channels": [128, 256, 512]}"#)), @"the model file embedded:tiny/vae_decoder/config.json sets `block_out_channels` to [128,256,512], which is not supported");
    insta::assert_snapshot!(check("model_index.json", Some("7")), @"the model file embedded:tiny/model_index.json is not usable: invalid type: integer `7`, expected an object at line 1 column 1");
    insta::assert_snapshot!(check("model_index.json", Some(r#"{"_class_name": 7}"#)), @"the model file embedded:tiny/model_index.json is not usable: invalid type: integer `7`, expected a string at line 1 column 17");
    insta::assert_snapshot!(check("model_index.json", Some(&"[".repeat(100_000))), @"the model file embedded:tiny/model_index.json is not usable: invalid type: sequence, expected a string at line 1 column 1");
    insta::assert_snapshot!(check("ekaki.json", Some(r#"{"noise": "gpu"}"#)), @"the model file embedded:tiny/ekaki.json is not usable: unknown variant `gpu`, expected `cpu` or `cuda` at line 1 column 15");
    insta::assert_snapshot!(check("ekaki.json", Some(r#"{"widht": 128}"#)), @"the model file embedded:tiny/ekaki.json is not usable: unknown field `widht`, expected one of `name`, `description`, `width`, `height`, `num_inference_steps`, `guidance_scale`, `clip_skip`, `noise`, `preview`, `can_grow` at line 1 column 8");
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
        .build(&crate::schedulers::LoopOptions {
            num_inference_steps: 4,
            eta: None,
        })
        .unwrap();
    // `steps_offset` is not in the file, and DDIM's own default would be 0.
    assert_eq!(scheduler.timesteps(), [751.0, 501.0, 251.0, 1.0]);
}

#[test]
fn a_folder_that_does_not_exist() {
    let error = inspect("x", &ModelSource::Folder("/no/such/model".into())).unwrap_err();
    insta::assert_snapshot!(error, @"the model folder /no/such/model does not exist");
}

#[test]
fn files_that_are_too_large_or_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let check = || {
        let error = inspect("x", &ModelSource::Folder(folder.path().into())).unwrap_err();
        error
            .to_string()
            .replace(&folder.path().display().to_string(), "x")
    };
    fs::create_dir(folder.path().join("model_index.json")).unwrap();
    insta::assert_snapshot!(check(), @"the model file x/model_index.json is not usable: it is no file of at most 64 MiB");
    fs::remove_dir(folder.path().join("model_index.json")).unwrap();
    let file = fs::File::create(folder.path().join("model_index.json")).unwrap();
    file.set_len((64 << 20) + 1).unwrap();
    insta::assert_snapshot!(check(), @"the model file x/model_index.json is not usable: it is no file of at most 64 MiB");
}
