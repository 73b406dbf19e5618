//! Pillow's filters, to the bit: diffusers prepares pictures with them, and a source picture that differs by a level is
//! another picture in the end.
//!
//! The formulas are those of Pillow's `src/libImaging/Resample.c`.

use std::{f64::consts::PI, ops::Range};

use image::{ImageBuffer, Pixel};

/// Fractional bits of the weights: what a 32-bit sum of bytes leaves room for.
const PRECISION_BITS: u32 = 32 - 8 - 2;

/// How much each of the neighbours counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    Bilinear,
    Bicubic,
    Lanczos,
}

impl Filter {
    /// Half its width, in pixels of the smaller of the two pictures.
    fn radius(self) -> f64 {
        match self {
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }

    fn weight(self, distance: f64) -> f64 {
        let x = distance.abs();
        if x >= self.radius() {
            return 0.0;
        }
        match self {
            Self::Bilinear => 1.0 - x,
            // The cubic with a = -1/2.
            Self::Bicubic if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
            Self::Bicubic => -0.5 * (((x - 5.0) * x + 8.0) * x - 4.0),
            Self::Lanczos => sinc(distance) * sinc(distance / self.radius()),
        }
    }
}

/// One side of the picture: `length` pixels are computed, from `start` on, of the `size` that the side would have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side {
    pub(crate) size: u32,
    pub(crate) start: u32,
    pub(crate) length: u32,
}

impl Side {
    pub(crate) fn whole(size: u32) -> Self {
        Self {
            size,
            start: 0,
            length: size,
        }
    }

    /// The weights for each of the pixels, for a source with `source` pixels on this side.
    fn kernels(self, filter: Filter, source: u32) -> Vec<Kernel> {
        let scale = f64::from(source) / f64::from(self.size.max(1));
        let pixels = self.start..self.start.saturating_add(self.length);
        pixels
            .map(|pixel| Kernel::new(filter, pixel, scale, source))
            .collect()
    }
}

/// How a pixel is made of the source's pixels.
#[derive(Debug)]
struct Kernel {
    start: usize,
    /// Sums to 1 in fixed-point numbers.
    weights: Vec<i32>,
}

impl Kernel {
    fn new(filter: Filter, pixel: u32, scale: f64, source: u32) -> Self {
        let filter_scale = scale.max(1.0);
        let support = filter.radius() * filter_scale;
        let center = (f64::from(pixel) + 0.5) * scale;
        let start = (center - support + 0.5).max(0.0) as u32;
        let end = ((center + support + 0.5) as u32).min(source);
        let weights: Vec<f64> = (start..end)
            .map(|index| filter.weight((f64::from(index) - center + 0.5) / filter_scale))
            .collect();
        let sum: f64 = weights.iter().sum();
        let one = f64::from(1 << PRECISION_BITS);
        let fixed = |weight: &f64| (weight / sum * one).round() as i32;
        Self {
            start: start as usize,
            weights: weights.iter().map(fixed).collect(),
        }
    }

    fn range(&self) -> Range<usize> {
        self.start..self.start + self.weights.len()
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (x * PI).sin() / (x * PI) }
}

/// The part of the resized picture that the sides say. A source without pixels gives black.
pub(crate) fn resample<P: Pixel<Subpixel = u8>>(
    source: &ImageBuffer<P, Vec<u8>>,
    filter: Filter,
    horizontal: Side,
    vertical: Side,
) -> ImageBuffer<P, Vec<u8>> {
    let mut resized = ImageBuffer::new(horizontal.length, vertical.length);
    let (width, height) = source.dimensions();
    if source.is_empty() || resized.is_empty() {
        return resized;
    }
    let channels = usize::from(P::CHANNEL_COUNT);
    let columns = horizontal.kernels(filter, width);
    let rows = vertical.kernels(filter, height);
    let lines = source.chunks_exact(width as usize * channels);
    let lines = if is_vertical_first((width, height), (horizontal.size, vertical.size)) {
        let lines: Vec<_> = lines.collect();
        let lines = vertically(&lines, &rows, 0);
        horizontally(lines.iter().map(Vec::as_slice), &columns, channels)
    } else {
        // Only the lines that are needed, so that a thin slice of a high picture costs little.
        let first = rows.first().map_or(0, |kernel| kernel.start);
        let end = rows.last().map_or(0, |kernel| kernel.range().end);
        let lines = lines.skip(first).take(end.saturating_sub(first));
        vertically(&horizontally(lines, &columns, channels), &rows, first)
    };
    let stride = columns.len() * channels;
    for (target, line) in resized.chunks_exact_mut(stride).zip(lines) {
        target.copy_from_slice(&line);
    }
    resized
}

/// Each direction rounds and clips, so that the order is to be seen. Pillow 13 begins with the height when it shrinks
/// by more than twice as many pixels as the width; older versions never do.
fn is_vertical_first((width, height): (u32, u32), (new_width, new_height): (u32, u32)) -> bool {
    let shrinks_by = |side: u32, size: u32| i64::from(side) - i64::from(size);
    new_height < height && shrinks_by(height, new_height) > 2 * shrinks_by(width, new_width)
}

fn horizontally<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
    kernels: &[Kernel],
    channels: usize,
) -> Vec<Vec<u8>> {
    lines.map(|line| resample_line(line, kernels, channels)).collect()
}

fn resample_line(line: &[u8], kernels: &[Kernel], channels: usize) -> Vec<u8> {
    let mut resampled = Vec::with_capacity(kernels.len() * channels);
    for kernel in kernels {
        let Range { start, end } = kernel.range();
        let window = line.get(start * channels..end * channels).unwrap_or_default();
        for channel in 0..channels {
            let bytes = window.iter().skip(channel).step_by(channels);
            let products = kernel.weights.iter().zip(bytes);
            resampled.push(rounded(
                products.map(|(&weight, &byte)| weight * i32::from(byte)).sum(),
            ));
        }
    }
    resampled
}

/// Makes a line for each kernel out of those that start with the one at `first`.
fn vertically<L: AsRef<[u8]>>(lines: &[L], kernels: &[Kernel], first: usize) -> Vec<Vec<u8>> {
    let length = lines.first().map_or(0, |line| line.as_ref().len());
    let mut sums = vec![0; length];
    let mut blend = |kernel: &Kernel| {
        sums.fill(0);
        let lines = lines.iter().skip(kernel.start.saturating_sub(first));
        for (line, &weight) in lines.zip(&kernel.weights) {
            for (sum, &byte) in sums.iter_mut().zip(line.as_ref()) {
                *sum += weight * i32::from(byte);
            }
        }
        sums.iter().copied().map(rounded).collect()
    };
    kernels.iter().map(&mut blend).collect()
}

/// A fixed-point sum as a byte.
fn rounded(sum: i32) -> u8 {
    ((sum + (1 << (PRECISION_BITS - 1))) >> PRECISION_BITS).clamp(0, 255) as u8
}
