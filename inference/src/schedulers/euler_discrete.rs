//! Euler's method over the noise levels σ = √((1 − ᾱ) / ᾱ), <https://arxiv.org/abs/2206.00364> algorithm 2 without churn.

use super::{
    Latents, LoopOptions, Scheduler, SchedulerError, StepOutput,
    keys::Keys,
    numbers::{exp, ln, map},
    prediction::PredictionType,
    schedule::{ScheduleDefaults, ZeroSnr, torch_linspace},
    sigmas::{Levels, SigmaConfig, add_noise_at_sigma, scale_to_unit_variance},
};
use crate::noise::Noise;

/// The keys of an `EulerDiscreteScheduler`.
#[derive(Debug, Clone)]
pub(super) struct EulerConfig {
    pub(super) common: SigmaConfig,
    /// `final_sigmas_type` is `zero`, not `sigma_min`.
    final_sigma_zero: bool,
    /// `interpolation_type` is `log_linear`.
    log_linear: bool,
    /// `timestep_type` is `continuous`, which means something with velocity prediction only.
    continuous_timesteps: bool,
}

impl EulerConfig {
    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        let defaults = ScheduleDefaults {
            zero_snr: ZeroSnr::Tiny,
            ..ScheduleDefaults::DDPM
        };
        let prediction_type = PredictionType::from_keys_of_euler(keys)?;
        let continuous = keys.word(
            "timestep_type",
            &[("discrete", false), ("continuous", true)],
            false,
        )?;
        Ok(Self {
            common: SigmaConfig::from_keys(keys, &defaults, prediction_type)?,
            final_sigma_zero: keys.word(
                "final_sigmas_type",
                &[("zero", true), ("sigma_min", false)],
                true,
            )?,
            log_linear: keys.word(
                "interpolation_type",
                &[("linear", false), ("log_linear", true)],
                false,
            )?,
            continuous_timesteps: continuous && prediction_type == PredictionType::VPrediction,
        })
    }

    fn levels(&self, num_inference_steps: usize) -> Result<Levels, SchedulerError> {
        if !self.log_linear {
            return self.common.levels(num_inference_steps);
        }
        let (low, high) = self.common.train_sigmas.range();
        let levels = Levels {
            timesteps: self.common.timesteps(num_inference_steps)?,
            // One level too many: the last step leads to it instead of the final one.
            sigmas: torch_linspace(ln(high as f32), ln(low as f32), num_inference_steps + 1)
                .into_iter()
                .map(|log_sigma| f64::from(exp(log_sigma)))
                .collect(),
        };
        self.common.respace(levels, num_inference_steps)
    }
}

/// One loop of Euler's method.
#[derive(Debug)]
pub(super) struct Euler {
    timesteps: Vec<f32>,
    /// At least one more than timesteps: the level that the last step leads to.
    sigmas: Vec<f32>,
    prediction_type: PredictionType,
    init_noise_sigma: f32,
}

impl Euler {
    pub(super) fn new(config: &EulerConfig, options: &LoopOptions) -> Result<Self, SchedulerError> {
        let levels = config.levels(options.num_inference_steps)?;
        let final_sigma = match config.final_sigma_zero {
            true => 0.0,
            false => config.common.train_sigmas.first(),
        };
        let sigmas = levels.sigmas_to(final_sigma);
        let timesteps = match config.continuous_timesteps {
            true => {
                let steps = &sigmas[..sigmas.len() - 1];
                steps.iter().map(|&sigma| 0.25 * ln(sigma)).collect()
            }
            false => levels.timesteps_f32(),
        };
        Ok(Self {
            timesteps,
            init_noise_sigma: config.common.init_noise_sigma(&sigmas),
            sigmas,
            prediction_type: config.common.prediction_type,
        })
    }
}

impl Scheduler for Euler {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn init_noise_sigma(&self) -> f32 {
        self.init_noise_sigma
    }

    fn scale_model_input(&self, sample: &Latents, step: usize) -> Latents {
        scale_to_unit_variance(sample, self.sigmas[step])
    }

    fn step(
        &mut self,
        model_output: &Latents,
        step: usize,
        sample: &Latents,
        _noise: &mut dyn Noise,
    ) -> StepOutput {
        let sigma = self.sigmas[step];
        let dt = self.sigmas[step + 1] - sigma;
        let pred_original_sample = self
            .prediction_type
            .original_at_sigma(model_output, sample, sigma);
        let prev_sample = map(sample, &pred_original_sample, |sample, original| {
            sample + (sample - original) / sigma * dt
        });
        StepOutput {
            prev_sample,
            pred_original_sample,
        }
    }

    fn add_noise(&self, original: &Latents, noise: &Latents, step: usize) -> Latents {
        add_noise_at_sigma(original, noise, self.sigmas[step])
    }
}
