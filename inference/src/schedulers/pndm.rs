//! Pseudo numerical methods for diffusion models, <https://arxiv.org/abs/2202.09778>: a Runge–Kutta start (PRK), which
//! latent diffusion models leave out, and a linear multistep method (PLMS).

use super::{
    Latents, LoopOptions, Scheduler, SchedulerError, StepOutput,
    history::History,
    keys::Keys,
    numbers::{combine, map},
    prediction::PredictionType,
    schedule::{NoiseSchedule, ScheduleDefaults, Spacing, TimestepGrid},
};
use crate::noise::Noise;

/// The number of timesteps that the Runge–Kutta start is built on, of which it visits three.
const PRK_TIMESTEPS: usize = 4;

/// The keys of a `PNDMScheduler`.
#[derive(Debug, Clone)]
pub(super) struct PndmConfig {
    schedule: NoiseSchedule,
    pub(super) prediction_type: PredictionType,
    grid: TimestepGrid,
    set_alpha_to_one: bool,
    skip_prk_steps: bool,
}

impl PndmConfig {
    pub(super) fn from_keys(keys: Keys<'_>) -> Result<Self, SchedulerError> {
        Ok(Self {
            schedule: NoiseSchedule::from_keys(keys, &ScheduleDefaults::DDPM)?,
            prediction_type: PredictionType::from_keys_without_sample(keys)?,
            grid: TimestepGrid::from_keys(keys, Spacing::Leading)?,
            set_alpha_to_one: keys.bool("set_alpha_to_one", false)?,
            skip_prk_steps: keys.bool("skip_prk_steps", false)?,
        })
    }
}

/// One PNDM loop.
#[derive(Debug)]
pub(super) struct Pndm {
    schedule: NoiseSchedule,
    prediction_type: PredictionType,
    /// ᾱ below timestep 0.
    final_alpha: f32,
    /// The timesteps between two steps.
    distance: f64,
    timesteps: Vec<f32>,
    /// How many of the timesteps belong to the Runge–Kutta start.
    prk_len: usize,
    begin_index: usize,
    /// The sum of a Runge–Kutta step so far.
    runge_kutta_sum: Option<Latents>,
    /// The sample at the begin of a Runge–Kutta step, or of the first multistep one.
    begin: Option<Latents>,
    outputs: History,
}

impl Pndm {
    pub(super) fn new(config: &PndmConfig, options: &LoopOptions) -> Result<Self, SchedulerError> {
        let num_train_timesteps = config.schedule.num_train_timesteps();
        let num_inference_steps = options.num_inference_steps;
        let steps = SchedulerError::Steps {
            num_inference_steps,
            num_train_timesteps,
        };
        let mut grid = config.grid.timesteps(num_inference_steps, num_train_timesteps)?;
        grid.iter_mut()
            .for_each(|timestep| *timestep = timestep.round_ties_even());
        let distance = num_train_timesteps / num_inference_steps;
        let (prk, plms) = if config.skip_prk_steps {
            (Vec::new(), repeat_second(&grid))
        } else if num_inference_steps < PRK_TIMESTEPS {
            return Err(steps);
        } else {
            let prk = prk_timesteps(&grid, (distance / 2) as f64);
            (prk, grid.iter().skip(PRK_TIMESTEPS - 1).copied().collect())
        };
        let prk_len = prk.len();
        let timesteps: Vec<f64> = prk.into_iter().chain(plms).collect();
        config.schedule.alphas(&timesteps, config.prediction_type)?;
        // The repeated timestep is counted back to the one before it.
        if let (0, Some(second)) = (prk_len, timesteps.get(1))
            && config.schedule.alpha(second + distance as f64).is_none()
        {
            return Err(steps);
        }
        Ok(Self {
            prediction_type: config.prediction_type,
            final_alpha: match config.schedule.alpha(0.0) {
                Some(first) if !config.set_alpha_to_one => first,
                _ => 1.0,
            },
            schedule: config.schedule.clone(),
            distance: distance as f64,
            timesteps: timesteps.iter().map(|&timestep| timestep as f32).collect(),
            prk_len,
            begin_index: 0,
            runge_kutta_sum: None,
            begin: None,
            outputs: History::new(4),
        })
    }

    /// The weighted mean of a Runge–Kutta step's four outputs, known with the last; until then the newest output.
    fn runge_kutta(&mut self, output: &Latents, counter: usize, sample: &Latents) -> Latents {
        let weight = match counter % 4 {
            0 | 3 => 1.0 / 6.0,
            _ => 1.0 / 3.0,
        };
        let sum = match self.runge_kutta_sum.take() {
            Some(sum) => combine((1.0, &sum), &[(weight, output)]),
            None => output.mapv(|value| weight * value),
        };
        match counter % 4 {
            3 => return sum,
            0 => {
                self.outputs.push(output.clone());
                self.begin = Some(sample.clone());
            }
            _ => {}
        }
        self.runge_kutta_sum = Some(sum);
        output.clone()
    }

