//! Large pictures in overlapping tiles that are blended into each other, so that the autoencoder's memory does not
//! grow with the picture. The same tiles and the same blend as `AutoencoderKL.tiled_decode` and `tiled_encode` in
//! diffusers' `models/autoencoders/autoencoder_kl.py`, with its overlap of a quarter.

use ndarray::{ArrayView4, Axis, Slice, Zip, concatenate};

use crate::error::InferenceError;
use crate::schedulers::Latents;

/// The side of a tile before and after the network, each in its own pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tiles {
    pub(super) input: usize,
    pub(super) output: usize,
}

impl Tiles {
    /// From the beginning of one tile to that of the next, in the pixels of the input.
    fn step(self) -> usize {
        (self.input - self.input / 4).max(1)
    }

    /// The part of a tile that fades in, in the pixels of the output.
    fn blend(self) -> usize {
        self.output / 4
    }
}

/// Runs `network` on every tile of `input` and puts its outputs together.
///
/// The outputs of a tile must be as large as the tile times `tiles.output / tiles.input`.
pub(super) fn in_tiles(
    input: &Latents,
    tiles: Tiles,
    mut network: impl FnMut(&Latents) -> Result<Latents, InferenceError>,
) -> Result<Latents, InferenceError> {
    let (_, _, height, width) = input.dim();
    let mut above: Vec<Latents> = Vec::new();
    let mut rows = Vec::new();
    for top in (0..height).step_by(tiles.step()) {
        let band = input.slice_axis(Axis(2), Slice::from(top..height.min(top + tiles.input)));
        let mut row: Vec<Latents> = Vec::new();
        for (column, left) in (0..width).step_by(tiles.step()).enumerate() {
            let tile = band.slice_axis(Axis(3), Slice::from(left..width.min(left + tiles.input)));
            let mut tile = network(&tile.to_owned())?;
            if let Some(above) = above.get(column) {
                blend(above, &mut tile, Axis(2), tiles.blend());
            }
            if let Some(before) = row.last() {
                blend(before, &mut tile, Axis(3), tiles.blend());
            }
            row.push(tile);
        }
        rows.push(join(Axis(3), &row, tiles)?);
        above = row;
    }
    join(Axis(2), &rows, tiles)
}

/// Puts neighbours together. Of each only the part before the next one's is used.
fn join(axis: Axis, parts: &[Latents], tiles: Tiles) -> Result<Latents, InferenceError> {
    let limit = tiles.output - tiles.blend();
    let views: Vec<ArrayView4<'_, f32>> = parts
        .iter()
        .map(|part| part.slice_axis(axis, Slice::from(..limit.min(part.len_of(axis)))))
        .collect();
    concatenate(axis, &views).map_err(|error| InferenceError::Internal {
        reason: error.to_string(),
    })
}

/// Fades from the end of one tile into the beginning of the next, over at most `extent` pixels.
fn blend(before: &Latents, after: &mut Latents, axis: Axis, extent: usize) {
    let length = before.len_of(axis);
    let extent = extent.min(length).min(after.len_of(axis));
    for index in 0..extent {
        let weight = index as f32 / extent as f32;
        let old = before.index_axis(axis, length - extent + index);
        Zip::from(after.index_axis_mut(axis, index))
            .and(&old)
            .for_each(|new, old| *new = old * (1.0 - weight) + *new * weight);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array4;

    use super::*;

    const TILES: Tiles = Tiles { input: 8, output: 16 };

    /// A network that makes every pixel twice as wide and high.
    fn double(tile: &Latents) -> Result<Latents, InferenceError> {
        let (n, c, h, w) = tile.dim();
        Ok(Array4::from_shape_fn((n, c, 2 * h, 2 * w), |(n, c, y, x)| {
            tile[[n, c, y / 2, x / 2]]
        }))
    }

    fn picture(height: usize, width: usize) -> Latents {
        Array4::from_shape_fn((1, 2, height, width), |(_, c, y, x)| {
            ((c * 31 + y * 7 + x * 3) % 11) as f32
        })
    }

    /// Where tiles agree, blending changes nothing: the picture is that of the whole.
    #[test]
    fn tiles_that_agree_leave_no_seam() {
        for (height, width) in [(8, 8), (9, 8), (12, 13), (14, 30), (1, 20), (33, 17)] {
            let input = picture(height, width);
            let found = in_tiles(&input, TILES, double).unwrap();
            let difference = (&found - &double(&input).unwrap()).mapv(f32::abs);
            assert!(difference.iter().all(|value| *value < 1e-5), "{height}x{width}");
        }
    }

    /// Each tile is of one colour, the number of the tile: what is seen is the blend alone.
    #[test]
    fn tiles_fade_into_each_other() {
        let mut count = -1.0;
        let numbered = |tile: &Latents| {
            count += 1.0;
            Ok(double(tile)?.mapv(|_| count))
        };
        let row = in_tiles(&picture(1, 14), TILES, numbered).unwrap();
        let row: Vec<f32> = row.iter().take(28).copied().collect();
        // Tiles begin at 0, 6 and 12; a fade takes 4 pixels, and the last tile is as wide as one.
        let fade = [0.0, 0.25, 0.5, 0.75];
        let mut expected = [vec![0.0; 12], fade.to_vec(), vec![1.0; 8]].concat();
        expected.extend(fade.map(|step| 1.0 + step));
        assert_eq!(row, expected);
    }

    #[test]
    fn an_error_ends_it() {
        let mut calls = 0;
        let result = in_tiles(&picture(20, 20), TILES, |tile| {
            calls += 1;
            if calls == 3 {
                return Err(InferenceError::Stopped);
            }
            double(tile)
        });
        assert!(matches!(result, Err(InferenceError::Stopped)));
        assert_eq!(calls, 3);
    }
}
