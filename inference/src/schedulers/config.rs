//! `scheduler_config.json`: which algorithm, and the noise schedule that the model was trained with.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    PredictionType, Scheduler, SchedulerName, UnknownScheduler,
    ddim::{Ddim, DdimConfig},
    ddpm::{Ddpm, DdpmConfig},
    deis_multistep::{Deis, DeisConfig},
    dpmsolver_multistep::{DpmMultistep, DpmMultistepConfig},
    dpmsolver_singlestep::{DpmSinglestep, DpmSinglestepConfig},
    euler_ancestral_discrete::{self, EulerAncestral},
    euler_discrete::{Euler, EulerConfig},
    heun_discrete::{Heun, HeunConfig},
    k_dpm_2_discrete::{self, KDpm2, Kind},
    keys::Keys,
    lcm::{Lcm, LcmConfig},
    lms_discrete::{self, Lms},
    name::Sampler,
    pndm::{Pndm, PndmConfig},
    sigmas::{SigmaConfig, SigmaSchedule},
    tcd::{Tcd, TcdConfig},
    unipc_multistep::{UniPc, UniPcConfig},
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
    /// η is no share.
    #[error("eta is {eta}, but must be between 0 and 1")]
    Eta {
        /// The number asked for.
        eta: f32,
    },
}

impl SchedulerError {
    /// Two noise levels of a loop are the same, or one is 0, where an algorithm divides by their distance.
    pub(super) const REPEATED_LEVELS: Self = Self::Contradiction {
        reason: "with this number of steps it divides by zero",
    };
}

/// What a denoising loop is asked for besides the model's configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoopOptions {
    /// The number of denoising steps; the network is evaluated more often by some algorithms.
    pub num_inference_steps: usize,
    /// How much fresh noise a step adds, from 0 to 1: of DDIM (0 by default) and TCD (0.3, its γ). Other algorithms do
    /// not look at it.
    pub eta: Option<f32>,
}

impl LoopOptions {
    /// A loop of this many steps with an algorithm's own η.
    pub fn new(num_inference_steps: usize) -> Self {
        Self {
            num_inference_steps,
            eta: None,
        }
    }

    pub(super) fn eta_or(&self, default: f32) -> Result<f32, SchedulerError> {
        match self.eta.unwrap_or(default) {
            eta if (0.0..=1.0).contains(&eta) => Ok(eta),
            eta => Err(SchedulerError::Eta { eta }),
        }
    }
}

/// A parsed `scheduler_config.json`; immutable, shared by all requests of a model.
#[derive(Debug, Clone)]
pub struct SchedulerConfig {
    /// The keys as written, without defaults: another class fills the gaps with its own defaults.
    keys: Map<String, Value>,
    name: SchedulerName,
    algorithm: Algorithm,
}

#[derive(Debug, Clone)]
enum Algorithm {
    Ddim(DdimConfig),
    Ddpm(DdpmConfig),
    Pndm(PndmConfig),
    Lms(SigmaConfig),
    Euler(EulerConfig),
    EulerAncestral(SigmaConfig),
    Heun(HeunConfig),
    KDpm2(SigmaConfig, Kind),
    DpmMultistep(DpmMultistepConfig),
    DpmSinglestep(DpmSinglestepConfig),
    Deis(DeisConfig),
    UniPc(UniPcConfig),
    Lcm(LcmConfig),
    Tcd(TcdConfig),
}

