//! The three layers: built-in defaults, a file, environment variables; and where each setting was written.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use config::{File, FileFormat};
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::environment::PREFIX;
use super::{ConfigError, ConfigSources, Origin};

/// The repository's `config.toml`: each setting's default, and the list of settings.
const DEFAULTS: &str = include_str!("../../../config.toml");
/// The file that is read when none is named and it exists.
const FILE_NAME: &str = "ekaki.toml";
/// No setting has a number with more digits, so that each fits into its type.
const MAX_DIGITS: usize = 9;

/// A setting whose value makes no sense, found after merging.
#[derive(Debug)]
pub(super) struct Violation {
    pub(super) key: &'static str,
    pub(super) reason: String,
}

/// The merged settings.
#[derive(Debug)]
pub(super) struct Layers {
    merged: config::Config,
    origins: BTreeMap<String, Origin>,
}

impl Layers {
    pub(super) fn read(sources: &ConfigSources) -> Result<Self, ConfigError> {
        let known = Known::of_defaults()?;
        let mut origins = BTreeMap::new();
        let mut builder = config::Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some((path, text)) = read_file(sources)? {
            known.check_file(&path, &text, &mut origins)?;
            builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
        }
        for (name, text) in &sources.environment.variables {
            let (key, value) = known.check_variable(name, text)?;
            builder = builder
                .set_override(&key, value)
                .map_err(|error| internal(&error))?;
            origins.insert(key, Origin::Variable(name.clone()));
        }
        let merged = builder.build().map_err(|error| internal(&error))?;
        Ok(Self { merged, origins })
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
                } => ConfigError::Invalid {
                    origin: self.origin(&key),
                    key,
                    reason: error.to_string(),
                },
                config::ConfigError::Type {
                    unexpected,
                    expected,
                    key: Some(key),
                    ..
                } => ConfigError::Invalid {
                    origin: self.origin(&key),
                    key,
                    reason: format!("{unexpected} is not {expected}"),
                },
                other => internal(&other),
            })
    }

    /// Says where the setting of a violation was written.
    pub(super) fn locate(&self, violation: Violation) -> ConfigError {
        ConfigError::Invalid {
            origin: self.origin(violation.key),
            key: violation.key.to_owned(),
            reason: violation.reason,
        }
    }

    fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
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

/// An error that only a mistake in the built-in file or in this module can cause.
fn internal(error: &config::ConfigError) -> ConfigError {
    ConfigError::Syntax {
        origin: Origin::Default,
        message: error.to_string(),
    }
}

/// The type of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Boolean,
}

impl Kind {
    fn of(value: &DeValue<'_>) -> Option<Self> {
        match value {
            DeValue::String(_) => Some(Self::Text),
            DeValue::Integer(_) => Some(Self::Integer),
            DeValue::Boolean(_) => Some(Self::Boolean),
            _ => None,
        }
    }

    fn article(self) -> &'static str {
        match self {
            Self::Text => "a text in quotes",
            Self::Integer => "a whole number",
            Self::Boolean => "true or false",
        }
    }
}

/// Which settings exist, and of what type each is.
#[derive(Debug)]
struct Known(BTreeMap<String, BTreeMap<String, Kind>>);

impl Known {
    fn of_defaults() -> Result<Self, ConfigError> {
        let table = parse(Path::new("config.toml"), DEFAULTS)?;
        let mut sections: BTreeMap<String, BTreeMap<String, Kind>> = BTreeMap::new();
        for (name, section) in table.get_ref() {
            let keys = sections.entry(name.get_ref().to_string()).or_default();
            for (key, value) in section.get_ref().as_table().into_iter().flatten() {
                if let Some(kind) = Kind::of(value.get_ref()) {
                    keys.insert(key.get_ref().to_string(), kind);
                }
            }
        }
        Ok(Self(sections))
    }

