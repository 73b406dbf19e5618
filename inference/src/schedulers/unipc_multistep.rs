//! The unified predictor–corrector, <https://arxiv.org/abs/2302.04867>: each output first corrects the step that led to
//! it, then predicts the next.

use super::{
    Latents, LoopOptions, Scheduler, SchedulerError, StepOutput,
    clipping::Clipping,
    dpm_solver::{AlgorithmType, FinalSigma, Level, SolverClass, SolverConfig},
    history::History,
    keys::Keys,
    linear::solve,
    numbers::{combine, exp_m1, map},
    schedule::{ScheduleDefaults, ZeroSnr},
    sigmas::SigmaSchedule,
};
use crate::noise::Noise;

/// The keys of a `UniPCMultistepScheduler`.
#[derive(Debug, Clone)]
pub(super) struct UniPcConfig {
    pub(super) common: SolverConfig,
    /// In terms of what the equation is solved: DPM-Solver++'s (`predict_x0`) or DPM-Solver's.
    algorithm_type: AlgorithmType,
    solver_type: SolverType,
    lower_order_final: bool,
    /// Steps that are not corrected.
    disable_corrector: Vec<usize>,
    final_sigma: FinalSigma,
}

/// The function B(h) of the paper.
#[derive(Debug, Clone, Copy)]
enum SolverType {
    Bh1,
    Bh2,
}

impl UniPcConfig {
    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        let class = SolverClass {
            defaults: ScheduleDefaults {
                zero_snr: ZeroSnr::Tiny,
                ..ScheduleDefaults::DDPM
            },
            spacing: true,
            lu: false,
            lambda_clip: false,
        };
        // Other classes' words mean this class's default.
        let solver_types = [
            ("bh1", SolverType::Bh1),
            ("bh2", SolverType::Bh2),
            ("midpoint", SolverType::Bh2),
            ("heun", SolverType::Bh2),
            ("logrho", SolverType::Bh2),
        ];
        keys.only("solver_p", &[])?;
        let mut common = SolverConfig::from_keys(keys, &class)?;
        let algorithm_type = match keys.bool("predict_x0", true)? {
            true => AlgorithmType::DpmSolverPlusPlus,
            false => AlgorithmType::DpmSolver,
        };
        if algorithm_type == AlgorithmType::DpmSolver {
            // diffusers looks at thresholding only where it predicts the finished sample.
            common.clipping = Clipping::Off;
        }
        Ok(Self {
            common,
            algorithm_type,
            solver_type: keys.word("solver_type", &solver_types, SolverType::Bh2)?,
            lower_order_final: keys.bool("lower_order_final", true)?,
            disable_corrector: keys.counts("disable_corrector")?,
            final_sigma: FinalSigma::from_keys_of_any_algorithm(keys)?,
        })
    }
}

/// One loop.
#[derive(Debug)]
pub(super) struct UniPc {
    config: UniPcConfig,
    timesteps: Vec<f32>,
    /// One more than timesteps: the level that the last step leads to.
    levels: Vec<Level>,
    /// Finished samples or noise, whichever the algorithm works on.
    outputs: History,
    /// The corrected sample before the last step, and the order of that step.
    last: Option<(Latents, usize)>,
}

/// What an update over one step is put together from, formula 9 of the paper.
#[derive(Debug)]
struct Update {
    sample: f32,
    output: f32,
    /// Times the weighted differences.
    differences: f32,
    /// How far back each earlier output lies, measured by the step.
    distances: Vec<f32>,
    /// The weights of the differences: of the earlier outputs, and, of the corrector, of the newest.
    weights: Vec<f32>,
}

/// An update with or without the output at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Predictor,
    Corrector,
}

impl UniPc {
    pub(super) fn new(config: &UniPcConfig, options: &LoopOptions) -> Result<Self, SchedulerError> {
        let levels = config.common.levels(options.num_inference_steps)?;
        let last = match (config.final_sigma, config.common.sigma_schedule) {
            (FinalSigma::Zero, _) => 0.0,
            (FinalSigma::Min, SigmaSchedule::Timesteps) => config.common.train_sigmas.first(),
            (FinalSigma::Min, _) => levels.sigmas.last().map_or(0.0, |&sigma| sigma as f32),
        };
        let scheduler = Self {
            timesteps: levels.timesteps_f32(),
            levels: Level::all(&levels.sigmas_to(last)),
            outputs: History::new(config.common.solver_order),
            last: None,
            config: config.clone(),
        };
        let len = scheduler.timesteps.len();
        let finite = (0..len).all(|step| {
            let order = scheduler.order_of(step, step + 1);
            let corrector = || scheduler.update(Part::Corrector, step, order).is_finite();
            scheduler.update(Part::Predictor, step, order).is_finite() && (step + 1 == len || corrector())
        });
        match finite {
            true => Ok(scheduler),
            false => Err(SchedulerError::REPEATED_LEVELS),
        }
    }

