//! Trajectory consistency distillation, <https://arxiv.org/abs/2402.19159> algorithm 4: each step goes further down than
//! the next timestep and adds fresh noise up to it.

use super::{
    Latents, LoopOptions, Scheduler, SchedulerError, StepOutput, keys::Keys, lcm::DistilledSchedule,
    numbers::combine, prediction::PredictionType,
};
use crate::noise::Noise;

/// The keys of a `TCDScheduler`. Its clipping and thresholding are not looked at in diffusers either.
#[derive(Debug, Clone)]
pub(super) struct TcdConfig {
    distilled: DistilledSchedule,
    pub(super) prediction_type: PredictionType,
}

impl TcdConfig {
    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        Ok(Self {
            distilled: DistilledSchedule::from_keys(keys)?,
            prediction_type: PredictionType::from_keys(keys)?,
        })
    }
}

/// One TCD loop.
#[derive(Debug)]
pub(super) struct Tcd {
    timesteps: Vec<f32>,
    steps: Vec<Levels>,
    prediction_type: PredictionType,
    /// γ in the paper: how much further down a step goes.
    eta: f32,
}

/// ᾱ at a timestep, where the step goes to, and at the next timestep, unless it is the last.
#[derive(Debug, Clone, Copy)]
struct Levels {
    alpha: f32,
    alpha_down: f32,
    alpha_prev: Option<f32>,
}

impl Tcd {
    pub(super) fn new(config: &TcdConfig, options: &LoopOptions) -> Result<Self, SchedulerError> {
        let eta = options.eta_or(0.3)?;
        let schedule = &config.distilled.schedule;
        let timesteps = config.distilled.timesteps(options.num_inference_steps)?;
        let alphas = schedule.alphas(&timesteps, config.prediction_type)?;
        let steps = alphas.iter().enumerate().map(|(step, &alpha)| {
            let prev_timestep = timesteps.get(step + 1).map_or(0.0, |&timestep| timestep as f32);
            let down = ((1.0 - eta) * prev_timestep).floor();
            Levels {
                alpha,
                alpha_down: schedule.alpha(f64::from(down)).unwrap_or(1.0),
                alpha_prev: alphas.get(step + 1).copied(),
            }
        });
        Ok(Self {
            steps: steps.collect(),
            timesteps: timesteps.iter().map(|&timestep| timestep as f32).collect(),
            prediction_type: config.prediction_type,
            eta,
        })
    }
}

impl Scheduler for Tcd {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    /// Draws noise in every step but the last, unless η is 0.
    fn step(
        &mut self,
        model_output: &Latents,
        step: usize,
        sample: &Latents,
        noise: &mut dyn Noise,
    ) -> StepOutput {
        let Levels {
            alpha,
            alpha_down,
            alpha_prev,
        } = self.steps[step];
        let (sqrt_alpha, sqrt_beta) = (alpha.sqrt(), (1.0 - alpha).sqrt());
        let prediction_type = self.prediction_type;
        let pred_original_sample = prediction_type.original(model_output, sample, sqrt_alpha, sqrt_beta);
        let epsilon = prediction_type.noise(model_output, sample, sqrt_alpha, sqrt_beta);
        let down = combine(
            (alpha_down.sqrt(), &pred_original_sample),
            &[((1.0 - alpha_down).sqrt(), &epsilon)],
        );
        let prev_sample = match alpha_prev {
            Some(alpha_prev) if self.eta > 0.0 => {
                let share = alpha_prev / alpha_down;
                let noise = noise.randn(sample.dim());
                combine((share.sqrt(), &down), &[((1.0 - share).sqrt(), &noise)])
            }
            _ => down,
        };
        StepOutput {
            prev_sample,
            pred_original_sample,
        }
    }

    fn add_noise(&self, original: &Latents, noise: &Latents, step: usize) -> Latents {
        let alpha = self.steps[step].alpha;
        combine((alpha.sqrt(), original), &[((1.0 - alpha).sqrt(), noise)])
    }
}
