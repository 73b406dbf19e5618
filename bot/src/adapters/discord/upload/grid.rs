//! Several pictures as one.

use inference::RgbImage;
use inference::images::{DecodeLimits, ImageError, ResizeMode, decode, encode_png, resize};

use super::Picture;

/// Longest side of a grid, in pixels: more is not seen in a chat, and the pictures themselves can be had.
const MAX_SIDE: u32 = 2048;

/// The pictures of one size as one picture, followed by what is something else: a film strip, an animation. It is told
/// in `hides_originals` that they were put together. A single picture stays as it is.
pub(super) fn combined(pictures: Vec<Picture>, hides_originals: &mut bool) -> Vec<Picture> {
    let Some(first) = pictures.first().cloned() else {
        return pictures;
    };
    let is_alike = |picture: &Picture| {
        let ending = |name: &str| name.rsplit_once('.').map(|(_, ending)| ending.to_owned());
        picture.size == first.size && ending(&picture.name) == ending(&first.name)
    };
    let (alike, others): (Vec<Picture>, Vec<Picture>) = pictures.iter().cloned().partition(is_alike);
    if alike.len() < 2 {
        return pictures;
    }
    match grid(&alike) {
        Ok(bytes) => {
            *hides_originals = true;
            let all = Picture {
                name: name_of_all(&first.name),
                bytes: bytes.into(),
                is_spoiler: alike.iter().any(|picture| picture.is_spoiler),
                size: first.size,
                is_grid: true,
            };
            Some(all).into_iter().chain(others).collect()
        }
        Err(error) => {
            tracing::warn!(%error, "pictures cannot be put beside one another");
            pictures
        }
    }
}

/// `ekaki-12-1.png` is one of `ekaki-12.png`.
fn name_of_all(name: &str) -> String {
    let all = || {
        let (stem, extension) = name.rsplit_once('.')?;
        let (all, _) = stem.rsplit_once('-')?;
        Some(format!("{all}.{extension}"))
    };
    all().unwrap_or_else(|| name.to_owned())
}

/// The pictures in rows, from left to right and from top to bottom, as a PNG file.
fn grid(pictures: &[Picture]) -> Result<Vec<u8>, ImageError> {
    let limits = DecodeLimits {
        max_bytes: usize::MAX,
        ..DecodeLimits::default()
    };
    let count = u32::try_from(pictures.len()).unwrap_or(u32::MAX);
    let columns = (1..=count)
        .find(|columns| columns * columns >= count)
        .unwrap_or(1);
    let rows = count.div_ceil(columns);
    let mut canvas = RgbImage::new(0, 0);
    let mut cell = (0, 0);
    for (index, picture) in (0..).zip(pictures) {
        let decoded = decode(&picture.bytes, &limits)?.rgb;
        if index == 0 {
            cell = cell_of(decoded.dimensions(), columns, rows);
            canvas = RgbImage::new(cell.0 * columns, cell.1 * rows);
        }
        let fitted = match decoded.dimensions() == cell {
            true => decoded,
            false => resize(&decoded, cell.0, cell.1, ResizeMode::Stretch),
        };
        let (column, row) = (index % columns, index / columns);
        let place = (i64::from(column * cell.0), i64::from(row * cell.1));
        image::imageops::replace(&mut canvas, &fitted, place.0, place.1);
    }
    encode_png(&canvas, None)
}

/// The size of one picture in a grid.
fn cell_of((width, height): (u32, u32), columns: u32, rows: u32) -> (u32, u32) {
    let longest = (width * columns).max(height * rows).max(1);
    if longest <= MAX_SIDE {
        return (width, height);
    }
    let shorter = |side: u32| {
        let side = u64::from(side) * u64::from(MAX_SIDE) / u64::from(longest);
        u32::try_from(side).unwrap_or(1).max(1)
    };
    (shorter(width), shorter(height))
}
