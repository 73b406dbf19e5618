//! A picture in fewer bytes.

use std::sync::Arc;

use inference::images::{DecodeLimits, ImageError, decode, encode_jpeg, encode_webp};

use super::Picture;

/// Qualities of JPEG files, from one in which nobody sees a difference to one that is still a picture.
const QUALITIES: [u8; 6] = [95, 90, 82, 70, 50, 30];

/// A picture as a file.
pub(super) struct Encoded {
    pub(super) bytes: Arc<[u8]>,
    /// The ending of its name; `None` when it is the file that was drawn.
    pub(super) extension: Option<&'static str>,
}

/// The picture in at most so many bytes: as it is, else without loss, else with as little as possible. `None` when that
/// does not do either.
pub(super) fn fitting(picture: &Picture, max_bytes: u64) -> Option<Encoded> {
    let fits = |bytes: &[u8]| bytes.len() as u64 <= max_bytes;
    if fits(&picture.bytes) {
        return Some(Encoded {
            bytes: Arc::clone(&picture.bytes),
            extension: None,
        });
    }
    if max_bytes == 0 {
        return None;
    }
    match encoded(picture, fits) {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(%error, "a picture cannot be made smaller");
            None
        }
    }
}

fn encoded(picture: &Picture, fits: impl Fn(&[u8]) -> bool) -> Result<Option<Encoded>, ImageError> {
    // It is our own file: what matters is that it is a picture.
    let limits = DecodeLimits {
        max_bytes: usize::MAX,
        ..DecodeLimits::default()
    };
    let decoded = decode(&picture.bytes, &limits)?;
    let parameters = decoded.parameters.as_deref();
    let file = |bytes: Vec<u8>, extension| {
        Some(Encoded {
            bytes: bytes.into(),
            extension: Some(extension),
        })
    };
    let webp = encode_webp(&decoded.rgb, parameters)?;
    if fits(&webp) {
        return Ok(file(webp, "webp"));
    }
    for quality in QUALITIES {
        let jpeg = match encode_jpeg(&decoded.rgb, quality, parameters) {
            // A picture without its recipe is better than none.
            Err(ImageError::ParametersTooLong) => encode_jpeg(&decoded.rgb, quality, None)?,
            encoded => encoded?,
        };
        if fits(&jpeg) {
            return Ok(file(jpeg, "jpg"));
        }
    }
    Ok(None)
}
