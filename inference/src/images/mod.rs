//! From numbers to picture files, and what is written into them.

use std::io;

use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder};
use ndarray::ArrayView3;

mod latent_preview;
mod recipe;
#[cfg(test)]
mod tests;

pub use latent_preview::LatentPreview;
pub use recipe::Recipe;

/// Eight bits for red, green and blue, rows from the top.
pub type RgbImage = image::RgbImage;

/// A picture could not be encoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The PNG encoder failed.
    #[error("the picture cannot be encoded as PNG")]
    Png(#[from] png::EncodingError),
    /// The JPEG encoder failed.
    #[error("the picture cannot be encoded as JPEG")]
    Jpeg(#[source] image::ImageError),
}

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

/// A number between 0 and 1 as a byte; halves round to even, as in numpy.
fn byte(number: f32) -> u8 {
    (number.clamp(0.0, 1.0) * 255.0).round_ties_even() as u8
}

/// The picture as a PNG file, with `parameters` (see [`Recipe`]) where AUTOMATIC1111's web UI and its relatives look
/// for them: a `tEXt` chunk, or `iTXt` when the text does not fit Latin-1.
///
/// # Errors
/// When the picture has no pixels.
pub fn encode_png(image: &RgbImage, parameters: Option<&str>) -> Result<Vec<u8>, ImageError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, image.width(), image.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    if let Some(parameters) = parameters {
        const KEYWORD: &str = "parameters";
        // Both chunks forbid the null character.
        let text = parameters.replace('\0', "");
        if text.chars().all(|letter| u8::try_from(letter).is_ok()) {
            encoder.add_text_chunk(KEYWORD.to_owned(), text)?;
        } else {
            encoder.add_itxt_chunk(KEYWORD.to_owned(), text)?;
        }
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(image)?;
    writer.finish()?;
    Ok(file)
}

/// The picture as a JPEG file of `quality` 1 to 100; for previews.
///
/// # Errors
/// When the picture has no pixels or a side over 65,535.
pub fn encode_jpeg(image: &RgbImage, quality: u8) -> Result<Vec<u8>, ImageError> {
    let mut file = io::Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut file, quality)
        .write_image(image, image.width(), image.height(), ExtendedColorType::Rgb8)
        .map_err(ImageError::Jpeg)?;
    Ok(file.into_inner())
}
