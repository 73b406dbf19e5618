//! From a text to a recipe.

use std::{collections::HashMap, str::FromStr};

use super::{
    HIRES_STRENGTH, HiresRecipe, HiresSize, Recipe, eta_key,
    prompts::{self, strip},
    syntax::pairs,
};
use crate::noise::{NoiseSource, Variation};

/// A line with fewer pairs belongs to the prompt.
const MIN_PAIRS: usize = 3;

/// A text is no recipe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// There is only a prompt, or nothing at all.
    #[error(
        "the text has no line of parameters, such as \"Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1\""
    )]
    NoParameters,
    /// A value is not what its key needs.
    #[error("`{key}` must be {expected}, not {value:?}")]
    Value {
        /// The key in the text.
        key: &'static str,
        /// What it needs.
        expected: &'static str,
        /// The start of what it has.
        value: String,
    },
}

/// Reads what the web UI reads, and its way to do it:
///
/// - The last line holds the parameters if it has three pairs or more. As others append lines below it, the last
///   line that starts with "Steps:" is taken where the last of all has not enough.
/// - The last of several values of a key counts.
/// - What a text does not say has the value of [`Recipe::default`], but the noise is CUDA's and the version unknown.
impl FromStr for Recipe {
    type Err = RecipeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (lines, mut fields) = split(strip(text)).ok_or(RecipeError::NoParameters)?;
        let (prompt, negative_prompt) = prompts::read(lines);
        let default = Self::default();
        let scheduler = fields.take("Sampler").unwrap_or_default();
        let (width, height) = fields
            .take_size("Size")?
            .unwrap_or((default.width, default.height));
        let mut strength = fields.take_number("Denoising strength")?;
        let hires = fields.take_hires(&mut strength)?;
        Ok(Self {
            prompt: fields.take("Prompt").unwrap_or(prompt),
            negative_prompt: fields.take("Negative prompt").unwrap_or(negative_prompt),
            num_inference_steps: fields.take_whole("Steps")?.unwrap_or(default.num_inference_steps),
            schedule_type: fields.take("Schedule type"),
            guidance_scale: fields.take_number("CFG scale")?.unwrap_or(default.guidance_scale),
            guidance_rescale: fields.take_rescale()?,
            guidance_interval: fields.take_interval("Guidance interval")?,
            eta: fields.take_number(eta_key(&scheduler))?,
            seed: fields.take_whole("Seed")?.unwrap_or(default.seed),
            noise_source: match fields.take("RNG").as_deref() {
                Some("CPU") => NoiseSource::Cpu,
                _ => NoiseSource::Cuda,
            },
            variation: fields.take_variation()?,
            width,
            height,
            model_name: fields.take("Model").unwrap_or_default(),
            clip_skip: fields.take_whole("Clip skip")?,
            denoising_strength: strength,
            mask_blur: fields.take_whole("Mask blur")?,
            hires,
            version: fields.take("Version").unwrap_or_default(),
            scheduler,
            other: fields.0,
        })
    }
}

/// The lines of the prompts, and the parameters below them.
fn split(text: &str) -> Option<(&str, Fields)> {
    let (lines, last) = text.rsplit_once('\n').unwrap_or(("", text));
    if let Some(fields) = Fields::of(last) {
        return Some((lines, fields));
    }
    let (lines, rest) = text.split_at_checked(text.rfind("\nSteps:")?)?;
    let line = rest.trim_start().lines().next()?;
    Some((lines, Fields::of(line)?))
}

/// The parameters that nobody has asked for yet.
struct Fields(Vec<(String, String)>);

impl Fields {
    /// The parameters in a line, unless it belongs to the prompt.
    fn of(line: &str) -> Option<Self> {
        let pairs = pairs(line);
        if pairs.len() < MIN_PAIRS {
            return None;
        }
        let mut fields: Vec<(String, String)> = Vec::with_capacity(pairs.len());
        let mut places = HashMap::new();
        for (key, value) in pairs {
            match places.get(&key).and_then(|&place: &usize| fields.get_mut(place)) {
                Some(field) => field.1 = value,
                None => {
                    places.insert(key.clone(), fields.len());
                    fields.push((key, value));
                }
            }
        }
        Some(Self(fields))
    }

    fn take(&mut self, key: &str) -> Option<String> {
        let place = self.0.iter().position(|(known, _)| known == key)?;
        Some(self.0.remove(place).1)
    }

    fn take_parsed<T>(
        &mut self,
        key: &'static str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, RecipeError> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        match parse(strip(&value)) {
            Some(parsed) => Ok(Some(parsed)),
            None => Err(RecipeError::Value {
                key,
                expected,
                value: value.chars().take(40).collect(),
            }),
        }
    }

    fn take_whole<T: FromStr>(&mut self, key: &'static str) -> Result<Option<T>, RecipeError> {
        self.take_parsed(key, "a whole number", |value| value.parse().ok())
    }

    fn take_number(&mut self, key: &'static str) -> Result<Option<f32>, RecipeError> {
        self.take_parsed(key, "a number", number)
    }

    fn take_size(&mut self, key: &'static str) -> Result<Option<(u32, u32)>, RecipeError> {
        self.take_parsed(key, "a size such as 512x768", |value| {
            let (width, height) = value.split_once('x')?;
            Some((width.parse().ok()?, height.parse().ok()?))
        })
    }

    fn take_interval(&mut self, key: &'static str) -> Result<Option<(f32, f32)>, RecipeError> {
        self.take_parsed(key, "an interval such as 0.2-0.8", |value| {
            let (start, end) = value.split_once('-')?;
            Some((number(start)?, number(end)?))
        })
    }

    /// Two extensions of the web UI disagree about the name.
    fn take_rescale(&mut self) -> Result<f32, RecipeError> {
        let forge = self.take_number("CFG Rescale φ")?;
        Ok(self.take_number("CFG Rescale")?.or(forge).unwrap_or(0.0))
    }

    fn take_variation(&mut self) -> Result<Option<Variation>, RecipeError> {
        let seed = self.take_whole("Variation seed")?;
        let strength = self.take_number("Variation seed strength")?;
        Ok(seed
            .zip(strength)
            .map(|(seed, strength)| Variation { seed, strength }))
    }

    /// The second pass; it owns `strength` unless there is another strength for it.
    fn take_hires(&mut self, strength: &mut Option<f32>) -> Result<Option<HiresRecipe>, RecipeError> {
        // The web UI draws the second pass with this strength if nobody chose one.
        const DEFAULT_STRENGTH: f32 = 0.75;
        let scale = self.take_number("Hires upscale")?.map(HiresSize::Upscale);
        let size = self.take_size("Hires resize")?;
        let size = size.map(|(width, height)| HiresSize::Resize { width, height });
        let Some(size) = size.or(scale) else {
            return Ok(None);
        };
        let own = self.take_number(HIRES_STRENGTH)?;
        Ok(Some(HiresRecipe {
            size,
            num_inference_steps: self.take_whole("Hires steps")?,
            denoising_strength: own.or_else(|| strength.take()).unwrap_or(DEFAULT_STRENGTH),
            upscaler: self.take("Hires upscaler").unwrap_or_default(),
        }))
    }
}

fn number(value: &str) -> Option<f32> {
    value.parse().ok().filter(|number: &f32| number.is_finite())
}
