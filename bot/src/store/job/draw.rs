//! What a job draws.

use serde::{Deserialize, Serialize};

/// Everything that decides what the pictures look like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DrawParameters {
    /// The prompt as it is used, after normalising and the dictionary.
    pub prompt: String,
    /// What should not be in the picture; empty when nothing was given.
    pub negative_prompt: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Denoising steps.
    pub num_inference_steps: u32,
    /// Classifier-free guidance.
    pub guidance_scale: f32,
    /// Seed of the first picture; the others have the next ones.
    pub seed: u64,
    /// How many pictures.
    pub count: u32,
    /// Id of the model.
    pub model: String,
    /// The scheduler's AUTOMATIC1111 or diffusers name, or `None` for the model's own.
    pub scheduler: Option<String>,
    /// How many of the text encoder's last layers are left out; `None` as the model says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_skip: Option<u32>,
    /// A second seed for a picture that is only a little different.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variation: Option<VariationParameters>,
    /// The picture to begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceParameters>,
    /// The second pass of a picture that is drawn small first; `width` and `height` are those of the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hires: Option<HiresParameters>,
    /// How many times wider and higher the finished picture is made, without drawing anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enlarge: Option<f32>,
    /// The name of the style whose words are in the prompts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    /// A second file shows how each picture came to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filmstrip: Option<Filmstrip>,
    /// What was asked for and is beyond a limit, so that the last message can say it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clamped: Vec<Clamped>,
}

impl DrawParameters {
    /// How much there is to draw: network evaluations times pixels, in millions. The time that it takes is about
    /// proportional to it on one machine with one model.
    pub fn work(&self) -> f64 {
        let pixels = f64::from(self.width) * f64::from(self.height) / 1e6;
        let steps = f64::from(self.num_inference_steps);
        let second = self.hires.map_or(0.0, |hires| {
            f64::from(hires.strength) * f64::from(hires.scale).powi(2)
        });
        let rows = if self.guidance_scale > 1.0 { 2.0 } else { 1.0 };
        f64::from(self.count) * pixels * rows * steps * (self.first_strength() + second)
    }

    /// How many steps are done for one picture, in both passes.
    pub fn steps(&self) -> f64 {
        let second = self.hires.map_or(0.0, |hires| f64::from(hires.strength));
        f64::from(self.num_inference_steps) * (self.first_strength() + second)
    }

    /// The part of the first pass that is done.
    fn first_strength(&self) -> f64 {
        self.source
            .as_ref()
            .map_or(1.0, |source| f64::from(source.strength))
    }

    /// What draws one of the pictures alone, counted from 0. As in AUTOMATIC1111, several variations are those of one
    /// picture: then the second seed counts up and the first one stays.
    pub fn of_picture(&self, index: u32) -> Self {
        let mut alone = Self {
            count: 1,
            ..self.clone()
        };
        let seed = match &mut alone.variation {
            Some(variation) => &mut variation.seed,
            None => &mut alone.seed,
        };
        *seed = seed.wrapping_add(index.into());
        alone
    }
}

/// See [`inference::noise::Variation`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct VariationParameters {
    /// The second seed.
    pub seed: u64,
    /// How much of it is mixed in, from 0 to 1.
    pub strength: f32,
}

/// See [`inference::Source`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceParameters {
    /// The hash of the picture's file in [`Images`](crate::store::Images).
    pub hash: String,
    /// How much of it is drawn anew, from 0 to 1.
    pub strength: f32,
    /// The recipe that came with the picture. It draws nothing; the word rules have to allow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<String>,
}

/// See [`inference::Hires`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HiresParameters {
    /// How many times wider and higher the finished picture is than the first one.
    pub scale: f32,
    /// How much is drawn anew in the second pass, from 0 to 1.
    pub strength: f32,
}

/// How the pictures of a drawing in the making are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filmstrip {
    /// Side by side in one PNG file.
    Strip,
    /// One after another in an animated WebP file.
    Webp,
}

/// A parameter that was asked for and is not drawn as asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clamped {
    /// Which one.
    pub what: ClampedParameter,
    /// What was asked for: a number, or a size as `640x480`.
    pub asked: String,
    /// What is used instead, written in the same way.
    pub used: String,
}

/// A parameter that has bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClampedParameter {
    /// Width and height.
    Size,
    /// Denoising steps.
    Steps,
    /// Classifier-free guidance.
    GuidanceScale,
    /// How many pictures.
    Count,
    /// How much of the source is drawn anew.
    Strength,
    /// How many of the text encoder's last layers are left out.
    ClipSkip,
}
