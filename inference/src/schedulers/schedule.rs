//! What the algorithms share: betas, cumulative alphas and the choice of timesteps.
//!
//! Every operation is the one diffusers does, in the same precision and order: `rescale_betas_zero_snr` subtracts
//! nearly equal numbers, so that a rounding elsewhere would be visible.

use std::f64::consts::FRAC_PI_2;

use super::{SchedulerError, keys::Keys};

/// What the network's output means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PredictionType {
    /// The noise in the sample.
    Epsilon,
    /// The velocity, <https://arxiv.org/abs/2202.00512> appendix D.
    VPrediction,
    /// The finished sample.
    Sample,
}

/// How the visited timesteps are spread, <https://arxiv.org/abs/2305.08891> table 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spacing {
    Leading,
    Trailing,
    Linspace,
}

/// Chooses the timesteps of a loop.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimestepGrid {
    pub(super) spacing: Spacing,
    /// Added to the timesteps of [`Spacing::Leading`]; the other spacings ignore it.
    pub(super) steps_offset: usize,
}

impl TimestepGrid {
    /// `num_inference_steps` timesteps out of `0..num_train_timesteps`, falling; fractional for linspace.
    ///
    /// # Errors
    /// When the number of steps is 0 or larger than the number of timesteps.
    pub(super) fn timesteps(
        self,
        num_inference_steps: usize,
        num_train_timesteps: usize,
    ) -> Result<Vec<f64>, SchedulerError> {
        if num_inference_steps == 0 || num_inference_steps > num_train_timesteps {
            return Err(SchedulerError::Steps {
                num_inference_steps,
                num_train_timesteps,
            });
        }
        let steps = 0..num_inference_steps;
        Ok(match self.spacing {
            Spacing::Leading => {
                let ratio = num_train_timesteps / num_inference_steps;
                steps
                    .rev()
                    .map(|step| (step * ratio + self.steps_offset) as f64)
                    .collect()
            }
            Spacing::Trailing => {
                let last = num_train_timesteps as f64;
                // numpy's `arange` takes the difference of its first two values as the increment, which is not
                // exactly the step it was given; it decides how values halfway between two integers round.
                let increment = (last - last / num_inference_steps as f64) - last;
                steps
                    .map(|step| (last + step as f64 * increment).round_ties_even() - 1.0)
                    .collect()
            }
            Spacing::Linspace => {
                let last = (num_train_timesteps - 1) as f64;
                let increment = last / num_inference_steps.saturating_sub(1).max(1) as f64;
                steps
                    .rev()
                    .map(|step| match step {
                        step if step > 0 && step + 1 == num_inference_steps => last,
                        step => step as f64 * increment,
                    })
                    .collect()
            }
        })
    }
}

/// How much signal is left at each training timestep.
#[derive(Debug, Clone)]
pub(super) struct NoiseSchedule {
    /// ᾱ, the product of 1 − β up to each timestep; falls from nearly 1 to nearly 0.
    pub(super) alphas_cumprod: Vec<f32>,
    /// ᾱ of the last timestep was moved to exactly 0.
    pub(super) zero_terminal_snr: bool,
}

impl NoiseSchedule {
    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        let num_train_timesteps = keys.count("num_train_timesteps", 1000)?;
        let zero_terminal_snr = keys.bool("rescale_betas_zero_snr", false)?;
        let mut betas = betas(keys, num_train_timesteps)?;
        if betas.len() != num_train_timesteps {
            let reason = "`trained_betas` does not have `num_train_timesteps` values";
            return Err(SchedulerError::Contradiction { reason });
        }
        if zero_terminal_snr {
            betas = rescale_zero_terminal_snr(&betas);
        }
        let alphas_cumprod = cumprod(&betas);
        match alphas_cumprod.split_last() {
            Some((last, others))
                if others.iter().all(|alpha| *alpha > 0.0 && *alpha < 1.0)
                    && *last < 1.0
                    && (*last > 0.0 || (zero_terminal_snr && *last == 0.0)) =>
            {
                Ok(Self {
                    alphas_cumprod,
                    zero_terminal_snr,
                })
            }
            _ => Err(SchedulerError::Contradiction {
                reason: "its betas are no noise schedule between 0 and 1",
            }),
        }
    }

    pub(super) fn num_train_timesteps(&self) -> usize {
        self.alphas_cumprod.len()
    }
}

