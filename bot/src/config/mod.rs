//! Settings: built in `config.toml` < a file < environment variables; checked before anything starts.
//!
//! The built-in `config.toml` lists every setting with a default, so it also says which keys exist
//! and of what type each is. This is the only module that reads the process's environment.

mod environment;
mod error;
mod layers;
mod sections;
mod validate;

use std::path::PathBuf;

use serde::Deserialize;

pub use self::environment::{Environment, HubEnvironment, Terminal, program_folder};
pub use self::error::{ConfigError, Origin};
pub use self::sections::{
    DataConfig, I18nConfig, InferenceConfig, LimitsConfig, LogConfig, LogFormat, LogLevel, QueueConfig,
    RuntimeConfig, ShutdownConfig, WebConfig,
};

/// Every setting of the service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where things are kept.
    pub data: DataConfig,
    /// ONNX Runtime.
    pub runtime: RuntimeConfig,
    /// Models and how they compute.
    pub inference: InferenceConfig,
    /// The queue of jobs.
    pub queue: QueueConfig,
    /// What people may ask for.
    pub limits: LimitsConfig,
    /// The web chat.
    pub web: WebConfig,
    /// How the service stops.
    pub shutdown: ShutdownConfig,
    /// The log.
    pub log: LogConfig,
    /// Languages.
    pub i18n: I18nConfig,
}

/// Where settings come from.
#[derive(Clone, Debug, Default)]
pub struct ConfigSources {
    /// The file named on the command line, which must exist.
    pub file: Option<PathBuf>,
    /// The folder in which `ekaki.toml` is read if it exists and no file was named.
    pub folder: PathBuf,
    /// The process's environment.
    pub environment: Environment,
}

impl Config {
    /// Merges the layers and checks the result.
    ///
    /// # Errors
    /// Names the key and the file with its line, or the environment variable, that is wrong.
    pub fn load(sources: &ConfigSources) -> Result<Self, ConfigError> {
        let layers = layers::Layers::read(sources)?;
        let mut config: Self = layers.deserialize()?;
        validate::validate(&config).map_err(|violation| layers.locate(violation))?;
        if config.runtime.library.is_none() {
            config.runtime.library = sources.environment.ort_dylib_path.clone();
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests;
