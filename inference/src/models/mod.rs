//! Model folders as diffusers and optimum write them: `model_index.json` names the family, the family loads the rest.

mod info;
mod source;
mod stable_diffusion;

use std::sync::Arc;

use ndarray::Array2;
use serde::Deserialize;

pub use self::info::{Family, ModelDefaults, ModelInfo};
pub use self::source::ModelSource;
use crate::error::{InferenceError, LoadError};
use crate::images::RgbImage;
use crate::schedulers::{Latents, SchedulerConfig};
use crate::session::SessionFactory;

/// A loaded model of any family.
pub(crate) trait DiffusionModel: Send {
    /// What the text encoder makes of a prompt.
    fn encode_prompt(&mut self, prompt: &str) -> Result<Conditioning, InferenceError>;

    /// The UNet's output for every row, in order. All rows have the same height and width.
    ///
    /// One network call, unless the model takes a single timestep for the whole batch and the rows have several.
    fn predict_noise(&mut self, rows: &[Row<'_>]) -> Result<Prediction, InferenceError>;

    /// The picture of finished latents `[1, 4, height / 8, width / 8]`.
    fn decode(&mut self, latents: &Latents) -> Result<RgbImage, InferenceError>;
}

/// What the text encoder made of a prompt.
#[derive(Debug, Clone)]
pub(crate) struct Conditioning {
    /// The hidden states, `[tokens, dimensions]`.
    pub(crate) hidden_states: Arc<Array2<f32>>,
    /// Whether the prompt had more tokens than the model reads.
    pub(crate) truncated: bool,
}

/// One sample at one timestep with one conditioning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    /// `[1, 4, height / 8, width / 8]`, in the scale that the scheduler wants the network to see.
    pub(crate) sample: &'a Latents,
    /// Fractional for some schedulers.
    pub(crate) timestep: f32,
    /// The prompt or the negative prompt.
    pub(crate) conditioning: &'a Conditioning,
}

/// What the UNet said.
#[derive(Debug)]
pub(crate) struct Prediction {
    /// One output for each row, `[1, 4, height / 8, width / 8]`.
    pub(crate) outputs: Vec<Latents>,
    /// How many network calls it took.
    pub(crate) calls: u64,
}

/// What is known of a model without loading its networks.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    pub(crate) info: ModelInfo,
    pub(crate) scheduler: SchedulerConfig,
}

/// Reads the configuration of a model and checks that its files are there.
pub(crate) fn inspect(id: &str, source: &ModelSource) -> Result<Manifest, LoadError> {
    match family(source)? {
        Family::StableDiffusion => stable_diffusion::inspect(id, source),
    }
}

/// Loads the networks of a model.
pub(crate) fn load(
    source: &ModelSource,
    factory: &SessionFactory,
) -> Result<Box<dyn DiffusionModel>, LoadError> {
    match family(source)? {
        Family::StableDiffusion => Ok(Box::new(stable_diffusion::StableDiffusion::load(
            source, factory,
        )?)),
    }
}

/// What diffusers writes beside the parts of a pipeline.
#[derive(Debug, Deserialize)]
struct ModelIndex {
    #[serde(rename = "_class_name")]
    class_name: String,
}

/// diffusers, its ONNX exporter and optimum name the same pipeline differently.
fn family(source: &ModelSource) -> Result<Family, LoadError> {
    const FILE: &str = "model_index.json";
    source.check_folder()?;
    let index: ModelIndex = source.json(FILE)?;
    let class = index.class_name.as_str();
    let name = class
        .strip_prefix("ORT")
        .or_else(|| class.strip_prefix("Onnx"))
        .unwrap_or(class);
    match name {
        "StableDiffusionPipeline" => Ok(Family::StableDiffusion),
        _ => Err(LoadError::UnknownClass {
            path: source.path(FILE),
            class: index.class_name,
            known: "StableDiffusionPipeline",
        }),
    }
}

#[cfg(test)]
mod tests;
