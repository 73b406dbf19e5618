//! One request's way from noise to latents.

mod guidance;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::error::InferenceError;
use crate::models::{Conditioning, DiffusionModel, Row};
use crate::noise::{Noise, TorchCpuNoise};
use crate::request::GenerateRequest;
use crate::schedulers::{Latents, Scheduler};

/// How many pixels one latent pixel is wide and high.
pub(crate) const VAE_SCALE_FACTOR: u32 = 8;
/// How many channels latents have.
pub(crate) const LATENT_CHANNELS: usize = 4;

/// What the text encoder made of the prompts of a request.
#[derive(Debug)]
pub(crate) struct Prompts {
    prompt: Conditioning,
    /// The negative prompt; absent when guidance is off.
    negative_prompt: Option<Conditioning>,
}

impl Prompts {
    /// Encodes the prompt, and the negative one if it is used.
    pub(crate) fn encode(
        model: &mut dyn DiffusionModel,
        request: &GenerateRequest,
    ) -> Result<Self, InferenceError> {
        let prompt = model.encode_prompt(&request.prompt)?;
        let negative_prompt = if guidance::is_active(request.guidance_scale) {
            Some(model.encode_prompt(&request.negative_prompt)?)
        } else {
            None
        };
        Ok(Self {
            prompt,
            negative_prompt,
        })
    }

    /// Whether one of them had more tokens than the model reads.
    pub(crate) fn truncated(&self) -> bool {
        self.prompt.truncated
            || self
                .negative_prompt
                .as_ref()
                .is_some_and(|negative| negative.truncated)
    }
}

/// The state of one request.
///
/// Its noise comes from a generator of its own, so that what else is drawn makes no difference: the first latents are
/// drawn first, then whatever the scheduler draws in its steps.
pub(crate) struct Generation {
    request: GenerateRequest,
    scheduler: Box<dyn Scheduler>,
    prompts: Prompts,
    noise: TorchCpuNoise,
    latents: Latents,
    /// The latents as the network is to see them in the next step.
    model_input: Latents,
    pred_original_sample: Option<Latents>,
    step: usize,
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generation")
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

impl Generation {
    /// Draws the first latents.
    pub(crate) fn new(request: GenerateRequest, scheduler: Box<dyn Scheduler>, prompts: Prompts) -> Self {
        let mut noise = TorchCpuNoise::new(request.seed);
        let side = |pixels: u32| (pixels / VAE_SCALE_FACTOR) as usize;
        let latents = noise.randn((1, LATENT_CHANNELS, side(request.height), side(request.width)))
            * scheduler.init_noise_sigma();
        let model_input = scheduler.scale_model_input(&latents, 0);
        Self {
            request,
            scheduler,
            prompts,
            noise,
            latents,
            model_input,
            pred_original_sample: None,
            step: 0,
        }
    }

    pub(crate) fn request(&self) -> &GenerateRequest {
        &self.request
    }

    /// Finished steps. A scheduler may evaluate the network more often than the number of steps asked for.
    pub(crate) fn step(&self) -> u32 {
        let steps = u32::try_from(self.step).unwrap_or(u32::MAX);
        steps.min(self.request.num_inference_steps)
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.step >= self.scheduler.timesteps().len()
    }

    /// `[1, 4, height / 8, width / 8]`
    pub(crate) fn latents(&self) -> &Latents {
        &self.latents
    }

    /// What the latents will be at the end as predicted in the last step, `None` before the first.
    pub(crate) fn pred_original_sample(&self) -> Option<&Latents> {
        self.pred_original_sample.as_ref()
    }

    /// What the network has to be asked for the next step: first the negative prompt if guidance is on, then the
    /// prompt. Nothing after the last step.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let timestep = self.scheduler.timesteps().get(self.step).copied();
        let conditionings = self.prompts.negative_prompt.iter().chain([&self.prompts.prompt]);
        conditionings.filter_map(move |conditioning| {
            Some(Row {
                sample: &self.model_input,
                timestep: timestep?,
                conditioning,
            })
        })
    }

    /// Takes a step with the network's answers to [`rows`](Self::rows), which are taken from `outputs` in order.
    pub(crate) fn advance(
        &mut self,
        outputs: &mut dyn Iterator<Item = Latents>,
    ) -> Result<(), InferenceError> {
        let mut next = || {
            outputs.next().ok_or_else(|| InferenceError::Internal {
                reason: "the UNet has answered too few rows".into(),
            })
        };
        let model_output = if self.prompts.negative_prompt.is_some() {
            guidance::guide(&next()?, next()?, self.request.guidance_scale)
        } else {
            next()?
        };
        let output = self
            .scheduler
            .step(&model_output, self.step, &self.latents, &mut self.noise);
        self.latents = output.prev_sample;
        self.pred_original_sample = Some(output.pred_original_sample);
        self.step += 1;
        if !self.is_finished() {
            self.model_input = self.scheduler.scale_model_input(&self.latents, self.step);
        }
        Ok(())
    }
}
