//! Heun's method: an Euler step, then the mean of the derivatives at both of its ends,
//! <https://arxiv.org/abs/2206.00364> algorithm 1.

use super::{
    Latents, LoopOptions, Scheduler, SchedulerError, StepOutput,
    clipping::Clipping,
    keys::Keys,
    numbers::map,
    prediction::PredictionType,
    schedule::{BetaSchedule, ScheduleDefaults},
    sigmas::{SigmaConfig, add_noise_at_sigma, scale_to_unit_variance},
};
use crate::noise::Noise;

/// The keys of a `HeunDiscreteScheduler`.
#[derive(Debug, Clone)]
pub(super) struct HeunConfig {
    pub(super) common: SigmaConfig,
    clipping: Clipping,
}

impl HeunConfig {
    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        let defaults = ScheduleDefaults {
            own_beta_schedule: Some(("exp", BetaSchedule::Exp)),
            ..ScheduleDefaults::STABLE_DIFFUSION
        };
        let prediction_type = PredictionType::from_keys(keys)?;
        Ok(Self {
            common: SigmaConfig::from_keys(keys, &defaults, prediction_type)?,
            clipping: Clipping::range(keys, false)?,
        })
    }
}

/// One loop of Heun's method.
#[derive(Debug)]
pub(super) struct Heun {
    /// Every one but the first twice: for the end of one step and the begin of the next.
    timesteps: Vec<f32>,
    /// As the timesteps, and the level that the last step leads to.
    sigmas: Vec<f32>,
    prediction_type: PredictionType,
    clipping: Clipping,
    init_noise_sigma: f32,
    /// What the first half of a step leaves to the second.
    half: Option<Half>,
}

#[derive(Debug)]
struct Half {
    sample: Latents,
    derivative: Latents,
    dt: f32,
}

impl Heun {
    pub(super) fn new(config: &HeunConfig, options: &LoopOptions) -> Result<Self, SchedulerError> {
        let levels = config.common.levels(options.num_inference_steps)?;
        let mut sigmas = twice_but_first(levels.sigmas.iter().map(|&sigma| sigma as f32));
        sigmas.push(0.0);
        Ok(Self {
            timesteps: twice_but_first(levels.timesteps.iter().map(|&timestep| timestep as f32)),
            init_noise_sigma: config.common.init_noise_sigma(&sigmas),
            sigmas,
            prediction_type: config.common.prediction_type,
            clipping: config.clipping,
            half: None,
        })
    }
}

fn twice_but_first(values: impl Iterator<Item = f32>) -> Vec<f32> {
    values.flat_map(|value| [value; 2]).skip(1).collect()
}

impl Scheduler for Heun {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn order(&self) -> usize {
        2
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
        // In the second half this is the level that the first half went to.
        let sigma = self.sigmas[step];
        let original = self
            .prediction_type
            .original_at_sigma(model_output, sample, sigma);
        let pred_original_sample = self.clipping.apply(original);
        let derivative = map(sample, &pred_original_sample, |sample, original| {
            (sample - original) / sigma
        });
        let prev_sample = match self.half.take() {
            None => {
                let dt = self.sigmas[step + 1] - sigma;
                let prev_sample = map(sample, &derivative, |sample, derivative| sample + derivative * dt);
                self.half = Some(Half {
                    sample: sample.clone(),
                    derivative,
                    dt,
                });
                prev_sample
            }
            Some(half) => {
                let mean = map(&half.derivative, &derivative, |first, second| {
                    (first + second) / 2.0
                });
                map(&half.sample, &mean, |sample, derivative| {
                    sample + derivative * half.dt
                })
            }
        };
        StepOutput {
            prev_sample,
            pred_original_sample,
        }
    }

    fn add_noise(&self, original: &Latents, noise: &Latents, step: usize) -> Latents {
        add_noise_at_sigma(original, noise, self.sigmas[step])
    }
}
