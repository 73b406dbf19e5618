use insta::assert_snapshot;
use ndarray::Array1;
use serde::Deserialize;

use super::*;

/// A generator for algorithms that must not draw.
struct Silence;

impl Noise for Silence {
    fn randn(&mut self, _shape: (usize, usize, usize, usize)) -> Latents {
        unreachable!("a deterministic algorithm drew noise")
    }
}

/// The network of diffusers' own scheduler tests, which has no weights.
fn network(sample: &Latents, timestep: f32) -> Latents {
    sample.mapv(|value| value * timestep / (timestep + 1.0))
}

fn magnitude(sample: &Latents) -> f32 {
    sample.iter().map(|value| value.abs()).sum()
}

#[derive(Deserialize)]
struct Loops {
    sample: Vec<f32>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    config: serde_json::Value,
    with_scheduler: Option<String>,
    num_inference_steps: usize,
    timesteps: Vec<f32>,
    init_noise_sigma: f32,
    /// For each step the sum of magnitudes, the first and the eighth value, and the fourth of the prediction.
    steps: Vec<[f32; 4]>,
    #[serde(rename = "final")]
    last: Vec<f32>,
}

impl Case {
    fn build(&self) -> Result<Box<dyn Scheduler>, SchedulerError> {
        let mut config = SchedulerConfig::from_json(&self.config.to_string())?;
        if let Some(name) = &self.with_scheduler {
            config = config.with_scheduler(&name.parse()?)?;
        }
        config.build(self.num_inference_steps)
    }
}

#[track_caller]
fn check_close(what: &str, value: f32, expected: f32, scale: f32) {
    assert!(
        (value - expected).abs() <= 1e-5 * scale,
        "{what}: {value}, not {expected} (scale {scale})"
    );
}

#[test]
fn loops_are_those_of_diffusers() {
    let loops: Loops = serde_json::from_str(include_str!("../../testdata/schedulers/loops.json")).unwrap();
    let unit = Array1::from(loops.sample)
        .into_shape_with_order((1, 4, 2, 2))
        .unwrap();
    assert!(loops.cases.len() > 200);
    for case in &loops.cases {
        let name = format!(
            "{} {:?} x{}",
            case.config, case.with_scheduler, case.num_inference_steps
        );
        let mut scheduler = case.build().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(scheduler.timesteps(), case.timesteps, "{name}");
        check_close(
            &name,
            scheduler.init_noise_sigma(),
            case.init_noise_sigma,
            case.init_noise_sigma,
        );

        let mut sample = unit.mapv(|value| value * scheduler.init_noise_sigma());
        for (step, &[sum, first, eighth, original]) in case.steps.iter().enumerate() {
            let name = format!("step {step} of {name}");
            let input = scheduler.scale_model_input(&sample, step);
            let output = network(&input, case.timesteps[step]);
            let stepped = scheduler.step(&output, step, &sample, &mut Silence);
            // A step that leaves little of a large sample keeps the rounding of the large one.
            let scale = sum.max(magnitude(&sample));
            let mean = scale / sample.len() as f32;
            sample = stepped.prev_sample;
            check_close(&name, magnitude(&sample), sum, scale);
            check_close(&name, sample[(0, 0, 0, 0)], first, mean);
            check_close(&name, sample[(0, 1, 1, 1)], eighth, mean);
            check_close(
                &name,
                stepped.pred_original_sample[(0, 0, 1, 1)],
                original,
                original.abs().max(mean),
            );
        }
        let mean = magnitude(&sample) / sample.len() as f32;
        for (&value, &expected) in sample.iter().zip(&case.last) {
            check_close(&name, value, expected, mean);
        }
    }
}

#[test]
fn every_number_of_steps_visits_the_timesteps_of_diffusers() {
    #[derive(Deserialize)]
    struct Timesteps {
        checksums: Vec<Checksums>,
    }
    #[derive(Deserialize)]
    struct Checksums {
        config: serde_json::Value,
        sums: Vec<f64>,
    }
    let timesteps: Timesteps =
        serde_json::from_str(include_str!("../../testdata/schedulers/timesteps.json")).unwrap();
    assert_eq!(timesteps.checksums.len(), 12);
    for Checksums { config, sums } in timesteps.checksums {
        let scheduler = SchedulerConfig::from_json(&config.to_string()).unwrap();
        for (index, &expected) in sums.iter().enumerate() {
            let built = scheduler.build(index + 1).unwrap();
            let places = (1..).map(f64::from);
            let sum: f64 = built
                .timesteps()
                .iter()
                .zip(places)
                .map(|(&t, place)| f64::from(t) * place)
                .sum();
            assert!(
                (sum - expected).abs() <= 1e-9 * expected.abs(),
                "{config} x{}: {sum}",
                index + 1
            );
        }
    }
}

