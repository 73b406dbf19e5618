//! What can be asked for.

use std::ops::RangeInclusive;

use super::{GenerateRequest, Hires, RequestError, Side, Source};

/// The widths and heights that can be asked for, in pixels.
pub const SIZES: RangeInclusive<u32> = 64..=2048;
/// The numbers of steps that can be asked for.
pub const STEPS: RangeInclusive<u32> = 1..=150;
/// The guidance scales that can be asked for.
pub const GUIDANCE_SCALES: RangeInclusive<f32> = 0.0..=30.0;
/// The longest prompt, in characters.
pub const MAX_PROMPT_CHARS: usize = 4000;
/// The layers of a text encoder that a prompt can stop at, counted from the end, as AUTOMATIC1111's web UI has them.
pub const CLIP_SKIPS: RangeInclusive<u32> = 1..=12;
/// Strengths, eta, and what else is a part of a whole.
pub const FRACTIONS: RangeInclusive<f32> = 0.0..=1.0;
/// How many times larger a second pass can be.
pub const HIRES_SCALES: RangeInclusive<f32> = 1.0..=4.0;
/// How many snapshots one picture can have.
pub const MAX_SNAPSHOTS: usize = 8;
/// The widths and heights that a picture to begin with can have, in pixels.
pub const SOURCE_SIDES: RangeInclusive<u32> = 1..=16_384;

impl GenerateRequest {
    /// Checks every parameter against its bounds. What depends on the model is checked by the engine.
    ///
    /// # Errors
    /// The first parameter that is out of bounds.
    pub fn validate(&self) -> Result<(), RequestError> {
        check_size(Side::Width, self.width, 8)?;
        check_size(Side::Height, self.height, 8)?;
        check_steps(self.num_inference_steps)?;
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
        self.check_options()?;
        if let Some(source) = &self.source {
            source.validate(self.num_inference_steps)?;
        }
        match &self.hires {
            Some(_) if self.source.is_some() => Err(RequestError::HiresWithSource),
            Some(hires) => hires.validate(self.num_inference_steps),
            None => Ok(()),
        }
    }

    /// What has a neutral value.
    fn check_options(&self) -> Result<(), RequestError> {
        if let Some(value) = self.clip_skip
            && !CLIP_SKIPS.contains(&value)
        {
            return Err(RequestError::ClipSkip { value });
        }
        let snapshots = &self.snapshots;
        let is_ascending = snapshots.is_sorted_by(|first, second| first < second);
        if !is_ascending || snapshots.first() == Some(&0) || snapshots.len() > MAX_SNAPSHOTS {
            return Err(RequestError::Snapshots);
        }
        check_fraction("guidance_rescale", self.guidance_rescale)?;
        check_fraction("eta", self.eta.unwrap_or_default())?;
        if let Some(variation) = &self.variation {
            check_fraction("the strength of the variation", variation.strength)?;
        }
        match self.guidance_interval {
            Some((start, stop))
                if !(FRACTIONS.contains(&start) && FRACTIONS.contains(&stop) && start <= stop) =>
            {
                Err(RequestError::GuidanceInterval { start, stop })
            }
            _ => Ok(()),
        }
    }

    /// Checks that a UNet which halves its input several times can draw this size.
    pub(crate) fn check_multiple(&self, multiple: u32) -> Result<(), RequestError> {
        check_size(Side::Width, self.width, multiple)?;
        check_size(Side::Height, self.height, multiple)?;
        let Some(hires) = &self.hires else {
            return Ok(());
        };
        let (width, height) = hires.size(self, multiple);
        if SIZES.contains(&width) && SIZES.contains(&height) {
            Ok(())
        } else {
            Err(RequestError::HiresSize { width, height })
        }
    }
}

impl Source {
    fn validate(&self, num_inference_steps: u32) -> Result<(), RequestError> {
        let (width, height) = self.image.dimensions();
        if !SOURCE_SIDES.contains(&width) || !SOURCE_SIDES.contains(&height) {
            return Err(RequestError::SourceSize { width, height });
        }
        if let Some(mask) = &self.mask
            && mask.dimensions() != (width, height)
        {
            return Err(RequestError::MaskSize {
                mask: mask.dimensions(),
                image: (width, height),
            });
        }
        check_strength(num_inference_steps, self.strength)
    }
}

impl Hires {
    /// Steps of the whole second pass for a request with this many in the first one.
    pub(crate) fn steps(&self, num_inference_steps: u32) -> u32 {
        self.num_inference_steps.unwrap_or(num_inference_steps)
    }

    /// Width and height of the finished picture, multiples of `multiple`.
    pub(crate) fn size(&self, request: &GenerateRequest, multiple: u32) -> (u32, u32) {
        let multiple = f64::from(multiple);
        let scaled = |side: u32| {
            let multiples = (f64::from(side) * decimal(self.scale) / multiple).round();
            (multiples * multiple) as u32
        };
        (scaled(request.width), scaled(request.height))
    }

    fn validate(&self, num_inference_steps: u32) -> Result<(), RequestError> {
        if !HIRES_SCALES.contains(&self.scale) {
            return Err(RequestError::HiresScale { value: self.scale });
        }
        let steps = self.steps(num_inference_steps);
        check_steps(steps)?;
        check_strength(steps, self.strength)
    }
}

/// How many of the last steps are done when `strength` of a picture is drawn anew, as diffusers'
/// `StableDiffusionImg2ImgPipeline.get_timesteps` counts them.
pub(crate) fn steps_done(num_inference_steps: u32, strength: f32) -> u32 {
    let steps = f64::from(num_inference_steps) * decimal(strength);
    (steps as u32).min(num_inference_steps)
}

/// The number that somebody wrote, as Python would have read it: 0.7 is not the `f64` nearest to the `f32` 0.7, and 10
/// times the latter would be less than 7.
pub(crate) fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
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

fn check_steps(value: u32) -> Result<(), RequestError> {
    if STEPS.contains(&value) {
        Ok(())
    } else {
        Err(RequestError::Steps { value })
    }
}

fn check_strength(num_inference_steps: u32, strength: f32) -> Result<(), RequestError> {
    check_fraction("strength", strength)?;
    if steps_done(num_inference_steps, strength) == 0 {
        return Err(RequestError::StrengthTooLow {
            strength,
            num_inference_steps,
        });
    }
    Ok(())
}

/// Not-a-number is in no range.
fn check_fraction(name: &'static str, value: f32) -> Result<(), RequestError> {
    if FRACTIONS.contains(&value) {
        Ok(())
    } else {
        Err(RequestError::Fraction { name, value })
    }
}
