//! The decoder of the autoencoder: latents to a picture.

use ndarray::{Axis, Ix4};

use crate::error::{InferenceError, LoadError};
use crate::images::{RgbImage, rgb_from_tensor};
use crate::pipeline::VAE_SCALE_FACTOR;
use crate::schedulers::Latents;
use crate::session::{Input, OnnxSession, TensorSpec};

/// The network and the scale of the latents.
#[derive(Debug)]
pub(super) struct VaeDecoder {
    session: OnnxSession,
    latent_sample: TensorSpec,
    sample: TensorSpec,
    scaling_factor: f32,
}

impl VaeDecoder {
    pub(super) fn new(session: OnnxSession, scaling_factor: f32) -> Result<Self, LoadError> {
        let latent_sample = session.input(&["latent_sample", "latent"])?.clone();
        let sample = session.output(&["sample", "images"])?.clone();
        session.expect_only(&[&latent_sample])?;
        Ok(Self {
            session,
            latent_sample,
            sample,
            scaling_factor,
        })
    }

    /// The picture of latents `[1, 4, height / 8, width / 8]` in the UNet's scale.
    pub(super) fn decode(&mut self, latents: &Latents) -> Result<RgbImage, InferenceError> {
        let (_, _, height, width) = latents.dim();
        let values: Vec<f32> = latents.iter().map(|value| value / self.scaling_factor).collect();
        let input = Input::Float {
            shape: latents.shape().to_vec(),
            values: &values,
        };
        let output = self.session.run(&[(&self.latent_sample, input)], &self.sample)?;
        let found = format!("{:?}", output.shape());
        let scale = VAE_SCALE_FACTOR as usize;
        match output.into_dimensionality::<Ix4>() {
            Ok(sample) if sample.shape() == [1, 3, height * scale, width * scale] => {
                Ok(rgb_from_tensor(sample.index_axis(Axis(0), 0)))
            }
            _ => Err(self.session.failed(format!("its output has the shape {found}"))),
        }
    }
}
