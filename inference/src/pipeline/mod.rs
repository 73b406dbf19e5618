//! One request's way from noise to latents, in the order of diffusers' pipelines for Stable Diffusion.
//!
//! A [`Plan`] is what a request comes down to on a model, a [`Generation`] is its state. It goes through one or two
//! passes; each is a [`denoising`] loop that [`start`] prepares.

mod denoising;
#[cfg(test)]
pub(crate) mod fake;
mod generation;
mod guidance;
mod plan;
mod prompts;
mod snapshots;
mod start;
#[cfg(test)]
mod tests;

pub(crate) use self::generation::Generation;
pub(crate) use self::plan::Plan;

/// How many pixels one latent pixel is wide and high.
pub(crate) const VAE_SCALE_FACTOR: u32 = 8;
/// How many channels latents have.
pub(crate) const LATENT_CHANNELS: usize = 4;
