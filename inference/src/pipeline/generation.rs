//! The state of one request.

use std::fmt;

use super::denoising::Denoising;
use super::guidance;
use super::plan::{Pass, Plan};
use super::prompts::Prompts;
use super::snapshots::Snapshots;
use super::start::{Canvas, Init, Starter, Variant};
use crate::error::InferenceError;
use crate::images::{self, LatentUpscaler, RgbImage};
use crate::models::{DiffusionModel, Row};
use crate::noise::{self, Noise, NoiseDtype};
use crate::request::GenerateRequest;
use crate::schedulers::Latents;

/// The state of one request.
///
/// Its noise comes from a generator of its own, so that what else is drawn makes no difference: first whatever the
/// first latents need, then whatever the scheduler draws in its steps, then the same for a second pass.
pub(crate) struct Generation {
    request: GenerateRequest,
    prompts: Prompts,
    noise: Box<dyn Noise>,
    inpainting: bool,
    canvas: Option<Canvas>,
    denoising: Denoising,
    /// The pass that comes after this one.
    second: Option<Pass>,
    /// Finished steps of the pass before this one.
    steps_before: u32,
    snapshots: Snapshots,
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generation")
            .field("denoising", &self.denoising)
            .finish_non_exhaustive()
    }
}

impl Generation {
    /// Encodes the prompts and the picture to begin with, and draws the first latents.
    pub(crate) fn begin(
        model: &mut dyn DiffusionModel,
        request: GenerateRequest,
        plan: Plan,
    ) -> Result<Self, InferenceError> {
        let snapshots = Snapshots::new(&request.snapshots, plan.num_inference_steps());
        let prompts = Prompts::encode(model, &request)?;
        let mut noise = noise::generator(plan.noise_source, NoiseDtype::F32, request.seed);
        let canvas = request
            .source
            .as_ref()
            .map(|source| Canvas::new(source, &plan.first));
        let variant = request.variation.map(|variation| Variant {
            variation,
            source: plan.noise_source,
        });
        let init = match &canvas {
            Some(canvas) => Init::Picture(canvas, variant),
            None => Init::Noise(variant),
        };
        let mut starter = Starter {
            model,
            noise: noise.as_mut(),
            inpainting: plan.inpainting,
        };
        let denoising = starter.start(plan.first, init)?;
        Ok(Self {
            request,
            prompts,
            noise,
            inpainting: plan.inpainting,
            canvas,
            denoising,
            second: plan.second,
            steps_before: 0,
            snapshots,
        })
    }

    /// Enlarges the latents of a finished first pass and begins with the second one. Does nothing in a second pass.
    pub(crate) fn begin_second_pass(&mut self, model: &mut dyn DiffusionModel) -> Result<(), InferenceError> {
        let Some(pass) = self.second.take() else {
            return Ok(());
        };
        let (_, _, height, width) = pass.shape();
        let latents =
            images::upscale_latents(self.denoising.latents(), height, width, LatentUpscaler::default());
        let mut starter = Starter {
            model,
            noise: self.noise.as_mut(),
            inpainting: self.inpainting,
        };
        let next = starter.start(pass, Init::Latents(latents))?;
        self.steps_before += self.denoising.steps_done();
        self.denoising = next;
        Ok(())
    }

    /// Width and height of the pass, in pixels.
    pub(crate) fn size(&self) -> (u32, u32) {
        self.denoising.size()
    }

    /// Finished steps of all passes.
    pub(crate) fn step(&self) -> u32 {
        self.steps_before + self.denoising.steps_done()
    }

    /// Whether a prompt had more tokens than the model reads.
    pub(crate) fn truncated_prompt(&self) -> bool {
        self.prompts.truncated()
    }

    /// Whether the pass has no more steps.
    pub(crate) fn is_pass_finished(&self) -> bool {
        self.denoising.is_finished()
    }

    /// Whether there is no more to do than to decode the latents.
    pub(crate) fn is_finished(&self) -> bool {
        self.denoising.is_finished() && self.second.is_none()
    }

    /// `[1, 4, height / 8, width / 8]`
    pub(crate) fn latents(&self) -> &Latents {
        self.denoising.latents()
    }

    /// What the latents will be at the end of the pass as predicted in the last step, `None` before the first.
    pub(crate) fn pred_original_sample(&self) -> Option<&Latents> {
        self.denoising.pred_original_sample()
    }

    /// What was kept for snapshots.
    pub(crate) fn snapshots(&self) -> &Snapshots {
        &self.snapshots
    }

    /// The finished picture out of the decoded latents.
    pub(crate) fn compose(&self, drawn: RgbImage) -> Result<RgbImage, InferenceError> {
        match &self.canvas {
            Some(canvas) => canvas.put_back(drawn),
            None => Ok(drawn),
        }
    }

    /// What the network has to be asked for the next step: first the negative prompt if guidance is on, then the
    /// prompt. Nothing after the last step.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let (sample, inpaint) = self.denoising.model_input();
        let timestep = self.denoising.timestep();
        let negative = self.prompts.negative_prompt.iter();
        let conditionings = negative
            .filter(|_| self.is_guided())
            .chain([&self.prompts.prompt]);
        conditionings.filter_map(move |conditioning| {
            Some(Row {
                sample,
                timestep: timestep?,
                conditioning,
                inpaint,
            })
        })
    }

    /// Takes a step with the network's answers to [`rows`](Self::rows), in order.
    ///
    /// # Errors
    /// There are too few answers, or they are not numbers.
    pub(crate) fn advance(&mut self, outputs: Vec<Latents>) -> Result<(), InferenceError> {
        if outputs.iter().flatten().any(|value| !value.is_finite()) {
            return Err(InferenceError::NotFinite);
        }
        let mut outputs = outputs.into_iter();
        let mut next = || {
            outputs.next().ok_or_else(|| InferenceError::Internal {
                reason: "the UNet has answered too few rows".into(),
            })
        };
        let model_output = if self.is_guided() {
            let negative = next()?;
            guidance::combine(&negative, next()?, &self.request)
        } else {
            next()?
        };
        self.denoising.advance(&model_output, self.noise.as_mut());
        let step = self.step();
        if let Some(sample) = self.denoising.pred_original_sample() {
            self.snapshots.note(step, sample);
        }
        Ok(())
    }

    /// Whether the negative prompt is looked at in the next step.
    fn is_guided(&self) -> bool {
        let (step, steps) = self.denoising.position();
        self.prompts.negative_prompt.is_some()
            && guidance::is_in_interval(self.request.guidance_interval, step, steps)
    }
}
