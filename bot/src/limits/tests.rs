use super::*;

const LIMITS: Limits = Limits {
    queued_per_user: 3,
    max_queued: 100,
    per_day: None,
    max_steps: 50,
    max_pixels: 512 * 512,
    max_count: 4,
    max_prompt_chars: 10,
};

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
        clamped: vec![],
    }
}

fn check(change: impl FnOnce(&mut DrawParameters), expected: &[(ClampedParameter, &str, &str)]) {
    let mut changed = draw();
    change(&mut changed);
    let clamped = LIMITS.clamp(&mut changed, 8);
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
        LIMITS.clamp(&mut changed, 8),
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
    LIMITS.clamp(&mut draw, 64);
    assert_eq!((draw.width, draw.height), (192, 64));
}

#[test]
fn what_the_engine_cannot_do_no_configuration_allows() {
    let limits = Limits {
        max_steps: 10_000,
        max_count: 0,
        max_pixels: 1,
        ..LIMITS
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
