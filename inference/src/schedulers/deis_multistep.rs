//! The diffusion exponential integrator sampler in its log-ρ multistep form, <https://arxiv.org/abs/2204.13902>.

use super::{
    Latents, LoopOptions, Scheduler, SchedulerError, StepOutput,
    dpm_solver::{AlgorithmType, Level, SolverClass, SolverConfig, Step},
    dpmsolver_multistep::SHORT_LOOP,
    history::History,
    keys::Keys,
    numbers::{combine, ln, map},
    schedule::ScheduleDefaults,
    sigmas::SigmaSchedule,
};
use crate::noise::Noise;

/// The keys of a `DEISMultistepScheduler`.
#[derive(Debug, Clone)]
pub(super) struct DeisConfig {
    pub(super) common: SolverConfig,
    lower_order_final: bool,
}

impl DeisConfig {
    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        let class = SolverClass {
            defaults: ScheduleDefaults::DDPM,
            spacing: true,
            lu: false,
            lambda_clip: false,
        };
        // Other classes' words mean the only one that this class has.
        let algorithm_types = [("deis", ()), ("dpmsolver", ()), ("dpmsolver++", ())];
        keys.word("algorithm_type", &algorithm_types, ())?;
        let solver_types = ["logrho", "midpoint", "heun", "bh1", "bh2"].map(|word| (word, ()));
        keys.word("solver_type", &solver_types, ())?;
        Ok(Self {
            common: SolverConfig::from_keys(keys, &class)?,
            lower_order_final: keys.bool("lower_order_final", true)?,
        })
    }
}

/// One loop.
#[derive(Debug)]
pub(super) struct Deis {
    config: DeisConfig,
    timesteps: Vec<f32>,
    /// One more than timesteps: the level that the last step leads to.
    levels: Vec<Level>,
    /// The noise as predicted.
    outputs: History,
}

impl Deis {
    pub(super) fn new(config: &DeisConfig, options: &LoopOptions) -> Result<Self, SchedulerError> {
        let levels = config.common.levels(options.num_inference_steps)?;
        let last = match config.common.sigma_schedule {
            SigmaSchedule::Timesteps => config.common.train_sigmas.first(),
            _ => levels.sigmas.last().map_or(0.0, |&sigma| sigma as f32),
        };
        let scheduler = Self {
            timesteps: levels.timesteps_f32(),
            levels: Level::all(&levels.sigmas_to(last)),
            outputs: History::new(config.common.solver_order),
            config: config.clone(),
        };
        let finite = (0..scheduler.timesteps.len()).all(|step| {
            let order = scheduler.order_of(step, step + 1);
            order == 1
                || scheduler
                    .weights(step, order)
                    .iter()
                    .all(|weight| weight.is_finite())
        });
        match finite {
            true => Ok(scheduler),
            false => Err(SchedulerError::REPEATED_LEVELS),
        }
    }

    /// The order of a step that has this many outputs at hand.
    fn order_of(&self, step: usize, outputs: usize) -> usize {
        let len = self.timesteps.len();
        let limit = match len - step {
            left @ (1 | 2) if self.config.lower_order_final && len < SHORT_LOOP => left,
            _ => self.config.common.solver_order,
        };
        limit.min(outputs).min(self.config.common.solver_order)
    }

    /// The integrals over the step of the polynomials in ln ρ through the outputs, ρ = σ / α; the newest first.
    fn weights(&self, step: usize, order: usize) -> Vec<f32> {
        let rho = |step: usize| self.levels[step].sigma / self.levels[step].alpha;
        let (to, from, before) = (rho(step + 1), rho(step), rho(step - 1));
        if order == 2 {
            let weight = |b, c| antiderivative_2(to, b, c) - antiderivative_2(from, b, c);
            return vec![weight(from, before), weight(before, from)];
        }
        let first = rho(step - 2);
        let weight = |b, c, d| antiderivative_3(to, [b, c, d]) - antiderivative_3(from, [b, c, d]);
        vec![
            weight(from, before, first),
            weight(before, first, from),
            weight(first, from, before),
        ]
    }
}

/// ∫ (ln t − ln c) / (ln b − ln c) dt.
fn antiderivative_2(t: f32, b: f32, c: f32) -> f32 {
    t * (-ln(c) + ln(t) - 1.0) / (ln(b) - ln(c))
}

/// ∫ (ln t − ln c)(ln t − ln d) / ((ln b − ln c)(ln b − ln d)) dt.
fn antiderivative_3(t: f32, [b, c, d]: [f32; 3]) -> f32 {
    let (log_b, log_c, log_d, log_t) = (ln(b), ln(c), ln(d), ln(t));
    let numerator =
        t * (log_c * (log_d - log_t + 1.0) - log_d * log_t + log_d + log_t * log_t - 2.0 * log_t + 2.0);
    numerator / ((log_b - log_c) * (log_b - log_d))
}

impl Scheduler for Deis {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    fn step(
        &mut self,
        model_output: &Latents,
        step: usize,
        sample: &Latents,
        _noise: &mut dyn Noise,
    ) -> StepOutput {
        let Level { alpha, sigma, .. } = self.levels[step];
        let common = &self.config.common;
        let original = common
            .prediction_type
            .original(model_output, sample, alpha, sigma);
        let pred_original_sample = common.clipping.apply(original);
        self.outputs
            .push(map(sample, &pred_original_sample, |sample, original| {
                (sample - alpha * original) / sigma
            }));
        let to = self.levels[step + 1];
        let order = self.order_of(step, self.outputs.len());
        let prev_sample = if order == 1 {
            let update = Step::new(AlgorithmType::DpmSolver, self.levels[step], to).first_order();
            update.apply(sample, &[self.outputs.get(0)], None)
        } else {
            let weights = self.weights(step, order);
            let terms: Vec<_> = weights.into_iter().zip(self.outputs.newest_first()).collect();
            let mut sum = combine((1.0, &sample.mapv(|value| value / alpha)), &terms);
            sum.mapv_inplace(|value| to.alpha * value);
            sum
        };
        StepOutput {
            prev_sample,
            pred_original_sample,
        }
    }

    fn add_noise(&self, original: &Latents, noise: &Latents, step: usize) -> Latents {
        self.levels[step].add_noise(original, noise)
    }
}