/// The deterministic sample of diffusers' scheduler tests: `[4, 3, 8, 8]`, counted along c, h, w, b.
fn deterministic_sample() -> Latents {
    Latents::from_shape_fn((4, 3, 8, 8), |(b, c, h, w)| {
        (((c * 8 + h) * 8 + w) * 4 + b) as f32 / 768.0
    })
}

/// Sum and mean of magnitudes after ten steps, as diffusers' `tests/schedulers` have them.
#[track_caller]
fn check_anchor(config: &str, sum: f32, mean: f32) {
    let mut scheduler = SchedulerConfig::from_json(config).unwrap().build(10).unwrap();
    let mut sample = deterministic_sample().mapv(|value| value * scheduler.init_noise_sigma());
    for step in 0..10 {
        // Those tests give the scaled sample to the step as well, unlike a pipeline.
        sample = scheduler.scale_model_input(&sample, step);
        let output = network(&sample, scheduler.timesteps()[step]);
        sample = scheduler.step(&output, step, &sample, &mut Silence).prev_sample;
    }
    let total = magnitude(&sample);
    assert!((total - sum).abs() < 1e-2, "{config}: sum {total}");
    assert!(
        (total / sample.len() as f32 - mean).abs() < 1e-3,
        "{config}: mean"
    );
}

#[test]
fn ddim_has_the_sums_of_diffusers_tests() {
    check_anchor(r#"{"_class_name": "DDIMScheduler"}"#, 172.0067, 0.223_967);
    check_anchor(
        r#"{"_class_name": "DDIMScheduler", "prediction_type": "v_prediction"}"#,
        52.5302,
        0.0684,
    );
    check_anchor(
        r#"{"_class_name": "DDIMScheduler", "beta_start": 0.01}"#,
        149.8295,
        0.1951,
    );
    check_anchor(
        r#"{"_class_name": "DDIMScheduler", "beta_start": 0.01, "set_alpha_to_one": false}"#,
        149.0784,
        0.1941,
    );
}

#[test]
fn euler_has_the_sums_of_diffusers_tests() {
    check_anchor(
        r#"{"_class_name": "EulerDiscreteScheduler", "num_train_timesteps": 1100}"#,
        10.0807,
        0.0131,
    );
    let v_prediction = r#"{"_class_name": "EulerDiscreteScheduler", "num_train_timesteps": 1100,
        "prediction_type": "v_prediction"}"#;
    check_anchor(v_prediction, 0.0002, 2.26e-6);
}

#[test]
fn names_of_both_worlds_are_known() {
    for &scheduler in SchedulerName::ALL {
        assert_eq!(scheduler.to_string().to_lowercase().parse(), Ok(scheduler));
        assert_eq!(scheduler.class_name().to_uppercase().parse(), Ok(scheduler));
    }
    let unknown = "PNDMScheduler".parse::<SchedulerName>().unwrap_err();
    assert_snapshot!(unknown, @r#"unknown scheduler "PNDMScheduler", known are DDIM (DDIMScheduler), Euler (EulerDiscreteScheduler)"#);
}

#[test]
fn configurations_of_other_classes_are_accepted_where_they_change_nothing() {
    // The scheduler_config.json of Stable Diffusion 1.5 after `DDIMScheduler.from_config`.
    let json = r#"{"_class_name": "DDIMScheduler", "_diffusers_version": "0.35.2", "beta_end": 0.012,
        "beta_schedule": "scaled_linear", "beta_start": 0.00085, "clip_sample": false, "set_alpha_to_one": false,
        "num_train_timesteps": 1000, "skip_prk_steps": true, "steps_offset": 1, "trained_betas": null,
        "use_karras_sigmas": true}"#;
    let ddim = SchedulerConfig::from_json(json).unwrap();
    assert_eq!(ddim.name(), "DDIM");
    assert_eq!(ddim.build(4).unwrap().timesteps(), [751.0, 501.0, 251.0, 1.0]);
    // For Euler the last key has a meaning.
    let error = ddim.with_scheduler(&SchedulerName::Euler).unwrap_err();
    assert_snapshot!(error, @"the scheduler configuration has `use_karras_sigmas` = true, which is not supported");
}

#[test]
fn trained_betas_take_the_place_of_a_formula() {
    let json = r#"{"_class_name": "Ddimscheduler", "num_train_timesteps": 2, "trained_betas": [0.5, 0.5],
        "clip_sample": false}"#;
    let mut scheduler = SchedulerConfig::from_json(json).unwrap().build(1).unwrap();
    let ones = Latents::ones((1, 4, 1, 1));
    let output = scheduler.step(&Latents::zeros((1, 4, 1, 1)), 0, &ones, &mut Silence);
    assert_eq!(output.pred_original_sample, ones.mapv(|one| one / 0.5_f32.sqrt()));
}

