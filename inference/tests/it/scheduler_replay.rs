//! Repeats the loops of `onnx/tools/scheduler_reference.py`.

use inference::noise::Noise;
use inference::schedulers::{Latents, LoopOptions, SchedulerConfig, SchedulerError};
use serde::{Deserialize, Serialize};

const SHAPE: (usize, usize, usize, usize) = (1, 1, 2, 4);

/// A loop to run.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) config: serde_json::Value,
    with_scheduler: Option<String>,
    num_inference_steps: usize,
    eta: Option<f32>,
    begin_index: usize,
    seed: u64,
}

/// What came of it.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Run {
    pub(crate) timesteps: Vec<f32>,
    pub(crate) init_noise_sigma: f32,
    /// The latents at first and after each step.
    pub(crate) steps: Vec<Vec<f32>>,
    /// For each step the first value of the finished sample as predicted; some classes of diffusers do not tell.
    #[serde(default)]
    pub(crate) originals: Vec<f32>,
    /// For each step but the first of a loop that begins late: the first value of a known picture with noise.
    #[serde(default)]
    pub(crate) known: Vec<f32>,
}

/// Knuth's linear congruential generator (MMIX), which the script has as well.
struct Lcg(u64);

impl Noise for Lcg {
    fn randn(&mut self, shape: (usize, usize, usize, usize)) -> Latents {
        Latents::from_shape_simple_fn(shape, || {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 40) as i32 - (1 << 23)) as f32 / (1 << 22) as f32
        })
    }
}

impl Case {
    pub(crate) fn config(&self) -> Result<SchedulerConfig, SchedulerError> {
        let config = SchedulerConfig::from_json(&self.config.to_string())?;
        match &self.with_scheduler {
            Some(name) => config.with_scheduler(&name.parse()?),
            None => Ok(config),
        }
    }

    pub(crate) fn run(&self) -> Result<Run, SchedulerError> {
        let mut scheduler = self.config()?.build(&LoopOptions {
            num_inference_steps: self.num_inference_steps,
            eta: self.eta,
        })?;
        let begin = self.begin_index;
        let mut lcg = Lcg(self.seed);
        let (original, noise) = (lcg.randn(SHAPE), lcg.randn(SHAPE));
        let mut sample = if begin > 0 {
            scheduler.set_begin_index(begin);
            scheduler.add_noise(&original, &noise, begin)
        } else {
            &noise * scheduler.init_noise_sigma()
        };
        let mut run = Run {
            timesteps: scheduler.timesteps().to_vec(),
            init_noise_sigma: scheduler.init_noise_sigma(),
            steps: vec![sample.iter().copied().collect()],
            originals: Vec::new(),
            known: Vec::new(),
        };
        let first = |sample: &Latents| sample.iter().copied().next().unwrap_or_default();
        for step in begin..run.timesteps.len() {
            if begin > 0 && step > begin {
                run.known
                    .push(first(&scheduler.add_noise(&original, &noise, step)));
            }
            let model_input = scheduler.scale_model_input(&sample, step);
            let output = 0.5 * lcg.randn(SHAPE) + 0.25 * model_input;
            let stepped = scheduler.step(&output, step, &sample, &mut lcg);
            sample = stepped.prev_sample;
            run.steps.push(sample.iter().copied().collect());
            run.originals.push(first(&stepped.pred_original_sample));
        }
        Ok(run)
    }
}
