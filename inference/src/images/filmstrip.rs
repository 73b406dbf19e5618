//! How a picture came to be: unfinished pictures beside each other, or one after the other.

use image::imageops::overlay;

use super::resample::{Filter, Side, resample};
use super::{ImageError, RgbImage, encode_webp};

/// The most that a picture of a strip is high, in pixels.
const MAX_HEIGHT: u32 = 512;
/// Between two pictures of a strip, in pixels.
const GAP: u32 = 8;
/// The bytes of a RIFF file before its first chunk, and of a chunk before its contents.
const RIFF_HEADER: usize = 12;
const CHUNK_HEADER: usize = 8;

/// A picture of an animation.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The picture.
    pub image: RgbImage,
    /// How long it is seen, in milliseconds, 16,777,215 at most.
    pub duration_ms: u32,
}

/// The pictures beside each other on white, all as high as the last one, but 512 pixels at most. Without any picture it
/// has no pixels.
pub fn strip(images: &[RgbImage]) -> RgbImage {
    let height = images.last().map_or(0, |last| last.height().clamp(1, MAX_HEIGHT));
    let scaled: Vec<RgbImage> = images.iter().map(|image| scaled_to(image, height)).collect();
    let gaps = GAP * u32::try_from(images.len().saturating_sub(1)).unwrap_or_default();
    let width = scaled.iter().map(RgbImage::width).sum::<u32>() + gaps;
    let mut strip = RgbImage::from_pixel(width, height, image::Rgb([255; 3]));
    let mut left = 0;
    for image in &scaled {
        overlay(&mut strip, image, i64::from(left), 0);
        left += image.width() + GAP;
    }
    strip
}

fn scaled_to(image: &RgbImage, height: u32) -> RgbImage {
    let width = u64::from(image.width()) * u64::from(height) / u64::from(image.height().max(1));
    let width = u32::try_from(width).unwrap_or(u32::MAX).max(1);
    resized(image, width, height)
}

fn resized(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    if image.dimensions() == (width, height) {
        return image.clone();
    }
    resample(image, Filter::Lanczos, Side::whole(width), Side::whole(height))
}

/// The pictures one after the other, again and again, as an animated lossless WebP file of the last one's size.
///
/// # Errors
/// There is none, the last one has no pixels, or a side of it is over 16,384.
pub fn animation(frames: &[Frame]) -> Result<Vec<u8>, ImageError> {
    // The flag of an animation; a picture that covers all before it.
    const IS_ANIMATED: u8 = 0x02;
    const DOES_NOT_BLEND: u8 = 0x02;
    let (width, height) = frames.last().map_or((0, 0), |last| last.image.dimensions());
    if width == 0 || height == 0 {
        return Err(ImageError::NoPixels);
    }
    let mut chunks = Vec::new();
    let size = [three_bytes(width - 1), three_bytes(height - 1)].concat();
    chunk(
        &mut chunks,
        *b"VP8X",
        &[&[IS_ANIMATED, 0, 0, 0], size.as_slice()].concat(),
    );
    // No background, without end.
    chunk(&mut chunks, *b"ANIM", &[0; 6]);
    for Frame { image, duration_ms } in frames {
        let file = encode_webp(&resized(image, width, height), None)?;
        let picture = file.get(RIFF_HEADER..).unwrap_or_default();
        let frame = [
            &[0; 6],
            size.as_slice(),
            &three_bytes(*duration_ms),
            &[DOES_NOT_BLEND],
            picture,
        ];
        chunk(&mut chunks, *b"ANMF", &frame.concat());
    }
    let mut file = Vec::with_capacity(RIFF_HEADER + chunks.len());
    chunk(&mut file, *b"RIFF", &[b"WEBP", chunks.as_slice()].concat());
    Ok(file)
}

