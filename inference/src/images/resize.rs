//! Source pictures and masks in the size that is drawn.

use std::{fmt, str::FromStr};

use image::{ImageBuffer, Pixel};

use super::{
    GrayImage, RgbImage,
    resample::{Filter, Side, resample},
};

/// What happens to a picture of another shape; AUTOMATIC1111's choices for img2img.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ResizeMode {
    /// It is stretched; "Just resize".
    #[default]
    Stretch,
    /// What stands out on two sides is cut off; "Crop and resize".
    Crop,
    /// What is missing on two sides is filled with the colours of the edge; "Resize and fill".
    Fill,
}

impl ResizeMode {
    /// Every choice, in the order in which they are shown to people.
    pub const ALL: &'static [Self] = &[Self::Stretch, Self::Crop, Self::Fill];

    /// The word that commands use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stretch => "stretch",
            Self::Crop => "crop",
            Self::Fill => "fill",
        }
    }
}

impl fmt::Display for ResizeMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// In any case.
impl FromStr for ResizeMode {
    type Err = UnknownResizeMode;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut known = Self::ALL.iter().copied();
        known
            .find(|mode| name.trim().eq_ignore_ascii_case(mode.name()))
            .ok_or_else(|| UnknownResizeMode {
                name: name.trim().to_owned(),
            })
    }
}

/// No resize mode has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown resize mode {name:?}, known are stretch, crop and fill")]
pub struct UnknownResizeMode {
    /// The name as it was given.
    pub name: String,
}

/// The picture in `width` × `height` pixels, through Pillow's Lanczos filter as in diffusers' `VaeImageProcessor`.
pub fn resize(image: &RgbImage, width: u32, height: u32, mode: ResizeMode) -> RgbImage {
    resize_any(image, width, height, mode)
}

/// The mask in `width` × `height` pixels, resized as the picture that it belongs to.
pub fn resize_mask(mask: &GrayImage, width: u32, height: u32, mode: ResizeMode) -> GrayImage {
    resize_any(mask, width, height, mode)
}

fn resize_any<P: Pixel<Subpixel = u8>>(
    image: &ImageBuffer<P, Vec<u8>>,
    width: u32,
    height: u32,
    mode: ResizeMode,
) -> ImageBuffer<P, Vec<u8>> {
    if image.is_empty() || width == 0 || height == 0 {
        return ImageBuffer::new(width, height);
    }
    match mode {
        ResizeMode::Stretch => resample(image, Filter::Lanczos, Side::whole(width), Side::whole(height)),
        ResizeMode::Crop => crop(image, width, height),
        ResizeMode::Fill => fill(image, width, height),
    }
}

/// The middle of the smallest picture of the same shape that covers the size.
fn crop<P: Pixel<Subpixel = u8>>(
    image: &ImageBuffer<P, Vec<u8>>,
    width: u32,
    height: u32,
) -> ImageBuffer<P, Vec<u8>> {
    let (scaled_width, scaled_height) = scaled(image.dimensions(), (width, height), true);
    let middle = |size: u32, length: u32| Side {
        size,
        start: (size / 2).saturating_sub(length / 2),
        length,
    };
    resample(
        image,
        Filter::Lanczos,
        middle(scaled_width, width),
        middle(scaled_height, height),
    )
}

/// The largest picture of the same shape that fits in the size, in its middle, with its edges drawn out.
fn fill<P: Pixel<Subpixel = u8>>(
    image: &ImageBuffer<P, Vec<u8>>,
    width: u32,
    height: u32,
) -> ImageBuffer<P, Vec<u8>> {
    let (scaled_width, scaled_height) = scaled(image.dimensions(), (width, height), false);
    let inner = resample(
        image,
        Filter::Lanczos,
        Side::whole(scaled_width),
        Side::whole(scaled_height),
    );
    let left = (width / 2).saturating_sub(scaled_width / 2);
    let top = (height / 2).saturating_sub(scaled_height / 2);
    ImageBuffer::from_fn(width, height, |x, y| {
        let x = x.saturating_sub(left).min(scaled_width - 1);
        let y = y.saturating_sub(top).min(scaled_height - 1);
        *inner.get_pixel(x, y)
    })
}

/// The size that keeps a picture's shape and has one side of the target: the larger such size covers it.
fn scaled((width, height): (u32, u32), target: (u32, u32), covers: bool) -> (u32, u32) {
    let proportional = |side: u32, numerator: u32, denominator: u32| {
        let length = u64::from(side) * u64::from(numerator) / u64::from(denominator.max(1));
        u32::try_from(length).unwrap_or(u32::MAX).max(1)
    };
    let is_wider = u64::from(width) * u64::from(target.1) > u64::from(target.0) * u64::from(height);
    if is_wider == covers {
        (proportional(width, target.1, height), target.1)
    } else {
        (target.0, proportional(height, target.0, width))
    }
}
