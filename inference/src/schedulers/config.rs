//! `scheduler_config.json`: which algorithm, and the noise schedule that the model was trained with.

use serde_json::{Map, Value, json};

use super::{
    Scheduler, SchedulerName, UnknownScheduler,
    ddim::{Ddim, DdimConfig},
    euler_discrete::{Euler, EulerConfig},
    keys::Keys,
    schedule::{NoiseSchedule, PredictionType, Spacing, TimestepGrid},
};

/// A scheduler configuration that is not supported, or a request it cannot serve.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SchedulerError {
    /// The text is not a JSON object.
    #[error("the scheduler configuration is not a JSON object: {reason}")]
    Malformed {
        /// What the parser said.
        reason: String,
    },
    /// `_class_name` is missing or no known algorithm.
    #[error(transparent)]
    UnknownScheduler(#[from] UnknownScheduler),
    /// A key, or this value of it, changes the result in a way that is not implemented.
    #[error("the scheduler configuration has `{key}` = {value}, which is not supported")]
    UnsupportedKey {
        /// The key in `scheduler_config.json`.
        key: String,
        /// Its value as JSON, shortened.
        value: String,
    },
    /// Every key is fine by itself, but they do not go together.
    #[error("the scheduler configuration contradicts itself: {reason}")]
    Contradiction {
        /// Which keys, and why.
        reason: &'static str,
    },
    /// The number of denoising steps does not fit this schedule.
    #[error(
        "{num_inference_steps} steps are not possible with this schedule of {num_train_timesteps} timesteps"
    )]
    Steps {
        /// The number asked for.
        num_inference_steps: usize,
        /// The number of timesteps the model was trained with.
        num_train_timesteps: usize,
    },
}

/// A parsed `scheduler_config.json`; immutable, shared by all requests of a model.
#[derive(Debug, Clone)]
pub struct SchedulerConfig {
    /// The keys as written, without defaults: another class fills the gaps with its own defaults.
    keys: Map<String, Value>,
    algorithm: Algorithm,
}

#[derive(Debug, Clone)]
enum Algorithm {
    Ddim(DdimConfig),
    Euler(EulerConfig),
}

impl SchedulerConfig {
    /// Reads the text of a `scheduler_config.json`.
    ///
    /// # Errors
    /// When the class is not known, or a key that changes the result is not supported; the error names it.
    pub fn from_json(json: &str) -> Result<Self, SchedulerError> {
        let malformed = |error: serde_json::Error| SchedulerError::Malformed {
            reason: error.to_string(),
        };
        let keys: Map<String, Value> = serde_json::from_str(json).map_err(malformed)?;
        let class = keys
            .get("_class_name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let name: SchedulerName = class.parse()?;
        Self::new(keys, name)
    }

    /// The same noise schedule and prediction type with another algorithm, like diffusers'
    /// `Other.from_config(scheduler.config)`: keys that are absent take the other class's defaults.
    ///
    /// # Errors
    /// When a key has a meaning for the other algorithm that is not supported.
    pub fn with_scheduler(&self, name: &SchedulerName) -> Result<Self, SchedulerError> {
        Self::new(self.keys.clone(), *name)
    }

    /// Starts a denoising loop of `num_inference_steps` steps.
    ///
    /// # Errors
    /// When the schedule has no such number of steps.
    pub fn build(&self, num_inference_steps: usize) -> Result<Box<dyn Scheduler>, SchedulerError> {
        Ok(match &self.algorithm {
            Algorithm::Ddim(config) => Box::new(Ddim::new(config, num_inference_steps)?),
            Algorithm::Euler(config) => Box::new(Euler::new(config, num_inference_steps)?),
        })
    }

    /// The algorithm's name in recipes, as AUTOMATIC1111's web UI spells it.
    pub fn name(&self) -> &'static str {
        match self.algorithm {
            Algorithm::Ddim(_) => SchedulerName::Ddim.name(),
            Algorithm::Euler(_) => SchedulerName::Euler.name(),
        }
    }

    fn new(keys: Map<String, Value>, name: SchedulerName) -> Result<Self, SchedulerError> {
        Keys(&keys).refuse_unknown()?;
        let algorithm = match name {
            SchedulerName::Ddim => Algorithm::Ddim(ddim(Keys(&keys))?),
            SchedulerName::Euler => Algorithm::Euler(euler(Keys(&keys))?),
        };
        Ok(Self { keys, algorithm })
    }
}

fn ddim(keys: Keys<'_>) -> Result<DdimConfig, SchedulerError> {
    keys.only("thresholding", &[json!(false)])?;
    let clip_sample_range = keys.f64("clip_sample_range", 1.0)? as f32;
    Ok(DdimConfig {
        schedule: NoiseSchedule::from_keys(keys)?,
        prediction_type: prediction_type(keys)?,
        grid: timestep_grid(keys, Spacing::Leading)?,
        set_alpha_to_one: keys.bool("set_alpha_to_one", true)?,
        clip_sample_range: keys.bool("clip_sample", true)?.then_some(clip_sample_range),
    })
}

fn euler(keys: Keys<'_>) -> Result<EulerConfig, SchedulerError> {
    keys.only("use_karras_sigmas", &[json!(false)])?;
    keys.only("use_exponential_sigmas", &[json!(false)])?;
    keys.only("use_beta_sigmas", &[json!(false)])?;
    keys.only("interpolation_type", &[json!("linear")])?;
    let prediction_type = prediction_type(keys)?;
    if prediction_type == PredictionType::VPrediction {
        // With other prediction types a continuous schedule is the same as a discrete one.
        keys.only("timestep_type", &[json!("discrete")])?;
    }
    Ok(EulerConfig {
        schedule: NoiseSchedule::from_keys(keys)?,
        prediction_type,
        grid: timestep_grid(keys, Spacing::Linspace)?,
        final_sigma_zero: keys.word("final_sigmas_type", &[("zero", true), ("sigma_min", false)], true)?,
    })
}

fn prediction_type(keys: Keys<'_>) -> Result<PredictionType, SchedulerError> {
    let choices = [
        ("epsilon", PredictionType::Epsilon),
        ("v_prediction", PredictionType::VPrediction),
        ("sample", PredictionType::Sample),
    ];
    keys.word("prediction_type", &choices, PredictionType::Epsilon)
}

fn timestep_grid(keys: Keys<'_>, class_default: Spacing) -> Result<TimestepGrid, SchedulerError> {
    let choices = [
        ("leading", Spacing::Leading),
        ("trailing", Spacing::Trailing),
        ("linspace", Spacing::Linspace),
    ];
    Ok(TimestepGrid {
        spacing: keys.word("timestep_spacing", &choices, class_default)?,
        steps_offset: keys.count("steps_offset", 0)?,
    })
}
