//! Model folders as diffusers and optimum write them: `model_index.json` names the family, the family loads the rest.
//!
//! Its `safety_checker` and `feature_extractor`, which old folders have, are for [`safety`](crate::safety).

mod card;
mod info;
mod report;
mod source;
mod stable_diffusion;

use std::sync::Arc;

use ndarray::Array2;
use serde::Deserialize;

pub use self::info::{Family, ModelDefaults, ModelInfo};
pub use self::report::{ModelReport, NetworkReport, TensorReport, describe, report};
pub use self::source::ModelSource;
use crate::error::{InferenceError, LoadError};
use crate::images::RgbImage;
use crate::noise::Noise;
use crate::prompt::PromptSyntax;
use crate::safety::SafetyVerdict;
use crate::schedulers::{Latents, SchedulerConfig};
use crate::session::SessionFactory;

/// A loaded model of any family.
pub(crate) trait DiffusionModel: Send {
    /// What the text encoder makes of a prompt.
    fn encode_prompt(&mut self, prompt: &PromptInput<'_>) -> Result<Conditioning, InferenceError>;

    /// The UNet's output for every row, in order. All rows have the same height and width.
    ///
    /// One network call, unless the rows differ in what one call cannot mix: the number of tokens, or the timestep when
    /// the model takes a single one for the whole batch.
    fn predict_noise(&mut self, rows: &[Row<'_>]) -> Result<Prediction, InferenceError>;

    /// The picture of finished latents `[1, 4, height / 8, width / 8]`, in tiles when it is large.
    fn decode(&mut self, latents: &Latents) -> Result<RgbImage, InferenceError>;

    /// The latents `[1, 4, height / 8, width / 8]` of a picture `[1, 3, height, width]` of values from -1 to 1, in the
    /// UNet's scale. Draws from `noise` once: an autoencoder answers with a distribution.
    ///
    /// The picture is no [`RgbImage`] because what is masked out for inpainting is exactly 0, which no byte is.
    fn encode_image(&mut self, image: &Latents, noise: &mut dyn Noise) -> Result<Latents, InferenceError>;

    /// What the model's own safety checker says to a picture; `None` when it has none.
    fn check_safety(&mut self, image: &RgbImage) -> Result<Option<SafetyVerdict>, InferenceError>;

    /// About how much memory the networks take.
    fn memory_bytes(&self) -> u64;
}

/// A prompt and how it is to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PromptInput<'a> {
    pub(crate) text: &'a str,
    pub(crate) syntax: PromptSyntax,
    /// In AUTOMATIC1111's numbering: 1 uses every layer. `None`: as the model says.
    pub(crate) clip_skip: Option<u32>,
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
    /// What an inpainting UNet sees beside the sample: the mask and the latents of the masked picture,
    /// `[1, 5, height / 8, width / 8]`.
    pub(crate) inpaint: Option<&'a Latents>,
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
    /// About how much memory the networks will take; see [`DiffusionModel::memory_bytes`].
    pub(crate) memory_bytes: u64,
}

/// Reads the configuration of a model and checks that its files are there.
pub(crate) fn inspect(id: &str, source: &ModelSource) -> Result<Manifest, LoadError> {
    let pipeline = Pipeline::read(source)?;
    match pipeline.family {
        Family::StableDiffusion => stable_diffusion::inspect(id, source, pipeline.task),
    }
}

/// Loads the networks of a model.
pub(crate) fn load(
    source: &ModelSource,
    factory: &SessionFactory,
) -> Result<Box<dyn DiffusionModel>, LoadError> {
    let pipeline = Pipeline::read(source)?;
    match pipeline.family {
        Family::StableDiffusion => Ok(Box::new(stable_diffusion::StableDiffusion::load(
            source,
            pipeline.task,
            factory,
        )?)),
    }
}

/// What diffusers writes beside the parts of a pipeline.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
struct ModelIndex {
    #[serde(rename = "_class_name")]
    class_name: String,
}

/// What the class of a pipeline says. The parts of a family's pipelines are the same, whatever they were saved for.
#[derive(Debug, Clone, Copy)]
struct Pipeline {
    family: Family,
    task: Task,
}

/// What a folder was saved for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    /// Drawing, from noise or from a picture.
    Draw,
    /// Filling in a part of a picture.
    Inpaint,
}

impl Pipeline {
    /// diffusers, its ONNX exporter and optimum name the same pipeline differently.
    fn read(source: &ModelSource) -> Result<Self, LoadError> {
        const FILE: &str = "model_index.json";
        source.check_folder()?;
        let index: ModelIndex = source.json(FILE)?;
        let class = index.class_name.as_str();
        let name = class
            .strip_prefix("ORT")
            .or_else(|| class.strip_prefix("Onnx"))
            .unwrap_or(class);
        let task = match name {
            "StableDiffusionPipeline"
            | "StableDiffusionImg2ImgPipeline"
            // The first form of inpainting, with the UNet of an ordinary model.
            | "StableDiffusionInpaintPipelineLegacy"
            | "LatentConsistencyModelPipeline"
            | "LatentConsistencyModelImg2ImgPipeline" => Task::Draw,
            "StableDiffusionInpaintPipeline" => Task::Inpaint,
            _ => {
                return Err(LoadError::UnknownClass {
                    path: source.path(FILE),
                    class: index.class_name,
                    known: "StableDiffusionPipeline, StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline, \
                            LatentConsistencyModelPipeline",
                });
            }
        };
        Ok(Self {
            family: Family::StableDiffusion,
            task,
        })
    }
}

#[cfg(test)]
mod tests;
