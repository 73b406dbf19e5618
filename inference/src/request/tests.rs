use std::sync::Arc;

use super::*;

fn request() -> GenerateRequest {
    GenerateRequest {
        model: "avatar".into(),
        prompt: "後藤ひとり".into(),
        width: 128,
        height: 192,
        num_inference_steps: 16,
        guidance_scale: 3.0,
        seed: 1,
        ..GenerateRequest::default()
    }
}

fn validated(change: impl FnOnce(&mut GenerateRequest)) -> String {
    let mut request = request();
    change(&mut request);
    request
        .validate()
        .map_or_else(|error| error.to_string(), |()| "ok".into())
}

#[track_caller]
fn check(change: impl FnOnce(&mut GenerateRequest), expected: &str) {
    assert_eq!(validated(change), expected);
}

#[test]
fn bounds() {
    check(|_| (), "ok");
    check(
        |r| r.width = 0,
        "width must be a multiple of 8 between 64 and 2048, not 0",
    );
    check(
        |r| r.width = 2056,
        "width must be a multiple of 8 between 64 and 2048, not 2056",
    );
    check(
        |r| r.height = 100,
        "height must be a multiple of 8 between 64 and 2048, not 100",
    );
    check(
        |r| r.num_inference_steps = 0,
        "num_inference_steps must be between 1 and 150, not 0",
    );
    check(
        |r| r.num_inference_steps = 151,
        "num_inference_steps must be between 1 and 150, not 151",
    );
    check(
        |r| r.guidance_scale = f32::NAN,
        "guidance_scale must be between 0 and 30, not NaN",
    );
    check(
        |r| r.guidance_scale = f32::INFINITY,
        "guidance_scale must be between 0 and 30, not inf",
    );
    check(
        |r| r.guidance_scale = -1.0,
        "guidance_scale must be between 0 and 30, not -1",
    );
    check(|r| r.prompt = "あ".repeat(4000), "ok");
    check(
        |r| r.prompt = "あ".repeat(4001),
        "a prompt may have 4000 characters, not 4001",
    );
    check(
        |r| r.negative_prompt = "a".repeat(5000),
        "a prompt may have 4000 characters, not 5000",
    );
}

#[test]
fn bounds_of_what_is_optional() {
    check(|r| r.clip_skip = Some(12), "ok");
    check(
        |r| r.clip_skip = Some(0),
        "clip_skip must be between 1 and 12, not 0",
    );
    check(
        |r| r.guidance_rescale = f32::NAN,
        "guidance_rescale must be between 0 and 1, not NaN",
    );
    check(|r| r.eta = Some(1.5), "eta must be between 0 and 1, not 1.5");
    let variation = |strength| Some(Variation { seed: 2, strength });
    check(|r| r.variation = variation(1.0), "ok");
    check(
        |r| r.variation = variation(f32::NAN),
        "the strength of the variation must be between 0 and 1, not NaN",
    );
    check(|r| r.guidance_interval = Some((0.2, 0.8)), "ok");
    for wrong in [(0.8, 0.2), (0.0, f32::NAN), (f32::NEG_INFINITY, 1.0)] {
        let (start, stop) = wrong;
        check(
            |r| r.guidance_interval = Some(wrong),
            &format!(
                "guidance_interval must go from a number to a larger one, both between 0 and 1, not from {start} to {stop}"
            ),
        );
    }
}

fn source(width: u32, height: u32, strength: f32) -> Source {
    Source {
        image: Arc::new(RgbImage::new(width, height)),
        strength,
        resize: ResizeMode::default(),
        mask: None,
    }
}

