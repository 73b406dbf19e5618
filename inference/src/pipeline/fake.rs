//! A model without networks, for what a real one cannot be brought to do.

use std::sync::Arc;

use ndarray::Array2;

use crate::error::InferenceError;
use crate::images::RgbImage;
use crate::models::{Conditioning, DiffusionModel, Prediction, PromptInput, Row};
use crate::noise::Noise;
use crate::safety::SafetyVerdict;
use crate::schedulers::Latents;

/// What the UNet says to some rows.
type Predict = Box<dyn FnMut(&[Row<'_>]) -> Result<Vec<Latents>, InferenceError> + Send>;

/// A model whose UNet is a closure.
pub(crate) struct FakeModel {
    pub(crate) predict: Predict,
    /// The pictures that were encoded.
    pub(crate) encoded: Vec<Latents>,
    pub(crate) memory_bytes: u64,
    /// What the safety checker says to every picture.
    pub(crate) verdict: Result<Option<SafetyVerdict>, InferenceError>,
}

impl FakeModel {
    /// The UNet answers half of what it sees.
    pub(crate) fn new() -> Self {
        Self::with_predict(|rows| Ok(halves(rows)))
    }

    pub(crate) fn with_predict(
        predict: impl FnMut(&[Row<'_>]) -> Result<Vec<Latents>, InferenceError> + Send + 'static,
    ) -> Self {
        Self {
            predict: Box::new(predict),
            encoded: Vec::new(),
            memory_bytes: 1,
            verdict: Ok(None),
        }
    }
}

/// Half of every sample.
pub(crate) fn halves(rows: &[Row<'_>]) -> Vec<Latents> {
    rows.iter().map(|row| row.sample * 0.5).collect()
}

impl DiffusionModel for FakeModel {
    /// The prompt is a number, and this the only one of the hidden states.
    fn encode_prompt(&mut self, prompt: &PromptInput<'_>) -> Result<Conditioning, InferenceError> {
        let value = prompt.text.parse().unwrap_or_default();
        Ok(Conditioning {
            hidden_states: Arc::new(Array2::from_elem((1, 1), value)),
            truncated: false,
        })
    }

    fn predict_noise(&mut self, rows: &[Row<'_>]) -> Result<Prediction, InferenceError> {
        (self.predict)(rows).map(|outputs| Prediction { outputs, calls: 1 })
    }

    /// Every latent pixel of the first channel is a gray square.
    fn decode(&mut self, latents: &Latents) -> Result<RgbImage, InferenceError> {
        let (_, _, height, width) = latents.dim();
        let value = |x, y| latents[[0, 0, y as usize / 8, x as usize / 8]].clamp(0.0, 1.0) * 255.0;
        Ok(RgbImage::from_fn(width as u32 * 8, height as u32 * 8, |x, y| {
            image::Rgb([value(x, y) as u8; 3])
        }))
    }

    /// The upper left pixel of each square of eight, after drawing numbers that change nothing.
    fn encode_image(&mut self, image: &Latents, noise: &mut dyn Noise) -> Result<Latents, InferenceError> {
        let (_, _, height, width) = image.dim();
        let shape = (1, 4, height / 8, width / 8);
        noise.randn(shape);
        self.encoded.push(image.clone());
        Ok(Latents::from_shape_fn(shape, |(_, _, y, x)| {
            image[[0, 0, y * 8, x * 8]]
        }))
    }

    fn check_safety(&mut self, _: &RgbImage) -> Result<Option<SafetyVerdict>, InferenceError> {
        self.verdict.clone()
    }

    fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }
}
