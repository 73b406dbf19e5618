//! Euler's method that goes too far down in each step and adds fresh noise up to the wanted level; k-diffusion's
//! `sample_euler_ancestral`.

use super::{
    Latents, LoopOptions, Scheduler, SchedulerError, StepOutput,
    keys::Keys,
    numbers::map,
    prediction::PredictionType,
    schedule::{ScheduleDefaults, ZeroSnr},
    sigmas::{SigmaConfig, add_noise_at_sigma, ancestral_step, scale_to_unit_variance},
};
use crate::noise::Noise;

/// The keys of an `EulerAncestralDiscreteScheduler`.
pub(super) fn from_keys(keys: Keys<'_>) -> Result<SigmaConfig, SchedulerError> {
    let defaults = ScheduleDefaults {
        zero_snr: ZeroSnr::Tiny,
        ..ScheduleDefaults::DDPM
    };
    let prediction_type = PredictionType::from_keys_without_sample(keys)?;
    Ok(SigmaConfig::from_keys(keys, &defaults, prediction_type)?.without_sigma_schedule())
}

/// One loop of the ancestral Euler method.
#[derive(Debug)]
pub(super) struct EulerAncestral {
    timesteps: Vec<f32>,
    /// One more than timesteps: the level that the last step leads to.
    sigmas: Vec<f32>,
    prediction_type: PredictionType,
    init_noise_sigma: f32,
}

impl EulerAncestral {
    pub(super) fn new(config: &SigmaConfig, options: &LoopOptions) -> Result<Self, SchedulerError> {
        let levels = config.levels(options.num_inference_steps)?;
        let sigmas = levels.sigmas_to(0.0);
        let finite = |pair: &[f32]| {
            let (down, up) = ancestral_step(pair[0], pair[1]);
            (down + up).is_finite()
        };
        if !sigmas.windows(2).all(finite) {
            return Err(SchedulerError::REPEATED_LEVELS);
        }
        Ok(Self {
            timesteps: levels.timesteps_f32(),
            init_noise_sigma: config.init_noise_sigma(&sigmas),
            sigmas,
            prediction_type: config.prediction_type,
        })
    }
}

impl Scheduler for EulerAncestral {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn init_noise_sigma(&self) -> f32 {
        self.init_noise_sigma
    }

    fn scale_model_input(&self, sample: &Latents, step: usize) -> Latents {
        scale_to_unit_variance(sample, self.sigmas[step])
    }

    /// Draws noise in every step, also in the last, where nothing of it is left.
    fn step(
        &mut self,
        model_output: &Latents,
        step: usize,
        sample: &Latents,
        noise: &mut dyn Noise,
    ) -> StepOutput {
        let sigma = self.sigmas[step];
        let (sigma_down, sigma_up) = ancestral_step(sigma, self.sigmas[step + 1]);
        let dt = sigma_down - sigma;
        let pred_original_sample = self
            .prediction_type
            .original_at_sigma(model_output, sample, sigma);
        let mut prev_sample = map(sample, &pred_original_sample, |sample, original| {
            sample + (sample - original) / sigma * dt
        });
        let noise = noise.randn(sample.dim());
        prev_sample.zip_mut_with(&noise, |prev, &noise| *prev += noise * sigma_up);
        StepOutput {
            prev_sample,
            pred_original_sample,
        }
    }

    fn add_noise(&self, original: &Latents, noise: &Latents, step: usize) -> Latents {
        add_noise_at_sigma(original, noise, self.sigmas[step])
    }
}
