//! Noise levels σ = √((1 − ᾱ) / ᾱ): those of the visited timesteps, or spread by a formula of their own.

use super::{
    Latents, SchedulerError,
    beta_distribution::ppf,
    keys::Keys,
    numbers::{combine, linspace, ln},
    prediction::PredictionType,
    schedule::{NoiseSchedule, ScheduleDefaults, Spacing, TimestepGrid},
};

/// How noise levels are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum SigmaSchedule {
    /// Those of the visited timesteps.
    Timesteps,
    /// <https://arxiv.org/abs/2206.00364> equation 5, with ρ = 7.
    Karras,
    /// Evenly in log σ.
    Exponential,
    /// By the quantiles of a beta distribution, <https://arxiv.org/abs/2407.12173>.
    Beta,
    /// Evenly in the log σ of the training schedule, <https://arxiv.org/abs/2206.00927>.
    Lu,
}

impl SigmaSchedule {
    /// Reads which of the formulas is switched on; `lu` where the class has `use_lu_lambdas`.
    pub(super) fn from_keys(keys: Keys<'_>, lu: bool) -> Result<Self, SchedulerError> {
        let karras = keys.bool("use_karras_sigmas", false)?;
        let exponential = keys.bool("use_exponential_sigmas", false)?;
        let beta = keys.bool("use_beta_sigmas", false)?;
        let lu = lu && keys.bool("use_lu_lambdas", false)?;
        match (karras, exponential, beta) {
            (false, false, false) if !lu => Ok(Self::Timesteps),
            (true, false, false) => Ok(Self::Karras),
            (false, ..) if lu && !(exponential && beta) => Ok(Self::Lu),
            (false, true, false) => Ok(Self::Exponential),
            (false, false, true) => Ok(Self::Beta),
            _ => Err(SchedulerError::Contradiction {
                reason: "only one of `use_karras_sigmas`, `use_exponential_sigmas` and `use_beta_sigmas` can be true",
            }),
        }
    }
}

/// `sigma_min` and `sigma_max`: bounds that replace those of the schedule in the formulas. diffusers heeds them in
/// every class, also in those that do not document them.
#[derive(Debug, Clone, Copy)]
pub(super) struct SigmaBounds {
    min: Option<f64>,
    max: Option<f64>,
}

impl SigmaBounds {
    pub(super) const NONE: Self = Self { min: None, max: None };

    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        Ok(Self {
            min: keys.optional_positive("sigma_min")?,
            max: keys.optional_positive("sigma_max")?,
        })
    }

    /// `len` falling levels; `low` and `high` are what the schedule has.
    ///
    /// # Errors
    /// When the bounds do not leave falling levels.
    pub(super) fn spread(
        self,
        schedule: SigmaSchedule,
        (low, high): (f64, f64),
        len: usize,
    ) -> Result<Vec<f64>, SchedulerError> {
        let min = self.min.unwrap_or(low);
        let max = self.max.unwrap_or(high);
        let sigmas: Vec<f64> = match schedule {
            SigmaSchedule::Timesteps | SigmaSchedule::Karras => {
                const RHO: f64 = 7.0;
                let (min, max) = (min.powf(1.0 / RHO), max.powf(1.0 / RHO));
                let ramp = linspace(0.0, 1.0, len).into_iter();
                ramp.map(|ramp| (max + ramp * (min - max)).powf(RHO)).collect()
            }
            SigmaSchedule::Exponential => linspace(max.ln(), min.ln(), len)
                .into_iter()
                .map(f64::exp)
                .collect(),
            SigmaSchedule::Beta => {
                let ramp = linspace(0.0, 1.0, len).into_iter();
                ramp.map(|ramp| min + ppf(1.0 - ramp) * (max - min)).collect()
            }
            SigmaSchedule::Lu => {
                let (min, max) = (f64::from(ln(low as f32)), f64::from(ln(high as f32)));
                let ramp = linspace(0.0, 1.0, len).into_iter();
                ramp.map(|ramp| (max + ramp * (min - max)).exp()).collect()
            }
        };
        let finite = |sigma: &f64| (*sigma as f32).is_finite() && *sigma as f32 > 0.0;
        if sigmas.iter().all(finite) && sigmas.is_sorted_by(|a, b| a >= b) {
            Ok(sigmas)
        } else {
            Err(SchedulerError::Contradiction {
                reason: "`sigma_min` and `sigma_max` do not leave falling noise levels",
            })
        }
    }
}

