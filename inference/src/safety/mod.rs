//! Doubts about finished pictures: Stable Diffusion's safety checker.
//!
//! It is a CLIP image encoder that compares a picture with concepts, each of which has a threshold
//! (diffusers' `StableDiffusionSafetyChecker`, as its ONNX exporter writes it). It only says what it found; what is done
//! about it is not the matter of this library. The copy of the picture that it blackens is not used.

mod preprocess;
#[cfg(test)]
mod tests;

use self::preprocess::Preprocessor;
use crate::error::{InferenceError, LoadError};
use crate::images::RgbImage;
use crate::models::ModelSource;
use crate::session::{Input, OnnxSession, SessionFactory, TensorSpec};

/// Where the checker of a model is.
pub(crate) const SAFETY_CHECKER: &str = "safety_checker/model.onnx";
/// Where the checker is in a folder of its own.
const ALONE: &str = "model.onnx";

/// What the safety checker says to a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SafetyVerdict {
    /// It has found one of its concepts.
    pub flagged: bool,
}

/// A safety checker that can be run.
#[derive(Debug)]
pub(crate) struct SafetyChecker {
    session: OnnxSession,
    io: Io,
    preprocessor: Preprocessor,
}

/// The inputs and the output.
#[derive(Debug)]
pub(crate) struct Io {
    clip_input: TensorSpec,
    /// The pictures to blacken.
    images: Option<TensorSpec>,
    has_nsfw_concepts: TensorSpec,
}

impl Io {
    pub(crate) fn find(session: &OnnxSession) -> Result<Self, LoadError> {
        let clip_input = session.input(&["clip_input", "pixel_values"])?.clone();
        let images = session.input(&["images"]).ok().cloned();
        let known: Vec<&TensorSpec> = [&clip_input].into_iter().chain(&images).collect();
        session.expect_only(&known)?;
        for input in known {
            if input.dims.len() != 4 {
                return Err(session.corrupt(format!("its input `{}` is no picture", input.name)));
            }
        }
        let mut outputs = session.outputs().iter();
        let has_nsfw_concepts = match outputs.find(|output| output.dtype() == "bool") {
            Some(output) => output.clone(),
            None => session.output(&["has_nsfw_concepts"])?.clone(),
        };
        Ok(Self {
            clip_input,
            images,
            has_nsfw_concepts,
        })
    }
}

impl SafetyChecker {
    /// Opens the checker of a model; `None` when it has none.
    pub(crate) fn of_model(
        source: &ModelSource,
        factory: &SessionFactory,
    ) -> Result<Option<Self>, LoadError> {
        if source.network_optional(SAFETY_CHECKER)?.is_none() {
            return Ok(None);
        }
        Self::open(source, SAFETY_CHECKER, factory).map(Some)
    }

    /// Opens a checker that is not that of a model: in the folder itself, or where a model has it.
    pub(crate) fn alone(source: &ModelSource, factory: &SessionFactory) -> Result<Self, LoadError> {
        source.check_folder()?;
        match Self::of_model(source, factory)? {
            Some(checker) => Ok(checker),
            None => Self::open(source, ALONE, factory),
        }
    }

    fn open(source: &ModelSource, network: &str, factory: &SessionFactory) -> Result<Self, LoadError> {
        let preprocessor = Preprocessor::read(source)?;
        let session = factory.open(&source.network(network)?)?;
        let io = Io::find(&session)?;
        let [_, _, height, width] = preprocessor.shape().map(|side| side as i64);
        let reads = |dim: Option<&i64>, side: i64| dim.is_none_or(|dim| *dim < 0 || *dim == side);
        let dims = &io.clip_input.dims;
        if !reads(dims.get(2), height) || !reads(dims.get(3), width) {
            return Err(session.corrupt(format!(
                "it reads pictures of the shape {dims:?}, but the configuration says {height} by {width} pixels"
            )));
        }
        Ok(Self {
            session,
            io,
            preprocessor,
        })
    }

    /// Looks at a picture.
    ///
    /// # Errors
    /// When the network fails. Nothing is known of the picture then.
    pub(crate) fn check(&mut self, image: &RgbImage) -> Result<SafetyVerdict, InferenceError> {
        let pixels = self.preprocessor.pixel_values(image);
        let clip_input = Input::Float {
            shape: self.preprocessor.shape().to_vec(),
            values: &pixels,
        };
        let mut inputs = vec![(&self.io.clip_input, clip_input)];
        let blackened = self.io.images.as_ref().map(|images| (images, any_shape(images)));
        let blank = vec![0.0; blackened.iter().flat_map(|(_, shape)| shape).product()];
        if let Some((images, shape)) = blackened {
            let values = blank.as_slice();
            inputs.push((images, Input::Float { shape, values }));
        }
        let found = self.session.run(&inputs, &self.io.has_nsfw_concepts)?;
        match found.as_slice() {
            Some([found]) => Ok(SafetyVerdict {
                flagged: *found != 0.0,
            }),
            _ => Err(self.session.failed(format!(
                "its answer has the shape {:?}, not one value for each picture",
                found.shape()
            ))),
        }
    }
}

/// A small picture that fits an input `[batch, height, width, 3]`.
fn any_shape(spec: &TensorSpec) -> Vec<usize> {
    let free = [1, 1, 1, 3];
    let dims = spec.dims.iter().zip(free);
    dims.map(|(dim, free)| usize::try_from(*dim).ok().filter(|dim| *dim > 0).unwrap_or(free))
        .collect()
}
