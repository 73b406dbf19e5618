//! From picture files to numbers and back, and what is written into the files.
//!
//! [`decode()`] takes whatever people send, [`resize()`] brings it to the size that is drawn and [`tensor_from_rgb`] to
//! the encoder's numbers; [`rgb_from_tensor`] and `encode_…` are the way back, with a [`Recipe`] in the file.

mod decode;
mod encode;
mod exif;
mod filmstrip;
mod interpolate;
mod latent_preview;
mod mask;
mod png_text;
mod recipe;
mod resample;
mod resize;
mod tensor;
#[cfg(test)]
mod tests;

pub use decode::{DecodeLimits, Picture, decode};
pub use encode::{encode_jpeg, encode_png, encode_webp};
pub use filmstrip::{Frame, animation, strip};
pub use interpolate::{LatentUpscaler, UnknownUpscaler, shrink_mask, upscale_latents};
pub use latent_preview::LatentPreview;
pub use mask::{paste_masked, tensor_from_mask};
pub use recipe::{HiresRecipe, HiresSize, Recipe, RecipeError};
pub(crate) use resample::{Filter, Side as ResampledSide, resample};
pub use resize::{ResizeMode, UnknownResizeMode, resize, resize_mask};
pub use tensor::{rgb_from_tensor, tensor_from_rgb};

/// Eight bits for red, green and blue, rows from the top.
pub type RgbImage = image::RgbImage;

/// Eight bits for each pixel: a mask, or how opaque a picture is.
pub type GrayImage = image::GrayImage;

/// A picture could not be decoded or encoded.
///
/// The text is one sentence for the person whose picture it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The file has more bytes than it may have.
    #[error("the picture's file is larger than {} MiB", limit >> 20)]
    FileTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The file is of another type, or no picture.
    #[error("the file is no picture of a known type; PNG, JPEG, WebP and GIF can be read")]
    UnknownType,
    /// The picture has more pixels than it may have.
    #[error(
        "the picture has {width}x{height} pixels; at most {} megapixels and {max_side} on a side can be read",
        max_pixels / 1_000_000
    )]
    TooManyPixels {
        /// From left to right.
        width: u32,
        /// From top to bottom.
        height: u32,
        /// The limit for each of both.
        max_side: u32,
        /// The limit for their product.
        max_pixels: u64,
    },
    /// The decoder gave up.
    #[error("the {format} file is damaged or cut off")]
    Damaged {
        /// The type that the file says it is.
        format: &'static str,
        /// What the decoder says.
        #[source]
        source: image::ImageError,
    },
    /// A side of the picture is 0.
    #[error("the picture has no pixels")]
    NoPixels,
    /// The file ends before the picture does.
    #[error("the {format} file is cut off")]
    Truncated {
        /// Its type.
        format: &'static str,
    },
    /// A JPEG file describes the whole picture again and again.
    #[error("the JPEG file has too many scans")]
    TooManyScans,
    /// Pictures that belong together have different sizes.
    #[error("a picture of {}x{} pixels does not fit one of {}x{}", other.0, other.1, size.0, size.1)]
    SizesDiffer {
        /// Width and height of the first one.
        size: (u32, u32),
        /// Width and height of the other one.
        other: (u32, u32),
    },
    /// The PNG encoder failed.
    #[error("the picture cannot be encoded as PNG")]
    Png(#[from] png::EncodingError),
    /// The JPEG encoder failed.
    #[error("the picture cannot be encoded as JPEG")]
    Jpeg(#[source] image::ImageError),
    /// The WebP encoder failed.
    #[error("the picture cannot be encoded as WebP")]
    WebP(#[source] image::ImageError),
    /// A JPEG file has no room for the text.
    #[error("the prompt is too long for a JPEG file; use PNG or WebP")]
    ParametersTooLong,
}
