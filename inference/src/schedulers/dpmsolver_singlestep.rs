//! DPM-Solver and DPM-Solver++ with all evaluations of a step inside it (2S, 3S), <https://arxiv.org/abs/2211.01095>
//! algorithm 1: orders rise from 1 within a step and start again in the next.

use serde_json::json;

use super::{
    Latents, LoopOptions, Scheduler, SchedulerError, StepOutput,
    clipping::Clipping,
    dpm_solver::{AlgorithmType, FinalSigma, Level, SolverClass, SolverConfig, SolverType, Step, Update},
    history::History,
    keys::Keys,
    numbers::{difference, map},
    schedule::ScheduleDefaults,
};
use crate::noise::Noise;

/// The keys of a `DPMSolverSinglestepScheduler`.
#[derive(Debug, Clone)]
pub(super) struct DpmSinglestepConfig {
    pub(super) common: SolverConfig,
    algorithm_type: AlgorithmType,
    solver_type: SolverType,
    lower_order_final: bool,
    final_sigma: FinalSigma,
}

impl DpmSinglestepConfig {
    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        let class = SolverClass {
            defaults: ScheduleDefaults::DDPM,
            spacing: false,
            lu: false,
            lambda_clip: true,
        };
        keys.never("variance_type", &[json!("learned"), json!("learned_range")])?;
        keys.never("algorithm_type", &[json!("sde-dpmsolver")])?;
        let common = SolverConfig::from_keys(keys, &class)?;
        let algorithm_type = AlgorithmType::from_keys(keys)?;
        if common.clipping != Clipping::Off && algorithm_type == AlgorithmType::DpmSolver {
            let reason = "this class has no `thresholding` with `algorithm_type` dpmsolver";
            return Err(SchedulerError::Contradiction { reason });
        }
        Ok(Self {
            common,
            algorithm_type,
            solver_type: SolverType::from_keys(keys)?,
            lower_order_final: keys.bool("lower_order_final", false)?,
            final_sigma: FinalSigma::from_keys(keys)?,
        })
    }

    /// The order of each evaluation. Where the steps do not come out even, lower orders end the loop, whatever
    /// `lower_order_final` says.
    fn orders(&self, len: usize) -> Vec<usize> {
        let order = self.common.solver_order;
        let zero = self.final_sigma == FinalSigma::Zero;
        let lower_order_final = self.lower_order_final || !len.is_multiple_of(order) || zero;
        let mut orders: Vec<usize> = (1..=order).cycle().take(len).collect();
        if lower_order_final && order > 1 && len.is_multiple_of(order) {
            // The last step is split into one of the order below, and one of order 1.
            if let Some(last) = orders.last_mut() {
                *last = 1;
            }
        }
        if let (true, Some(last)) = (zero, orders.last_mut()) {
            *last = 1;
        }
        orders
    }
}

/// One loop.
#[derive(Debug)]
pub(super) struct DpmSinglestep {
    config: DpmSinglestepConfig,
    timesteps: Vec<f32>,
    /// One more than timesteps: the level that the last step leads to.
    levels: Vec<Level>,
    orders: Vec<usize>,
    /// Finished samples or noise, whichever the algorithm works on.
    outputs: History,
    /// The sample at the begin of the step.
    begin: Option<Latents>,
}

impl DpmSinglestep {
    pub(super) fn new(config: &DpmSinglestepConfig, options: &LoopOptions) -> Result<Self, SchedulerError> {
        let levels = config.common.levels(options.num_inference_steps)?;
        let last = match config.final_sigma {
            FinalSigma::Zero => 0.0,
            FinalSigma::Min => config.common.train_sigmas.first(),
        };
        let timesteps = levels.timesteps_f32();
        let scheduler = Self {
            orders: config.orders(timesteps.len()),
            timesteps,
            levels: Level::all(&levels.sigmas_to(last)),
            outputs: History::new(config.common.solver_order),
            begin: None,
            config: config.clone(),
        };
        let finite = scheduler.orders.iter().enumerate().all(|(step, &order)| {
            let (update, [r0, r1]) = (scheduler.update(step, order), scheduler.ratios(step, order));
            update.is_finite() && (1.0 / r0).is_finite() && (1.0 / r1).is_finite()
        });
        match finite {
            true => Ok(scheduler),
            false => Err(SchedulerError::REPEATED_LEVELS),
        }
    }

    fn update(&self, step: usize, order: usize) -> Update {
        let from = self.levels[step + 1 - order];
        let update = Step::new(self.config.algorithm_type, from, self.levels[step + 1]);
        match (order, self.config.solver_type) {
            (1, _) => update.first_order(),
            (2, SolverType::Midpoint) => update.midpoint(),
            (2, SolverType::Heun) | (_, SolverType::Midpoint) => update.heun(),
            (_, SolverType::Heun) => update.third_order(),
        }
    }

    /// How far the last evaluation, and the one before, lie behind the begin, in λ, measured by the whole step.
    fn ratios(&self, step: usize, order: usize) -> [f32; 2] {
        let begin = self.levels[step + 1 - order].lambda;
        let h = self.levels[step + 1].lambda - begin;
        let ratio = |step: usize| (self.levels[step].lambda - begin) / h;
        match order {
            1 => [1.0, 1.0],
            2 => [ratio(step), 1.0],
            _ => [ratio(step), ratio(step - 1)],
        }
    }
}

impl Scheduler for DpmSinglestep {
    fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    /// Draws noise in every evaluation of the stochastic algorithm.
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
        // A loop that begins late begins within a step.
        let order = self.orders[step].min(self.outputs.len());
        if order == 1 {
            self.begin = Some(sample.clone());
        }
        let begin = self.begin.as_ref().unwrap_or(sample);
        let update = self.update(step, order);
        let [r0, r1] = self.ratios(step, order);
        let m0 = self.outputs.get(0);
        let prev_sample = match order {
            1 => update.apply(begin, &[m0], noise.as_ref()),
            2 => {
                let m1 = self.outputs.get(1);
                let d1 = difference(1.0 / r0, m0, m1);
                update.apply(begin, &[m1, &d1], noise.as_ref())
            }
            _ => {
                let m2 = self.outputs.get(2);
                let near = difference(1.0 / r1, self.outputs.get(1), m2);
                let far = difference(1.0 / r0, m0, m2);
                match self.config.solver_type {
                    SolverType::Midpoint => update.apply(begin, &[m2, &far], noise.as_ref()),
                    SolverType::Heun => {
                        let d1 = map(&near, &far, |near, far| (r0 * near - r1 * far) / (r0 - r1));
                        let d2 = map(&near, &far, |near, far| 2.0 * (far - near) / (r0 - r1));
                        update.apply(begin, &[m2, &d1, &d2], noise.as_ref())
                    }
                }
            }
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
