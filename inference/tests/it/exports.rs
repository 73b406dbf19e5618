//! The same pictures as diffusers draws, from every kind of export; see `onnx/tools/make_export_variants.py`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inference::images::ResizeMode;
use inference::request::Source;
use inference::{Engine, GenerateRequest, ModelSource, RgbImage};
use serde::Deserialize;

use crate::support::{draw, engine_with};

/// Every folder of exports.
pub(crate) const EXPORTS: [&str; 9] = [
    "optimum",
    "optimum_old",
    "legacy",
    "ort_cuda",
    "fp16",
    "external",
    "sd2",
    "inpaint",
    "ekaki",
];

#[derive(Deserialize)]
struct Case {
    folders: Vec<String>,
    file: String,
    prompt: String,
    negative_prompt: String,
    seed: u64,
    width: u32,
    height: u32,
    num_inference_steps: u32,
    guidance_scale: f32,
    scheduler: String,
    clip_skip: Option<u32>,
    source: Option<SourceCase>,
    /// How far a value may be off.
    tolerance: u8,
}

#[derive(Deserialize)]
struct SourceCase {
    image: String,
    strength: f32,
    mask: Option<String>,
}

/// Where the folders are.
pub(crate) fn exports() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/exports")
}

fn request(case: &Case, model: &str) -> GenerateRequest {
    let open = |file: &str| image::open(exports().join(file)).unwrap();
    let source = case.source.as_ref().map(|source| Source {
        image: Arc::new(open(&source.image).into_rgb8()),
        strength: source.strength,
        resize: ResizeMode::default(),
        mask: source.mask.as_ref().map(|mask| Arc::new(open(mask).into_luma8())),
    });
    GenerateRequest {
        model: model.into(),
        prompt: case.prompt.clone(),
        negative_prompt: case.negative_prompt.clone(),
        seed: case.seed,
        width: case.width,
        height: case.height,
        num_inference_steps: case.num_inference_steps,
        guidance_scale: case.guidance_scale,
        scheduler: Some(case.scheduler.parse().unwrap()),
        clip_skip: case.clip_skip,
        source,
        ..GenerateRequest::default()
    }
}

fn largest_difference(found: &RgbImage, expected: &RgbImage) -> u8 {
    assert_eq!(found.dimensions(), expected.dimensions());
    let differences = found.iter().zip(expected.iter()).map(|(a, b)| a.abs_diff(*b));
    differences.max().unwrap()
}

fn all_exports() -> Engine {
    let source = |export: &str| (export.to_owned(), ModelSource::Folder(exports().join(export)));
    engine_with(EXPORTS.map(source).to_vec())
}

#[test]
fn every_export_draws_as_diffusers() {
    let cases: Vec<Case> =
        serde_json::from_slice(&fs::read(exports().join("expected.json")).unwrap()).unwrap();
    let engine = all_exports();
    let mut drawn = Vec::new();
    for case in &cases {
        let expected = image::open(exports().join(&case.file)).unwrap().into_rgb8();
        for export in &case.folders {
            let output = draw(&engine, request(case, export)).unwrap();
            let largest = largest_difference(&output.image, &expected);
            assert!(largest <= case.tolerance, "{export} {}: {largest}", case.file);
            drawn.push(export.as_str());
        }
    }
    engine.shutdown();
    assert!(EXPORTS.iter().all(|export| drawn.contains(export)), "{drawn:?}");
}

/// The encoders of old exporters draw their own noise, which no seed determines.
#[test]
fn image_to_image_with_every_export() {
    let cases: Vec<Case> =
        serde_json::from_slice(&fs::read(exports().join("expected.json")).unwrap()).unwrap();
    let case = cases
        .iter()
        .find(|case| case.file == "image_to_image.png")
        .unwrap();
    let expected = image::open(exports().join(&case.file)).unwrap().into_rgb8();
    let engine = all_exports();
    let difference = |export: &str| {
        let output = draw(&engine, request(case, export)).unwrap();
        largest_difference(&output.image, &expected)
    };
    assert!(difference("fp16") <= 8);
    for export in ["optimum_old", "legacy", "ort_cuda"] {
        assert_ne!(difference(export), 0, "{export}");
    }
    engine.shutdown();
}
