//! What can be wrong with settings, said so that a person can put it right.

use std::fmt;
use std::path::PathBuf;

/// Where a setting was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The built-in defaults.
    Default,
    /// A line of a file, counted from 1.
    File {
        /// The file.
        path: PathBuf,
        /// Its line.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("built-in config.toml"),
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file is not there or not readable.
    #[error("cannot read the settings in {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{origin}: {message}")]
    Syntax {
        /// The line of the mistake.
        origin: Origin,
        /// What the parser expected.
        message: String,
    },
    /// No setting has this name.
    #[error("{origin}: unknown setting `{key}`; {hint}")]
    UnknownKey {
        /// The name as it was written, with its section.
        key: String,
        /// Where.
        origin: Origin,
        /// Which names exist.
        hint: String,
    },
    /// A setting has a value of another type.
    #[error("{origin}: `{key}` must be {expected}, not {found}")]
    WrongType {
        /// The setting.
        key: String,
        /// Where.
        origin: Origin,
        /// The type it has.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A setting has a value of the right type that makes no sense.
    #[error("{origin}: `{key}`: {reason}")]
    Invalid {
        /// The setting.
        key: String,
        /// Where it was set.
        origin: Origin,
        /// What is wrong and what would be right.
        reason: String,
    },
}
