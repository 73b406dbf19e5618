//! What is asked of the engine and what it gives back. Names are diffusers'.

mod bounds;
mod error;
mod recipe;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use self::bounds::{
    CLIP_SKIPS, FRACTIONS, GUIDANCE_SCALES, HIRES_SCALES, MAX_PROMPT_CHARS, MAX_SNAPSHOTS, SIZES,
    SOURCE_SIDES, STEPS,
};
pub(crate) use self::bounds::{decimal, steps_done};
pub use self::error::{RequestError, Side};
use crate::images::{GrayImage, Recipe, ResizeMode, RgbImage};
use crate::noise::{NoiseSource, Variation};
use crate::prompt::PromptSyntax;
use crate::safety::SafetyVerdict;
use crate::schedulers::SchedulerName;

/// One picture. Several pictures of one prompt are several requests with `seed`, `seed + 1`, ….
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateRequest {
    /// The id of the model, one of [`Engine::models`](crate::Engine::models).
    pub model: String,
    /// What to draw.
    pub prompt: String,
    /// What to keep away from. Has no effect when `guidance_scale` is 1 or less.
    pub negative_prompt: String,
    /// Width in pixels, a multiple of 8 (and of the model's [`size_multiple`](crate::ModelInfo::size_multiple)).
    pub width: u32,
    /// Height in pixels, a multiple of 8 (and of the model's [`size_multiple`](crate::ModelInfo::size_multiple)).
    pub height: u32,
    /// How many times the latents are denoised.
    pub num_inference_steps: u32,
    /// How strongly the picture follows the prompt. Classifier-free guidance is active above 1.
    pub guidance_scale: f32,
    /// The seed of the noise. The same seed gives the picture that diffusers draws with
    /// `torch.Generator("cpu").manual_seed(seed)`.
    pub seed: u64,
    /// The scheduler, or the model's own.
    pub scheduler: Option<SchedulerName>,
    /// How many of the text encoder's last layers are left out, in AUTOMATIC1111's numbering: 1 uses all of them, 2
    /// stops at the last but one (diffusers calls that 1). `None`: as the model says.
    pub clip_skip: Option<u32>,
    /// Whether brackets in the prompts mean weights.
    pub prompt_syntax: PromptSyntax,
    /// Which of torch's generators is followed. `None`: as the model says.
    pub noise_source: Option<NoiseSource>,
    /// A second seed for a picture that is only a little different. It changes the first noise, not that of the steps.
    pub variation: Option<Variation>,
    /// How much noise DDIM and TCD put back in at every step. `None`: diffusers' default for the scheduler.
    pub eta: Option<f32>,
    /// How far the contrast that guidance adds is taken back, 0 to 1
    /// (<https://arxiv.org/abs/2305.08891>, section 3.4).
    pub guidance_rescale: f32,
    /// The part of the schedule in which guidance is active, as fractions of its steps from 0 to 1; `None`: all of it
    /// (<https://arxiv.org/abs/2404.07724>). As in diffusers' `ClassifierFreeGuidance`, `(start, stop)` are the steps
    /// from `int(start * n)` up to but not including `int(stop * n)`. Outside it the negative prompt costs nothing.
    pub guidance_interval: Option<(f32, f32)>,
    /// The picture to begin with instead of pure noise. Not together with `hires`.
    pub source: Option<Source>,
    /// Draws the picture small first, then enlarges and refines it.
    pub hires: Option<Hires>,
    /// After which steps the unfinished picture is to be seen: ascending, from 1 on, [`MAX_SNAPSHOTS`] at most. They are
    /// counted as in [`Progress`], and one beyond the last stands for the last. Each costs as much as decoding the
    /// picture, and none changes it.
    pub snapshots: Vec<u32>,
    /// Whether a safety checker, if there is one for the model, looks at the picture.
    pub check_safety: bool,
}

/// A picture to begin with (image to image, inpainting).
///
/// The noise is drawn in the order of diffusers' `StableDiffusionImg2ImgPipeline`, with a mask in that of
/// `StableDiffusionInpaintPipeline`.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The picture, of any size.
    pub image: Arc<RgbImage>,
    /// How much of it is drawn anew, from 0 (nothing) to 1 (all of it): the last `int(num_inference_steps * strength)`
    /// steps are done, of which there has to be one.
    pub strength: f32,
    /// How it is made to fit the size asked for.
    pub resize: ResizeMode,
    /// What is drawn anew where it is white; everything else stays as it is, to the pixel. Of the picture's size.
    pub mask: Option<Arc<GrayImage>>,
}

/// The second pass of a picture that is drawn small first: its latents are enlarged, get new noise, and are denoised
/// again, as `StableDiffusionImg2ImgPipeline` does it with latents. The noise is what the request's generator gives next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hires {
    /// How many times wider and higher the finished picture is than the first one, rounded to what the model can draw.
    /// `width` and `height` of the request are those of the first one.
    pub scale: f32,
    /// How much is drawn anew in the second pass, from 0 to 1.
    pub strength: f32,
    /// Steps of a whole second pass, of which `strength` says how many are done; `None`: as many as in the first one.
    pub num_inference_steps: Option<u32>,
}

impl Default for GenerateRequest {
    /// An empty prompt for no model, with Stable Diffusion 1's usual parameters.
    fn default() -> Self {
        Self {
            model: String::new(),
            prompt: String::new(),
            negative_prompt: String::new(),
            width: 512,
            height: 512,
            num_inference_steps: 20,
            guidance_scale: 7.5,
            seed: 0,
            scheduler: None,
            clip_skip: None,
            prompt_syntax: PromptSyntax::default(),
            noise_source: None,
            variation: None,
            eta: None,
            guidance_rescale: 0.0,
            guidance_interval: None,
            source: None,
            hires: None,
            snapshots: Vec::new(),
            check_safety: true,
        }
    }
}

/// A finished picture.
#[derive(Debug, Clone)]
pub struct GenerateOutput {
    /// The picture.
    pub image: RgbImage,
    /// How to draw it again.
    pub recipe: Recipe,
    /// Where the time went.
    pub timings: Timings,
    /// Whether the prompt or the negative prompt had more tokens than the model reads.
    pub truncated_prompt: bool,
    /// What it looked like after the steps of [`GenerateRequest::snapshots`].
    pub snapshots: Vec<Snapshot>,
    /// What the safety checker says; `None` when the model has none, or nobody wanted to know.
    pub safety: Option<SafetyVerdict>,
}

/// An unfinished picture: what the model expected it to become.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// After this step, counted as in [`Progress`].
    pub step: u32,
    /// In the size of its pass, which is smaller than that of the finished picture in the first one of two.
    pub image: RgbImage,
}

/// Where the time of one picture went, in milliseconds of wall time.
///
/// Calls that were shared with other requests count in full.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Prompt to conditioning.
    pub encode_ms: u64,
    /// From the first step to the last.
    pub denoise_ms: u64,
    /// Latents to pixels, with those of snapshots.
    pub decode_ms: u64,
    /// What the safety checker took.
    pub safety_ms: u64,
}

/// How far one picture is.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Finished steps.
    pub step: u32,
    /// All steps that are done for it: fewer than were asked for when there is a source, more with a second pass.
    pub num_inference_steps: u32,
    /// The picture as it would be now, at an eighth of its size; only when the observer wanted one and the model
    /// can make one.
    pub preview: Option<RgbImage>,
}
