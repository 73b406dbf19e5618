//! The diffusion process seen from the sampler: which timesteps are visited, and how one network output moves
//! the latents from one noise level to the next.
//!
//! [`SchedulerConfig`] is what a model folder says (`scheduler/scheduler_config.json`); [`Scheduler`] is the state
//! of one request, built fresh by [`SchedulerConfig::build`]. One file holds one algorithm.
//!
//! To add an algorithm: a file beside `ddim.rs`, its [`SchedulerName`] in `name.rs`, and its arm in `config.rs`.
//!
//! Numbers are in the precision in which diffusers has them, and operations in its order, so that the same model
//! outputs lead to the same latents to six digits (`onnx/tools/compare_schedulers.py`). Where diffusers goes on with
//! values that are not finite, or stops with an exception, [`SchedulerConfig::from_json`] or
//! [`SchedulerConfig::build`] is an error. What is different on purpose:
//!
//! - Trailing spacing has as many timesteps as were asked for; diffusers has one more for some numbers of steps.
//! - More steps than the model was trained with are an error for every class.
//! - Noise predicted from a sample without any signal (`rescale_betas_zero_snr`) is an error, also where clipping
//!   would hide the division by zero.
//! - Two equal timesteps are two steps; diffusers begins with the second one unless it is told where to begin.
//! - The linear multistep method integrates its polynomials exactly; diffusers numerically, and in single precision.
//!   The two are 1e-6 apart, and up to 1e-3 with the wide range of noise levels of `squaredcos_cap_v2`.

use std::fmt;

use ndarray::Array4;

use crate::noise::Noise;

mod beta_distribution;
mod clipping;
mod config;
mod ddim;
mod ddpm;
mod deis_multistep;
mod dpm_solver;
mod dpmsolver_multistep;
mod dpmsolver_singlestep;
mod euler_ancestral_discrete;
mod euler_discrete;
mod heun_discrete;
mod history;
mod k_dpm_2_discrete;
mod keys;
mod lcm;
mod linear;
mod lms_discrete;
mod name;
mod numbers;
mod pndm;
mod prediction;
mod schedule;
mod sigmas;
mod tcd;
#[cfg(test)]
mod tests;
mod unipc_multistep;

pub use config::{LoopOptions, SchedulerConfig, SchedulerError};
pub use name::{SchedulerName, UnknownScheduler};
pub use prediction::PredictionType;

/// Latent images: `[batch, channels, height / 8, width / 8]`; a request works on `[1, 4, h, w]`.
pub type Latents = Array4<f32>;

/// One denoising loop of one request.
///
/// `step` arguments are indices into [`timesteps`](Self::timesteps), not timesteps, so that nothing is searched
/// by a floating-point number. Implementations panic when the index is outside it.
pub trait Scheduler: Send + fmt::Debug {
    /// The timesteps to give to the network, from the most to the least noise; fractional for some algorithms. There
    /// is one for each evaluation of the network, of which some algorithms need more than one a step.
    fn timesteps(&self) -> &[f32];

    /// Evaluations of the network in a whole step. A loop may begin at multiples of it.
    fn order(&self) -> usize {
        1
    }

    /// What unit noise is multiplied by to become the first latents. Algorithms that keep the variance at 1 have no need
    /// for it.
    fn init_noise_sigma(&self) -> f32 {
        1.0
    }

    /// The latents in the scale in which the network was trained, for the step with this index. Algorithms that keep the
    /// variance at 1 are in that scale already.
    fn scale_model_input(&self, sample: &Latents, _step: usize) -> Latents {
        sample.clone()
    }

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

    /// `original`, which is free of noise, with as much of `noise` as there is before the step with this index.
    fn add_noise(&self, original: &Latents, noise: &Latents, step: usize) -> Latents;

    /// Says before the first step that it will be the one with this index, not 0.
    fn set_begin_index(&mut self, _step: usize) {}
}

/// What [`Scheduler::step`] computes.
#[derive(Debug, Clone, PartialEq)]
pub struct StepOutput {
    /// The latents at the next, lower noise level.
    pub prev_sample: Latents,
    /// The finished latents as predicted at this step; previews show them.
    pub pred_original_sample: Latents,
}
