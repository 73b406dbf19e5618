//! The encoder of the autoencoder: a picture to latents.

use ndarray::{Axis, Ix4, Slice, Zip};

use super::tiling::{Tiles, in_tiles};
use super::vae::VaeConfig;
use crate::error::{InferenceError, LoadError};
use crate::noise::Noise;
use crate::pipeline::{LATENT_CHANNELS, VAE_SCALE_FACTOR};
use crate::schedulers::Latents;
use crate::session::{Input, OnnxSession, TensorSpec};

/// The channels of a distribution: the means of the latents, then the logarithms of their variances.
const MOMENTS: usize = 2 * LATENT_CHANNELS;

/// The network and the scale of the latents.
#[derive(Debug)]
pub(super) struct VaeEncoder {
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
    sample: TensorSpec,
    latents: TensorSpec,
}

impl Io {
    pub(super) fn find(session: &OnnxSession) -> Result<Self, LoadError> {
        let sample = session.input(&["sample", "images"])?.clone();
        let latents = session
            .output(&["latent_parameters", "latent_sample", "latent"])?
            .clone();
        session.expect_only(&[&sample])?;
        Ok(Self { sample, latents })
    }

    /// Whether the network itself draws from the distribution, with noise that no seed determines.
    pub(super) fn is_sampled(&self) -> bool {
        match self.latents.dims.get(1) {
            Some(&channels) if channels > 0 => usize::try_from(channels) == Ok(LATENT_CHANNELS),
            _ => self.latents.name != "latent_parameters",
        }
    }
}

impl VaeEncoder {
    pub(super) fn new(session: OnnxSession, config: VaeConfig) -> Result<Self, LoadError> {
        let io = Io::find(&session)?;
        Ok(Self {
            network: Network { session, io },
            config,
        })
    }

    /// The latents of a picture `[1, 3, height, width]`, `[1, 4, height / 8, width / 8]` in the UNet's scale.
    ///
    /// Draws from `noise` once, also when the network has drawn already: what is drawn later must not depend on the
    /// export.
    pub(super) fn encode(
        &mut self,
        image: &Latents,
        noise: &mut dyn Noise,
    ) -> Result<Latents, InferenceError> {
        let moments = self.moments(image)?;
        let (batch, channels, height, width) = moments.dim();
        let noise = noise.randn((batch, LATENT_CHANNELS, height, width));
        let latents = if channels == MOMENTS {
            sample(&moments, noise)
        } else {
            moments
        };
        if latents.iter().all(|value| value.is_finite()) {
            Ok(latents * self.config.scaling_factor)
        } else {
            Err(self.network.session.failed(
                "the latents have values that are no numbers; half precision overflows in some autoencoders",
            ))
        }
    }

    /// What the network says of a picture `[1, 3, height, width]`: a distribution, or latents.
    pub(super) fn moments(&mut self, image: &Latents) -> Result<Latents, InferenceError> {
        let (_, _, height, width) = image.dim();
        if self.config.fits(height, width) {
            return self.network.run(image);
        }
        let tiles = Tiles {
            input: self.config.tile_size,
            output: self.config.tile_size / VAE_SCALE_FACTOR as usize,
        };
        in_tiles(image, tiles, |tile| self.network.run(tile))
    }
}

impl Network {
    fn run(&mut self, image: &Latents) -> Result<Latents, InferenceError> {
        let (_, _, height, width) = image.dim();
        let values: Vec<f32> = image.iter().copied().collect();
        let input = Input::Float {
            shape: image.shape().to_vec(),
            values: &values,
        };
        let output = self.session.run(&[(&self.io.sample, input)], &self.io.latents)?;
        let found = format!("{:?}", output.shape());
        let side = |pixels: usize| pixels / VAE_SCALE_FACTOR as usize;
        let expected = [LATENT_CHANNELS, MOMENTS].map(|channels| [1, channels, side(height), side(width)]);
        match output.into_dimensionality::<Ix4>() {
            Ok(latents) if expected.iter().any(|shape| latents.shape() == shape) => Ok(latents),
            _ => Err(self.session.failed(format!("its output has the shape {found}"))),
        }
    }
}

/// A sample of the distribution, as `DiagonalGaussianDistribution` in diffusers' `models/autoencoders/vae.py`.
fn sample(moments: &Latents, noise: Latents) -> Latents {
    let mean = moments.slice_axis(Axis(1), Slice::from(..LATENT_CHANNELS));
    let logvar = moments.slice_axis(Axis(1), Slice::from(LATENT_CHANNELS..));
    let mut latents = noise;
    Zip::from(&mut latents)
        .and(&mean)
        .and(&logvar)
        .for_each(|value, mean, logvar| {
            let std = (0.5 * logvar.clamp(-30.0, 20.0)).exp();
            *value = mean + std * *value;
        });
    latents
}

#[cfg(test)]
mod tests {
    use ndarray::Array4;

    use super::*;

    #[test]
    fn a_sample_of_the_distribution() {
        let moments = Array4::from_shape_vec(
            (1, 8, 1, 1),
            vec![1.0, 2.0, 3.0, 4.0, 0.0, -100.0, 2.0 * 2.0_f32.ln(), 100.0],
        )
        .unwrap();
        let noise = Array4::from_elem((1, 4, 1, 1), 1.0);
        let found = sample(&moments, noise);
        let expected = [
            1.0 + 1.0,
            2.0 + (-15.0_f32).exp(),
            3.0 + 2.0,
            4.0 + 10.0_f32.exp(),
        ];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= 1e-6 * expected, "{found} {expected}");
        }
    }
}
