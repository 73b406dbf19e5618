//! Euler's method over the noise levels σ = √((1 − ᾱ) / ᾱ), <https://arxiv.org/abs/2206.00364> algorithm 2 without churn.

use ndarray::Zip;

use super::{
    Latents, Scheduler, SchedulerError, StepOutput,
    schedule::{NoiseSchedule, PredictionType, Spacing, TimestepGrid},
};
use crate::noise::Noise;

/// The keys of an `EulerDiscreteScheduler`.
#[derive(Debug, Clone)]
pub(super) struct EulerConfig {
    pub(super) schedule: NoiseSchedule,
    pub(super) prediction_type: PredictionType,
    pub(super) grid: TimestepGrid,
    /// `final_sigmas_type` is `zero`, not `sigma_min`.
    pub(super) final_sigma_zero: bool,
}

/// One loop of Euler's method.
#[derive(Debug)]
pub(super) struct Euler {
    timesteps: Vec<f32>,
    /// One more than timesteps: the level that the last step leads to.
    sigmas: Vec<f32>,
    prediction_type: PredictionType,
    init_noise_sigma: f32,
}

impl Euler {
    pub(super) fn new(config: &EulerConfig, num_inference_steps: usize) -> Result<Self, SchedulerError> {
        let num_train_timesteps = config.schedule.num_train_timesteps();
        let timesteps: Vec<f32> = config
            .grid
            .timesteps(num_inference_steps, num_train_timesteps)?
            .into_iter()
            .map(|timestep| timestep as f32)
            .collect();
        let train_sigmas = train_sigmas(&config.schedule);
        let final_sigma = match train_sigmas.first() {
            Some(&sigma_min) if !config.final_sigma_zero => sigma_min,
            _ => 0.0,
        };
        let mut sigmas: Vec<f32> = timesteps
            .iter()
            .map(|&timestep| interpolate(&train_sigmas, timestep))
            .collect();
        sigmas.push(final_sigma);
        let sigma_max = sigmas.iter().copied().fold(0.0, f32::max);
        Ok(Self {
            timesteps,
            sigmas,
            prediction_type: config.prediction_type,
            init_noise_sigma: match config.grid.spacing {
                Spacing::Linspace | Spacing::Trailing => sigma_max,
                Spacing::Leading => (sigma_max * sigma_max + 1.0).sqrt(),
            },
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
        let sigma = self.sigmas[step];
        let scale = (sigma * sigma + 1.0).sqrt();
        sample.mapv(|value| value / scale)
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
        let variance = sigma * sigma + 1.0;
        let output_scale = -sigma / variance.sqrt();
        let mut prev_sample = Latents::zeros(sample.raw_dim());
        let mut pred_original_sample = Latents::zeros(sample.raw_dim());
        Zip::from(&mut prev_sample)
            .and(&mut pred_original_sample)
            .and(model_output)
            .and(sample)
            .for_each(|prev, original, &output, &sample| {
                *original = match self.prediction_type {
                    PredictionType::Epsilon => sample - sigma * output,
                    PredictionType::Sample => output,
                    PredictionType::VPrediction => output * output_scale + sample / variance,
                };
                *prev = sample + (sample - *original) / sigma * dt;
            });
        StepOutput {
            prev_sample,
            pred_original_sample,
        }
    }
}

/// σ at every training timestep, rising.
fn train_sigmas(schedule: &NoiseSchedule) -> Vec<f32> {
    let mut alphas = schedule.alphas_cumprod.clone();
    if let (true, Some(last)) = (schedule.zero_terminal_snr, alphas.last_mut()) {
        // Without any signal σ would be infinite; diffusers puts float16's smallest number here.
        *last = 2.0_f32.powi(-24);
    }
    alphas
        .into_iter()
        .map(|alpha| ((1.0 - alpha) / alpha).sqrt())
        .collect()
}

/// `numpy.interp(timestep, range(len(sigmas)), sigmas)`: linear in between, constant outside.
fn interpolate(sigmas: &[f32], timestep: f32) -> f32 {
    let below = timestep.max(0.0) as usize;
    match (sigmas.get(below), sigmas.get(below + 1)) {
        (Some(&low), Some(&high)) => {
            let fraction = f64::from(timestep) - below as f64;
            ((f64::from(high) - f64::from(low)) * fraction + f64::from(low)) as f32
        }
        _ => sigmas.last().copied().unwrap_or(0.0),
    }
}
