//! Latent consistency models, <https://arxiv.org/abs/2310.04378>: each step predicts the finished sample and adds fresh
//! noise to it.

use super::{
    Latents, LoopOptions, Scheduler, SchedulerError, StepOutput,
    clipping::Clipping,
    keys::Keys,
    numbers::combine,
    prediction::PredictionType,
    schedule::{BetaSchedule, NoiseSchedule, ScheduleDefaults, ZeroSnr},
};
use crate::noise::Noise;

/// The timesteps of a distilled model: some of those that it was trained for. The schedulers for such models have
/// `timestep_spacing` and `steps_offset` among their keys, and do not look at them.
#[derive(Debug, Clone)]
pub(super) struct DistilledSchedule {
    pub(super) schedule: NoiseSchedule,
    original_inference_steps: usize,
}

impl DistilledSchedule {
    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        let defaults = ScheduleDefaults {
            beta_schedule: BetaSchedule::ScaledLinear,
            zero_snr: ZeroSnr::Exact,
            ..ScheduleDefaults::STABLE_DIFFUSION
        };
        let schedule = NoiseSchedule::from_keys(keys, &defaults)?;
        let original_inference_steps = keys.count("original_inference_steps", 50)?;
        if (1..=schedule.num_train_timesteps()).contains(&original_inference_steps) {
            Ok(Self {
                schedule,
                original_inference_steps,
            })
        } else {
            let reason = "`original_inference_steps` is not between 1 and `num_train_timesteps`";
            Err(SchedulerError::Contradiction { reason })
        }
    }

    pub(super) fn timesteps(&self, num_inference_steps: usize) -> Result<Vec<f64>, SchedulerError> {
        let trained = self.original_inference_steps;
        if num_inference_steps == 0 || num_inference_steps > trained {
            return Err(SchedulerError::Steps {
                num_inference_steps,
                num_train_timesteps: trained,
            });
        }
        let ratio = self.schedule.num_train_timesteps() / trained;
        let increment = trained as f64 / num_inference_steps as f64;
        Ok((0..num_inference_steps)
            .map(|step| trained - (step as f64 * increment) as usize)
            .map(|timestep| (timestep * ratio - 1) as f64)
            .collect())
    }
}

/// The keys of an `LCMScheduler`.
#[derive(Debug, Clone)]
pub(super) struct LcmConfig {
    distilled: DistilledSchedule,
    pub(super) prediction_type: PredictionType,
    clipping: Clipping,
    timestep_scaling: f32,
}

impl LcmConfig {
    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        Ok(Self {
            distilled: DistilledSchedule::from_keys(keys)?,
            prediction_type: PredictionType::from_keys(keys)?,
            clipping: Clipping::from_keys(keys, false)?,
            timestep_scaling: keys.f64("timestep_scaling", 10.0)? as f32,
        })
    }
}

/// One LCM loop.
#[derive(Debug)]
pub(super) struct Lcm {
    timesteps: Vec<f32>,
    alphas: Vec<f32>,
    prediction_type: PredictionType,
    clipping: Clipping,
    timestep_scaling: f32,
}

impl Lcm {
    pub(super) fn new(config: &LcmConfig, options: &LoopOptions) -> Result<Self, SchedulerError> {
        let timesteps = config.distilled.timesteps(options.num_inference_steps)?;
        let prediction_type = config.prediction_type;
        Ok(Self {
            alphas: config.distilled.schedule.alphas(&timesteps, prediction_type)?,
            timesteps: timesteps.into_iter().map(|timestep| timestep as f32).collect(),
            prediction_type,
            clipping: config.clipping,
            timestep_scaling: config.timestep_scaling,
        })
    }

    /// The shares of the sample and of the prediction, `c_skip` and `c_out`: at timestep 0 the sample is the result.
    fn boundary_condition(&self, timestep: f32) -> (f32, f32) {
        const SIGMA_DATA: f32 = 0.5;
        let scaled = timestep * self.timestep_scaling;
        let sum = scaled * scaled + SIGMA_DATA * SIGMA_DATA;
        (SIGMA_DATA * SIGMA_DATA / sum, scaled / sum.sqrt())
    }
}

impl Scheduler for Lcm {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    /// Draws noise in every step but the last.
    fn step(
        &mut self,
        model_output: &Latents,
        step: usize,
        sample: &Latents,
        noise: &mut dyn Noise,
    ) -> StepOutput {
        let alpha = self.alphas[step];
        let predicted =
            self.prediction_type
                .original(model_output, sample, alpha.sqrt(), (1.0 - alpha).sqrt());
        let (c_skip, c_out) = self.boundary_condition(self.timesteps[step]);
        let denoised = combine((c_out, &self.clipping.apply(predicted)), &[(c_skip, sample)]);
        let prev_sample = match self.alphas.get(step + 1) {
            Some(&next) => {
                let noise = noise.randn(sample.dim());
                combine((next.sqrt(), &denoised), &[((1.0 - next).sqrt(), &noise)])
            }
            None => denoised.clone(),
        };
        StepOutput {
            prev_sample,
            pred_original_sample: denoised,
        }
    }

    fn add_noise(&self, original: &Latents, noise: &Latents, step: usize) -> Latents {
        let alpha = self.alphas[step];
        combine((alpha.sqrt(), original), &[((1.0 - alpha).sqrt(), noise)])
    }
}
