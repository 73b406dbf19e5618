//! Gaussian noise that is the same as torch's for the same seed, so that a seed from elsewhere draws the same picture.

use crate::schedulers::Latents;

mod mt19937;
#[cfg(test)]
mod tests;
mod torch_cpu;

pub use torch_cpu::TorchCpuNoise;

/// A seeded generator. One request owns one: its first draw becomes the latents, later draws the noise of its steps.
pub trait Noise {
    /// The next values of the standard normal distribution, in row-major order.
    fn randn(&mut self, shape: (usize, usize, usize, usize)) -> Latents;
}
