//! Picture files from people, who may be hostile.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, metadata::Orientation};

use super::{GrayImage, ImageError, RgbImage, encode::PARAMETERS, exif, png_text};

/// What is refused before memory is spent on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeLimits {
    /// The size of the file.
    pub max_bytes: usize,
    /// Of the picture. Decoding needs up to 16 bytes for each.
    pub max_pixels: u64,
    /// The width and the height of the picture, in pixels.
    pub max_side: u32,
}

/// What a chat lets people send, and what a telephone's camera takes.
impl Default for DecodeLimits {
    fn default() -> Self {
        Self {
            max_bytes: 32 << 20,
            max_pixels: 1 << 25,
            max_side: 16_384,
        }
    }
}

/// A decoded picture file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The picture, upright, on white where it was transparent.
    pub rgb: RgbImage,
    /// How opaque the picture is, of the same size; `None` if it is opaque everywhere. It can serve as a mask.
    pub alpha: Option<GrayImage>,
    /// The text of a [`Recipe`](super::Recipe), if the file carries one.
    pub parameters: Option<String>,
}

/// Decodes a PNG, JPEG, WebP or GIF file of any colour type and depth.
///
/// Of an animation it is the first frame. The camera's orientation is applied. Colour profiles are not: the numbers
/// are taken for sRGB, as diffusers takes them. Every call ends: the limits bound its time and memory.
///
/// # Errors
/// One sentence for the person who sent the file: it is too large, of another type, or damaged.
pub fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<Picture, ImageError> {
    if bytes.len() > limits.max_bytes {
        return Err(ImageError::FileTooLarge {
            limit: limits.max_bytes,
        });
    }
    let format = format(bytes).ok_or(ImageError::UnknownType)?;
    let damaged = |source| ImageError::Damaged {
        format: name(format),
        source,
    };
    let mut decoder = ImageReader::with_format(Cursor::new(bytes), format)
        .into_decoder()
        .map_err(damaged)?;
    check_size(decoder.dimensions(), limits)?;
    decoder.set_limits(memory(limits)).map_err(damaged)?;
    match format {
        ImageFormat::Jpeg => check_scans(jpeg_scans(bytes))?,
        ImageFormat::WebP => check_chunks(bytes)?,
        _ => (),
    }
    // Metadata that cannot be read are no reason to refuse the picture.
    let exif = decoder.exif_metadata().ok().flatten();
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let parameters = png_text::text(bytes, PARAMETERS).or_else(|| exif::comment(exif.as_deref()?));
    let mut image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    image.apply_orientation(orientation);
    let (rgb, alpha) = on_white(image);
    Ok(Picture {
        rgb,
        alpha,
        parameters,
    })
}

/// What the file's first bytes say, if it is accepted.
fn format(bytes: &[u8]) -> Option<ImageFormat> {
    let format = image::guess_format(bytes).ok()?;
    matches!(
        format,
        ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Gif
    )
    .then_some(format)
}

fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Gif => "GIF",
        _ => "PNG",
    }
}

fn check_size((width, height): (u32, u32), limits: &DecodeLimits) -> Result<(), ImageError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(ImageError::NoPixels);
    }
    if width.max(height) > limits.max_side || pixels > limits.max_pixels {
        return Err(ImageError::TooManyPixels {
            width,
            height,
            max_side: limits.max_side,
            max_pixels: limits.max_pixels,
        });
    }
    Ok(())
}

/// The decoders' own limits. They count the picture and what they need beside it.
fn memory(limits: &DecodeLimits) -> image::Limits {
    let mut memory = image::Limits::no_limits();
    memory.max_image_width = Some(limits.max_side);
    memory.max_image_height = Some(limits.max_side);
    memory.max_alloc = Some(limits.max_pixels.saturating_mul(16).saturating_add(1 << 20));
    memory
}

/// Looks for what the decoder forgives: it fills missing pixels with grey, and follows a hundred scans of the whole
/// picture, which a small file can ask for.
///
/// In the compressed pixels, markers cannot occur.
fn check_scans(scans: &[u8]) -> Result<(), ImageError> {
    // Encoders write about ten.
    const MAX_SCANS: usize = 32;
    let count = |marker: u8| scans.windows(2).filter(|pair| *pair == [0xff, marker]).count();
    if count(START_OF_SCAN) >= MAX_SCANS {
        return Err(ImageError::TooManyScans);
    }
    if count(END_OF_IMAGE) == 0 {
        return Err(ImageError::Truncated {
            format: name(ImageFormat::Jpeg),
        });
    }
    Ok(())
}

const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: u8 = 0xd9;

/// What follows the marker of a JPEG file's first scan. Other segments, which may hold another picture, are passed
/// over.
fn jpeg_scans(file: &[u8]) -> &[u8] {
    let mut rest = file.get(2..).unwrap_or_default();
    while let [0xff, marker, after @ ..] = rest {
        rest = match (*marker, after) {
            (START_OF_SCAN, _) => return after,
            // A marker may be preceded by any number of these.
            (0xff, _) => rest.get(1..).unwrap_or_default(),
            (_, [high, low, ..]) => {
                let length = u16::from_be_bytes([*high, *low]);
                after.get(usize::from(length)..).unwrap_or_default()
            }
            _ => &[],
        };
    }
    // Bytes between the segments: the decoder knows whether it can go on.
    rest
}

/// The decoder believes what a chunk of a WebP file says of its length, and allocates as much before it reads.
fn check_chunks(file: &[u8]) -> Result<(), ImageError> {
    // Before the first chunk: `RIFF`, the length of everything, `WEBP`.
    let mut rest = file.get(12..).unwrap_or_default();
    while let [_, _, _, _, a, b, c, d, after @ ..] = rest {
        let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        if length > after.len() {
            return Err(ImageError::Truncated {
                format: name(ImageFormat::WebP),
            });
        }
        // Chunks begin at even offsets.
        rest = after.get(length.next_multiple_of(2)..).unwrap_or_default();
    }
    Ok(())
}

/// Eight bits for each colour, and how opaque each pixel is unless all are.
fn on_white(image: DynamicImage) -> (RgbImage, Option<GrayImage>) {
    if !image.color().has_alpha() {
        return (image.into_rgb8(), None);
    }
    let image = image.into_rgba8();
    let (width, height) = image.dimensions();
    let mut rgb = RgbImage::new(width, height);
    let mut alpha = GrayImage::new(width, height);
    for ((pixel, rgb), alpha) in image.pixels().zip(rgb.pixels_mut()).zip(alpha.pixels_mut()) {
        let [red, green, blue, opacity] = pixel.0;
        rgb.0 = [red, green, blue].map(|colour| blend(colour, 255, opacity));
        alpha.0 = [opacity];
    }
    let is_opaque = alpha.iter().all(|&opacity| opacity == 255);
    (rgb, (!is_opaque).then_some(alpha))
}

/// `weight` of 255 parts of `colour`, and `other` for the rest.
pub(super) fn blend(colour: u8, other: u8, weight: u8) -> u8 {
    let weight = u32::from(weight);
    let sum = u32::from(colour) * weight + u32::from(other) * (255 - weight);
    ((sum + 127) / 255) as u8
}
