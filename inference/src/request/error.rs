//! Why a request is refused.

use std::fmt;

use super::bounds::{
    CLIP_SKIPS, FRACTIONS, GUIDANCE_SCALES, HIRES_SCALES, MAX_PROMPT_CHARS, MAX_SNAPSHOTS, SIZES,
    SOURCE_SIDES, STEPS,
};

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

/// A parameter of a [`GenerateRequest`](super::GenerateRequest) is out of bounds.
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
    /// A recipe whose second pass begins with something else than enlarged latents.
    #[error("the picture cannot be enlarged with \"{upscaler}\"")]
    HiresUpscaler {
        /// The upscaler by AUTOMATIC1111's name.
        upscaler: String,
    },
    /// The scheduler cannot be built for this model or this number of steps.
    #[error("the scheduler cannot be used: {reason}")]
    Scheduler {
        /// Why not.
        reason: String,
    },
    /// How many layers of the text encoder are left out.
    #[error("clip_skip must be between {} and {}, not {value}", CLIP_SKIPS.start(), CLIP_SKIPS.end())]
    ClipSkip {
        /// What was asked for.
        value: u32,
    },
    /// What is a part of a whole.
    #[error("{name} must be between {} and {}, not {value}", FRACTIONS.start(), FRACTIONS.end())]
    Fraction {
        /// What people call the parameter.
        name: &'static str,
        /// What was asked for.
        value: f32,
    },
    /// The part of the steps with guidance.
    #[error(
        "guidance_interval must go from a number to a larger one, both between 0 and 1, not from {start} to {stop}"
    )]
    GuidanceInterval {
        /// Where it was to start.
        start: f32,
        /// Where it was to stop.
        stop: f32,
    },
    /// So little of the source is to be drawn anew that nothing would happen.
    #[error("a strength of {strength} leaves none of {num_inference_steps} steps to do")]
    StrengthTooLow {
        /// What was asked for.
        strength: f32,
        /// Out of how many steps.
        num_inference_steps: u32,
    },
    /// The picture to begin with has no pixels or very many.
    #[error("the picture to begin with must have sides between {} and {}, not {width}x{height}", SOURCE_SIDES.start(), SOURCE_SIDES.end())]
    SourceSize {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// The mask does not fit its picture.
    #[error("the mask must be as large as its picture, {}x{}, not {}x{}", image.0, image.1, mask.0, mask.1)]
    MaskSize {
        /// Width and height of the mask, in pixels.
        mask: (u32, u32),
        /// Width and height of the picture, in pixels.
        image: (u32, u32),
    },
    /// How many times larger the second pass is.
    #[error("the scale of hires must be between {} and {}, not {value}", HIRES_SCALES.start(), HIRES_SCALES.end())]
    HiresScale {
        /// What was asked for.
        value: f32,
    },
    /// The second pass would be too large.
    #[error("hires would draw {width}x{height}, but a side may have {} pixels", SIZES.end())]
    HiresSize {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// The steps after which the unfinished picture is to be seen.
    #[error("snapshots must be at most {MAX_SNAPSHOTS} steps in ascending order, from 1 on")]
    Snapshots,
    /// A second pass after image to image.
    #[error("hires is for pictures from a prompt alone, not for those that begin with a picture")]
    HiresWithSource,
    /// The model cannot begin with a picture.
    #[error("the model `{model}` has no `vae_encoder`, which is needed to begin with a picture")]
    NoImageToImage {
        /// The id of the model.
        model: String,
    },
}
