//! What the algorithms share: betas, cumulative alphas and the choice of timesteps.
//!
//! Every operation is the one diffusers does, in the same precision and order: `rescale_betas_zero_snr` subtracts
//! nearly equal numbers, so that a rounding elsewhere would be visible.

use std::f64::consts::FRAC_PI_2;

use super::{
    SchedulerError,
    keys::Keys,
    numbers::{exp, linspace},
    prediction::PredictionType,
};

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
    /// For the class that has no choice.
    pub(super) const LINSPACE: Self = Self {
        spacing: Spacing::Linspace,
        steps_offset: 0,
    };

    pub(super) fn from_keys(keys: Keys<'_>, class_default: Spacing) -> Result<Self, SchedulerError> {
        let choices = [
            ("leading", Spacing::Leading),
            ("trailing", Spacing::Trailing),
            ("linspace", Spacing::Linspace),
        ];
        Ok(Self {
            spacing: keys.word("timestep_spacing", &choices, class_default)?,
            steps_offset: keys.count("steps_offset", 0)?,
        })
    }

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
            Spacing::Trailing => trailing(num_inference_steps, num_train_timesteps, num_train_timesteps),
            Spacing::Linspace => {
                let mut timesteps = linspace(0.0, (num_train_timesteps - 1) as f64, num_inference_steps);
                timesteps.reverse();
                timesteps
            }
        })
    }

    /// Whole timesteps as the multistep solvers of diffusers choose them: but for trailing spacing one more is spread
    /// over `0..end`, and the lowest left out. `end` is below `num_train_timesteps` where the noisiest are cut off.
    ///
    /// # Errors
    /// When the number of steps is 0 or larger than the number of timesteps.
    pub(super) fn multistep_timesteps(
        self,
        num_inference_steps: usize,
        num_train_timesteps: usize,
        end: usize,
    ) -> Result<Vec<f64>, SchedulerError> {
        if num_inference_steps == 0 || num_inference_steps > num_train_timesteps || end == 0 {
            return Err(SchedulerError::Steps {
                num_inference_steps,
                num_train_timesteps,
            });
        }
        let points = num_inference_steps + 1;
        Ok(match self.spacing {
            Spacing::Leading => {
                let ratio = end / points;
                let timestep = |step| (step * ratio + self.steps_offset) as f64;
                (1..points).rev().map(timestep).collect()
            }
            Spacing::Trailing => trailing(num_inference_steps, num_train_timesteps, end),
            Spacing::Linspace => {
                let spread = linspace(0.0, (end - 1) as f64, points);
                spread
                    .into_iter()
                    .skip(1)
                    .rev()
                    .map(f64::round_ties_even)
                    .collect()
            }
        })
    }
}

/// Timesteps counted down from `end` in steps of the whole schedule's length. diffusers has one too many for a few
/// numbers of steps (61, 103, 121, …), where `numpy.arange` reaches its end by rounding; here it is cut.
fn trailing(num_inference_steps: usize, num_train_timesteps: usize, end: usize) -> Vec<f64> {
    let end = end as f64;
    let ratio = num_train_timesteps as f64 / num_inference_steps as f64;
    let len = num_inference_steps.min((end / ratio).ceil() as usize);
    // numpy's `arange` takes the difference of its first two values as the increment, which is not
    // exactly the step it was given; it decides how values halfway between two integers round.
    let increment = (end - ratio) - end;
    (0..len)
        .map(|step| (end + step as f64 * increment).round_ties_even() - 1.0)
        .collect()
}

/// How much signal is left at each training timestep.
#[derive(Debug, Clone)]
pub(super) struct NoiseSchedule {
    /// ᾱ, the product of 1 − β up to each timestep; falls from nearly 1 to nearly 0.
    pub(super) alphas_cumprod: Vec<f32>,
}

/// What the classes of diffusers do differently about their noise schedule.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScheduleDefaults {
    pub(super) beta_start: f64,
    pub(super) beta_end: f64,
    pub(super) beta_schedule: BetaSchedule,
    /// A schedule that only this class knows, by its word.
    pub(super) own_beta_schedule: Option<(&'static str, BetaSchedule)>,
    pub(super) zero_snr: ZeroSnr,
}

impl ScheduleDefaults {
    /// The schedule of <https://arxiv.org/abs/2006.11239>, which most classes start from.
    pub(super) const DDPM: Self = Self {
        beta_start: 0.0001,
        beta_end: 0.02,
        beta_schedule: BetaSchedule::Linear,
        own_beta_schedule: None,
        zero_snr: ZeroSnr::Ignored,
    };
    /// The range of Stable Diffusion.
    pub(super) const STABLE_DIFFUSION: Self = Self {
        beta_start: 0.00085,
        beta_end: 0.012,
        ..Self::DDPM
    };
}

/// What a class does with `rescale_betas_zero_snr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ZeroSnr {
    /// It does not have the key.
    Ignored,
    /// ᾱ of the last timestep becomes 0.
    Exact,
    /// ᾱ of the last timestep becomes float16's smallest number, so that σ stays finite.
    Tiny,
}

