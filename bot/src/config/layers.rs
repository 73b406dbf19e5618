//! The three layers: built-in defaults, a file, environment variables.

use std::path::PathBuf;

use config::{File, FileFormat, Source as _};
use serde::de::DeserializeOwned;

use super::provenance::{Provenance, without_indexes};
use super::schema::Schema;
use super::{ConfigError, ConfigSources, Origin};

/// The repository's `config.toml`: each setting's default, and the list of settings.
pub(super) const DEFAULTS: &str = include_str!("../../../config.toml");
/// The file that is read when none is named and it exists.
const FILE_NAME: &str = "ekaki.toml";

/// The merged settings.
#[derive(Debug)]
pub(super) struct Layers {
    merged: config::Config,
    provenance: Provenance,
}

impl Layers {
    pub(super) fn read(sources: &ConfigSources) -> Result<Self, ConfigError> {
        let schema = Schema::of(DEFAULTS)?;
        let mut provenance = Provenance::default();
        let mut builder = config::Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some((path, text)) = read_file(sources)? {
            schema.check_file(&path, &text, &mut provenance)?;
            builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
        }
        for (name, text) in &sources.environment.variables {
            let (key, value) = schema.check_variable(name, text)?;
            builder = builder
                .set_override(&key, value)
                .map_err(|error| internal(&error))?;
            provenance.note(&key, Origin::Variable(name.clone()));
        }
        let merged = builder.build().map_err(|error| internal(&error))?;
        provenance.note_values(&merged.collect().map_err(|error| internal(&error))?);
        Ok(Self { merged, provenance })
    }

    /// The settings as a typed value.
    pub(super) fn deserialize<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        self.merged
            .clone()
            .try_deserialize()
            .map_err(|error| match error {
                config::ConfigError::At {
                    error,
                    key: Some(key),
                    ..
                } => self.invalid(&key, error.to_string()),
                config::ConfigError::Type {
                    unexpected,
                    expected,
                    key: Some(key),
                    ..
                } => self.invalid(&key, format!("{unexpected} is not {expected}")),
                config::ConfigError::NotFound(key) => self.invalid(&key, "is missing".to_owned()),
                other => internal(&other),
            })
    }

    /// Where everything was written.
    pub(super) fn into_provenance(self) -> Provenance {
        self.provenance
    }

    fn invalid(&self, key: &str, reason: String) -> ConfigError {
        let key = with_dots(key);
        ConfigError::Invalid {
            origin: self.provenance.origin(&key),
            key: without_indexes(&key),
            reason,
        }
    }
}

impl ConfigSources {
    /// The file that is read: the named one, or the one in the folder if it is there.
    pub fn file_in_use(&self) -> Option<PathBuf> {
        let in_folder = self.folder.join(FILE_NAME);
        self.file
            .clone()
            .or_else(|| in_folder.is_file().then_some(in_folder))
    }
}

fn read_file(sources: &ConfigSources) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let (path, required) = match &sources.file {
        Some(path) => (path.clone(), true),
        None => (sources.folder.join(FILE_NAME), false),
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => Ok(None),
        Err(source) => Err(ConfigError::Unreadable { path, source }),
    }
}

/// The key of an error. The library writes `styles[0]name` where `styles[0].name` is meant.
fn with_dots(key: &str) -> String {
    key.replace(']', "].")
        .replace("]..", "].")
        .replace("].[", "][")
        .trim_end_matches('.')
        .to_owned()
}

/// An error that only a mistake in the built-in file or in this room can cause.
fn internal(error: &config::ConfigError) -> ConfigError {
    ConfigError::Syntax {
        origin: Origin::Default,
        message: error.to_string(),
    }
}
