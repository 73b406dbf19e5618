//! Pictures as files, with a recipe inside.

use std::io;

use image::{
    ExtendedColorType, ImageEncoder,
    codecs::{jpeg::JpegEncoder, webp::WebPEncoder},
};

use super::{ImageError, RgbImage, exif};

/// Under this keyword AUTOMATIC1111's web UI and its relatives look for the recipe in a PNG file.
pub(super) const PARAMETERS: &str = "parameters";

/// The picture as a PNG file, with `parameters` (see [`Recipe`](super::Recipe)) where AUTOMATIC1111's web UI and its
/// relatives look for them: a `tEXt` chunk, or `iTXt` when the text does not fit Latin-1.
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
        // Both chunks forbid the null character.
        let text = parameters.replace('\0', "");
        if text.chars().all(|letter| u8::try_from(letter).is_ok()) {
            encoder.add_text_chunk(PARAMETERS.to_owned(), text)?;
        } else {
            encoder.add_itxt_chunk(PARAMETERS.to_owned(), text)?;
        }
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(image)?;
    writer.finish()?;
    Ok(file)
}

/// The picture as a JPEG file of `quality` 1 to 100, with `parameters` in its EXIF comment.
///
/// # Errors
/// When the picture has no pixels or a side over 65,535, or `parameters` are longer than the 64 KiB of an EXIF
/// segment, about 32,000 characters.
pub fn encode_jpeg(image: &RgbImage, quality: u8, parameters: Option<&str>) -> Result<Vec<u8>, ImageError> {
    // The segment's length has 16 bits and counts itself and the six bytes before the EXIF data.
    const MAX_EXIF_BYTES: usize = u16::MAX as usize - 2 - 6;
    let exif = parameters.map(exif::with_comment);
    if exif.as_ref().is_some_and(|exif| exif.len() > MAX_EXIF_BYTES) {
        return Err(ImageError::ParametersTooLong);
    }
    let mut file = io::Cursor::new(Vec::new());
    write(JpegEncoder::new_with_quality(&mut file, quality), image, exif).map_err(ImageError::Jpeg)?;
    Ok(file.into_inner())
}

/// The picture as a lossless WebP file, with `parameters` in its EXIF comment.
///
/// # Errors
/// When the picture has no pixels or a side over 16,384.
pub fn encode_webp(image: &RgbImage, parameters: Option<&str>) -> Result<Vec<u8>, ImageError> {
    let mut file = io::Cursor::new(Vec::new());
    let exif = parameters.map(exif::with_comment);
    write(WebPEncoder::new_lossless(&mut file), image, exif).map_err(ImageError::WebP)?;
    Ok(file.into_inner())
}

fn write(mut encoder: impl ImageEncoder, image: &RgbImage, exif: Option<Vec<u8>>) -> image::ImageResult<()> {
    if let Some(exif) = exif {
        encoder
            .set_exif_metadata(exif)
            .map_err(image::ImageError::Unsupported)?;
    }
    encoder.write_image(image, image.width(), image.height(), ExtendedColorType::Rgb8)
}
