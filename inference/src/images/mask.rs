//! Inpainting masks: white is drawn anew, black is kept.

use super::{GrayImage, ImageError, RgbImage, decode::blend};
use crate::schedulers::Latents;

/// The mask as zeros and ones, `[1, 1, height, width]`: half of white and more is one, as in diffusers'
/// `VaeImageProcessor` with `do_binarize`.
pub fn tensor_from_mask(mask: &GrayImage) -> Latents {
    let (width, height) = mask.dimensions();
    let mut tensor = Latents::zeros((1, 1, height as usize, width as usize));
    for (value, &byte) in tensor.iter_mut().zip(mask.iter()) {
        *value = if byte >= 128 { 1.0 } else { 0.0 };
    }
    tensor
}

/// The source with what was drawn in the mask's white; grey blends.
///
/// # Errors
/// When the three sizes differ.
pub fn paste_masked(source: &RgbImage, drawn: &RgbImage, mask: &GrayImage) -> Result<RgbImage, ImageError> {
    let size = source.dimensions();
    for other in [drawn.dimensions(), mask.dimensions()] {
        if other != size {
            return Err(ImageError::SizesDiffer { size, other });
        }
    }
    let mut pasted = source.clone();
    for ((pixel, drawn), weight) in pasted.pixels_mut().zip(drawn.pixels()).zip(mask.iter()) {
        for (colour, drawn) in pixel.0.iter_mut().zip(drawn.0) {
            *colour = blend(drawn, *colour, *weight);
        }
    }
    Ok(pasted)
}
