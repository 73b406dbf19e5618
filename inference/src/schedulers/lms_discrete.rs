//! The linear multistep method over noise levels: the derivatives of up to four steps, weighted by the integral of
//! the polynomial through them; k-diffusion's `sample_lms`.

use super::{
    Latents, LoopOptions, Scheduler, SchedulerError, StepOutput,
    history::History,
    keys::Keys,
    numbers::{combine, map},
    prediction::PredictionType,
    schedule::ScheduleDefaults,
    sigmas::{SigmaBounds, SigmaConfig, SigmaSchedule, add_noise_at_sigma, scale_to_unit_variance},
};
use crate::noise::Noise;

/// The number of derivatives that are looked at.
const ORDER: usize = 4;

/// The keys of an `LMSDiscreteScheduler`.
pub(super) fn from_keys(keys: Keys<'_>) -> Result<SigmaConfig, SchedulerError> {
    let prediction_type = PredictionType::from_keys(keys)?;
    let mut config = SigmaConfig::from_keys(keys, &ScheduleDefaults::DDPM, prediction_type)?;
    if config.sigma_schedule == SigmaSchedule::Karras {
        // Of all classes this one does not heed them here.
        config.bounds = SigmaBounds::NONE;
    }
    Ok(config)
}

/// One loop of the linear multistep method.
#[derive(Debug)]
pub(super) struct Lms {
    timesteps: Vec<f32>,
    /// One more than timesteps: the level that the last step leads to.
    sigmas: Vec<f32>,
    /// For each step the weights of the derivatives, the newest first.
    coefficients: Vec<Vec<f32>>,
    prediction_type: PredictionType,
    init_noise_sigma: f32,
    derivatives: History,
}

impl Lms {
    pub(super) fn new(config: &SigmaConfig, options: &LoopOptions) -> Result<Self, SchedulerError> {
        let levels = config.levels(options.num_inference_steps)?;
        let sigmas = levels.sigmas_to(0.0);
        let coefficients: Vec<Vec<f32>> = (0..levels.sigmas.len())
            .map(|step| {
                let first = (step + 1).saturating_sub(ORDER);
                coefficients(&sigmas[first..=step], sigmas[step + 1])
            })
            .collect();
        if coefficients.iter().flatten().any(|weight| !weight.is_finite()) {
            return Err(SchedulerError::REPEATED_LEVELS);
        }
        Ok(Self {
            timesteps: levels.timesteps_f32(),
            init_noise_sigma: config.init_noise_sigma(&sigmas),
            sigmas,
            coefficients,
            prediction_type: config.prediction_type,
            derivatives: History::new(ORDER),
        })
    }
}

/// The integrals, from the last of `sigmas` to `next`, of the polynomials that are 1 at one of `sigmas` and 0 at the
/// others; the newest first. diffusers integrates them numerically with a relative error of up to 1e-4, but has
/// polynomials of degree 3 right to the last bits as well.
fn coefficients(sigmas: &[f32], next: f32) -> Vec<f32> {
    let nodes: Vec<f64> = sigmas.iter().rev().map(|&sigma| f64::from(sigma)).collect();
    let from = nodes.first().copied().unwrap_or_default();
    let to = f64::from(next);
    let (middle, half) = ((from + to) / 2.0, (to - from) / 2.0);
    // Gauss–Legendre quadrature with two points is exact up to degree 3.
    let offset = half / 3.0_f64.sqrt();
    let integral = |current: usize| {
        let polynomial = |tau: f64| -> f64 {
            let others = nodes.iter().enumerate().filter(|&(index, _)| index != current);
            others
                .map(|(_, node)| (tau - node) / (nodes[current] - node))
                .product()
        };
        half * (polynomial(middle - offset) + polynomial(middle + offset))
    };
    (0..nodes.len()).map(|current| integral(current) as f32).collect()
}

impl Scheduler for Lms {
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
        let pred_original_sample = self
            .prediction_type
            .original_at_sigma(model_output, sample, sigma);
        self.derivatives
            .push(map(sample, &pred_original_sample, |sample, original| {
                (sample - original) / sigma
            }));
        // A loop that begins late has fewer derivatives than weights, as in diffusers.
        let weights = self.coefficients[step].iter().copied();
        let mut terms = weights.zip(self.derivatives.newest_first());
        let prev_sample = match terms.next() {
            Some(first) => {
                let change = combine(first, &terms.collect::<Vec<_>>());
                map(sample, &change, |sample, change| sample + change)
            }
            None => sample.clone(),
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