impl Algorithm {
    fn from_keys(keys: Keys<'_>, sampler: Sampler) -> Result<Self, SchedulerError> {
        Ok(match sampler {
            Sampler::Ddim => Self::Ddim(DdimConfig::from_keys(keys)?),
            Sampler::Ddpm => Self::Ddpm(DdpmConfig::from_keys(keys)?),
            Sampler::Plms => Self::Pndm(PndmConfig::from_keys(keys)?),
            Sampler::Lms => Self::Lms(lms_discrete::from_keys(keys)?),
            Sampler::Euler => Self::Euler(EulerConfig::from_keys(keys)?),
            Sampler::EulerAncestral => Self::EulerAncestral(euler_ancestral_discrete::from_keys(keys)?),
            Sampler::Heun => Self::Heun(HeunConfig::from_keys(keys)?),
            Sampler::KDpm2 => Self::KDpm2(k_dpm_2_discrete::from_keys(keys)?, Kind::Deterministic),
            Sampler::KDpm2Ancestral => Self::KDpm2(k_dpm_2_discrete::from_keys(keys)?, Kind::Ancestral),
            Sampler::DpmPp2M | Sampler::DpmPp2MSde => {
                Self::DpmMultistep(DpmMultistepConfig::from_keys(keys)?)
            }
            Sampler::DpmPp2S => Self::DpmSinglestep(DpmSinglestepConfig::from_keys(keys)?),
            Sampler::Deis => Self::Deis(DeisConfig::from_keys(keys)?),
            Sampler::UniPc => Self::UniPc(UniPcConfig::from_keys(keys)?),
            Sampler::Lcm => Self::Lcm(LcmConfig::from_keys(keys)?),
            Sampler::Tcd => Self::Tcd(TcdConfig::from_keys(keys)?),
        })
    }

    fn build(&self, options: &LoopOptions) -> Result<Box<dyn Scheduler>, SchedulerError> {
        Ok(match self {
            Self::Ddim(config) => Box::new(Ddim::new(config, options)?),
            Self::Ddpm(config) => Box::new(Ddpm::new(config, options)?),
            Self::Pndm(config) => Box::new(Pndm::new(config, options)?),
            Self::Lms(config) => Box::new(Lms::new(config, options)?),
            Self::Euler(config) => Box::new(Euler::new(config, options)?),
            Self::EulerAncestral(config) => Box::new(EulerAncestral::new(config, options)?),
            Self::Heun(config) => Box::new(Heun::new(config, options)?),
            Self::KDpm2(config, kind) => Box::new(KDpm2::new(config, *kind, options)?),
            Self::DpmMultistep(config) => Box::new(DpmMultistep::new(config, options)?),
            Self::DpmSinglestep(config) => Box::new(DpmSinglestep::new(config, options)?),
            Self::Deis(config) => Box::new(Deis::new(config, options)?),
            Self::UniPc(config) => Box::new(UniPc::new(config, options)?),
            Self::Lcm(config) => Box::new(Lcm::new(config, options)?),
            Self::Tcd(config) => Box::new(Tcd::new(config, options)?),
        })
    }

    fn prediction_type(&self) -> PredictionType {
        match self {
            Self::Ddim(config) => config.prediction_type,
            Self::Ddpm(config) => config.prediction_type,
            Self::Pndm(config) => config.prediction_type,
            Self::Lms(config) | Self::EulerAncestral(config) | Self::KDpm2(config, _) => {
                config.prediction_type
            }
            Self::Euler(config) => config.common.prediction_type,
            Self::Heun(config) => config.common.prediction_type,
            Self::DpmMultistep(config) => config.common.prediction_type,
            Self::DpmSinglestep(config) => config.common.prediction_type,
            Self::Deis(config) => config.common.prediction_type,
            Self::UniPc(config) => config.common.prediction_type,
            Self::Lcm(config) => config.prediction_type,
            Self::Tcd(config) => config.prediction_type,
        }
    }

    fn sigma_schedule(&self) -> SigmaSchedule {
        match self {
            Self::Lms(config) | Self::KDpm2(config, _) => config.sigma_schedule,
            Self::Euler(config) => config.common.sigma_schedule,
            Self::Heun(config) => config.common.sigma_schedule,
            Self::DpmMultistep(config) => config.common.sigma_schedule,
            Self::DpmSinglestep(config) => config.common.sigma_schedule,
            Self::Deis(config) => config.common.sigma_schedule,
            Self::UniPc(config) => config.common.sigma_schedule,
            Self::Ddim(_)
            | Self::Ddpm(_)
            | Self::Pndm(_)
            | Self::EulerAncestral(_)
            | Self::Lcm(_)
            | Self::Tcd(_) => SigmaSchedule::Timesteps,
        }
    }
}

