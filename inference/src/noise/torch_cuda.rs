//! `torch.randn(shape, device="cuda", generator=torch.Generator("cuda").manual_seed(seed))`, computed on the CPU.
//!
//! torch gives every number of a tensor a CUDA thread with its own Philox sequence, and each thread takes the first of
//! the four numbers it could draw (`aten/src/ATen/native/cuda/DistributionTemplates.h`; cuRAND's `curand_normal4`
//! transforms them). A tensor with more numbers than the GPU runs threads uses the other three as well, in an order that
//! depends on the GPU: on an RTX 3090 beyond 125,952 numbers, the latents of a picture of 1,420 × 1,420. Like A1111's
//! `rng_philox.py`, this generator stays with one number for each thread at every size.

use super::{
    Noise, NoiseDtype,
    philox::{philox4x32_10, split},
};
use crate::schedulers::Latents;

/// torch's generator for CUDA.
#[derive(Debug, Clone)]
pub struct TorchCudaNoise {
    seed: u64,
    /// How many tensors were drawn.
    offset: u64,
    dtype: NoiseDtype,
}

impl TorchCudaNoise {
    /// A generator after `manual_seed(seed)`.
    pub fn new(seed: u64, dtype: NoiseDtype) -> Self {
        Self {
            seed,
            offset: 0,
            dtype,
        }
    }

    /// The number that the thread of this index draws.
    fn normal(&self, thread: u64) -> f32 {
        let (offset_low, offset_high) = split(self.offset);
        let (thread_low, thread_high) = split(thread);
        let (key0, key1) = split(self.seed);
        let [x, y, _, _] = philox4x32_10([offset_low, offset_high, thread_low, thread_high], [key0, key1]);
        box_muller(x, y)
    }
}

/// The first of the two numbers that cuRAND's `_curand_box_muller` makes, in single precision with fused operations as
/// the compiler for the GPU makes them.
fn box_muller(x: u32, y: u32) -> f32 {
    const UNIT: f32 = 1.0 / 4_294_967_296.0;
    const TURN: f32 = UNIT * std::f32::consts::TAU;
    let uniform = (x as f32).mul_add(UNIT, UNIT / 2.0);
    let angle = (y as f32).mul_add(TURN, TURN / 2.0);
    (-2.0 * uniform.ln()).sqrt() * angle.sin()
}

impl Noise for TorchCudaNoise {
    fn randn(&mut self, shape: (usize, usize, usize, usize)) -> Latents {
        let mut values = Latents::zeros(shape);
        // torch does not advance its generator for an empty tensor.
        if !values.is_empty() {
            for (thread, value) in (0..).zip(&mut values) {
                *value = self.normal(thread);
            }
            self.offset = self.offset.wrapping_add(1);
        }
        self.dtype.round(values)
    }
}
