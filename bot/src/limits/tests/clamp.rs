use inference::request::SIZES;
use proptest::prelude::*;

use crate::limits::{Clamped, ClampedParameter, LimitCheck, Limits};
use crate::store::{DrawParameters, HiresParameters, SourceParameters, VariationParameters};

fn limits() -> Limits {
    Limits {
        check: LimitCheck::default(),
        running: None,
        models: Vec::new(),
        priority: 0,
        max_steps: 50,
        max_pixels: 512 * 512,
        max_count: 4,
        max_prompt_chars: 10,
    }
}

fn draw() -> DrawParameters {
    DrawParameters {
        prompt: "後藤ひとり".into(),
        negative_prompt: String::new(),
        width: 128,
        height: 128,
        num_inference_steps: 16,
        guidance_scale: 3.5,
        seed: 1,
        count: 1,
        model: "avatar".into(),
        scheduler: None,
        ..DrawParameters::default()
    }
}

fn check(change: impl FnOnce(&mut DrawParameters), expected: &[(ClampedParameter, &str, &str)]) {
    let mut changed = draw();
    change(&mut changed);
    let clamped = limits().clamp(&mut changed, 8);
    let expected: Vec<_> = expected
        .iter()
        .map(|(what, asked, used)| Clamped {
            what: *what,
            asked: (*asked).into(),
            used: (*used).into(),
        })
        .collect();
    assert_eq!(clamped, expected);
    assert_eq!(
        limits().clamp(&mut changed, 8),
        [],
        "clamping again changes nothing"
    );
}

#[test]
fn what_is_too_much_is_bounded_and_reported() {
    check(|_| {}, &[]);
    check(
        |draw| draw.num_inference_steps = 9000,
        &[(ClampedParameter::Steps, "9000", "50")],
    );
    check(
        |draw| draw.num_inference_steps = 0,
        &[(ClampedParameter::Steps, "0", "1")],
    );
    check(|draw| draw.count = 100, &[(ClampedParameter::Count, "100", "4")]);
    check(|draw| draw.count = 0, &[(ClampedParameter::Count, "0", "1")]);
    check(
        |draw| draw.guidance_scale = -1.5,
        &[(ClampedParameter::GuidanceScale, "-1.5", "0")],
    );
    check(
        |draw| draw.guidance_scale = f32::INFINITY,
        &[(ClampedParameter::GuidanceScale, "inf", "30")],
    );
    check(
        |draw| draw.guidance_scale = f32::NAN,
        &[(ClampedParameter::GuidanceScale, "NaN", "1")],
    );
    check(
        |draw| (draw.width, draw.height) = (100_000, 100_000),
        &[(ClampedParameter::Size, "100000x100000", "512x512")],
    );
    check(
        |draw| draw.width = 130,
        &[(ClampedParameter::Size, "130x128", "128x128")],
    );
}

#[test]
fn the_model_names_the_multiple_of_the_size() {
    let mut draw = DrawParameters {
        width: 200,
        height: 120,
        ..draw()
    };
    limits().clamp(&mut draw, 64);
    assert_eq!((draw.width, draw.height), (192, 64));
}

#[test]
fn what_the_engine_cannot_do_no_configuration_allows() {
    let limits = Limits {
        max_steps: 10_000,
        max_count: 0,
        max_pixels: 1,
        ..limits()
    };
    let mut draw = DrawParameters {
        num_inference_steps: 9000,
        ..draw()
    };
    limits.clamp(&mut draw, 8);
    assert_eq!(
        (draw.num_inference_steps, draw.count, draw.width, draw.height),
        (150, 1, 64, 64)
    );
}

fn source(strength: f32) -> Option<SourceParameters> {
    Some(SourceParameters {
        recipe: None,
        hash: String::new(),
        strength,
    })
}

