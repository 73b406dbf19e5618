//! Gaussian noise that is the same as torch's for the same seed, so that a seed from elsewhere draws the same picture.

use std::fmt;
use std::str::FromStr;

use half::f16;
use serde::{Deserialize, Serialize};

use crate::schedulers::Latents;

mod mt19937;
mod philox;
mod slerp;
#[cfg(test)]
mod tests;
mod torch_cpu;
mod torch_cuda;

pub use self::slerp::slerp;
pub use self::torch_cpu::TorchCpuNoise;
pub use self::torch_cuda::TorchCudaNoise;

/// A seeded generator. One request owns one: its first draw becomes the latents, later draws the noise of its steps.
pub trait Noise: Send {
    /// The next values of the standard normal distribution, in row-major order.
    fn randn(&mut self, shape: (usize, usize, usize, usize)) -> Latents;
}

/// Whose random numbers a seed stands for. A1111 calls it "RNG source" or "random number generator source".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoiseSource {
    /// torch's generator for the CPU: what diffusers' examples use, and A1111 with the source "CPU".
    #[default]
    Cpu,
    /// torch's generator for CUDA, computed here without a GPU: A1111 with the source "GPU" (its default) or "NV".
    Cuda,
}

/// There is no source of noise with this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no source of noise `{name}` (known: cpu, cuda)")]
pub struct UnknownNoiseSource {
    name: String,
}

impl fmt::Display for NoiseSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        })
    }
}

impl FromStr for NoiseSource {
    type Err = UnknownNoiseSource;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda),
            _ => Err(UnknownNoiseSource {
                name: name.to_owned(),
            }),
        }
    }
}

/// The `dtype` that torch would draw in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoiseDtype {
    /// Single precision.
    #[default]
    F32,
    /// Half precision, as a pipeline does that was loaded with `torch_dtype=torch.float16`.
    F16,
}

impl NoiseDtype {
    /// The nearest values that this precision has.
    fn round(self, mut values: Latents) -> Latents {
        if self == Self::F16 {
            values.mapv_inplace(|value| f16::from_f32(value).to_f32());
        }
        values
    }
}

/// A second seed whose noise is mixed into that of the first, for pictures that differ a little.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Variation {
    /// A1111's "Variation seed".
    pub seed: u64,
    /// A1111's "Variation seed strength": 0 is the first seed's noise alone, 1 the second's alone. See [`slerp()`].
    pub strength: f32,
}

/// A generator after `manual_seed(seed)`.
pub fn generator(source: NoiseSource, dtype: NoiseDtype, seed: u64) -> Box<dyn Noise> {
    match source {
        NoiseSource::Cpu => Box::new(TorchCpuNoise::with_dtype(seed, dtype)),
        NoiseSource::Cuda => Box::new(TorchCudaNoise::new(seed, dtype)),
    }
}
