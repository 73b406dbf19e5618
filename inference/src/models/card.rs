//! `ekaki.json`, in which a model folder says what diffusers has no place for.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::ModelSource;
use crate::error::LoadError;
use crate::images::LatentPreview;
use crate::noise::NoiseSource;

/// The name of the file.
pub(super) const CARD_FILE: &str = "ekaki.json";

/// The contents of the file. The file and every key are optional.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Card {
    /// What people call the model.
    pub(super) name: Option<String>,
    /// What it draws, by language.
    pub(super) description: BTreeMap<String, String>,
    /// In pixels.
    pub(super) width: Option<u32>,
    /// In pixels.
    pub(super) height: Option<u32>,
    pub(super) num_inference_steps: Option<u32>,
    pub(super) guidance_scale: Option<f32>,
    /// In AUTOMATIC1111's numbering. Most anime models want 2.
    pub(super) clip_skip: Option<u32>,
    /// The generator that the seeds people know of were drawn with.
    pub(super) noise: NoiseSource,
    pub(super) preview: Option<LatentPreview>,
    pub(super) can_grow: Option<bool>,
}

impl Card {
    pub(super) fn read(source: &ModelSource) -> Result<Self, LoadError> {
        Ok(source.json_optional(CARD_FILE)?.unwrap_or_default())
    }
}
