//! The same pictures as optimum draws from the same files; see `onnx/tools/make_expected_pictures.py`.

use std::fs;

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
}

/// How many of 1000 values may differ by more than 1 of 255.
const PER_MILLE: usize = 1;

#[test]
fn equal_optimums() {
    let folder = repository().join("inference/testdata/pictures");
    let cases: Vec<Case> = serde_json::from_slice(&fs::read(folder.join("cases.json")).unwrap()).unwrap();
    assert_eq!(cases.len(), 5);
    let engine = engine();
    for case in cases {
        let request = GenerateRequest {
            model: "avatar".into(),
            prompt: case.prompt,
            negative_prompt: case.negative_prompt,
            width: case.width,
            height: case.height,
            num_inference_steps: case.num_inference_steps,
            guidance_scale: case.guidance_scale,
            seed: case.seed,
            scheduler: Some(case.scheduler.parse().unwrap()),
        };
        let output = draw(&engine, request).unwrap();
        let expected = image::open(folder.join(&case.file)).unwrap().into_rgb8();
        assert_eq!(
            output.truncated_prompt,
            case.file.contains("truncated"),
            "{}",
            case.file
        );
        compare(&case.file, &output.image, &expected);
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