#[test]
fn bounds_of_a_source() {
    let check = |source: Source, expected| check(|r| r.source = Some(source), expected);
    check(source(1, 16_384, 0.7), "ok");
    check(
        source(0, 0, 0.7),
        "the picture to begin with must have sides between 1 and 16384, not 0x0",
    );
    check(
        source(20_000, 1, 0.7),
        "the picture to begin with must have sides between 1 and 16384, not 20000x1",
    );
    check(source(8, 8, 1.1), "strength must be between 0 and 1, not 1.1");
    check(
        source(8, 8, f32::NAN),
        "strength must be between 0 and 1, not NaN",
    );
    check(
        source(8, 8, 0.06),
        "a strength of 0.06 leaves none of 16 steps to do",
    );
    let mask = Some(Arc::new(GrayImage::new(8, 9)));
    check(
        Source {
            mask,
            ..source(8, 8, 0.7)
        },
        "the mask must be as large as its picture, 8x8, not 8x9",
    );
}

#[test]
fn bounds_of_a_second_pass() {
    let hires = Hires {
        scale: 2.0,
        strength: 0.5,
        num_inference_steps: None,
    };
    let check = |hires: Hires, expected| check(|r| r.hires = Some(hires), expected);
    check(hires, "ok");
    check(
        Hires {
            scale: f32::NAN,
            ..hires
        },
        "the scale of hires must be between 1 and 4, not NaN",
    );
    check(
        Hires {
            scale: f32::INFINITY,
            ..hires
        },
        "the scale of hires must be between 1 and 4, not inf",
    );
    check(
        Hires {
            num_inference_steps: Some(0),
            ..hires
        },
        "num_inference_steps must be between 1 and 150, not 0",
    );
    check(
        Hires {
            num_inference_steps: Some(1),
            ..hires
        },
        "a strength of 0.5 leaves none of 1 steps to do",
    );
    insta::assert_snapshot!(
        validated(|r| (r.hires, r.source) = (Some(hires), Some(source(8, 8, 0.7)))),
        @"hires is for pictures from a prompt alone, not for those that begin with a picture"
    );
}

#[test]
fn multiple_of_the_model() {
    assert_eq!(request().check_multiple(64), Ok(()));
    let check = |request: GenerateRequest| request.check_multiple(32).unwrap_err();
    insta::assert_snapshot!(
        check(GenerateRequest { height: 136, ..request() }),
        @"height must be a multiple of 32 between 64 and 2048, not 136"
    );
    let hires = Hires {
        scale: 4.0,
        strength: 0.5,
        num_inference_steps: None,
    };
    insta::assert_snapshot!(
        check(GenerateRequest { height: 1024, hires: Some(hires), ..request() }),
        @"hires would draw 512x4096, but a side may have 2048 pixels"
    );
}

#[test]
fn a_second_pass_has_a_size_that_the_model_can_draw() {
    let size = |scale, multiple| {
        let hires = Hires {
            scale,
            strength: 0.5,
            num_inference_steps: None,
        };
        hires.size(&request(), multiple)
    };
    assert_eq!(size(1.5, 8), (192, 288));
    assert_eq!(size(1.4, 8), (176, 272));
    assert_eq!(size(1.4, 64), (192, 256));
}

/// `int(num_inference_steps * strength)` in Python.
#[test]
fn strength_counts_steps_as_python_does() {
    let cases = [
        (10, 0.3, 3),
        (10, 0.7, 7),
        (100, 0.29, 28),
        (30, 0.1, 3),
        (50, 0.58, 28),
        (20, 1.0, 20),
        (20, 0.0, 0),
        (3, 0.34, 1),
    ];
    for (steps, strength, expected) in cases {
        assert_eq!(
            bounds::steps_done(steps, strength),
            expected,
            "{steps} * {strength}"
        );
    }
}

#[test]
fn snapshots_ascend_from_one() {
    let refused = "snapshots must be at most 8 steps in ascending order, from 1 on";
    check(|r| r.snapshots = vec![1, 2, 150, u32::MAX], "ok");
    check(|r| r.snapshots = (1..=8).collect(), "ok");
    check(|r| r.snapshots = (1..=9).collect(), refused);
    check(|r| r.snapshots = vec![0, 1], refused);
    check(|r| r.snapshots = vec![2, 2], refused);
    check(|r| r.snapshots = vec![3, 2], refused);
}