/// The noise levels of training.
#[derive(Debug, Clone)]
pub(super) struct TrainSigmas {
    /// σ at every training timestep.
    pub(super) sigmas: Vec<f32>,
    log_sigmas: Vec<f32>,
}

impl TrainSigmas {
    pub(super) fn new(schedule: &NoiseSchedule) -> Self {
        let sigmas: Vec<f32> = schedule
            .alphas_cumprod
            .iter()
            .map(|&alpha| ((1.0 - alpha) / alpha).sqrt())
            .collect();
        Self {
            log_sigmas: sigmas.iter().map(|&sigma| ln(sigma)).collect(),
            sigmas,
        }
    }

    pub(super) fn first(&self) -> f32 {
        self.sigmas.first().copied().unwrap_or_default()
    }

    /// The lowest and the highest.
    pub(super) fn range(&self) -> (f64, f64) {
        let last = self.sigmas.last().copied().unwrap_or_default();
        (f64::from(self.first()), f64::from(last))
    }

    /// `numpy.interp(timestep, range(len(sigmas)), sigmas)`: linear in between, constant outside.
    pub(super) fn at(&self, timestep: f64) -> f64 {
        let timestep = timestep.max(0.0);
        let below = timestep as usize;
        match (self.sigmas.get(below), self.sigmas.get(below + 1)) {
            (Some(&low), Some(&high)) => {
                let fraction = timestep - below as f64;
                (f64::from(high) - f64::from(low)) * fraction + f64::from(low)
            }
            _ => self.range().1,
        }
    }

    /// The timestep of a noise level: linear in log σ between the two nearest of training.
    pub(super) fn timestep(&self, sigma: f64) -> f64 {
        let log_sigma = sigma.max(1e-10).ln();
        let (index, low, high) = self.neighbours(|low| log_sigma >= f64::from(low));
        let weight = ((f64::from(low) - log_sigma) / f64::from(low - high)).clamp(0.0, 1.0);
        (1.0 - weight) * index as f64 + weight * (index + 1) as f64
    }

    /// Like [`timestep`](Self::timestep) in single precision, as diffusers has it between two steps.
    pub(super) fn timestep_f32(&self, sigma: f32) -> f32 {
        let log_sigma = ln(sigma.max(1e-10));
        let (index, low, high) = self.neighbours(|low| log_sigma >= low);
        let weight = ((low - log_sigma) / (low - high)).clamp(0.0, 1.0);
        (1.0 - weight) * index as f32 + weight * (index + 1) as f32
    }

    /// The last level that is not above the wanted one, by its index, and the next. With `rescale_betas_zero_snr`
    /// levels need not rise to the end.
    fn neighbours(&self, not_above: impl Fn(f32) -> bool) -> (usize, f32, f32) {
        let last = self.log_sigmas.iter().rposition(|&low| not_above(low));
        let index = last.unwrap_or(0).min(self.log_sigmas.len().saturating_sub(2));
        let at = |index: usize| self.log_sigmas.get(index).copied().unwrap_or_default();
        (index, at(index), at(index + 1))
    }
}

/// What the algorithms have in common that work on σ itself (k-diffusion's, <https://arxiv.org/abs/2206.00364>).
#[derive(Debug, Clone)]
pub(super) struct SigmaConfig {
    pub(super) train_sigmas: TrainSigmas,
    pub(super) prediction_type: PredictionType,
    pub(super) grid: TimestepGrid,
    pub(super) sigma_schedule: SigmaSchedule,
    pub(super) bounds: SigmaBounds,
}

/// Timesteps and noise levels of a loop, without the level that the last step leads to.
#[derive(Debug, Clone)]
pub(super) struct Levels {
    pub(super) timesteps: Vec<f64>,
    pub(super) sigmas: Vec<f64>,
}

impl Levels {
    /// The levels in single precision, followed by what the last step leads to.
    pub(super) fn sigmas_to(&self, last: f32) -> Vec<f32> {
        let sigmas = self.sigmas.iter().map(|&sigma| sigma as f32);
        sigmas.chain([last]).collect()
    }

