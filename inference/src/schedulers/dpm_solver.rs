//! What the exponential integrators over the half log signal-to-noise ratio λ = ln(α / σ) share: DPM-Solver,
//! <https://arxiv.org/abs/2206.00927>, DPM-Solver++, <https://arxiv.org/abs/2211.01095>, DEIS and `UniPC`.

use super::{
    Latents, SchedulerError,
    clipping::Clipping,
    keys::Keys,
    numbers::{combine, exp, ln},
    prediction::PredictionType,
    schedule::{NoiseSchedule, ScheduleDefaults, Spacing, TimestepGrid},
    sigmas::{Levels, SigmaBounds, SigmaSchedule, TrainSigmas},
};

/// Which of the keys a class has that not all of them have.
#[derive(Debug, Clone, Copy)]
pub(super) struct SolverClass {
    pub(super) defaults: ScheduleDefaults,
    /// `timestep_spacing` and `steps_offset`.
    pub(super) spacing: bool,
    /// `use_lu_lambdas`.
    pub(super) lu: bool,
    /// `lambda_min_clipped`.
    pub(super) lambda_clip: bool,
}

/// The keys that all of them have.
#[derive(Debug, Clone)]
pub(super) struct SolverConfig {
    pub(super) train_sigmas: TrainSigmas,
    pub(super) prediction_type: PredictionType,
    pub(super) clipping: Clipping,
    pub(super) grid: TimestepGrid,
    pub(super) sigma_schedule: SigmaSchedule,
    pub(super) bounds: SigmaBounds,
    pub(super) solver_order: usize,
    /// Timesteps from here on are too noisy to start from (`lambda_min_clipped`).
    pub(super) end: usize,
    /// Timesteps of Karras's and Lu's levels are rounded, not cut.
    pub(super) round_timesteps: bool,
}

impl SolverConfig {
    pub(super) fn from_keys(keys: Keys<'_>, class: &SolverClass) -> Result<Self, SchedulerError> {
        keys.only("use_flow_sigmas", &[false.into()])?;
        let schedule = NoiseSchedule::from_keys(keys, &class.defaults)?;
        Ok(Self {
            train_sigmas: TrainSigmas::new(&schedule),
            prediction_type: PredictionType::from_keys(keys)?,
            clipping: Clipping::dynamic(keys)?,
            grid: match class.spacing {
                true => TimestepGrid::from_keys(keys, Spacing::Linspace)?,
                false => TimestepGrid::LINSPACE,
            },
            sigma_schedule: SigmaSchedule::from_keys(keys, class.lu)?,
            bounds: SigmaBounds::from_keys(keys)?,
            solver_order: keys.solver_order()?,
            end: match class.lambda_clip {
                true => schedule.num_train_timesteps() - clipped(keys, &schedule)?,
                false => schedule.num_train_timesteps(),
            },
            round_timesteps: true,
        })
    }

    /// Timesteps and noise levels of a loop of `num_inference_steps` steps.
    pub(super) fn levels(&self, num_inference_steps: usize) -> Result<Levels, SchedulerError> {
        let train_sigmas = &self.train_sigmas;
        let num_train_timesteps = train_sigmas.sigmas.len();
        let timesteps = self
            .grid
            .multistep_timesteps(num_inference_steps, num_train_timesteps, self.end)?;
        if self.sigma_schedule == SigmaSchedule::Timesteps {
            let sigmas = timesteps
                .iter()
                .map(|&timestep| train_sigmas.at(timestep))
                .collect();
            return Ok(Levels { timesteps, sigmas });
        }
        let sigmas = self
            .bounds
            .spread(self.sigma_schedule, train_sigmas.range(), num_inference_steps)?;
        let round = match self.sigma_schedule {
            SigmaSchedule::Karras | SigmaSchedule::Lu if self.round_timesteps => f64::round_ties_even,
            _ => f64::trunc,
        };
        let timesteps = sigmas.iter().map(|&sigma| round(train_sigmas.timestep(sigma)));
        Ok(Levels {
            timesteps: timesteps.collect(),
            sigmas,
        })
    }
}

/// How many of the noisiest timesteps have a λ below `lambda_min_clipped`.
fn clipped(keys: Keys<'_>, schedule: &NoiseSchedule) -> Result<usize, SchedulerError> {
    let lambda_min = keys.f64("lambda_min_clipped", f64::NEG_INFINITY)? as f32;
    let lambda = |alpha: f32| ln(alpha.sqrt()) - ln((1.0 - alpha).sqrt());
    let noisiest_first = schedule.alphas_cumprod.iter().rev();
    Ok(noisiest_first
        .take_while(|&&alpha| lambda(alpha) < lambda_min)
        .count())
}

