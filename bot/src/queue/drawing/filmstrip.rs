//! How a picture came to be, as a file.

use inference::Snapshot;
use inference::images::{Frame, ImageError, animation, encode_png, strip};

use crate::store::Filmstrip;

/// How long an unfinished picture of an animation is seen, and how long the finished one.
const UNFINISHED_MS: u32 = 600;
const FINISHED_MS: u32 = 3000;

/// A file.
pub(super) struct Made {
    pub(super) file: Vec<u8>,
    /// In pixels.
    pub(super) width: u32,
    /// In pixels.
    pub(super) height: u32,
}

/// Makes a file of snapshots; nothing of none.
pub(super) fn encode(kind: Filmstrip, snapshots: &[Snapshot]) -> Result<Option<Made>, ImageError> {
    let Some((last, unfinished)) = snapshots.split_last() else {
        return Ok(None);
    };
    let made = match kind {
        Filmstrip::Strip => {
            let images: Vec<_> = snapshots.iter().map(|snapshot| snapshot.image.clone()).collect();
            let strip = strip(&images);
            Made {
                file: encode_png(&strip, None)?,
                width: strip.width(),
                height: strip.height(),
            }
        }
        Filmstrip::Webp => {
            let frame = |snapshot: &Snapshot, duration_ms| Frame {
                image: snapshot.image.clone(),
                duration_ms,
            };
            let mut frames: Vec<Frame> = unfinished
                .iter()
                .map(|snapshot| frame(snapshot, UNFINISHED_MS))
                .collect();
            frames.push(frame(last, FINISHED_MS));
            Made {
                file: animation(&frames)?,
                width: last.image.width(),
                height: last.image.height(),
            }
        }
    };
    Ok(Some(made))
}