impl SchedulerConfig {
    /// Reads the text of a `scheduler_config.json`. Python's `-Infinity` is understood, which diffusers writes for
    /// `lambda_min_clipped`.
    ///
    /// # Errors
    /// When the class is not known, or a key that changes the result is not supported; the error names it.
    pub fn from_json(json: &str) -> Result<Self, SchedulerError> {
        Self::from_json_with(json, [])
    }

    /// Reads the text of a `scheduler_config.json` of which some keys have other values than it says.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    pub fn from_json_with(
        json: &str,
        overrides: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Result<Self, SchedulerError> {
        let malformed = |error: serde_json::Error| SchedulerError::Malformed {
            reason: error.to_string(),
        };
        let mut keys: Map<String, Value> =
            serde_json::from_str(&without_negative_infinity(json)).map_err(malformed)?;
        keys.extend(overrides.into_iter().map(|(key, value)| (key.to_owned(), value)));
        let class = keys
            .get("_class_name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let name: SchedulerName = class.parse()?;
        Self::new(keys, name.sampler)
    }

    /// The same noise schedule and prediction type with another algorithm, like diffusers'
    /// `Other.from_config(scheduler.config, use_karras_sigmas=…, algorithm_type=…)`: keys that are absent take the other
    /// class's defaults, and those that tell presets apart are the preset's. A configuration that has this name already
    /// stays as it is.
    ///
    /// # Errors
    /// When a key has a meaning for the other algorithm that is not supported.
    pub fn with_scheduler(&self, name: &SchedulerName) -> Result<Self, SchedulerError> {
        if self.name == *name {
            return Ok(self.clone());
        }
        let mut keys = self.keys.clone();
        name.overlay(&mut keys);
        Self::new(keys, name.sampler)
    }

    /// Starts a denoising loop.
    ///
    /// # Errors
    /// When the schedule has no such number of steps.
    pub fn build(&self, options: &LoopOptions) -> Result<Box<dyn Scheduler>, SchedulerError> {
        self.algorithm.build(options)
    }

    /// The preset that this is, or the nearest: that of its class, stochastic or not, with its noise levels.
    pub fn name(&self) -> SchedulerName {
        self.name
    }

    /// What the network's output means.
    pub fn prediction_type(&self) -> PredictionType {
        self.algorithm.prediction_type()
    }

    fn new(keys: Map<String, Value>, sampler: Sampler) -> Result<Self, SchedulerError> {
        Keys(&keys).refuse_unknown()?;
        let algorithm = Algorithm::from_keys(Keys(&keys), sampler)?;
        let sampler = match &algorithm {
            Algorithm::DpmMultistep(config) if config.is_stochastic() => Sampler::DpmPp2MSde,
            Algorithm::DpmMultistep(_) => Sampler::DpmPp2M,
            _ => sampler,
        };
        Ok(Self {
            name: SchedulerName::from_parts(sampler, algorithm.sigma_schedule()),
            keys,
            algorithm,
        })
    }
}

/// The text with −∞ as about the lowest number that JSON can hold.
fn without_negative_infinity(json: &str) -> Cow<'_, str> {
    const WORD: &str = "-Infinity";
    const LOWEST: &str = "-1e308";
    if !json.contains(WORD) {
        return Cow::Borrowed(json);
    }
    // Quotation marks split the text into what is outside strings and what is inside. An escaped one shifts the two,
    // but then no key of a scheduler is meant.
    let parts = json.split('"').enumerate().map(|(index, part)| match index % 2 {
        0 => part.replace(WORD, LOWEST),
        _ => part.to_owned(),
    });
    Cow::Owned(parts.collect::<Vec<_>>().join("\""))
}