/// Which differential equation is solved, in terms of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AlgorithmType {
    /// The deterministic one in terms of the noise.
    DpmSolver,
    /// The deterministic one in terms of the finished sample.
    DpmSolverPlusPlus,
    /// The stochastic one in terms of the noise.
    SdeDpmSolver,
    /// The stochastic one in terms of the finished sample.
    SdeDpmSolverPlusPlus,
}

impl AlgorithmType {
    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        let choices = [
            ("dpmsolver", Self::DpmSolver),
            ("dpmsolver++", Self::DpmSolverPlusPlus),
            ("sde-dpmsolver", Self::SdeDpmSolver),
            ("sde-dpmsolver++", Self::SdeDpmSolverPlusPlus),
            // The word of DEIS means the default.
            ("deis", Self::DpmSolverPlusPlus),
        ];
        keys.word("algorithm_type", &choices, Self::DpmSolverPlusPlus)
    }

    /// What the solver works on, and the finished sample as predicted.
    pub(super) fn convert(
        self,
        config: &SolverConfig,
        model_output: &Latents,
        sample: &Latents,
        Level { alpha, sigma, .. }: Level,
    ) -> (Latents, Latents) {
        let prediction_type = config.prediction_type;
        let original = prediction_type.original(model_output, sample, alpha, sigma);
        if self.predicts_original() {
            let original = config.clipping.apply(original);
            return (original.clone(), original);
        }
        let noise = prediction_type.noise(model_output, sample, alpha, sigma);
        if config.clipping == Clipping::Off {
            return (noise, original);
        }
        let original = PredictionType::Epsilon.original(&noise, sample, alpha, sigma);
        let original = config.clipping.apply(original);
        let noise = PredictionType::Sample.noise(&original, sample, alpha, sigma);
        (noise, original)
    }

    pub(super) fn is_stochastic(self) -> bool {
        matches!(self, Self::SdeDpmSolver | Self::SdeDpmSolverPlusPlus)
    }

    /// Whether the solver works on the finished sample, not on the noise.
    pub(super) fn predicts_original(self) -> bool {
        matches!(self, Self::DpmSolverPlusPlus | Self::SdeDpmSolverPlusPlus)
    }
}

/// The level that the last step leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FinalSigma {
    /// No noise at all.
    Zero,
    /// The lowest level of training.
    Min,
}

impl FinalSigma {
    /// Solvers in terms of the noise cannot step to a level without any.
    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        let final_sigma = Self::from_keys_of_any_algorithm(keys)?;
        let original = [("dpmsolver++", true), ("sde-dpmsolver++", true)];
        let noise = [("dpmsolver", false), ("sde-dpmsolver", false), ("deis", false)];
        let original = keys.word("algorithm_type", &[&original[..], &noise[..]].concat(), true)?;
        if final_sigma == Self::Zero && !original {
            let reason = "this `algorithm_type` needs `final_sigmas_type` sigma_min";
            return Err(SchedulerError::Contradiction { reason });
        }
        Ok(final_sigma)
    }

    pub(super) fn from_keys_of_any_algorithm(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        let choices = [("zero", Self::Zero), ("sigma_min", Self::Min)];
        keys.word("final_sigmas_type", &choices, Self::Zero)
    }
}

/// The formulas for updates of second and third order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SolverType {
    Midpoint,
    Heun,
}

impl SolverType {
    /// Other classes' words mean the class's own default, as in diffusers.
    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        let choices = [
            ("midpoint", Self::Midpoint),
            ("heun", Self::Heun),
            ("logrho", Self::Midpoint),
            ("bh1", Self::Midpoint),
            ("bh2", Self::Midpoint),
        ];
        keys.word("solver_type", &choices, Self::Midpoint)
    }
}

/// A noise level.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) alpha: f32,
    pub(super) sigma: f32,
    pub(super) lambda: f32,
}

impl Level {
    /// From the ratio of noise to signal.
    pub(super) fn new(ratio: f32) -> Self {
        let alpha = 1.0 / (ratio * ratio + 1.0).sqrt();
        let sigma = ratio * alpha;
        Self {
            alpha,
            sigma,
            lambda: ln(alpha) - ln(sigma),
        }
    }

    /// The levels of a loop.
    pub(super) fn all(ratios: &[f32]) -> Vec<Self> {
        ratios.iter().map(|&ratio| Self::new(ratio)).collect()
    }

    /// Original and noise, mixed at this level.
    pub(super) fn add_noise(self, original: &Latents, noise: &Latents) -> Latents {
        combine((self.alpha, original), &[(self.sigma, noise)])
    }
}

/// What an update multiplies the sample, the differences of model outputs of order 0 to 2, and the noise with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Update {
    pub(super) sample: f32,
    pub(super) differences: [f32; 3],
    pub(super) noise: f32,
}

