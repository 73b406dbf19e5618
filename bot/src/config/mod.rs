//! Settings: built in `config.toml` < a file < environment variables; checked before anything starts.
//!
//! The built-in `config.toml` lists every setting with a default, so it also says which keys exist
//! and of what type each is; lists of tables, like `[[limits.rules]]`, have no default and stand in `schema`.
//! This is the only module that reads the process's environment.

mod environment;
mod error;
mod kind;
mod layers;
mod limits;
mod provenance;
mod rules;
mod schema;
mod sections;
mod validate;
mod validate_lists;
mod validate_telegram;

use std::path::PathBuf;

use serde::Deserialize;

pub use self::environment::{Environment, HubEnvironment, Terminal, program_folder};
pub use self::error::{ConfigError, Origin};
pub use self::limits::{
    LimitKey, LimitOutOfBounds, LimitRule, LimitScope, LimitValue, LimitValues, LimitsConfig, MAX_COUNT,
};
use self::provenance::{Provenance, without_indexes};
pub use self::rules::{AdminsConfig, DictionaryConfig, SafetyConfig, SafetyRule, StyleConfig, WordsConfig};
pub use self::sections::{
    DataConfig, DiscordConfig, I18nConfig, InferenceConfig, LogConfig, LogFormat, LogLevel, QueueConfig,
    RuntimeConfig, ShutdownConfig, StoreConfig, TelegramConfig, WebConfig,
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
    /// What may not be drawn.
    pub words: WordsConfig,
    /// What is done with doubtful pictures.
    pub safety: SafetyConfig,
    /// Named additions to prompts.
    #[serde(default)]
    pub styles: Vec<StyleConfig>,
    /// Names that models know by other names.
    #[serde(default)]
    pub dictionaries: Vec<DictionaryConfig>,
    /// Who may administer everything.
    pub admins: AdminsConfig,
    /// How long pictures are kept.
    pub store: StoreConfig,
    /// The web chat.
    pub web: WebConfig,
    /// Discord.
    pub discord: DiscordConfig,
    /// Telegram.
    pub telegram: TelegramConfig,
    /// How the service stops.
    pub shutdown: ShutdownConfig,
    /// The log.
    pub log: LogConfig,
    /// Languages.
    pub i18n: I18nConfig,
    #[serde(skip)]
    provenance: Provenance,
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
        config.provenance = layers.into_provenance();
        validate::validate(&config).map_err(|violation| config.invalid(&violation.key, violation.reason))?;
        if config.runtime.library.is_none() {
            config.runtime.library = sources.environment.ort_dylib_path.clone();
        }
        Ok(config)
    }

    /// The error that the value of a setting makes no sense, with the place where it was written. The key may name a part
    /// of a list: `words.forbidden[1]`, `styles[0].name`.
    pub fn invalid(&self, key: &str, reason: impl Into<String>) -> ConfigError {
        ConfigError::Invalid {
            key: without_indexes(key),
            origin: self.provenance.origin(key),
            reason: reason.into(),
        }
    }

    /// The settings that were read with another value than those of `other`, as `section.key`.
    pub fn changed_since(&self, other: &Self) -> Vec<String> {
        self.provenance.changed_since(&other.provenance)
    }
}

#[cfg(test)]
mod tests;
