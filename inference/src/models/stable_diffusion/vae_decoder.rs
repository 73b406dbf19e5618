//! The decoder of the autoencoder: latents to a picture.

use ndarray::{Axis, Ix4};

use super::tiling::{Tiles, in_tiles};
use super::vae::VaeConfig;
use crate::error::{InferenceError, LoadError};
use crate::images::{RgbImage, rgb_from_tensor};
use crate::pipeline::VAE_SCALE_FACTOR;
use crate::schedulers::Latents;
use crate::session::{Input, OnnxSession, TensorSpec};

/// The network and the scale of the latents.
#[derive(Debug)]
pub(super) struct VaeDecoder {
    network: Network,
    config: VaeConfig,
}

#[derive(Debug)]
struct Network {
    session: OnnxSession,
    io: Io,
}

/// The input and the output.
#[derive(Debug)]
pub(super) struct Io {
    latent_sample: TensorSpec,
    sample: TensorSpec,
}

impl Io {
    pub(super) fn find(session: &OnnxSession) -> Result<Self, LoadError> {
        let latent_sample = session.input(&["latent_sample", "latent"])?.clone();
        let sample = session.output(&["sample", "images"])?.clone();
        session.expect_only(&[&latent_sample])?;
        Ok(Self {
            latent_sample,
            sample,
        })
    }
}

impl VaeDecoder {
    pub(super) fn new(session: OnnxSession, config: VaeConfig) -> Result<Self, LoadError> {
        let io = Io::find(&session)?;
        Ok(Self {
            network: Network { session, io },
            config,
        })
    }

    /// The picture of latents `[1, 4, height / 8, width / 8]` in the UNet's scale.
    pub(super) fn decode(&mut self, latents: &Latents) -> Result<RgbImage, InferenceError> {
        let sample = self.sample(latents)?;
        if sample.iter().all(|value| value.is_finite()) {
            Ok(rgb_from_tensor(sample.index_axis(Axis(0), 0)))
        } else {
            Err(self.network.session.failed(
                "the picture has values that are no numbers; half precision overflows in some autoencoders",
            ))
        }
    }

    /// The picture as `[1, 3, height, width]`, -1 to 1.
    pub(super) fn sample(&mut self, latents: &Latents) -> Result<Latents, InferenceError> {
        let latents = latents / self.config.scaling_factor;
        let (_, _, height, width) = latents.dim();
        let scale = VAE_SCALE_FACTOR as usize;
        if self.config.fits(height * scale, width * scale) {
            return self.network.run(&latents);
        }
        let tiles = Tiles {
            input: self.config.tile_size / scale,
            output: self.config.tile_size,
        };
        in_tiles(&latents, tiles, |tile| self.network.run(tile))
    }
}

impl Network {
    fn run(&mut self, latents: &Latents) -> Result<Latents, InferenceError> {
        let (_, _, height, width) = latents.dim();
        let values: Vec<f32> = latents.iter().copied().collect();
        let input = Input::Float {
            shape: latents.shape().to_vec(),
            values: &values,
        };
        let output = self
            .session
            .run(&[(&self.io.latent_sample, input)], &self.io.sample)?;
        let found = format!("{:?}", output.shape());
        let scale = VAE_SCALE_FACTOR as usize;
        match output.into_dimensionality::<Ix4>() {
            Ok(sample) if sample.shape() == [1, 3, height * scale, width * scale] => Ok(sample),
            _ => Err(self.session.failed(format!("its output has the shape {found}"))),
        }
    }
}
