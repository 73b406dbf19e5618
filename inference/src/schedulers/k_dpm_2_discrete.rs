//! The second-order method of <https://arxiv.org/abs/2206.00364> algorithm 2 with the derivative taken in the middle
//! (in log σ) of each step; k-diffusion's `sample_dpm_2` and `sample_dpm_2_ancestral`.

use super::{
    Latents, LoopOptions, Scheduler, SchedulerError, StepOutput,
    keys::Keys,
    numbers::{exp, ln, map},
    prediction::PredictionType,
    schedule::ScheduleDefaults,
    sigmas::{
        Levels, SigmaConfig, SigmaSchedule, add_noise_at_sigma, ancestral_step, scale_to_unit_variance,
    },
};
use crate::noise::Noise;

/// The keys of a `KDPM2DiscreteScheduler` and of a `KDPM2AncestralDiscreteScheduler`.
pub(super) fn from_keys(keys: Keys<'_>) -> Result<SigmaConfig, SchedulerError> {
    let prediction_type = PredictionType::from_keys_without_sample(keys)?;
    SigmaConfig::from_keys(keys, &ScheduleDefaults::STABLE_DIFFUSION, prediction_type)
}

/// Whether fresh noise is added after each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Deterministic,
    Ancestral,
}

/// One loop.
#[derive(Debug)]
pub(super) struct KDpm2 {
    /// The begin of each step, followed by its middle; the last step has no middle.
    timesteps: Vec<f32>,
    steps: Vec<Step>,
    kind: Kind,
    prediction_type: PredictionType,
    init_noise_sigma: f32,
    /// The sample at the begin of the step, while its middle is evaluated.
    sample: Option<Latents>,
}

/// The noise levels of one step.
#[derive(Debug, Clone, Copy)]
struct Step {
    sigma: f32,
    /// Where the second derivative is taken; 0 in the last step, which is one of Euler's.
    middle: f32,
    /// Where the step leads to before noise is added.
    down: f32,
    /// The noise that is added.
    up: f32,
}

impl Step {
    fn new(kind: Kind, sigma: f32, next: f32) -> Self {
        let (down, up) = match kind {
            Kind::Deterministic => (next, 0.0),
            Kind::Ancestral => ancestral_step(sigma, next),
        };
        // Which end `torch.lerp` counts from decides the last bit.
        let middle = match kind {
            Kind::Deterministic => ln(sigma) - (ln(sigma) - ln(next)) * 0.5,
            // The last step goes all the way down.
            Kind::Ancestral if next == 0.0 => f32::NEG_INFINITY,
            Kind::Ancestral => ln(down) - (ln(down) - ln(sigma)) * 0.5,
        };
        Self {
            sigma,
            middle: exp(middle),
            down,
            up,
        }
    }
}

impl KDpm2 {
    pub(super) fn new(
        config: &SigmaConfig,
        kind: Kind,
        options: &LoopOptions,
    ) -> Result<Self, SchedulerError> {
        let levels = config.levels(options.num_inference_steps)?;
        let sigmas = levels.sigmas_to(0.0);
        let steps: Vec<Step> = sigmas
            .windows(2)
            .map(|pair| Step::new(kind, pair[0], pair[1]))
            .collect();
        if steps
            .iter()
            .any(|step| !(step.middle + step.down + step.up).is_finite())
        {
            return Err(SchedulerError::REPEATED_LEVELS);
        }
        Ok(Self {
            timesteps: interleaved_timesteps(config, &levels, &steps),
            steps,
            kind,
            prediction_type: config.prediction_type,
            init_noise_sigma: config.init_noise_sigma(&sigmas),
            sample: None,
        })
    }

    /// The level at which evaluation `step` takes place.
    fn sigma(&self, step: usize) -> f32 {
        let levels = self.steps[step / 2];
        if step.is_multiple_of(2) {
            levels.sigma
        } else {
            levels.middle
        }
    }
}

fn interleaved_timesteps(config: &SigmaConfig, levels: &Levels, steps: &[Step]) -> Vec<f32> {
    let begin = levels
        .timesteps
        .iter()
        .map(|&timestep| match config.sigma_schedule {
            SigmaSchedule::Karras => timestep.round_ties_even() as f32,
            _ => timestep as f32,
        });
    let middle = steps
        .iter()
        .map(|step| config.train_sigmas.timestep_f32(step.middle));
    let mut timesteps: Vec<f32> = begin
        .zip(middle)
        .flat_map(|(begin, middle)| [begin, middle])
        .collect();
    timesteps.pop();
    timesteps
}

impl Scheduler for KDpm2 {
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
        scale_to_unit_variance(sample, self.sigma(step))
    }

    fn step(
        &mut self,
        model_output: &Latents,
        step: usize,
        sample: &Latents,
        noise: &mut dyn Noise,
    ) -> StepOutput {
        let sigma = self.sigma(step);
        let levels = self.steps[step / 2];
        let pred_original_sample = self
            .prediction_type
            .original_at_sigma(model_output, sample, sigma);
        let derivative = map(sample, &pred_original_sample, |sample, original| {
            (sample - original) / sigma
        });
        let advance = |from: &Latents, dt: f32| map(from, &derivative, |from, slope| from + slope * dt);
        let prev_sample = match self.sample.take() {
            None => {
                self.sample = Some(sample.clone());
                advance(sample, levels.middle - levels.sigma)
            }
            Some(begin) => {
                let mut prev_sample = advance(&begin, levels.down - levels.sigma);
                if self.kind == Kind::Ancestral {
                    let noise = noise.randn(sample.dim());
                    prev_sample.zip_mut_with(&noise, |prev, &noise| *prev += noise * levels.up);
                }
                prev_sample
            }
        };
        StepOutput {
            prev_sample,
            pred_original_sample,
        }
    }

    fn add_noise(&self, original: &Latents, noise: &Latents, step: usize) -> Latents {
        // Between two steps diffusers counts on with the level of the next one.
        let sigma = self.steps.get(step.div_ceil(2)).map_or(0.0, |step| step.sigma);
        add_noise_at_sigma(original, noise, sigma)
    }
}
