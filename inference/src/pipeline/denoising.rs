//! The loop of one pass.

use std::fmt;

use super::plan::Pass;
use crate::noise::Noise;
use crate::schedulers::Latents;

/// A pass that has begun.
pub(super) struct Denoising {
    pass: Pass,
    latents: Latents,
    /// The latents as the network is to see them in the next step.
    model_input: Latents,
    inpaint: Option<Inpaint>,
    pred_original_sample: Option<Latents>,
    /// The index of the next timestep.
    step: usize,
}

/// How the loop keeps what is not drawn anew.
#[derive(Debug)]
pub(super) enum Inpaint {
    /// The UNet was trained for it and sees the mask and the masked picture, `[1, 5, height / 8, width / 8]`.
    Channels(Latents),
    /// Any other UNet: after every step the rest of the picture is put back.
    Blend(Blend),
}

/// The picture around what is drawn anew, as diffusers' `StableDiffusionInpaintPipeline` puts it back.
#[derive(Debug)]
pub(super) struct Blend {
    /// `[1, 1, height / 8, width / 8]`, 1 for what is drawn anew.
    pub(super) mask: Latents,
    /// The picture.
    pub(super) init_latents: Latents,
    /// The noise that the loop began with.
    pub(super) noise: Latents,
}

impl fmt::Debug for Denoising {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denoising")
            .field("pass", &self.pass)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

impl Denoising {
    /// Begins with latents that have the noise of the first timestep.
    pub(super) fn new(pass: Pass, latents: Latents, inpaint: Option<Inpaint>) -> Self {
        let model_input = pass.scheduler.scale_model_input(&latents, pass.begin);
        Self {
            step: pass.begin,
            pass,
            latents,
            model_input,
            inpaint,
            pred_original_sample: None,
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.step >= self.pass.scheduler.timesteps().len()
    }

    /// Width and height in pixels.
    pub(super) fn size(&self) -> (u32, u32) {
        (self.pass.width, self.pass.height)
    }

    pub(super) fn latents(&self) -> &Latents {
        &self.latents
    }

    pub(super) fn pred_original_sample(&self) -> Option<&Latents> {
        self.pred_original_sample.as_ref()
    }

    /// What the network sees of the latents and of the picture around them.
    pub(super) fn model_input(&self) -> (&Latents, Option<&Latents>) {
        match &self.inpaint {
            Some(Inpaint::Channels(channels)) => (&self.model_input, Some(channels)),
            Some(Inpaint::Blend(_)) | None => (&self.model_input, None),
        }
    }

    /// The next timestep; `None` at the end.
    pub(super) fn timestep(&self) -> Option<f32> {
        self.pass.scheduler.timesteps().get(self.step).copied()
    }

    /// The index of the next timestep, and how many the whole schedule has.
    pub(super) fn position(&self) -> (usize, usize) {
        (self.step, self.pass.scheduler.timesteps().len())
    }

    /// Finished steps. An algorithm may evaluate the network more often: those of order 2 twice a step, others once more
    /// to begin with (diffusers' `num_warmup_steps`).
    pub(super) fn steps_done(&self) -> u32 {
        let total = self.pass.num_inference_steps;
        if self.is_finished() {
            return total;
        }
        let scheduler = &self.pass.scheduler;
        let order = scheduler.order().max(1);
        let evaluations = scheduler.timesteps().len() - self.pass.begin;
        let warmup = evaluations.saturating_sub(total as usize * order);
        let done = (self.step - self.pass.begin).saturating_sub(warmup) / order;
        u32::try_from(done).unwrap_or(u32::MAX).min(total)
    }

    /// Takes a step with the network's answer, which the next timestep was asked for.
    pub(super) fn advance(&mut self, model_output: &Latents, noise: &mut dyn Noise) {
        let scheduler = &mut self.pass.scheduler;
        let output = scheduler.step(model_output, self.step, &self.latents, noise);
        self.latents = output.prev_sample;
        self.pred_original_sample = Some(output.pred_original_sample);
        self.step += 1;
        let finished = self.is_finished();
        let scheduler = &self.pass.scheduler;
        if let Some(Inpaint::Blend(blend)) = &self.inpaint {
            let around = if finished {
                blend.init_latents.clone()
            } else {
                scheduler.add_noise(&blend.init_latents, &blend.noise, self.step)
            };
            self.latents = blend.put_back(around, &self.latents);
        }
        if !finished {
            self.model_input = scheduler.scale_model_input(&self.latents, self.step);
        }
    }
}

impl Blend {
    /// `drawn` where the mask is 1, `around` where it is 0.
    fn put_back(&self, around: Latents, drawn: &Latents) -> Latents {
        (1.0 - &self.mask) * around + &self.mask * drawn
    }
}
