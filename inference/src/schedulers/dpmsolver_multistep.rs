//! DPM-Solver and DPM-Solver++ with outputs of earlier steps (2M, 3M), deterministic and stochastic,
//! <https://arxiv.org/abs/2211.01095> algorithm 2.

use serde_json::json;

use super::{
    Latents, LoopOptions, Scheduler, SchedulerError, StepOutput,
    dpm_solver::{AlgorithmType, FinalSigma, Level, SolverClass, SolverConfig, SolverType, Step, Update},
    history::History,
    keys::Keys,
    numbers::{difference, map},
    schedule::{ScheduleDefaults, ZeroSnr},
};
use crate::noise::Noise;

/// Loops shorter than this end with lower orders, where `lower_order_final` says so.
pub(super) const SHORT_LOOP: usize = 15;

/// The keys of a `DPMSolverMultistepScheduler`.
#[derive(Debug, Clone)]
pub(super) struct DpmMultistepConfig {
    pub(super) common: SolverConfig,
    algorithm_type: AlgorithmType,
    solver_type: SolverType,
    lower_order_final: bool,
    euler_at_final: bool,
    final_sigma: FinalSigma,
}

impl DpmMultistepConfig {
    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        let class = SolverClass {
            defaults: ScheduleDefaults {
                zero_snr: ZeroSnr::Tiny,
                ..ScheduleDefaults::DDPM
            },
            spacing: true,
            lu: true,
            lambda_clip: true,
        };
        keys.never("variance_type", &[json!("learned"), json!("learned_range")])?;
        let mut common = SolverConfig::from_keys(keys, &class)?;
        common.round_timesteps = !keys.is("beta_schedule", "squaredcos_cap_v2");
        let algorithm_type = AlgorithmType::from_keys(keys)?;
        Ok(Self {
            common,
            algorithm_type,
            solver_type: SolverType::from_keys(keys)?,
            lower_order_final: keys.bool("lower_order_final", true)?,
            euler_at_final: keys.bool("euler_at_final", false)?,
            final_sigma: FinalSigma::from_keys(keys)?,
        })
    }

    /// Whether fresh noise is added in each step.
    pub(super) fn is_stochastic(&self) -> bool {
        self.algorithm_type.is_stochastic()
    }
}

/// One loop.
#[derive(Debug)]
pub(super) struct DpmMultistep {
    config: DpmMultistepConfig,
    timesteps: Vec<f32>,
    /// One more than timesteps: the level that the last step leads to.
    levels: Vec<Level>,
    /// Finished samples or noise, whichever the algorithm works on.
    outputs: History,
}

impl DpmMultistep {
    pub(super) fn new(config: &DpmMultistepConfig, options: &LoopOptions) -> Result<Self, SchedulerError> {
        let levels = config.common.levels(options.num_inference_steps)?;
        let last = match config.final_sigma {
            FinalSigma::Zero => 0.0,
            FinalSigma::Min => config.common.train_sigmas.first(),
        };
        let scheduler = Self {
            timesteps: levels.timesteps_f32(),
            levels: Level::all(&levels.sigmas_to(last)),
            outputs: History::new(config.common.solver_order),
            config: config.clone(),
        };
        let orders = || (0..scheduler.timesteps.len()).map(|step| scheduler.order_of(step, step + 1));
        if config.algorithm_type == AlgorithmType::SdeDpmSolver && orders().any(|order| order == 3) {
            let reason = "`algorithm_type` sde-dpmsolver has no `solver_order` 3";
            return Err(SchedulerError::Contradiction { reason });
        }
        let finite = (0..scheduler.timesteps.len()).all(|step| {
            let order = scheduler.order_of(step, step + 1);
            scheduler.update(step, order).is_finite()
                && scheduler
                    .ratios(step, order)
                    .is_none_or(|(r0, r1)| (1.0 / r0).is_finite() && (1.0 / r1).is_finite())
        });
        match finite {
            true => Ok(scheduler),
            false => Err(SchedulerError::REPEATED_LEVELS),
        }
    }

    /// The order of a step that has this many outputs at hand.
    fn order_of(&self, step: usize, outputs: usize) -> usize {
        let config = &self.config;
        let len = self.timesteps.len();
        let lower_order_final = config.lower_order_final && len < SHORT_LOOP;
        let limit = if step + 1 == len
            && (config.euler_at_final || lower_order_final || config.final_sigma == FinalSigma::Zero)
        {
            1
        } else if step + 2 == len && lower_order_final {
            2
        } else {
            config.common.solver_order
        };
        limit.min(outputs).min(config.common.solver_order)
    }

    fn update(&self, step: usize, order: usize) -> Update {
        let update = Step::new(
            self.config.algorithm_type,
            self.levels[step],
            self.levels[step + 1],
        );
        match (order, self.config.solver_type) {
            (1, _) => update.first_order(),
            (2, SolverType::Midpoint) => update.midpoint(),
            (2, SolverType::Heun) => update.heun(),
            _ => update.third_order(),
        }
    }

    /// How long the two steps before are, in λ, measured by this one; the second one for order 3 only.
    fn ratios(&self, step: usize, order: usize) -> Option<(f32, f32)> {
        let lambda = |step: usize| self.levels[step].lambda;
        let h = lambda(step + 1) - lambda(step);
        match order {
            1 => None,
            2 => Some(((lambda(step) - lambda(step - 1)) / h, 1.0)),
            _ => Some((
                (lambda(step) - lambda(step - 1)) / h,
                (lambda(step - 1) - lambda(step - 2)) / h,
            )),
        }
    }
}

impl Scheduler for DpmMultistep {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    /// Draws noise in every step of a stochastic algorithm.
    fn step(
        &mut self,
        model_output: &Latents,
        step: usize,
        sample: &Latents,
        noise: &mut dyn Noise,
    ) -> StepOutput {
        let (converted, pred_original_sample) =
            self.config
                .algorithm_type
                .convert(&self.config.common, model_output, sample, self.levels[step]);
        self.outputs.push(converted);
        let noise = (self.config.algorithm_type.is_stochastic()).then(|| noise.randn(sample.dim()));
        let order = self.order_of(step, self.outputs.len());
        let update = self.update(step, order);
        let m0 = self.outputs.get(0);
        let prev_sample = match (order, self.ratios(step, order)) {
            (2, Some((r0, _))) => {
                let d1 = difference(1.0 / r0, m0, self.outputs.get(1));
                update.apply(sample, &[m0, &d1], noise.as_ref())
            }
            (3, Some((r0, r1))) => {
                let near = difference(1.0 / r0, m0, self.outputs.get(1));
                let far = difference(1.0 / r1, self.outputs.get(1), self.outputs.get(2));
                let d1 = map(&near, &far, |near, far| near + r0 / (r0 + r1) * (near - far));
                let d2 = difference(1.0 / (r0 + r1), &near, &far);
                update.apply(sample, &[m0, &d1, &d2], noise.as_ref())
            }
            _ => update.apply(sample, &[m0], noise.as_ref()),
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
