//! A cheap look at unfinished latents: each latent pixel becomes one RGB pixel by a linear map.

use serde::{Deserialize, Serialize};

use super::{RgbImage, tensor::byte};
use crate::schedulers::Latents;

/// The map from a latent pixel to red, green and blue in 0 to 1, fitted to one autoencoder.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LatentPreview {
    /// A row for each latent channel, a column for each colour.
    pub matrix: [[f32; 3]; 4],
    /// Added to each colour.
    pub bias: [f32; 3],
}

impl LatentPreview {
    /// The picture at an eighth of its size, out of latents `[1, 4, height / 8, width / 8]` in the network's scale.
    pub fn to_rgb(&self, latents: &Latents) -> RgbImage {
        let (_, _, height, width) = latents.dim();
        let mut colours = vec![self.bias; height * width];
        for image in latents.outer_iter().take(1) {
            for (plane, weights) in image.outer_iter().zip(&self.matrix) {
                for (colour, &value) in colours.iter_mut().zip(&plane) {
                    for (colour, weight) in colour.iter_mut().zip(weights) {
                        *colour += value * weight;
                    }
                }
            }
        }
        let mut image = RgbImage::new(width as u32, height as u32);
        for (pixel, colour) in image.pixels_mut().zip(colours) {
            pixel.0 = colour.map(byte);
        }
        image
    }
}
