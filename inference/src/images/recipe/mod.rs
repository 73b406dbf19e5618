//! What a picture was made from, in the text that AUTOMATIC1111's web UI writes into its files and many tools read.
//!
//! The format is defined by what the web UI does with it: `create_infotext` in its `modules/processing.py` writes,
//! `parse_generation_parameters` in `modules/infotext_utils.py` reads.

use crate::noise::{NoiseSource, Variation};

mod prompts;
mod read;
mod syntax;
#[cfg(test)]
mod tests;
mod write;

pub use read::RecipeError;

/// Everything that is needed to draw the picture again.
///
/// [`Display`](std::fmt::Display) is the `parameters` text:
///
/// ```text
/// 1girl, pink hair
/// Negative prompt: blurry
/// Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512, Model: avatar, RNG: CPU, Version: Ekaki 0.1.0
/// ```
///
/// [`FromStr`](std::str::FromStr) reads it as the web UI does, whoever wrote it. A recipe that was written and read
/// is the same recipe: prompts that the plain form would change (a line that starts with "Negative prompt:", blanks
/// at the end of a line) are written a second time, as JSON strings under the keys `Prompt` and `Negative prompt` of
/// the last line. Some versions of the web UI prefer these to the lines above, the others pass over them.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// The prompt as the model saw it.
    pub prompt: String,
    /// What to steer away from; its line is left out when it is empty.
    pub negative_prompt: String,
    /// How often the network was asked.
    pub num_inference_steps: u32,
    /// The algorithm by AUTOMATIC1111's name; empty when a text does not say it.
    pub scheduler: String,
    /// How the noise levels are spaced, by AUTOMATIC1111's name (`Karras`). Older texts have it in `scheduler`.
    pub schedule_type: Option<String>,
    /// The weight of the prompt against the negative prompt.
    pub guidance_scale: f32,
    /// How far the guided output is brought back to the spread of the unguided one, from 0 to 1.
    pub guidance_rescale: f32,
    /// The part of the steps that was guided, as fractions of all; `None` for all.
    pub guidance_interval: Option<(f32, f32)>,
    /// How much noise the scheduler adds again, where it is not the scheduler's default.
    pub eta: Option<f32>,
    /// The seed of the noise.
    pub seed: u64,
    /// Whose generator drew the noise. Where a text does not say it, this is CUDA's, the web UI's default.
    pub noise_source: NoiseSource,
    /// The second seed.
    pub variation: Option<Variation>,
    /// In pixels; with `hires`, of the first pass.
    pub width: u32,
    /// In pixels; with `hires`, of the first pass.
    pub height: u32,
    /// The model's id; empty when a text does not say it.
    pub model_name: String,
    /// Which of the text encoder's layers was read, counted from the last, which is 1.
    pub clip_skip: Option<u32>,
    /// How much of the source picture was drawn anew, from 0 to 1; `None` without a source picture.
    pub denoising_strength: Option<f32>,
    /// How far the edge of the inpainting mask was blurred, in pixels; `None` without a mask.
    pub mask_blur: Option<u32>,
    /// The second pass.
    pub hires: Option<HiresRecipe>,
    /// The program that drew the picture; empty when a text does not say it.
    pub version: String,
    /// Keys of other programs with their values, in the order of the text.
    pub other: Vec<(String, String)>,
}

/// A second pass on enlarged latents, "hires fix".
#[derive(Debug, Clone, PartialEq)]
pub struct HiresRecipe {
    /// The size of the second pass.
    pub size: HiresSize,
    /// How many steps it had; `None` for as many as the first pass.
    pub num_inference_steps: Option<u32>,
    /// How much of the enlarged picture was drawn anew, from 0 to 1.
    pub denoising_strength: f32,
    /// What enlarged the picture, by AUTOMATIC1111's name (`Latent`).
    pub upscaler: String,
}

/// How large the second pass is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum HiresSize {
    /// A multiple of the first pass.
    Upscale(f32),
    /// In pixels. In the web UI's texts a side of 0 follows from the other one.
    Resize {
        /// From left to right.
        width: u32,
        /// From top to bottom.
        height: u32,
    },
}

/// The web UI's defaults for an empty prompt, drawn by this program.
impl Default for Recipe {
    fn default() -> Self {
        Self {
            prompt: String::new(),
            negative_prompt: String::new(),
            num_inference_steps: 20,
            scheduler: String::new(),
            schedule_type: None,
            guidance_scale: 7.0,
            guidance_rescale: 0.0,
            guidance_interval: None,
            eta: None,
            seed: 0,
            noise_source: NoiseSource::Cpu,
            variation: None,
            width: 512,
            height: 512,
            model_name: String::new(),
            clip_skip: None,
            denoising_strength: None,
            mask_blur: None,
            hires: None,
            version: concat!("Ekaki ", env!("CARGO_PKG_VERSION")).to_owned(),
            other: Vec::new(),
        }
    }
}

/// The key under which the web UI keeps the scheduler's eta: DDIM has its own.
fn eta_key(scheduler: &str) -> &'static str {
    if scheduler.eq_ignore_ascii_case("DDIM") {
        "Eta DDIM"
    } else {
        "Eta"
    }
}

/// The strength of the second pass where there is a source picture, whose strength has the web UI's key.
const HIRES_STRENGTH: &str = "Hires denoising strength";
