//! The same pictures as diffusers draws from the same files; see `onnx/tools/make_expected_pictures.py`.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use inference::images::ResizeMode;
use inference::request::{Hires, Source};
use inference::{GenerateRequest, RgbImage};
use serde::Deserialize;

use crate::support::{draw, engine, repository};

#[derive(Deserialize)]
struct Case {
    file: String,
    prompt: String,
    negative_prompt: String,
    width: u32,
    height: u32,
    num_inference_steps: u32,
    guidance_scale: f32,
    seed: u64,
    scheduler: String,
    prompt_syntax: Option<String>,
    #[serde(default)]
    guidance_rescale: f32,
    guidance_interval: Option<(f32, f32)>,
    eta: Option<f32>,
    source: Option<SourceCase>,
    hires: Option<HiresCase>,
}

#[derive(Deserialize)]
struct SourceCase {
    image: String,
    strength: f32,
    mask: Option<String>,
}

#[derive(Deserialize)]
struct HiresCase {
    scale: f32,
    strength: f32,
    num_inference_steps: u32,
}

/// How many of 1000 values may differ by more than 1 of 255.
const PER_MILLE: usize = 1;

fn folder() -> PathBuf {
    repository().join("inference/testdata/pictures")
}

fn request(case: Case) -> GenerateRequest {
    let open = |file: &str| image::open(folder().join(file)).unwrap();
    let syntax = case.prompt_syntax.map(|syntax| syntax.parse().unwrap());
    GenerateRequest {
        model: "avatar".into(),
        prompt: case.prompt,
        negative_prompt: case.negative_prompt,
        width: case.width,
        height: case.height,
        num_inference_steps: case.num_inference_steps,
        guidance_scale: case.guidance_scale,
        seed: case.seed,
        scheduler: Some(case.scheduler.parse().unwrap()),
        prompt_syntax: syntax.unwrap_or_default(),
        guidance_rescale: case.guidance_rescale,
        guidance_interval: case.guidance_interval,
        eta: case.eta,
        source: case.source.map(|source| Source {
            image: Arc::new(open(&source.image).into_rgb8()),
            strength: source.strength,
            resize: ResizeMode::default(),
            mask: source.mask.map(|mask| Arc::new(open(&mask).into_luma8())),
        }),
        hires: case.hires.map(|hires| Hires {
            scale: hires.scale,
            strength: hires.strength,
            num_inference_steps: Some(hires.num_inference_steps),
        }),
        ..GenerateRequest::default()
    }
}

#[test]
fn equal_diffusers() {
    let cases: Vec<Case> = serde_json::from_slice(&fs::read(folder().join("cases.json")).unwrap()).unwrap();
    assert!(cases.len() >= 22);
    let engine = engine();
    for case in cases {
        let file = case.file.clone();
        let output = draw(&engine, request(case)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let expected = image::open(folder().join(&file)).unwrap().into_rgb8();
        assert_eq!(output.truncated_prompt, file.contains("truncated"), "{file}");
        compare(&file, &output.image, &expected);
    }
    engine.shutdown();
}

fn compare(file: &str, found: &RgbImage, expected: &RgbImage) {
    assert_eq!(found.dimensions(), expected.dimensions(), "{file}");
    let values = expected.len();
    let differences = found.iter().zip(expected.iter()).map(|(a, b)| a.abs_diff(*b));
    let (far, largest) = differences.fold((0, 0), |(far, largest), difference| {
        (far + usize::from(difference > 1), largest.max(difference))
    });
    println!("{file}: {far} of {values} values differ by more than 1, the largest difference is {largest}");
    assert!(
        far * 1000 <= values * PER_MILLE,
        "{file}: {far} of {values} values differ by up to {largest}"
    );
}