impl NoiseSchedule {
    pub(super) fn from_keys(keys: Keys<'_>, defaults: &ScheduleDefaults) -> Result<Self, SchedulerError> {
        let num_train_timesteps = keys.count("num_train_timesteps", 1000)?;
        let rescale = keys.bool("rescale_betas_zero_snr", false)? && defaults.zero_snr != ZeroSnr::Ignored;
        let mut betas = betas(keys, defaults, num_train_timesteps)?;
        if betas.len() != num_train_timesteps {
            let reason = "`trained_betas` does not have `num_train_timesteps` values";
            return Err(SchedulerError::Contradiction { reason });
        }
        if rescale {
            betas = rescale_zero_terminal_snr(&betas);
        }
        let mut alphas_cumprod = cumprod(&betas);
        if let (true, Some(last)) = (rescale, alphas_cumprod.last_mut())
            && defaults.zero_snr == ZeroSnr::Tiny
        {
            *last = 2.0_f32.powi(-24);
        }
        match alphas_cumprod.split_last() {
            Some((last, others))
                if others.iter().all(|alpha| *alpha > 0.0 && *alpha < 1.0)
                    && *last < 1.0
                    && (*last > 0.0 || (rescale && *last == 0.0)) =>
            {
                Ok(Self { alphas_cumprod })
            }
            _ => Err(SchedulerError::Contradiction {
                reason: "its betas are no noise schedule between 0 and 1",
            }),
        }
    }

    pub(super) fn num_train_timesteps(&self) -> usize {
        self.alphas_cumprod.len()
    }

    /// ᾱ at a whole timestep; `None` outside the schedule.
    pub(super) fn alpha(&self, timestep: f64) -> Option<f32> {
        if timestep < 0.0 {
            return None;
        }
        self.alphas_cumprod.get(timestep as usize).copied()
    }

    /// ᾱ at every timestep of a loop.
    ///
    /// # Errors
    /// When a timestep lies outside the schedule (an offset can push it out), or at one there is no signal left that
    /// a prediction of the noise could be subtracted from.
    pub(super) fn alphas(
        &self,
        timesteps: &[f64],
        prediction_type: PredictionType,
    ) -> Result<Vec<f32>, SchedulerError> {
        let alphas: Vec<f32> = timesteps
            .iter()
            .map(|&timestep| self.alpha(timestep))
            .collect::<Option<_>>()
            .ok_or(SchedulerError::Steps {
                num_inference_steps: timesteps.len(),
                num_train_timesteps: self.num_train_timesteps(),
            })?;
        if prediction_type == PredictionType::Epsilon && alphas.contains(&0.0) {
            let reason =
                "`prediction_type` epsilon cannot start from the pure noise of `rescale_betas_zero_snr`";
            return Err(SchedulerError::Contradiction { reason });
        }
        Ok(alphas)
    }
}

/// The formulas for β.
#[derive(Debug, Clone, Copy)]
pub(super) enum BetaSchedule {
    Linear,
    ScaledLinear,
    SquaredcosCapV2,
    /// ᾱ = e^(−12 t / T); only Heun's class has it.
    Exp,
    /// Only the class of DDPM has it.
    Sigmoid,
}

fn betas(
    keys: Keys<'_>,
    defaults: &ScheduleDefaults,
    num_train_timesteps: usize,
) -> Result<Vec<f32>, SchedulerError> {
    let mut choices = vec![
        ("linear", BetaSchedule::Linear),
        ("scaled_linear", BetaSchedule::ScaledLinear),
        ("squaredcos_cap_v2", BetaSchedule::SquaredcosCapV2),
    ];
    choices.extend(defaults.own_beta_schedule);
    let beta_schedule = keys.word("beta_schedule", &choices, defaults.beta_schedule)?;
    let start = keys.f64("beta_start", defaults.beta_start)?;
    let end = keys.f64("beta_end", defaults.beta_end)?;
    if let Some(betas) = keys.list("trained_betas")? {
        return Ok(betas);
    }
    Ok(match beta_schedule {
        BetaSchedule::Linear => torch_linspace(start as f32, end as f32, num_train_timesteps),
        BetaSchedule::ScaledLinear => {
            let mut betas = torch_linspace(start.sqrt() as f32, end.sqrt() as f32, num_train_timesteps);
            betas.iter_mut().for_each(|beta| *beta *= *beta);
            betas
        }
        BetaSchedule::SquaredcosCapV2 => betas_for_alpha_bar(num_train_timesteps, |t| {
            ((t + 0.008) / 1.008 * FRAC_PI_2).cos().powi(2)
        }),
        BetaSchedule::Exp => betas_for_alpha_bar(num_train_timesteps, |t| (t * -12.0).exp()),
        BetaSchedule::Sigmoid => torch_linspace(-6.0, 6.0, num_train_timesteps)
            .into_iter()
            .map(|beta| 1.0 / (1.0 + exp(-beta)) * (end - start) as f32 + start as f32)
            .collect(),
    })
}

/// `torch.linspace` in single precision, which counts from the nearer end with fused multiplications.
pub(super) fn torch_linspace(start: f32, end: f32, len: usize) -> Vec<f32> {
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

/// β from ᾱ over the time from 0 to 1, capped at 0.999, <https://arxiv.org/abs/2102.09672> equation 17.
fn betas_for_alpha_bar(len: usize, alpha_bar: impl Fn(f64) -> f64) -> Vec<f32> {
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