    /// Checks names and types in a file and notes the line of each setting.
    fn check_file(
        &self,
        path: &Path,
        text: &str,
        origins: &mut BTreeMap<String, Origin>,
    ) -> Result<(), ConfigError> {
        let at = |span: Range<usize>| Origin::File {
            path: path.to_owned(),
            line: line_of(text, span.start),
        };
        for (section, content) in parse(path, text)?.get_ref() {
            let name = section.get_ref();
            let Some(keys) = self.0.get(name.as_ref()) else {
                return Err(self.unknown_section(name, at(section.span())));
            };
            let Some(table) = content.get_ref().as_table() else {
                let found = content.get_ref().type_str().to_owned();
                let (key, origin) = (name.to_string(), at(section.span()));
                return Err(ConfigError::WrongType {
                    key,
                    origin,
                    expected: "a section",
                    found,
                });
            };
            for (key, value) in table {
                let full = format!("{name}.{}", key.get_ref());
                let Some(kind) = keys.get(key.get_ref().as_ref()) else {
                    return Err(unknown_key(full, keys, at(key.span())));
                };
                check_value(full.clone(), *kind, value, at(key.span()))?;
                origins.insert(full, at(key.span()));
            }
        }
        Ok(())
    }

    /// Reads `EKAKI__SECTION__KEY` and its value.
    fn check_variable(&self, name: &str, text: &str) -> Result<(String, config::Value), ConfigError> {
        let origin = Origin::Variable(name.to_owned());
        let path = name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_lowercase();
        let (section, key) = path.split_once("__").unwrap_or((path.as_str(), ""));
        let Some(keys) = self.0.get(section) else {
            return Err(self.unknown_section(section, origin));
        };
        let full = format!("{section}.{key}");
        let Some(kind) = keys.get(key) else {
            return Err(unknown_key(full, keys, origin));
        };
        let value = match kind {
            Kind::Text => Some(config::Value::from(text)),
            Kind::Integer => text.trim().parse::<u32>().ok().map(config::Value::from),
            Kind::Boolean => text.trim().parse::<bool>().ok().map(config::Value::from),
        };
        match value {
            Some(value) => Ok((full, value)),
            None => {
                let found = format!("\"{text}\"");
                Err(ConfigError::WrongType {
                    key: full,
                    origin,
                    expected: kind.article(),
                    found,
                })
            }
        }
    }

    fn unknown_section(&self, name: &str, origin: Origin) -> ConfigError {
        let sections: Vec<String> = self.0.keys().map(|section| format!("[{section}]")).collect();
        let hint = format!("the sections are {}", sections.join(", "));
        ConfigError::UnknownKey {
            key: name.to_owned(),
            origin,
            hint,
        }
    }
}

fn unknown_key(full: String, keys: &BTreeMap<String, Kind>, origin: Origin) -> ConfigError {
    let section = full.split('.').next().unwrap_or_default();
    let names: Vec<&str> = keys.keys().map(String::as_str).collect();
    let hint = format!("[{section}] has {}", names.join(", "));
    ConfigError::UnknownKey {
        key: full,
        origin,
        hint,
    }
}

fn check_value(
    key: String,
    kind: Kind,
    value: &Spanned<DeValue<'_>>,
    origin: Origin,
) -> Result<(), ConfigError> {
    let value = value.get_ref();
    if Kind::of(value) != Some(kind) {
        let found = match value {
            DeValue::String(text) => format!("the text \"{text}\""),
            DeValue::Integer(number) => format!("the number {}", number.as_str()),
            DeValue::Boolean(flag) => flag.to_string(),
            other => format!("a value of type {}", other.type_str()),
        };
        return Err(ConfigError::WrongType {
            key,
            origin,
            expected: kind.article(),
            found,
        });
    }
    let reason = match value.as_integer().map(DeInteger::as_str) {
        Some(digits) if digits.starts_with('-') => "must not be negative",
        Some(digits) if digits.len() > MAX_DIGITS => "is too large",
        _ => return Ok(()),
    };
    Err(ConfigError::Invalid {
        key,
        origin,
        reason: reason.to_owned(),
    })
}

fn parse<'t>(path: &Path, text: &'t str) -> Result<Spanned<DeTable<'t>>, ConfigError> {
    DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        let origin = Origin::File {
            path: path.to_owned(),
            line,
        };
        ConfigError::Syntax {
            origin,
            message: error.message().replace('\n', ", "),
        }
    })
}

/// The line of a byte, counted from 1.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
