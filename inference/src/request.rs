//! What is asked of the engine and what it gives back. Names are diffusers'.

use std::fmt;

use crate::images::{Recipe, RgbImage};
use crate::schedulers::SchedulerName;

/// The widths and heights that can be asked for, in pixels.
pub const SIZES: std::ops::RangeInclusive<u32> = 64..=2048;
/// The numbers of steps that can be asked for.
pub const STEPS: std::ops::RangeInclusive<u32> = 1..=150;
/// The guidance scales that can be asked for.
pub const GUIDANCE_SCALES: std::ops::RangeInclusive<f32> = 0.0..=30.0;
/// The longest prompt, in characters.
pub const MAX_PROMPT_CHARS: usize = 4000;

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
}

impl GenerateRequest {
    /// Checks every parameter against its bounds. What depends on the model is checked by the engine.
    ///
    /// # Errors
    /// The first parameter that is out of bounds.
    pub fn validate(&self) -> Result<(), RequestError> {
        check_size(Side::Width, self.width, 8)?;
        check_size(Side::Height, self.height, 8)?;
        if !STEPS.contains(&self.num_inference_steps) {
            return Err(RequestError::Steps {
                value: self.num_inference_steps,
            });
        }
        if !GUIDANCE_SCALES.contains(&self.guidance_scale) {
            return Err(RequestError::GuidanceScale {
                value: self.guidance_scale,
            });
        }
        for prompt in [&self.prompt, &self.negative_prompt] {
            let chars = prompt.chars().count();
            if chars > MAX_PROMPT_CHARS {
                return Err(RequestError::PromptTooLong { chars });
            }
        }
        Ok(())
    }

    /// Checks that a UNet which halves its input several times can draw this size.
    pub(crate) fn check_multiple(&self, multiple: u32) -> Result<(), RequestError> {
        check_size(Side::Width, self.width, multiple)?;
        check_size(Side::Height, self.height, multiple)
    }
}

fn check_size(side: Side, value: u32, multiple: u32) -> Result<(), RequestError> {
    if SIZES.contains(&value) && value.is_multiple_of(multiple) {
        Ok(())
    } else {
        Err(RequestError::Size {
            side,
            value,
            multiple,
        })
    }
}

/// A side of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// From left to right.
    Width,
    /// From top to bottom.
    Height,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Width => "width",
            Side::Height => "height",
        })
    }
}

/// A parameter of a [`GenerateRequest`] is out of bounds.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// Width or height is too small, too large or not a multiple of what the model needs.
    #[error("{side} must be a multiple of {multiple} between {} and {}, not {value}", SIZES.start(), SIZES.end())]
    Size {
        /// Which side.
        side: Side,
        /// What was asked for, in pixels.
        value: u32,
        /// What it has to be a multiple of.
        multiple: u32,
    },
    /// The number of steps.
    #[error("num_inference_steps must be between {} and {}, not {value}", STEPS.start(), STEPS.end())]
    Steps {
        /// What was asked for.
        value: u32,
    },
    /// The guidance scale, which may also be infinite or not a number.
    #[error("guidance_scale must be between {} and {}, not {value}", GUIDANCE_SCALES.start(), GUIDANCE_SCALES.end())]
    GuidanceScale {
        /// What was asked for.
        value: f32,
    },
    /// The prompt or the negative prompt.
    #[error("a prompt may have {MAX_PROMPT_CHARS} characters, not {chars}")]
    PromptTooLong {
        /// How many there are.
        chars: usize,
    },
    /// The scheduler cannot be built for this model or this number of steps.
    #[error("the scheduler cannot be used: {reason}")]
    Scheduler {
        /// Why not.
        reason: String,
    },
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
    /// Latents to pixels.
    pub decode_ms: u64,
}

/// How far one picture is.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Finished steps.
    pub step: u32,
    /// All steps.
    pub num_inference_steps: u32,
    /// The picture as it would be now, at an eighth of its size; only when the observer wanted one and the model
    /// can make one.
    pub preview: Option<RgbImage>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> GenerateRequest {
        GenerateRequest {
            model: "avatar".into(),
            prompt: "後藤ひとり".into(),
            negative_prompt: String::new(),
            width: 128,
            height: 192,
            num_inference_steps: 16,
            guidance_scale: 3.0,
            seed: 1,
            scheduler: None,
        }
    }

    fn check(change: impl FnOnce(&mut GenerateRequest), expected: &str) {
        let mut request = request();
        change(&mut request);
        let text = request
            .validate()
            .map_or_else(|error| error.to_string(), |()| "ok".into());
        assert_eq!(text, expected);
    }

    #[test]
    fn bounds() {
        check(|_| (), "ok");
        check(
            |r| r.width = 0,
            "width must be a multiple of 8 between 64 and 2048, not 0",
        );
        check(
            |r| r.width = 2056,
            "width must be a multiple of 8 between 64 and 2048, not 2056",
        );
        check(
            |r| r.height = 100,
            "height must be a multiple of 8 between 64 and 2048, not 100",
        );
        check(
            |r| r.num_inference_steps = 0,
            "num_inference_steps must be between 1 and 150, not 0",
        );
        check(
            |r| r.num_inference_steps = 151,
            "num_inference_steps must be between 1 and 150, not 151",
        );
        check(
            |r| r.guidance_scale = f32::NAN,
            "guidance_scale must be between 0 and 30, not NaN",
        );
        check(
            |r| r.guidance_scale = f32::INFINITY,
            "guidance_scale must be between 0 and 30, not inf",
        );
        check(
            |r| r.guidance_scale = -1.0,
            "guidance_scale must be between 0 and 30, not -1",
        );
        check(|r| r.prompt = "あ".repeat(4000), "ok");
        check(
            |r| r.prompt = "あ".repeat(4001),
            "a prompt may have 4000 characters, not 4001",
        );
        check(
            |r| r.negative_prompt = "a".repeat(5000),
            "a prompt may have 4000 characters, not 5000",
        );
    }

    #[test]
    fn multiple_of_the_model() {
        assert_eq!(request().check_multiple(64), Ok(()));
        let error = GenerateRequest {
            height: 136,
            ..request()
        }
        .check_multiple(32)
        .unwrap_err();
        insta::assert_snapshot!(error, @"height must be a multiple of 32 between 64 and 2048, not 136");
    }
}
