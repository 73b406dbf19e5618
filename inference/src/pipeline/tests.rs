//! One request without a network: the test plays the network.

use std::sync::Arc;

use ndarray::Array2;

use super::*;
use crate::schedulers::{LoopOptions, SchedulerConfig};

fn conditioning(value: f32) -> Conditioning {
    Conditioning {
        hidden_states: Arc::new(Array2::from_elem((1, 1), value)),
        truncated: false,
    }
}

/// A request of three steps, 64 by 72 pixels.
fn generation(guidance_scale: f32) -> Generation {
    let request = GenerateRequest {
        model: "tiny".into(),
        prompt: String::new(),
        negative_prompt: String::new(),
        width: 64,
        height: 72,
        num_inference_steps: 3,
        guidance_scale,
        seed: 1,
        scheduler: None,
    };
    let scheduler = SchedulerConfig::from_json(r#"{"_class_name": "EulerDiscreteScheduler"}"#)
        .unwrap()
        .build(&LoopOptions::new(3))
        .unwrap();
    let negative_prompt = guidance::is_active(guidance_scale).then(|| conditioning(-1.0));
    Generation::new(
        request,
        scheduler,
        Prompts {
            prompt: conditioning(1.0),
            negative_prompt,
        },
    )
}

#[test]
fn begins_with_torchs_noise() {
    let generation = generation(1.0);
    assert_eq!(generation.latents().dim(), (1, 4, 9, 8));
    let expected = TorchCpuNoise::new(1).randn((1, 4, 9, 8)) * generation.scheduler.init_noise_sigma();
    assert_eq!(generation.latents(), &expected);
    assert_eq!(generation.pred_original_sample(), None);
}

#[test]
fn the_negative_prompt_comes_first_and_only_with_guidance() {
    let who = |generation: &Generation| -> Vec<f32> {
        generation
            .rows()
            .map(|row| row.conditioning.hidden_states[[0, 0]])
            .collect()
    };
    assert_eq!(who(&generation(1.0)), [1.0]);
    assert_eq!(who(&generation(2.0)), [-1.0, 1.0]);
}

#[test]
fn steps_to_the_end() {
    let mut generation = generation(2.0);
    let mut timesteps = Vec::new();
    while !generation.is_finished() {
        timesteps.extend(generation.rows().map(|row| row.timestep));
        let answers: Vec<Latents> = generation.rows().map(|row| row.sample * 0.5).collect();
        generation.advance(&mut answers.into_iter()).unwrap();
    }
    assert_eq!(timesteps, [999.0, 999.0, 499.5, 499.5, 0.0, 0.0]);
    assert_eq!((generation.step(), generation.rows().count()), (3, 0));
    assert!(generation.latents().iter().all(|value| value.is_finite()));
}

#[test]
fn a_missing_answer_is_an_error() {
    let mut generation = generation(2.0);
    let answer = generation.latents().clone();
    assert!(matches!(
        generation.advance(&mut [answer].into_iter()),
        Err(InferenceError::Internal { .. })
    ));
}
