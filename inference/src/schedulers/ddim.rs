//! Denoising diffusion implicit models, <https://arxiv.org/abs/2010.02502>.

use super::{
    Latents, LoopOptions, Scheduler, SchedulerError, StepOutput,
    clipping::Clipping,
    keys::Keys,
    numbers::combine,
    prediction::PredictionType,
    schedule::{NoiseSchedule, ScheduleDefaults, Spacing, TimestepGrid, ZeroSnr},
};
use crate::noise::Noise;

/// The keys of a `DDIMScheduler`.
#[derive(Debug, Clone)]
pub(super) struct DdimConfig {
    schedule: NoiseSchedule,
    pub(super) prediction_type: PredictionType,
    grid: TimestepGrid,
    /// The step after the last timestep goes to ᾱ = 1, not to that of timestep 0.
    set_alpha_to_one: bool,
    clipping: Clipping,
}

impl DdimConfig {
    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        let defaults = ScheduleDefaults {
            zero_snr: ZeroSnr::Exact,
            ..ScheduleDefaults::DDPM
        };
        Ok(Self {
            schedule: NoiseSchedule::from_keys(keys, &defaults)?,
            prediction_type: PredictionType::from_keys(keys)?,
            grid: TimestepGrid::from_keys(keys, Spacing::Leading)?,
            set_alpha_to_one: keys.bool("set_alpha_to_one", true)?,
            clipping: Clipping::from_keys(keys, true)?,
        })
    }
}

/// One DDIM loop.
#[derive(Debug)]
pub(super) struct Ddim {
    timesteps: Vec<f32>,
    steps: Vec<Coefficients>,
    prediction_type: PredictionType,
    clipping: Clipping,
    /// How much of the variance is fresh noise.
    eta: f32,
}

/// √ᾱ and √(1 − ᾱ) at a timestep, and what the step is put together from.
#[derive(Debug, Clone, Copy)]
struct Coefficients {
    sqrt_alpha: f32,
    sqrt_beta: f32,
    sqrt_alpha_prev: f32,
    direction: f32,
    std_dev: f32,
}

impl Coefficients {
    fn new(alpha: f32, alpha_prev: f32, eta: f32) -> Self {
        let (beta, beta_prev) = (1.0 - alpha, 1.0 - alpha_prev);
        let variance = beta_prev / beta * (1.0 - alpha / alpha_prev);
        let std_dev = eta * variance.sqrt();
        Self {
            sqrt_alpha: alpha.sqrt(),
            sqrt_beta: beta.sqrt(),
            sqrt_alpha_prev: alpha_prev.sqrt(),
            // With η = 1 nothing may be left here, and rounding can make it less.
            direction: (beta_prev - std_dev * std_dev).max(0.0).sqrt(),
            std_dev,
        }
    }
}

impl Ddim {
    pub(super) fn new(config: &DdimConfig, options: &LoopOptions) -> Result<Self, SchedulerError> {
        let num_train_timesteps = config.schedule.num_train_timesteps();
        let timesteps: Vec<f64> = config
            .grid
            .timesteps(options.num_inference_steps, num_train_timesteps)?
            .into_iter()
            .map(f64::round_ties_even)
            .collect();
        let final_alpha = match config.schedule.alpha(0.0) {
            Some(first) if !config.set_alpha_to_one => first,
            _ => 1.0,
        };
        let distance = (num_train_timesteps / options.num_inference_steps) as f64;
        let eta = options.eta_or(0.0)?;
        let alphas = config.schedule.alphas(&timesteps, config.prediction_type)?;
        let coefficients = |(&timestep, &alpha): (&f64, &f32)| {
            let alpha_prev = config.schedule.alpha(timestep - distance).unwrap_or(final_alpha);
            Coefficients::new(alpha, alpha_prev, eta)
        };
        Ok(Self {
            steps: timesteps.iter().zip(&alphas).map(coefficients).collect(),
            timesteps: timesteps.iter().map(|&timestep| timestep as f32).collect(),
            prediction_type: config.prediction_type,
            clipping: config.clipping,
            eta,
        })
    }
}

impl Scheduler for Ddim {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    /// Formula 12 of the paper; draws noise only with η above 0.
    fn step(
        &mut self,
        model_output: &Latents,
        step: usize,
        sample: &Latents,
        noise: &mut dyn Noise,
    ) -> StepOutput {
        let Coefficients {
            sqrt_alpha,
            sqrt_beta,
            sqrt_alpha_prev,
            direction,
            std_dev,
        } = self.steps[step];
        let prediction_type = self.prediction_type;
        let original = prediction_type.original(model_output, sample, sqrt_alpha, sqrt_beta);
        let pred_original_sample = self.clipping.apply(original);
        let epsilon = prediction_type.noise(model_output, sample, sqrt_alpha, sqrt_beta);
        let mut prev_sample = combine((sqrt_alpha_prev, &pred_original_sample), &[(direction, &epsilon)]);
        if self.eta > 0.0 {
            let noise = noise.randn(sample.dim());
            prev_sample.zip_mut_with(&noise, |prev, &noise| *prev += std_dev * noise);
        }
        StepOutput {
            prev_sample,
            pred_original_sample,
        }
    }

    fn add_noise(&self, original: &Latents, noise: &Latents, step: usize) -> Latents {
        let Coefficients {
            sqrt_alpha,
            sqrt_beta,
            ..
        } = self.steps[step];
        combine((sqrt_alpha, original), &[(sqrt_beta, noise)])
    }
}