#[test]
fn parts_of_a_whole_are_bounded_and_at_least_one_step_is_done() {
    check(|draw| draw.source = source(0.5), &[]);
    check(
        |draw| draw.source = source(1.5),
        &[(ClampedParameter::Strength, "1.5", "1")],
    );
    check(
        |draw| draw.source = source(0.0),
        &[(ClampedParameter::Strength, "0", "0.063")],
    );
    check(
        |draw| draw.source = source(f32::NAN),
        &[(ClampedParameter::Strength, "NaN", "0.063")],
    );
    check(
        |draw| {
            draw.variation = Some(VariationParameters {
                seed: 1,
                strength: -1.0,
            });
        },
        &[(ClampedParameter::Strength, "-1", "0")],
    );
    check(
        |draw| draw.clip_skip = Some(99),
        &[(ClampedParameter::ClipSkip, "99", "12")],
    );
}

#[test]
fn the_second_pass_is_bounded_by_its_final_size() {
    let hires = |scale, strength| Some(HiresParameters { scale, strength });
    check(|draw| draw.hires = hires(2.0, 0.5), &[]);
    check(|draw| draw.hires = hires(4.0, 0.5), &[]);
    check(
        |draw| (draw.width, draw.height, draw.hires) = (256, 512, hires(2.0, 0.0)),
        &[
            (ClampedParameter::Size, "512x1024", "360x728"),
            (ClampedParameter::Strength, "0", "0.063"),
        ],
    );
    check(
        |draw| (draw.width, draw.height, draw.hires) = (512, 512, hires(2.0, 0.5)),
        &[(ClampedParameter::Size, "1024x1024", "512x512")],
    );
    check(
        |draw| draw.hires = hires(0.5, 0.5),
        &[(ClampedParameter::Size, "64x64", "128x128")],
    );
    check(
        |draw| draw.hires = hires(f32::NAN, 0.5),
        &[(ClampedParameter::Size, "0x0", "128x128")],
    );
}

#[test]
fn an_enlarged_picture_is_bounded_by_its_final_size() {
    check(|draw| draw.enlarge = Some(2.0), &[]);
    check(
        |draw| draw.enlarge = Some(5.0),
        &[(ClampedParameter::Size, "640x640", "512x512")],
    );
    check(
        |draw| {
            draw.hires = Some(HiresParameters {
                scale: 2.0,
                strength: 0.5,
            });
            draw.enlarge = Some(3.0);
        },
        &[(ClampedParameter::Size, "768x768", "512x512")],
    );
    check(
        |draw| draw.enlarge = Some(f32::NAN),
        &[(ClampedParameter::Size, "0x0", "128x128")],
    );
}

proptest! {
    #[test]
    fn the_engine_does_a_step_of_what_is_left(steps in 1_u32..=150, strength: f32) {
        let mut draw = DrawParameters { num_inference_steps: steps, source: source(strength), ..draw() };
        let limits = Limits { max_steps: 150, ..limits() };
        limits.clamp(&mut draw, 8);
        let used = draw.source.map_or(0.0, |source| source.strength);
        let written: f64 = used.to_string().parse().expect("a number");
        prop_assert!(used <= 1.0 && written * f64::from(steps) >= 1.0, "{used} of {steps}");
    }

    #[test]
    fn every_second_pass_fits(
        (width, height, scale) in (64_u32..=2048, 64_u32..=2048, -1.0_f32..=9.0),
        max_pixels in 64_u32 * 64..=2048 * 2048,
        multiple in proptest::sample::select(vec![8_u32, 64]),
    ) {
        let hires = Some(HiresParameters { scale, strength: 0.5 });
        let mut draw = DrawParameters { width, height, hires, ..draw() };
        let limits = Limits { max_pixels, ..limits() };
        limits.clamp(&mut draw, multiple);
        let scale = draw.hires.map_or(0.0, |hires| hires.scale);
        prop_assert!((1.0..=4.0).contains(&scale));
        let side = |side: u32| (f64::from(side) * f64::from(scale) / f64::from(multiple)).round() * f64::from(multiple);
        let (width, height) = (side(draw.width), side(draw.height));
        prop_assert!(width.max(height) <= f64::from(*SIZES.end()));
        prop_assert!(width * height <= f64::from(max_pixels), "{width}x{height}");
    }
}
