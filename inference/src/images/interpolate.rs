//! Latents in another size, for the second pass and for masks.

use std::{fmt, str::FromStr};

use crate::schedulers::Latents;

/// How latents are enlarged: `mode` of torch's `interpolate` with `align_corners=False, antialias=False`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum LatentUpscaler {
    /// Between two pixels on each side.
    #[default]
    Bilinear,
    /// Between four pixels on each side.
    Bicubic,
    /// The pixel at the corner; torch's older mode, which diffusers uses for masks.
    Nearest,
    /// The pixel under the centre.
    NearestExact,
}

impl LatentUpscaler {
    /// Every way, in the order in which they are shown to people.
    pub const ALL: &'static [Self] = &[Self::Bilinear, Self::Bicubic, Self::Nearest, Self::NearestExact];

    /// The name AUTOMATIC1111's web UI uses; recipes carry it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bilinear => "Latent",
            Self::Bicubic => "Latent (bicubic)",
            Self::Nearest => "Latent (nearest)",
            Self::NearestExact => "Latent (nearest-exact)",
        }
    }

    /// Which pixels of a side, and how much of each, make each of the new pixels.
    fn taps(self, source: usize, size: usize) -> Vec<Vec<(usize, f32)>> {
        let scale = source as f32 / size as f32;
        (0..size)
            .map(|pixel| self.pixel_taps(pixel as f32, scale, source))
            .collect()
    }

    fn pixel_taps(self, pixel: f32, scale: f32, source: usize) -> Vec<(usize, f32)> {
        let last = source.saturating_sub(1);
        let center = (pixel + 0.5) * scale - 0.5;
        match self {
            Self::Bilinear => {
                let center = center.max(0.0);
                let first = (center as usize).min(last);
                let fraction = center - first as f32;
                vec![(first, 1.0 - fraction), ((first + 1).min(last), fraction)]
            }
            Self::Bicubic => (-1_i8..=2)
                .map(|offset| {
                    let position = center.floor() + f32::from(offset);
                    (
                        (position.max(0.0) as usize).min(last),
                        cubic((center - position).abs()),
                    )
                })
                .collect(),
            Self::Nearest => vec![(((pixel * scale) as usize).min(last), 1.0)],
            Self::NearestExact => vec![((((pixel + 0.5) * scale) as usize).min(last), 1.0)],
        }
    }
}

/// The weight at a distance of at most 2, of Keys' family of kernels with torch's parameter.
fn cubic(distance: f32) -> f32 {
    const A: f32 = -0.75;
    if distance <= 1.0 {
        ((A + 2.0) * distance - (A + 3.0)) * distance * distance + 1.0
    } else {
        ((A * distance - 5.0 * A) * distance + 8.0 * A) * distance - 4.0 * A
    }
}

impl fmt::Display for LatentUpscaler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// In any case.
impl FromStr for LatentUpscaler {
    type Err = UnknownUpscaler;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let name = name.trim();
        let mut known = Self::ALL.iter().copied();
        known
            .find(|upscaler| name.eq_ignore_ascii_case(upscaler.name()))
            .ok_or_else(|| UnknownUpscaler {
                name: name.to_owned(),
            })
    }
}

/// No upscaler of latents has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown upscaler {name:?}, known are {}", known_names())]
pub struct UnknownUpscaler {
    /// The name as it was given.
    pub name: String,
}

fn known_names() -> String {
    let names: Vec<_> = LatentUpscaler::ALL.iter().map(|known| known.name()).collect();
    names.join(", ")
}

/// The latents `[batch, channels, h, w]` in `height` × `width` of their pixels.
pub fn upscale_latents(latents: &Latents, height: usize, width: usize, upscaler: LatentUpscaler) -> Latents {
    let (batch, channels, source_height, source_width) = latents.dim();
    let rows = upscaler.taps(source_height, height);
    let columns = upscaler.taps(source_width, width);
    let mut upscaled = Latents::zeros((batch, channels, height, width));
    for (source, mut plane) in latents.outer_iter().zip(upscaled.outer_iter_mut()) {
        for (source, mut plane) in source.outer_iter().zip(plane.outer_iter_mut()) {
            for (rows, mut line) in rows.iter().zip(plane.outer_iter_mut()) {
                for (columns, value) in columns.iter().zip(&mut line) {
                    let pixel = |&(y, weight): &(usize, f32)| {
                        let sum = columns
                            .iter()
                            .map(|&(x, weight)| weight * source.get((y, x)).unwrap_or(&0.0));
                        weight * sum.sum::<f32>()
                    };
                    *value = rows.iter().map(pixel).sum();
                }
            }
        }
    }
    upscaled
}

/// A mask of zeros and ones in the size of the latents, `[1, 1, h, w]`, as diffusers' inpainting pipeline shrinks it.
pub fn shrink_mask(mask: &Latents, height: usize, width: usize) -> Latents {
    upscale_latents(mask, height, width, LatentUpscaler::Nearest)
}
