//! A safety checker of diffusers' class, which a model brings or the engine has. See
//! `onnx/tools/make_safety_checker.py`.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use inference::models::report;
use inference::{
    Engine, EngineConfig, GenerateRequest, InferenceError, ModelSource, RgbImage, SafetyVerdict,
    SessionConfig, Source,
};
use serde::Deserialize;

use crate::exports::exports;
use crate::support::{draw, load_runtime, repository};

#[derive(Deserialize)]
struct Case {
    picture: String,
    flagged: bool,
}

fn testdata() -> PathBuf {
    repository().join("inference/testdata")
}

/// The pictures that a model can draw over, with what diffusers' checker says to them.
fn cases() -> Vec<Case> {
    let text = fs::read_to_string(testdata().join("safety/expected.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
    let is_large_enough = |case: &Case| case.picture.starts_with("exports/");
    cases.into_iter().filter(is_large_enough).collect()
}

/// A model folder with this file as its safety checker.
fn model_with(network: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    crate::hostile::copy(&exports().join("optimum"), folder.path());
    crate::hostile::copy(
        &testdata().join("safety/feature_extractor"),
        &folder.path().join("feature_extractor"),
    );
    fs::create_dir(folder.path().join("safety_checker")).unwrap();
    let network = testdata().join("safety/safety_checker").join(network);
    fs::copy(network, folder.path().join("safety_checker/model.onnx")).unwrap();
    folder
}

fn engine(model: ModelSource, safety_checker: Option<ModelSource>) -> Engine {
    load_runtime();
    let config = EngineConfig {
        models: vec![("model".into(), model)],
        session: SessionConfig::default(),
        max_batch_rows: 4,
        max_pending: 4,
        memory_budget_bytes: None,
        safety_checker,
    };
    Engine::start(config).unwrap()
}

/// The picture is put back everywhere: nothing of it is masked, so that the checker sees exactly it.
fn shown(picture: &str) -> (GenerateRequest, RgbImage) {
    let image = image::open(testdata().join(picture)).unwrap().into_rgb8();
    let (width, height) = image.dimensions();
    let request = GenerateRequest {
        model: "model".into(),
        width,
        height,
        num_inference_steps: 2,
        guidance_scale: 1.0,
        source: Some(Source {
            mask: Some(Arc::new(inference::images::GrayImage::new(width, height))),
            image: Arc::new(image.clone()),
            strength: 0.5,
            resize: inference::images::ResizeMode::Stretch,
        }),
        ..GenerateRequest::default()
    };
    (request, image)
}

#[track_caller]
fn check(engine: &Engine) {
    let cases = cases();
    assert!(cases.iter().any(|case| case.flagged) && cases.iter().any(|case| !case.flagged));
    for Case { picture, flagged } in cases {
        let (request, image) = shown(&picture);
        let output = draw(engine, request).unwrap();
        assert_eq!(output.image, image, "{picture}");
        assert_eq!(output.safety, Some(SafetyVerdict { flagged }), "{picture}");
    }
}

#[test]
fn a_model_brings_its_checker() {
    for network in ["model.onnx", "half.onnx"] {
        let folder = model_with(network);
        check(&engine(ModelSource::Folder(folder.path().into()), None));
    }
}

#[test]
fn the_engine_has_a_checker_for_models_without_one() {
    let model = || ModelSource::Folder(exports().join("optimum"));
    let as_in_a_model = ModelSource::Folder(testdata().join("safety"));
    check(&engine(model(), Some(as_in_a_model)));
    let alone = tempfile::tempdir().unwrap();
    for file in [
        "safety_checker/model.onnx",
        "feature_extractor/preprocessor_config.json",
    ] {
        let file = testdata().join("safety").join(file);
        fs::copy(&file, alone.path().join(file.file_name().unwrap())).unwrap();
    }
    check(&engine(model(), Some(ModelSource::Folder(alone.path().into()))));
}

#[test]
fn nobody_looks_when_nobody_wants_to_know() {
    let folder = model_with("model.onnx");
    let engine = engine(ModelSource::Folder(folder.path().into()), None);
    let (request, _) = shown("exports/source.png");
    let request = GenerateRequest {
        check_safety: false,
        ..request
    };
    assert_eq!(draw(&engine, request).unwrap().safety, None);
}

#[test]
fn a_folder_without_a_checker_is_refused() {
    load_runtime();
    let config = EngineConfig {
        models: vec![("model".into(), ModelSource::Folder(exports().join("optimum")))],
        session: SessionConfig::default(),
        max_batch_rows: 4,
        max_pending: 4,
        memory_budget_bytes: None,
        safety_checker: Some(ModelSource::Folder(testdata().join("images"))),
    };
    let error = Engine::start(config).unwrap_err().to_string();
    assert!(error.ends_with("model.onnx is missing"), "{error}");
}

#[test]
fn a_checker_that_fails_fails_the_picture() {
    let folder = model_with("model.onnx");
    // The network's table of positions fits no other size.
    let config = r#"{"crop_size": 32, "size": 32}"#;
    fs::write(
        folder.path().join("feature_extractor/preprocessor_config.json"),
        config,
    )
    .unwrap();
    let engine = engine(ModelSource::Folder(folder.path().into()), None);
    let (request, _) = shown("exports/source.png");
    let error = draw(&engine, request).unwrap_err();
    assert!(
        matches!(&error, InferenceError::Run { network, .. } if network.ends_with("safety_checker/model.onnx")),
        "{error}"
    );
}

#[test]
fn reports_mention_it() {
    load_runtime();
    let folder = model_with("half.onnx");
    let report = report(
        "model",
        &ModelSource::Folder(folder.path().into()),
        &SessionConfig::default(),
    )
    .unwrap();
    assert!(report.safety_checker);
    assert_eq!(report.problems, Vec::<String>::new());
    let network = report.networks.last().unwrap();
    assert_eq!(network.file, "safety_checker/model.onnx");
    assert_eq!(network.outputs.last().unwrap().dtype, "bool");
}