/// An update over the step from one level to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    algorithm_type: AlgorithmType,
    from: Level,
    to: Level,
    pub(super) h: f32,
}

impl Step {
    pub(super) fn new(algorithm_type: AlgorithmType, from: Level, to: Level) -> Self {
        Self {
            algorithm_type,
            from,
            to,
            h: to.lambda - from.lambda,
        }
    }

    /// With the newest output alone.
    pub(super) fn first_order(self) -> Update {
        let Self { from, to, h, .. } = self;
        let (sample, difference, noise) = match self.algorithm_type {
            AlgorithmType::DpmSolverPlusPlus => (to.sigma / from.sigma, -self.phi(), 0.0),
            AlgorithmType::DpmSolver => (to.alpha / from.alpha, -self.phi(), 0.0),
            AlgorithmType::SdeDpmSolverPlusPlus => (
                to.sigma / from.sigma * exp(-h),
                self.phi(),
                to.sigma * (1.0 - exp(-2.0 * h)).sqrt(),
            ),
            AlgorithmType::SdeDpmSolver => (
                to.alpha / from.alpha,
                -2.0 * self.phi(),
                to.sigma * (exp(2.0 * h) - 1.0).sqrt(),
            ),
        };
        Update {
            sample,
            differences: [difference, 0.0, 0.0],
            noise,
        }
    }

    /// With two outputs, after the midpoint rule.
    pub(super) fn midpoint(self) -> Update {
        let mut update = self.first_order();
        update.differences[1] = match self.algorithm_type {
            AlgorithmType::DpmSolver | AlgorithmType::DpmSolverPlusPlus => -(0.5 * self.phi()),
            AlgorithmType::SdeDpmSolverPlusPlus => 0.5 * self.phi(),
            AlgorithmType::SdeDpmSolver => -self.phi(),
        };
        update
    }

    /// With two outputs, after Heun's rule.
    pub(super) fn heun(self) -> Update {
        let Self { to, h, .. } = self;
        let mut update = self.first_order();
        update.differences[1] = match self.algorithm_type {
            AlgorithmType::DpmSolverPlusPlus => to.alpha * ((exp(-h) - 1.0) / h + 1.0),
            AlgorithmType::DpmSolver => -(to.sigma * ((exp(h) - 1.0) / h - 1.0)),
            AlgorithmType::SdeDpmSolverPlusPlus => to.alpha * ((1.0 - exp(-2.0 * h)) / (-2.0 * h) + 1.0),
            AlgorithmType::SdeDpmSolver => -2.0 * (to.sigma * ((exp(h) - 1.0) / h - 1.0)),
        };
        update
    }

    /// With three outputs. The stochastic solver in terms of the noise has no such update.
    pub(super) fn third_order(self) -> Update {
        let Self { to, h, .. } = self;
        let mut update = self.heun();
        update.differences[2] = match self.algorithm_type {
            AlgorithmType::DpmSolverPlusPlus => -(to.alpha * ((exp(-h) - 1.0 + h) / (h * h) - 0.5)),
            AlgorithmType::DpmSolver => -(to.sigma * ((exp(h) - 1.0 - h) / (h * h) - 0.5)),
            AlgorithmType::SdeDpmSolverPlusPlus | AlgorithmType::SdeDpmSolver => {
                let twice = 2.0 * h;
                to.alpha * ((1.0 - exp(-2.0 * h) - twice) / (twice * twice) - 0.5)
            }
        };
        update
    }

    /// The integral of the exponential weight over the step, with the scale of what the solver works on.
    fn phi(self) -> f32 {
        let Self { to, h, .. } = self;
        match self.algorithm_type {
            AlgorithmType::DpmSolverPlusPlus => to.alpha * (exp(-h) - 1.0),
            AlgorithmType::SdeDpmSolverPlusPlus => to.alpha * (1.0 - exp(-2.0 * h)),
            AlgorithmType::DpmSolver | AlgorithmType::SdeDpmSolver => to.sigma * (exp(h) - 1.0),
        }
    }
}

impl Update {
    /// Whether no two levels of it coincide in a way that divides by zero.
    pub(super) fn is_finite(&self) -> bool {
        let [first, second, third] = self.differences;
        [self.sample, first, second, third, self.noise]
            .iter()
            .all(|value| value.is_finite())
    }

    /// The updated sample; `differences` are as many as the order of the update.
    pub(super) fn apply(
        &self,
        sample: &Latents,
        differences: &[&Latents],
        noise: Option<&Latents>,
    ) -> Latents {
        let differences = self.differences.iter().copied().zip(differences.iter().copied());
        let noise = noise.map(|noise| (self.noise, noise));
        combine(
            (self.sample, sample),
            &differences.chain(noise).collect::<Vec<_>>(),
        )
    }
}
