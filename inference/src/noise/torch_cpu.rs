//! `torch.randn(shape, dtype=dtype, generator=torch.Generator("cpu").manual_seed(seed))`.
//!
//! The uniform numbers are torch's exactly. The logarithm, sine and cosine are this platform's, and may differ from
//! torch's vectorised ones in the last bits. The algorithm is that of
//! `aten/src/ATen/native/cpu/DistributionTemplates.h`.
//!
//! In half precision torch draws numbers in single precision and rounds them. Its releases up to 2025 computed in half
//! precision instead, from uniform numbers of 11 bits, which is other noise for the same seed; those are not followed.

use std::f64::consts::TAU;

use super::{Noise, NoiseDtype, mt19937::Mt19937};
use crate::schedulers::Latents;

/// torch turns uniform into normal numbers in blocks of this size, and smaller tensors one by one.
const BLOCK: usize = 16;

/// torch's generator for the CPU.
#[derive(Debug, Clone)]
pub struct TorchCpuNoise {
    engine: Mt19937,
    /// The second number of a pair made for a small tensor, kept for the next one.
    cached: Option<f64>,
    dtype: NoiseDtype,
}

impl TorchCpuNoise {
    /// A generator in single precision after `manual_seed(seed)`. Only the low 32 bits of a seed matter, as in torch.
    pub fn new(seed: u64) -> Self {
        Self::with_dtype(seed, NoiseDtype::F32)
    }

    /// The same for numbers of any precision.
    pub fn with_dtype(seed: u64, dtype: NoiseDtype) -> Self {
        Self {
            engine: Mt19937::new((seed & 0xffff_ffff) as u32),
            cached: None,
            dtype,
        }
    }

    /// A uniform number in [0, 1) with the 24 bits that single precision holds.
    fn uniform_f32(&mut self) -> f32 {
        const SCALE: f32 = 1.0 / (1 << 24) as f32;
        (self.engine.next_u32() & 0x00ff_ffff) as f32 * SCALE
    }

    /// A uniform number in [0, 1) with the 53 bits that double precision holds.
    fn uniform_f64(&mut self) -> f64 {
        const SCALE: f64 = 1.0 / (1_u64 << 53) as f64;
        let high = u64::from(self.engine.next_u32());
        let low = u64::from(self.engine.next_u32());
        (((high << 32) | low) & ((1 << 53) - 1)) as f64 * SCALE
    }

    fn fill(&mut self, values: &mut [f32]) {
        if values.len() < BLOCK {
            values.iter_mut().for_each(|value| *value = self.single() as f32);
            return;
        }
        let rest = values.len() % BLOCK;
        // In half precision torch draws block by block, and nothing for a rest that it draws again anyway.
        let drawn = match self.dtype {
            NoiseDtype::F32 => values.len(),
            NoiseDtype::F16 => values.len() - rest,
        };
        values[..drawn]
            .iter_mut()
            .for_each(|value| *value = self.uniform_f32());
        values.chunks_exact_mut(BLOCK).for_each(box_muller);
        if rest != 0 {
            // torch draws the last whole block again instead of treating the rest of the tensor apart.
            let last = values.len() - BLOCK;
            let block = &mut values[last..];
            block.iter_mut().for_each(|value| *value = self.uniform_f32());
            box_muller(block);
        }
    }

    fn single(&mut self) -> f64 {
        if let Some(value) = self.cached.take() {
            return value;
        }
        let angle = TAU * self.uniform_f64();
        let radius = (-2.0 * (-self.uniform_f64()).ln_1p()).sqrt();
        self.cached = Some(radius * angle.sin());
        radius * angle.cos()
    }
}

/// The Box–Muller transform of one block: radii from the first half, angles from the second.
fn box_muller(block: &mut [f32]) {
    let (first, second) = block.split_at_mut(BLOCK / 2);
    for (first, second) in first.iter_mut().zip(second) {
        let radius = (-2.0 * (1.0 - *first).ln()).sqrt();
        let (sin, cos) = (std::f32::consts::TAU * *second).sin_cos();
        *first = radius * cos;
        *second = radius * sin;
    }
}

impl Noise for TorchCpuNoise {
    fn randn(&mut self, shape: (usize, usize, usize, usize)) -> Latents {
        let mut values = Latents::zeros(shape);
        if let Some(values) = values.as_slice_mut() {
            self.fill(values);
        }
        self.dtype.round(values)
    }
}
