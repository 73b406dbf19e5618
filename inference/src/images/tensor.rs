//! Pictures as the autoencoder's numbers.

use ndarray::{ArrayView3, Axis};

use super::RgbImage;
use crate::schedulers::Latents;

/// The picture in a decoder's output of shape `[3, height, width]`, whose values run from -1 to 1.
///
/// Rounds as diffusers' `VaeImageProcessor` does. Not-a-number becomes black.
#[expect(clippy::needless_pass_by_value, reason = "a view is a reference already")]
pub fn rgb_from_tensor(sample: ArrayView3<'_, f32>) -> RgbImage {
    let (_, height, width) = sample.dim();
    let mut image = RgbImage::new(width as u32, height as u32);
    for (channel, plane) in sample.outer_iter().take(3).enumerate() {
        let values = image.iter_mut().skip(channel).step_by(3);
        for (value, &number) in values.zip(&plane) {
            *value = byte(number * 0.5 + 0.5);
        }
    }
    image
}

/// The encoder's input `[1, 3, height, width]`, from -1 to 1, as diffusers' `VaeImageProcessor` makes it.
pub fn tensor_from_rgb(image: &RgbImage) -> Latents {
    let (width, height) = image.dimensions();
    let mut tensor = Latents::zeros((1, 3, height as usize, width as usize));
    for (channel, mut plane) in tensor.axis_iter_mut(Axis(1)).enumerate() {
        let bytes = image.iter().skip(channel).step_by(3);
        for (value, &byte) in plane.iter_mut().zip(bytes) {
            *value = 2.0 * (f32::from(byte) / 255.0) - 1.0;
        }
    }
    tensor
}

/// A number between 0 and 1 as a byte; halves round to even, as in numpy.
pub(super) fn byte(number: f32) -> u8 {
    (number.clamp(0.0, 1.0) * 255.0).round_ties_even() as u8
}