#[derive(Debug, Clone, Copy)]
enum BetaSchedule {
    Linear,
    ScaledLinear,
    SquaredcosCapV2,
}

fn betas(keys: Keys<'_>, num_train_timesteps: usize) -> Result<Vec<f32>, SchedulerError> {
    let choices = [
        ("linear", BetaSchedule::Linear),
        ("scaled_linear", BetaSchedule::ScaledLinear),
        ("squaredcos_cap_v2", BetaSchedule::SquaredcosCapV2),
    ];
    let beta_schedule = keys.word("beta_schedule", &choices, BetaSchedule::Linear)?;
    let start = keys.f64("beta_start", 0.0001)?;
    let end = keys.f64("beta_end", 0.02)?;
    if let Some(betas) = keys.list("trained_betas")? {
        return Ok(betas);
    }
    Ok(match beta_schedule {
        BetaSchedule::Linear => linspace(start as f32, end as f32, num_train_timesteps),
        BetaSchedule::ScaledLinear => {
            let mut betas = linspace(start.sqrt() as f32, end.sqrt() as f32, num_train_timesteps);
            betas.iter_mut().for_each(|beta| *beta *= *beta);
            betas
        }
        BetaSchedule::SquaredcosCapV2 => squaredcos_cap_v2(num_train_timesteps),
    })
}

/// `torch.linspace` in single precision, which counts from the nearer end with fused multiplications.
fn linspace(start: f32, end: f32, len: usize) -> Vec<f32> {
    let increment = (end - start) / len.saturating_sub(1).max(1) as f32;
    (0..len)
        .map(|index| {
            if index < len / 2 {
                increment.mul_add(index as f32, start)
            } else {
                increment.mul_add(-((len - 1 - index) as f32), end)
            }
        })
        .collect()
}

/// The cosine schedule of <https://arxiv.org/abs/2102.09672>, equation 17, with β capped at 0.999.
fn squaredcos_cap_v2(len: usize) -> Vec<f32> {
    let alpha_bar = |t: f64| ((t + 0.008) / 1.008 * FRAC_PI_2).cos().powi(2);
    let at = |index: usize| alpha_bar(index as f64 / len as f64);
    (0..len)
        .map(|index| (1.0 - at(index + 1) / at(index)).min(0.999) as f32)
        .collect()
}

/// Moves the last timestep to pure noise, <https://arxiv.org/abs/2305.08891> algorithm 1.
fn rescale_zero_terminal_snr(betas: &[f32]) -> Vec<f32> {
    let mut alphas_bar_sqrt: Vec<f32> = cumprod(betas).into_iter().map(f32::sqrt).collect();
    let (Some(&first), Some(&last)) = (alphas_bar_sqrt.first(), alphas_bar_sqrt.last()) else {
        return Vec::new();
    };
    let scale = first / (first - last);
    alphas_bar_sqrt
        .iter_mut()
        .for_each(|alpha| *alpha = (*alpha - last) * scale);
    let mut previous = 1.0;
    alphas_bar_sqrt
        .into_iter()
        .map(|alpha| {
            let alpha_bar = alpha * alpha;
            let beta = 1.0 - alpha_bar / previous;
            previous = alpha_bar;
            beta
        })
        .collect()
}

/// The cumulative product of 1 − β; like torch it multiplies in double precision.
fn cumprod(betas: &[f32]) -> Vec<f32> {
    betas
        .iter()
        .scan(1.0_f64, |product, beta| {
            *product *= f64::from(1.0 - beta);
            Some(*product as f32)
        })
        .collect()
}
