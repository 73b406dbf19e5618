//! What is known of a model before it draws.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use super::ModelSource;
use super::card::{CARD_FILE, Card};
use crate::error::LoadError;
use crate::images::LatentPreview;
use crate::noise::NoiseSource;
use crate::request::GenerateRequest;

/// The architecture of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Family {
    /// Stable Diffusion 1.x and 2.x: one CLIP text encoder, a UNet, an autoencoder with 4 channels.
    StableDiffusion,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StableDiffusion => f.write_str("Stable Diffusion"),
        }
    }
}

impl Serialize for Family {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What people are told about a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelInfo {
    /// What requests call it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it draws, by language (`en`, `ja`, …). May be empty.
    pub description: BTreeMap<String, String>,
    /// Its architecture.
    pub family: Family,
    /// The name of its own scheduler, as AUTOMATIC1111 spells it.
    pub scheduler: &'static str,
    /// Width and height must be a multiple of this, in pixels.
    pub size_multiple: u32,
    /// What its UNet predicts, in diffusers' words: `epsilon` (the noise), `v_prediction` or `sample`.
    pub prediction_type: String,
    /// Whether its UNet was made for filling in a part of a picture: it sees the mask and the rest of the picture.
    pub inpainting: bool,
    /// Whether it can begin with a picture: some exports lack the encoder of the autoencoder.
    pub image_to_image: bool,
    /// The [`clip_skip`](GenerateRequest::clip_skip) of requests that have none; `None`: no layer is left out.
    pub clip_skip: Option<u32>,
    /// The [`noise_source`](GenerateRequest::noise_source) of requests that have none.
    pub noise: NoiseSource,
    /// Whether a second pass makes its pictures larger and better. A model that was trained at one size only draws
    /// several heads where there should be one; its finished pictures are enlarged instead.
    pub can_grow: bool,
    /// What it draws best.
    pub defaults: ModelDefaults,
}

/// The parameters that a model draws best with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelDefaults {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// See [`GenerateRequest::num_inference_steps`].
    pub num_inference_steps: u32,
    /// See [`GenerateRequest::guidance_scale`].
    pub guidance_scale: f32,
    /// How unfinished latents are shown; without it there are no previews.
    pub preview: Option<LatentPreview>,
}

/// What the family read from the parts of the folder.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) family: Family,
    pub(super) scheduler: &'static str,
    pub(super) size_multiple: u32,
    pub(super) prediction_type: String,
    pub(super) inpainting: bool,
    pub(super) image_to_image: bool,
    /// Width and height that the UNet was trained at, in pixels.
    pub(super) size: (u32, u32),
}

impl ModelInfo {
    /// Puts together what the family knows and what the folder's own file says.
    pub(super) fn read(id: &str, source: &ModelSource, facts: Facts) -> Result<Self, LoadError> {
        let card = Card::read(source)?;
        let (width, height) = facts.size;
        let info = Self {
            id: id.to_owned(),
            name: card.name.unwrap_or_else(|| id.to_owned()),
            description: card.description,
            family: facts.family,
            scheduler: facts.scheduler,
            size_multiple: facts.size_multiple,
            prediction_type: facts.prediction_type,
            inpainting: facts.inpainting,
            image_to_image: facts.image_to_image,
            clip_skip: card.clip_skip,
            noise: card.noise,
            can_grow: card.can_grow.unwrap_or(true),
            defaults: ModelDefaults {
                width: card.width.unwrap_or(width),
                height: card.height.unwrap_or(height),
                num_inference_steps: card.num_inference_steps.unwrap_or(20),
                guidance_scale: card.guidance_scale.unwrap_or(7.5),
                preview: card.preview,
            },
        };
        info.check_defaults()
            .map_err(|reason| source.corrupt(CARD_FILE, reason))?;
        Ok(info)
    }

    /// A request with the model's defaults.
    pub fn request(&self, prompt: impl Into<String>, seed: u64) -> GenerateRequest {
        GenerateRequest {
            model: self.id.clone(),
            prompt: prompt.into(),
            negative_prompt: String::new(),
            width: self.defaults.width,
            height: self.defaults.height,
            num_inference_steps: self.defaults.num_inference_steps,
            guidance_scale: self.defaults.guidance_scale,
            clip_skip: self.clip_skip,
            seed,
            ..GenerateRequest::default()
        }
    }

    fn check_defaults(&self) -> Result<(), String> {
        let request = self.request("", 0);
        request
            .validate()
            .and_then(|()| request.check_multiple(self.size_multiple))
            .map_err(|error| format!("its defaults cannot be drawn: {error}"))
    }
}
