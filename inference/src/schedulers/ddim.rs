//! Denoising diffusion implicit models, <https://arxiv.org/abs/2010.02502>, with η = 0 (deterministic).

use ndarray::Zip;

use super::{
    Latents, Scheduler, SchedulerError, StepOutput,
    schedule::{NoiseSchedule, PredictionType, TimestepGrid},
};
use crate::noise::Noise;

/// The keys of a `DDIMScheduler`.
#[derive(Debug, Clone)]
pub(super) struct DdimConfig {
    pub(super) schedule: NoiseSchedule,
    pub(super) prediction_type: PredictionType,
    pub(super) grid: TimestepGrid,
    /// The step after the last timestep goes to ᾱ = 1, not to that of timestep 0.
    pub(super) set_alpha_to_one: bool,
    /// `clip_sample` and `clip_sample_range`.
    pub(super) clip_sample_range: Option<f32>,
}

/// One DDIM loop.
#[derive(Debug)]
pub(super) struct Ddim {
    timesteps: Vec<f32>,
    steps: Vec<Coefficients>,
    prediction_type: PredictionType,
    clip_sample_range: Option<f32>,
}

/// √ᾱ and √(1 − ᾱ) at a timestep and at the one it leads to.
#[derive(Debug, Clone, Copy)]
struct Coefficients {
    sqrt_alpha: f32,
    sqrt_beta: f32,
    sqrt_alpha_prev: f32,
    sqrt_beta_prev: f32,
}

impl Ddim {
    pub(super) fn new(config: &DdimConfig, num_inference_steps: usize) -> Result<Self, SchedulerError> {
        let alphas = &config.schedule.alphas_cumprod;
        let num_train_timesteps = config.schedule.num_train_timesteps();
        let timesteps: Vec<f64> = config
            .grid
            .timesteps(num_inference_steps, num_train_timesteps)?
            .into_iter()
            .map(f64::round_ties_even)
            .collect();
        let final_alpha = match alphas.first() {
            Some(&first) if !config.set_alpha_to_one => first,
            _ => 1.0,
        };
        let distance = num_train_timesteps / num_inference_steps;
        let coefficients = |timestep: &f64| {
            let timestep = *timestep as usize;
            // An offset can push the first timestep out of the schedule.
            let alpha = *alphas.get(timestep).ok_or(SchedulerError::Steps {
                num_inference_steps,
                num_train_timesteps,
            })?;
            if alpha == 0.0 && config.prediction_type == PredictionType::Epsilon {
                let reason =
                    "`prediction_type` epsilon cannot start from the pure noise of `rescale_betas_zero_snr`";
                return Err(SchedulerError::Contradiction { reason });
            }
            let alpha_prev = timestep
                .checked_sub(distance)
                .and_then(|prev| alphas.get(prev))
                .copied()
                .unwrap_or(final_alpha);
            Ok(Coefficients {
                sqrt_alpha: alpha.sqrt(),
                sqrt_beta: (1.0 - alpha).sqrt(),
                sqrt_alpha_prev: alpha_prev.sqrt(),
                sqrt_beta_prev: (1.0 - alpha_prev).sqrt(),
            })
        };
        Ok(Self {
            steps: timesteps.iter().map(coefficients).collect::<Result<_, _>>()?,
            timesteps: timesteps.iter().map(|&timestep| timestep as f32).collect(),
            prediction_type: config.prediction_type,
            clip_sample_range: config.clip_sample_range,
        })
    }
}

impl Scheduler for Ddim {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn init_noise_sigma(&self) -> f32 {
        1.0
    }

    fn scale_model_input(&self, sample: &Latents, _step: usize) -> Latents {
        sample.clone()
    }

    /// Formula 12 of the paper.
    fn step(
        &mut self,
        model_output: &Latents,
        step: usize,
        sample: &Latents,
        _noise: &mut dyn Noise,
    ) -> StepOutput {
        let Coefficients {
            sqrt_alpha,
            sqrt_beta,
            sqrt_alpha_prev,
            sqrt_beta_prev,
        } = self.steps[step];
        let range = self.clip_sample_range.unwrap_or(f32::INFINITY);
        let mut prev_sample = Latents::zeros(sample.raw_dim());
        let mut pred_original_sample = Latents::zeros(sample.raw_dim());
        Zip::from(&mut prev_sample)
            .and(&mut pred_original_sample)
            .and(model_output)
            .and(sample)
            .for_each(|prev, original, &output, &sample| {
                let (predicted, epsilon) = match self.prediction_type {
                    PredictionType::Epsilon => ((sample - sqrt_beta * output) / sqrt_alpha, output),
                    PredictionType::Sample => (output, (sample - sqrt_alpha * output) / sqrt_beta),
                    PredictionType::VPrediction => (
                        sqrt_alpha * sample - sqrt_beta * output,
                        sqrt_alpha * output + sqrt_beta * sample,
                    ),
                };
                *original = predicted.clamp(-range, range);
                *prev = sqrt_alpha_prev * *original + sqrt_beta_prev * epsilon;
            });
        StepOutput {
            prev_sample,
            pred_original_sample,
        }
    }
}