fn error(keys: &str) -> String {
    match SchedulerConfig::from_json(&format!("{{{keys}}}")) {
        Ok(config) => config.build(1000).unwrap_err().to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let refused = [
        r#""_class_name": "EulerDiscreteScheduler", "use_karras_sigmas": true"#,
        r#""_class_name": "EulerDiscreteScheduler", "use_beta_sigmas": true"#,
        r#""_class_name": "EulerDiscreteScheduler", "use_exponential_sigmas": true"#,
        r#""_class_name": "EulerDiscreteScheduler", "interpolation_type": "log_linear""#,
        r#""_class_name": "EulerDiscreteScheduler", "timestep_type": "continuous", "prediction_type": "v_prediction""#,
        r#""_class_name": "EulerDiscreteScheduler", "final_sigmas_type": 0"#,
        r#""_class_name": "DDIMScheduler", "thresholding": true"#,
        r#""_class_name": "DDIMScheduler", "prediction_type": "flow_prediction""#,
        r#""_class_name": "DDIMScheduler", "beta_schedule": "sigmoid""#,
        r#""_class_name": "DDIMScheduler", "timestep_spacing": ["leading"]"#,
        r#""_class_name": "DDIMScheduler", "num_train_timesteps": 1e12"#,
        r#""_class_name": "DDIMScheduler", "trained_betas": ["0.1"]"#,
        r#""_class_name": "DDIMScheduler", "flow_shift": 3.0"#,
    ];
    let errors: Vec<_> = refused.into_iter().map(error).collect();
    assert_snapshot!(errors.join("\n"), @r#"
    the scheduler configuration has `use_karras_sigmas` = true, which is not supported
    the scheduler configuration has `use_beta_sigmas` = true, which is not supported
    the scheduler configuration has `use_exponential_sigmas` = true, which is not supported
    the scheduler configuration has `interpolation_type` = "log_linear", which is not supported
    the scheduler configuration has `timestep_type` = "continuous", which is not supported
    the scheduler configuration has `final_sigmas_type` = 0, which is not supported
    the scheduler configuration has `thresholding` = true, which is not supported
    the scheduler configuration has `prediction_type` = "flow_prediction", which is not supported
    the scheduler configuration has `beta_schedule` = "sigmoid", which is not supported
    the scheduler configuration has `timestep_spacing` = ["leading"], which is not supported
    the scheduler configuration has `num_train_timesteps` = 1000000000000.0, which is not supported
    the scheduler configuration has `trained_betas` = ["0.1"], which is not supported
    the scheduler configuration has `flow_shift` = 3.0, which is not supported
    "#);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = [
        "",
        "]",
        r#""_class_name": 3"#,
        r#""_class_name": "DDIMScheduler", "num_train_timesteps": 0"#,
        r#""_class_name": "DDIMScheduler", "num_train_timesteps": 999"#,
        r#""_class_name": "DDIMScheduler", "steps_offset": 1"#,
        r#""_class_name": "DDIMScheduler", "beta_start": 0.0"#,
        r#""_class_name": "DDIMScheduler", "beta_end": -3"#,
        r#""_class_name": "DDIMScheduler", "trained_betas": [0.1]"#,
        r#""_class_name": "DDIMScheduler", "rescale_betas_zero_snr": true"#,
        r#""_class_name": "EulerDiscreteScheduler", "num_train_timesteps": 2, "rescale_betas_zero_snr": true"#,
        r#""_class_name": "EulerDiscreteScheduler", "num_train_timesteps": 100000"#,
    ];
    let errors: Vec<_> = refused.into_iter().map(error).collect();
    assert_snapshot!(errors.join("\n"), @r#"
    unknown scheduler "", known are DDIM (DDIMScheduler), Euler (EulerDiscreteScheduler)
    the scheduler configuration is not a JSON object: key must be a string at line 1 column 2
    unknown scheduler "", known are DDIM (DDIMScheduler), Euler (EulerDiscreteScheduler)
    the scheduler configuration contradicts itself: its betas are no noise schedule between 0 and 1
    1000 steps are not possible with this schedule of 999 timesteps
    1000 steps are not possible with this schedule of 1000 timesteps
    the scheduler configuration contradicts itself: its betas are no noise schedule between 0 and 1
    the scheduler configuration contradicts itself: its betas are no noise schedule between 0 and 1
    the scheduler configuration contradicts itself: `trained_betas` does not have `num_train_timesteps` values
    the scheduler configuration contradicts itself: `prediction_type` epsilon cannot start from the pure noise of `rescale_betas_zero_snr`
    1000 steps are not possible with this schedule of 2 timesteps
    the scheduler configuration contradicts itself: its betas are no noise schedule between 0 and 1
    "#);
    let ddim = SchedulerConfig::from_json(r#"{"_class_name": "DDIMScheduler"}"#).unwrap();
    assert_snapshot!(ddim.build(0).unwrap_err(), @"0 steps are not possible with this schedule of 1000 timesteps");
}
