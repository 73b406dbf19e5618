use ndarray::Array1;
use serde::Deserialize;

use super::*;
use crate::noise::TorchCpuNoise;

mod anchors;
mod names;
mod refusals;

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
        config.build(&LoopOptions::new(self.num_inference_steps))
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
    let loops: Loops = serde_json::from_str(include_str!("../../../testdata/schedulers/loops.json")).unwrap();
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
        serde_json::from_str(include_str!("../../../testdata/schedulers/timesteps.json")).unwrap();
    assert_eq!(timesteps.checksums.len(), 12);
    for Checksums { config, sums } in timesteps.checksums {
        let scheduler = SchedulerConfig::from_json(&config.to_string()).unwrap();
        for (index, &expected) in sums.iter().enumerate() {
            let built = scheduler.build(&LoopOptions::new(index + 1)).unwrap();
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

#[test]
fn trained_betas_take_the_place_of_a_formula() {
    let json = r#"{"_class_name": "Ddimscheduler", "num_train_timesteps": 2, "trained_betas": [0.5, 0.5],
        "clip_sample": false}"#;
    let mut scheduler = SchedulerConfig::from_json(json)
        .unwrap()
        .build(&LoopOptions::new(1))
        .unwrap();
    let ones = Latents::ones((1, 4, 1, 1));
    let output = scheduler.step(&Latents::zeros((1, 4, 1, 1)), 0, &ones, &mut Silence);
    assert_eq!(output.pred_original_sample, ones.mapv(|one| one / 0.5_f32.sqrt()));
}

#[test]
fn eta_1_makes_ddim_a_stochastic_process() {
    let config = SchedulerConfig::from_json(r#"{"_class_name": "DDIMScheduler"}"#).unwrap();
    let sample = Latents::ones((1, 4, 2, 2));
    let draw = |eta| {
        let options = LoopOptions {
            num_inference_steps: 10,
            eta,
        };
        let mut scheduler = config.build(&options).unwrap();
        scheduler
            .step(&sample, 0, &sample, &mut TorchCpuNoise::new(0))
            .prev_sample
    };
    assert_eq!(draw(None), draw(Some(0.0)));
    assert_ne!(draw(None), draw(Some(1.0)));
}
