//! What is in a model folder, for people who want to know before they draw with it.

use serde::Serialize;

use super::{Family, ModelInfo, ModelSource, Pipeline, inspect, stable_diffusion};
use crate::error::LoadError;
use crate::session::{OnnxSession, Provider, SessionConfig, SessionFactory, TensorSpec};

/// A model folder as it was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelReport {
    /// What is known without its networks.
    pub info: ModelInfo,
    /// What the UNet predicts: `epsilon`, `v_prediction` or `sample`.
    pub prediction_type: String,
    /// Every network that could be opened.
    pub networks: Vec<NetworkReport>,
    /// Whether [`clip_skip`](crate::GenerateRequest::clip_skip) 2 can be asked for.
    pub clip_skip: bool,
    /// Whether pictures can begin with a picture.
    pub image_to_image: bool,
    /// Whether the UNet was made for inpainting. Without it, inpainting is possible as well, but worse.
    pub inpainting: bool,
    /// Whether the folder has a safety checker, which looks at finished pictures.
    pub safety_checker: bool,
    /// What would fail, each in a sentence.
    pub problems: Vec<String>,
}

/// One network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetworkReport {
    /// Its path in the folder.
    pub file: String,
    /// Its size, with the weights that lie beside it.
    pub bytes: u64,
    /// The execution provider that took it.
    pub provider: Provider,
    /// The type of its floating-point inputs and outputs: `f32`, `f16`, …. The weights inside may have another.
    pub dtype: String,
    /// In the network's order.
    pub inputs: Vec<TensorReport>,
    /// In the network's order.
    pub outputs: Vec<TensorReport>,
}

/// An input or output of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TensorReport {
    /// Its name.
    pub name: String,
    /// The type of its numbers: `f32`, `i64`, ….
    pub dtype: String,
    /// The dimensions, -1 for those that are free.
    pub dims: Vec<i64>,
}

/// Reads the configuration of a model, without its networks and without ONNX Runtime.
///
/// # Errors
/// A file is missing or not usable.
pub fn describe(id: &str, source: &ModelSource) -> Result<ModelInfo, LoadError> {
    inspect(id, source).map(|manifest| manifest.info)
}

/// Opens every network of a model, one after the other, and says what it found.
///
/// [`runtime::load`](crate::runtime::load) has to be called before.
///
/// # Errors
/// The configuration of the folder is not usable, or ONNX Runtime or its execution provider is not. What is wrong with
/// single networks is in [`ModelReport::problems`].
pub fn report(id: &str, source: &ModelSource, config: &SessionConfig) -> Result<ModelReport, LoadError> {
    let pipeline = Pipeline::read(source)?;
    let info = describe(id, source)?;
    let factory = SessionFactory::new(config.clone())?;
    let found = match pipeline.family {
        Family::StableDiffusion => stable_diffusion::examine(source, pipeline.task, &factory)?,
    };
    Ok(ModelReport {
        prediction_type: info.prediction_type.clone(),
        networks: found.networks,
        clip_skip: found.clip_skip,
        image_to_image: info.image_to_image,
        inpainting: info.inpainting,
        safety_checker: found.safety_checker,
        problems: found.problems,
        info,
    })
}

impl NetworkReport {
    pub(super) fn new(file: &str, bytes: u64, session: &OnnxSession) -> Self {
        let inputs = tensors(session.inputs());
        let mut outputs = tensors(session.outputs());
        // What was added when the network was opened is not in its file.
        outputs.retain(|output| !output.name.starts_with("ekaki."));
        let is_float = |tensor: &&TensorReport| tensor.dtype.contains('f');
        let dtype = outputs.iter().chain(&inputs).find(is_float);
        Self {
            file: file.to_owned(),
            bytes,
            provider: session.provider(),
            dtype: dtype.map(|tensor| tensor.dtype.clone()).unwrap_or_default(),
            inputs,
            outputs,
        }
    }
}

fn tensors(specs: &[TensorSpec]) -> Vec<TensorReport> {
    let report = |spec: &TensorSpec| TensorReport {
        name: spec.name.clone(),
        dtype: spec.dtype(),
        dims: spec.dims.clone(),
    };
    specs.iter().map(report).collect()
}
