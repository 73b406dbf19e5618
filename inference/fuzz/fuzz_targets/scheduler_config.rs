//! Any JSON is a scheduler or an error, and a scheduler can be stepped through.
#![no_main]

use inference::noise::{NoiseDtype, NoiseSource, generator};
use inference::schedulers::{Latents, LoopOptions, SchedulerConfig};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str)| {
    let (steps, json) = input;
    let Ok(config) = SchedulerConfig::from_json(json) else {
        return;
    };
    let options = LoopOptions {
        num_inference_steps: usize::from(steps % 32),
        eta: None,
    };
    let Ok(mut scheduler) = config.build(&options) else {
        return;
    };
    let mut noise = generator(NoiseSource::Cpu, NoiseDtype::F32, 0);
    let mut sample = noise.randn((1, 4, 2, 2)) * scheduler.init_noise_sigma();
    for step in 0..scheduler.timesteps().len() {
        let model_output: Latents = scheduler.scale_model_input(&sample, step) * 0.5;
        sample = scheduler
            .step(&model_output, step, &sample, noise.as_mut())
            .prev_sample;
    }
});