    pub(super) fn timesteps_f32(&self) -> Vec<f32> {
        self.timesteps.iter().map(|&timestep| timestep as f32).collect()
    }
}

impl SigmaConfig {
    pub(super) fn from_keys(
        keys: Keys<'_>,
        defaults: &ScheduleDefaults,
        prediction_type: PredictionType,
    ) -> Result<Self, SchedulerError> {
        Ok(Self {
            train_sigmas: TrainSigmas::new(&NoiseSchedule::from_keys(keys, defaults)?),
            prediction_type,
            grid: TimestepGrid::from_keys(keys, Spacing::Linspace)?,
            sigma_schedule: SigmaSchedule::from_keys(keys, false)?,
            bounds: SigmaBounds::from_keys(keys)?,
        })
    }

    /// For the class that does not have the formulas for noise levels.
    pub(super) fn without_sigma_schedule(self) -> Self {
        Self {
            sigma_schedule: SigmaSchedule::Timesteps,
            ..self
        }
    }

    /// Timesteps and noise levels of a loop of `num_inference_steps` steps.
    pub(super) fn levels(&self, num_inference_steps: usize) -> Result<Levels, SchedulerError> {
        let timesteps = self.timesteps(num_inference_steps)?;
        let sigmas = timesteps
            .iter()
            .map(|&timestep| self.train_sigmas.at(timestep))
            .collect();
        self.respace(Levels { timesteps, sigmas }, num_inference_steps)
    }

    /// The timesteps alone, in the precision of diffusers.
    pub(super) fn timesteps(&self, num_inference_steps: usize) -> Result<Vec<f64>, SchedulerError> {
        let num_train_timesteps = self.train_sigmas.sigmas.len();
        let timesteps = self.grid.timesteps(num_inference_steps, num_train_timesteps)?;
        Ok(timesteps
            .into_iter()
            .map(|timestep| f64::from(timestep as f32))
            .collect())
    }

    /// Spreads the levels by the formula of the configuration, if it has one.
    pub(super) fn respace(
        &self,
        levels: Levels,
        num_inference_steps: usize,
    ) -> Result<Levels, SchedulerError> {
        let (Some(&high), Some(&low)) = (levels.sigmas.first(), levels.sigmas.last()) else {
            return Ok(levels);
        };
        if self.sigma_schedule == SigmaSchedule::Timesteps {
            return Ok(levels);
        }
        let sigmas = self
            .bounds
            .spread(self.sigma_schedule, (low, high), num_inference_steps)?;
        Ok(Levels {
            timesteps: sigmas
                .iter()
                .map(|&sigma| self.train_sigmas.timestep(sigma))
                .collect(),
            sigmas,
        })
    }

    /// What unit noise is multiplied by: the highest level, or the whole sample's deviation there.
    pub(super) fn init_noise_sigma(&self, sigmas: &[f32]) -> f32 {
        let sigma_max = sigmas.iter().copied().fold(0.0, f32::max);
        match self.grid.spacing {
            Spacing::Linspace | Spacing::Trailing => sigma_max,
            Spacing::Leading => (sigma_max * sigma_max + 1.0).sqrt(),
        }
    }
}

/// A sample with noise of deviation `sigma` in the scale in which networks are trained.
pub(super) fn scale_to_unit_variance(sample: &Latents, sigma: f32) -> Latents {
    let scale = (sigma * sigma + 1.0).sqrt();
    sample.mapv(|value| value / scale)
}

/// original + noise × `sigma`.
pub(super) fn add_noise_at_sigma(original: &Latents, noise: &Latents, sigma: f32) -> Latents {
    combine((1.0, original), &[(sigma, noise)])
}

/// How far an ancestral step from one level to the next goes down, and the noise to add there; both together have the
/// next level's variance.
pub(super) fn ancestral_step(sigma: f32, sigma_next: f32) -> (f32, f32) {
    let variance = sigma * sigma;
    let variance_next = sigma_next * sigma_next;
    let sigma_up = (variance_next * (variance - variance_next) / variance).sqrt();
    let sigma_down = (variance_next - sigma_up * sigma_up).sqrt();
    (sigma_down, sigma_up)
}