/// Adds a chunk. One with an odd number of bytes is followed by a zero.
fn chunk(file: &mut Vec<u8>, name: [u8; 4], contents: &[u8]) {
    file.reserve(CHUNK_HEADER + contents.len() + 1);
    file.extend(name);
    file.extend(u32::try_from(contents.len()).unwrap_or(u32::MAX).to_le_bytes());
    file.extend(contents);
    if contents.len() % 2 == 1 {
        file.push(0);
    }
}

/// The lower 24 bits, the lowest byte first.
fn three_bytes(number: u32) -> [u8; 3] {
    let [low, middle, high, _] = number.min(0xFF_FFFF).to_le_bytes();
    [low, middle, high]
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::AnimationDecoder as _;
    use image::codecs::webp::WebPDecoder;

    use super::{Frame, animation, strip};
    use crate::images::RgbImage;

    fn pattern(width: u32, height: u32, blue: u8) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, blue]))
    }

    fn check(sizes: &[(u32, u32)], expected: (u32, u32)) {
        let images: Vec<RgbImage> = sizes
            .iter()
            .map(|(width, height)| pattern(*width, *height, 0))
            .collect();
        assert_eq!(strip(&images).dimensions(), expected, "{sizes:?}");
    }

    #[test]
    fn strips_have_the_height_of_the_last_picture() {
        check(&[(64, 96)], (64, 96));
        check(&[(64, 96), (64, 96), (64, 96)], (3 * 64 + 2 * 8, 96));
        check(&[(64, 96), (128, 192)], (128 + 8 + 128, 192));
        check(&[(1024, 2048), (1024, 2048)], (256 + 8 + 256, 512));
        check(&[(2, 2), (2048, 1)], (1 + 8 + 2048, 1));
        check(&[], (0, 0));
    }

    #[test]
    fn a_strip_shows_the_pictures_from_the_left() {
        let (first, second) = (pattern(16, 8, 10), pattern(16, 8, 200));
        let strip = strip(&[first.clone(), second.clone()]);
        let part = |left| image::imageops::crop_imm(&strip, left, 0, 16, 8).to_image();
        assert_eq!(part(0), first);
        assert_eq!(part(16 + 8), second);
        assert_eq!(strip.get_pixel(20, 4).0, [255; 3]);
    }

    #[test]
    fn an_animation_is_read_back_to_the_pixel() {
        for (width, height) in [(64, 48), (33, 17), (1, 1)] {
            let frames: Vec<Frame> = (0..3_u8)
                .map(|index| Frame {
                    image: pattern(width, height, index * 100),
                    duration_ms: 200 + u32::from(index) * 1000,
                })
                .collect();
            let file = animation(&frames).unwrap();
            let decoder = WebPDecoder::new(Cursor::new(file)).unwrap();
            assert!(decoder.has_animation());
            let read: Vec<Frame> = decoder
                .into_frames()
                .map(|frame| {
                    let frame = frame.unwrap();
                    let (numerator, denominator) = frame.delay().numer_denom_ms();
                    Frame {
                        image: image::DynamicImage::ImageRgba8(frame.into_buffer()).into_rgb8(),
                        duration_ms: numerator / denominator,
                    }
                })
                .collect();
            assert_eq!(read, frames);
        }
    }

    #[test]
    fn smaller_pictures_of_an_animation_are_enlarged() {
        let frame = |side| Frame {
            image: RgbImage::from_pixel(side, side, image::Rgb([9; 3])),
            duration_ms: 100,
        };
        let file = animation(&[frame(8), frame(16)]).unwrap();
        let decoder = WebPDecoder::new(Cursor::new(file)).unwrap();
        let sizes: Vec<_> = decoder
            .into_frames()
            .map(|frame| frame.unwrap().into_buffer().dimensions())
            .collect();
        assert_eq!(sizes, [(16, 16), (16, 16)]);
    }

    #[test]
    fn nothing_is_no_animation() {
        assert_eq!(
            animation(&[]).unwrap_err().to_string(),
            "the picture has no pixels"
        );
    }
}