    /// The Adams–Bashforth combination of the outputs so far; the second evaluation repeats the first step with the
    /// mean of both its ends.
    fn multistep(&mut self, output: &Latents, counter: usize) -> Latents {
        if counter == 1 {
            let first = self.outputs.get(0);
            return map(output, first, |output, first| (output + first) / 2.0);
        }
        self.outputs.push(output.clone());
        let outputs = &self.outputs;
        let scaled = |mut sum: Latents, divisor: f32| {
            sum.mapv_inplace(|value| value / divisor);
            sum
        };
        match outputs.len() {
            1 => output.clone(),
            2 => scaled(combine((3.0, output), &[(-1.0, outputs.get(1))]), 2.0),
            3 => {
                let others = [(-16.0, outputs.get(1)), (5.0, outputs.get(2))];
                scaled(combine((23.0, output), &others), 12.0)
            }
            _ => {
                let others = [
                    (-59.0, outputs.get(1)),
                    (37.0, outputs.get(2)),
                    (-9.0, outputs.get(3)),
                ];
                let mut sum = combine((55.0, output), &others);
                sum.mapv_inplace(|value| 1.0 / 24.0 * value);
                sum
            }
        }
    }

    /// Formula 9 of the paper, from one timestep to another.
    fn transfer(&self, sample: &Latents, (from, to): (f64, f64), output: &Latents) -> Latents {
        let alpha = self.schedule.alpha(from).unwrap_or(self.final_alpha);
        let alpha_prev = self.schedule.alpha(to).unwrap_or(self.final_alpha);
        let (beta, beta_prev) = (1.0 - alpha, 1.0 - alpha_prev);
        let epsilon = self
            .prediction_type
            .noise(output, sample, alpha.sqrt(), beta.sqrt());
        let sample_scale = (alpha_prev / alpha).sqrt();
        let denominator = alpha * beta_prev.sqrt() + (alpha * beta * alpha_prev).sqrt();
        map(sample, &epsilon, |sample, epsilon| {
            sample_scale * sample - (alpha_prev - alpha) * epsilon / denominator
        })
    }
}

/// All timesteps, the second one twice.
fn repeat_second(grid: &[f64]) -> Vec<f64> {
    let mut timesteps = grid.to_vec();
    if let Some(&second) = grid.get(1) {
        timesteps.insert(1, second);
    }
    timesteps
}

/// Three Runge–Kutta steps of four evaluations each: at the begin, twice half way, at the end.
fn prk_timesteps(grid: &[f64], half: f64) -> Vec<f64> {
    let pairs = grid.windows(2).take(PRK_TIMESTEPS - 1);
    pairs
        .flat_map(|pair| [pair[0], pair[1] + half, pair[1] + half, pair[1]])
        .collect()
}

impl Scheduler for Pndm {
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
        // What is to be done depends on how many evaluations there were, not on the timestep.
        let counter = step.saturating_sub(self.begin_index);
        let timestep = f64::from(self.timesteps[step]);
        let alpha = self.schedule.alpha(timestep).unwrap_or(self.final_alpha);
        let pred_original_sample =
            self.prediction_type
                .original(model_output, sample, alpha.sqrt(), (1.0 - alpha).sqrt());
        let prev_sample = if counter < self.prk_len {
            let half = (self.distance / 2.0).floor();
            let prev_timestep = if counter.is_multiple_of(2) {
                timestep - half
            } else {
                timestep
            };
            let begin_timestep = f64::from(self.timesteps[counter / 4 * 4]);
            let output = self.runge_kutta(model_output, counter, sample);
            let begin = self.begin.as_ref().unwrap_or(sample);
            self.transfer(begin, (begin_timestep, prev_timestep), &output)
        } else {
            let output = self.multistep(model_output, counter);
            let begin = self.begin.take().filter(|_| counter == 1);
            match counter {
                1 => {
                    let range = (timestep + self.distance, timestep);
                    self.transfer(begin.as_ref().unwrap_or(sample), range, &output)
                }
                _ => {
                    let prev_sample = self.transfer(sample, (timestep, timestep - self.distance), &output);
                    self.begin = (counter == 0).then(|| sample.clone());
                    prev_sample
                }
            }
        };
        StepOutput {
            prev_sample,
            pred_original_sample,
        }
    }

    fn add_noise(&self, original: &Latents, noise: &Latents, step: usize) -> Latents {
        let alpha = self
            .schedule
            .alpha(f64::from(self.timesteps[step]))
            .unwrap_or(self.final_alpha);
        combine((alpha.sqrt(), original), &[((1.0 - alpha).sqrt(), noise)])
    }

    fn set_begin_index(&mut self, step: usize) {
        self.begin_index = step;
    }
}
