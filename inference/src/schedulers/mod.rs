//! The diffusion process seen from the sampler: which timesteps are visited, and how one network output moves
//! the latents from one noise level to the next.
//!
//! [`SchedulerConfig`] is what a model folder says (`scheduler/scheduler_config.json`); [`Scheduler`] is the state
//! of one request, built fresh by [`SchedulerConfig::build`]. One file holds one algorithm.
//!
//! To add an algorithm: a file beside `ddim.rs`, a [`SchedulerName`], and its arm in `config.rs`.

use std::{fmt, str::FromStr};

use ndarray::Array4;

use crate::noise::Noise;

mod config;
mod ddim;
mod euler_discrete;
mod keys;
mod schedule;
#[cfg(test)]
mod tests;

pub use config::{SchedulerConfig, SchedulerError};

/// Latent images: `[batch, channels, height / 8, width / 8]`; a request works on `[1, 4, h, w]`.
pub type Latents = Array4<f32>;

/// One denoising loop of one request.
///
/// `step` arguments are indices into [`timesteps`](Self::timesteps), not timesteps, so that nothing is searched
/// by a floating-point number. Implementations panic when the index is outside it.
pub trait Scheduler: Send + fmt::Debug {
    /// The timesteps to give to the network, from the most to the least noise; fractional for some algorithms.
    fn timesteps(&self) -> &[f32];

    /// What unit noise is multiplied by to become the first latents.
    fn init_noise_sigma(&self) -> f32;

    /// The latents in the scale in which the network was trained, for the step with this index.
    fn scale_model_input(&self, sample: &Latents, step: usize) -> Latents;

    /// Moves `sample` (not scaled) from step `step` to the next one, given the network's output for it.
    ///
    /// `noise` is the request's generator; a deterministic algorithm draws nothing from it.
    fn step(
        &mut self,
        model_output: &Latents,
        step: usize,
        sample: &Latents,
        noise: &mut dyn Noise,
    ) -> StepOutput;
}

/// What [`Scheduler::step`] computes.
#[derive(Debug, Clone, PartialEq)]
pub struct StepOutput {
    /// The latents at the next, lower noise level.
    pub prev_sample: Latents,
    /// The finished latents as predicted at this step; previews show them.
    pub pred_original_sample: Latents,
}

/// The algorithms that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SchedulerName {
    /// Denoising diffusion implicit models with eta 0, <https://arxiv.org/abs/2010.02502>.
    Ddim,
    /// Euler's method in the formulation of Karras et al., <https://arxiv.org/abs/2206.00364>, algorithm 2 without churn.
    Euler,
}

impl SchedulerName {
    /// Every algorithm, in the order in which they are shown to people.
    pub const ALL: &'static [Self] = &[Self::Ddim, Self::Euler];

    /// The name AUTOMATIC1111's web UI uses; recipes carry it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ddim => "DDIM",
            Self::Euler => "Euler",
        }
    }

    /// The class name in diffusers' `scheduler_config.json`.
    pub fn class_name(self) -> &'static str {
        match self {
            Self::Ddim => "DDIMScheduler",
            Self::Euler => "EulerDiscreteScheduler",
        }
    }
}

impl fmt::Display for SchedulerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Accepts AUTOMATIC1111's and diffusers' names, in any case.
impl FromStr for SchedulerName {
    type Err = UnknownScheduler;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let name = name.trim();
        Self::ALL
            .iter()
            .copied()
            .find(|known| {
                name.eq_ignore_ascii_case(known.name()) || name.eq_ignore_ascii_case(known.class_name())
            })
            .ok_or_else(|| UnknownScheduler {
                name: name.to_owned(),
            })
    }
}

/// No algorithm has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scheduler {name:?}, known are {}", known_names())]
pub struct UnknownScheduler {
    /// The name as it was given.
    pub name: String,
}

fn known_names() -> String {
    let names: Vec<_> = SchedulerName::ALL
        .iter()
        .map(|known| format!("{} ({})", known.name(), known.class_name()))
        .collect();
    names.join(", ")
}
