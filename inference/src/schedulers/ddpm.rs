//! Denoising diffusion probabilistic models, <https://arxiv.org/abs/2006.11239>.

use super::{
    Latents, LoopOptions, Scheduler, SchedulerError, StepOutput,
    clipping::Clipping,
    keys::Keys,
    numbers::{combine, exp, ln},
    prediction::PredictionType,
    schedule::{BetaSchedule, NoiseSchedule, ScheduleDefaults, Spacing, TimestepGrid, ZeroSnr},
};
use crate::noise::Noise;

/// The keys of a `DDPMScheduler`.
#[derive(Debug, Clone)]
pub(super) struct DdpmConfig {
    schedule: NoiseSchedule,
    pub(super) prediction_type: PredictionType,
    grid: TimestepGrid,
    variance_type: VarianceType,
    clipping: Clipping,
}

/// The fixed variance of the noise that a step adds. `fixed_large_log` is not among them: diffusers takes the root of a
/// logarithm there.
#[derive(Debug, Clone, Copy)]
enum VarianceType {
    Small,
    SmallLog,
    Large,
}

impl DdpmConfig {
    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        let defaults = ScheduleDefaults {
            own_beta_schedule: Some(("sigmoid", BetaSchedule::Sigmoid)),
            zero_snr: ZeroSnr::Exact,
            ..ScheduleDefaults::DDPM
        };
        let variance_types = [
            ("fixed_small", VarianceType::Small),
            ("fixed_small_log", VarianceType::SmallLog),
            ("fixed_large", VarianceType::Large),
        ];
        Ok(Self {
            schedule: NoiseSchedule::from_keys(keys, &defaults)?,
            prediction_type: PredictionType::from_keys(keys)?,
            grid: TimestepGrid::from_keys(keys, Spacing::Leading)?,
            variance_type: keys.word("variance_type", &variance_types, VarianceType::Small)?,
            clipping: Clipping::from_keys(keys, true)?,
        })
    }
}

/// One DDPM loop.
#[derive(Debug)]
pub(super) struct Ddpm {
    timesteps: Vec<f32>,
    steps: Vec<Coefficients>,
    prediction_type: PredictionType,
    clipping: Clipping,
}

/// √ᾱ and √(1 − ᾱ) at a timestep, and the posterior's mean and deviation, formula 7 of the paper.
#[derive(Debug, Clone, Copy)]
struct Coefficients {
    sqrt_alpha: f32,
    sqrt_beta: f32,
    original: f32,
    sample: f32,
    std_dev: f32,
}

impl Coefficients {
    fn new(alpha: f32, alpha_prev: f32, variance_type: VarianceType) -> Self {
        let (beta, beta_prev) = (1.0 - alpha, 1.0 - alpha_prev);
        let current_alpha = alpha / alpha_prev;
        let current_beta = 1.0 - current_alpha;
        let variance = (beta_prev / beta * current_beta).max(1e-20);
        Self {
            sqrt_alpha: alpha.sqrt(),
            sqrt_beta: beta.sqrt(),
            original: alpha_prev.sqrt() * current_beta / beta,
            sample: current_alpha.sqrt() * beta_prev / beta,
            std_dev: match variance_type {
                VarianceType::Small => variance.sqrt(),
                VarianceType::SmallLog => exp(0.5 * ln(variance)),
                VarianceType::Large => current_beta.sqrt(),
            },
        }
    }
}

impl Ddpm {
    pub(super) fn new(config: &DdpmConfig, options: &LoopOptions) -> Result<Self, SchedulerError> {
        let num_train_timesteps = config.schedule.num_train_timesteps();
        let timesteps: Vec<f64> = config
            .grid
            .timesteps(options.num_inference_steps, num_train_timesteps)?
            .into_iter()
            .map(f64::round_ties_even)
            .collect();
        let alphas = config.schedule.alphas(&timesteps, config.prediction_type)?;
        let alphas_prev = alphas.iter().copied().skip(1).chain([1.0]);
        Ok(Self {
            steps: alphas
                .iter()
                .zip(alphas_prev)
                .map(|(&alpha, prev)| Coefficients::new(alpha, prev, config.variance_type))
                .collect(),
            timesteps: timesteps.iter().map(|&timestep| timestep as f32).collect(),
            prediction_type: config.prediction_type,
            clipping: config.clipping,
        })
    }
}

impl Scheduler for Ddpm {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    /// Draws noise in every step but one at timestep 0.
    fn step(
        &mut self,
        model_output: &Latents,
        step: usize,
        sample: &Latents,
        noise: &mut dyn Noise,
    ) -> StepOutput {
        let steps = self.steps[step];
        let original = self
            .prediction_type
            .original(model_output, sample, steps.sqrt_alpha, steps.sqrt_beta);
        let pred_original_sample = self.clipping.apply(original);
        let mut prev_sample = combine((steps.original, &pred_original_sample), &[(steps.sample, sample)]);
        if self.timesteps[step] > 0.0 {
            let noise = noise.randn(sample.dim());
            prev_sample.zip_mut_with(&noise, |prev, &noise| *prev += steps.std_dev * noise);
        }
        StepOutput {
            prev_sample,
            pred_original_sample,
        }
    }

    fn add_noise(&self, original: &Latents, noise: &Latents, step: usize) -> Latents {
        let steps = self.steps[step];
        combine((steps.sqrt_alpha, original), &[(steps.sqrt_beta, noise)])
    }
}