    /// The order of a step that has this many outputs at hand.
    fn order_of(&self, step: usize, outputs: usize) -> usize {
        let solver_order = self.config.common.solver_order;
        let limit = match self.config.lower_order_final {
            true => solver_order.min(self.timesteps.len() - step),
            false => solver_order,
        };
        limit.min(outputs)
    }

    /// The update over step `step`.
    fn update(&self, part: Part, step: usize, order: usize) -> Update {
        let (from, to) = (self.levels[step], self.levels[step + 1]);
        let h = to.lambda - from.lambda;
        let (hh, sample, scale) = match self.config.algorithm_type.predicts_original() {
            true => (-h, to.sigma / from.sigma, to.alpha),
            false => (h, to.alpha / from.alpha, to.sigma),
        };
        let h_phi_1 = exp_m1(hh);
        let b_h = match self.config.solver_type {
            SolverType::Bh1 => hh,
            SolverType::Bh2 => h_phi_1,
        };
        let distances: Vec<f32> = (1..order)
            .map(|age| (self.levels[step - age].lambda - from.lambda) / h)
            .collect();
        let mut nodes = distances.clone();
        nodes.push(1.0);
        let moments = moments(hh, h_phi_1, b_h, order);
        let weights = match (part, order) {
            (Part::Predictor, 1) => Vec::new(),
            // Both are simplified in the paper's own code.
            (Part::Predictor, 2) | (Part::Corrector, 1) => vec![0.5],
            (Part::Predictor, _) => solve(powers(&nodes[..order - 1]), moments[..order - 1].to_vec()),
            (Part::Corrector, _) => solve(powers(&nodes), moments),
        };
        Update {
            sample,
            output: scale * h_phi_1,
            differences: scale * b_h,
            distances,
            weights,
        }
    }
}

/// The right side of formula 10 of the paper.
fn moments(hh: f32, h_phi_1: f32, b_h: f32, order: usize) -> Vec<f32> {
    let mut h_phi_k = h_phi_1 / hh - 1.0;
    let mut factorial = 1.0_f32;
    (1..=order)
        .map(|index| {
            let moment = h_phi_k * factorial / b_h;
            factorial *= (index + 1) as f32;
            h_phi_k = h_phi_k / hh - 1.0 / factorial;
            moment
        })
        .collect()
}

/// The rows of powers of `nodes`, from 0 upwards.
fn powers(nodes: &[f32]) -> Vec<Vec<f32>> {
    (0..nodes.len())
        .map(|power| nodes.iter().map(|node| node.powi(power as i32)).collect())
        .collect()
}

impl Update {
    /// Whether no two levels of it coincide in a way that divides by zero.
    fn is_finite(&self) -> bool {
        let scale = match self.weights.is_empty() {
            true => self.sample + self.output + self.differences * 0.0,
            false => self.sample + self.output + self.differences,
        };
        let weights = self.weights.iter().all(|weight| weight.is_finite());
        scale.is_finite() && weights && self.distances.iter().all(|&distance| distance != 0.0)
    }

    /// The sample at the end of the step from that at its begin; `outputs` begin with that at the begin, and `newest`
    /// is the one at the end, if known.
    fn apply(&self, sample: &Latents, outputs: &[&Latents], newest: Option<&Latents>) -> Latents {
        let Some((&output, earlier)) = outputs.split_first() else {
            return sample.clone();
        };
        let first_order = combine((self.sample, sample), &[(-self.output, output)]);
        let earlier = earlier.iter().zip(&self.distances);
        let mut differences: Vec<Latents> = earlier
            .map(|(earlier, distance)| map(earlier, output, |earlier, output| (earlier - output) / distance))
            .collect();
        differences.extend(newest.map(|newest| newest - output));
        let mut terms = self.weights.iter().copied().zip(&differences);
        match terms.next() {
            Some(first) => {
                let correction = combine(first, &terms.collect::<Vec<_>>());
                combine((1.0, &first_order), &[(-self.differences, &correction)])
            }
            None => first_order,
        }
    }
}

impl Scheduler for UniPc {
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
        let config = &self.config;
        let (converted, pred_original_sample) =
            config
                .algorithm_type
                .convert(&config.common, model_output, sample, self.levels[step]);
        let corrected = match self.last.take() {
            Some((last, order)) if step > 0 && !config.disable_corrector.contains(&(step - 1)) => {
                let outputs: Vec<_> = self.outputs.newest_first().take(order).collect();
                self.update(Part::Corrector, step - 1, order)
                    .apply(&last, &outputs, Some(&converted))
            }
            _ => sample.clone(),
        };
        self.outputs.push(converted);
        let order = self.order_of(step, self.outputs.len());
        let outputs: Vec<_> = self.outputs.newest_first().take(order).collect();
        let prev_sample = self
            .update(Part::Predictor, step, order)
            .apply(&corrected, &outputs, None);
        self.last = Some((corrected, order));
        StepOutput {
            prev_sample,
            pred_original_sample,
        }
    }

    fn add_noise(&self, original: &Latents, noise: &Latents, step: usize) -> Latents {
        self.levels[step].add_noise(original, noise)
    }
}
