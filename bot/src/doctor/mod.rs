//! `ekaki doctor`: whether everything is there that the service needs, and what to do about what is not.
//!
//! To add a check, write its file and a line in `CHECKS`.

mod clock;
mod data;
mod database;
mod discord;
mod models;
mod rules;
mod runtime;
mod safety;
mod settings;
mod telegram;
mod web;

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

pub use self::settings::unusable;
use crate::config::{Config, ConfigSources};

/// Looks at one thing.
#[async_trait]
trait Check: Sync {
    /// What it looks at, in one word.
    fn name(&self) -> &'static str;

    /// What it found: at least one thing.
    async fn run(&self, context: &Context<'_>) -> Vec<Found>;
}

/// Every check. The later ones may need what the earlier ones find.
static CHECKS: &[&dyn Check] = &[
    &settings::Settings,
    &rules::Rules,
    &data::Data,
    &database::Database,
    &clock::ClockCheck,
    &runtime::Runtime,
    &models::Models,
    &safety::Safety,
    &web::Web,
    &discord::Discord,
    &telegram::Telegram,
];

/// How much is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// What takes no time.
    Quick,
    /// Also every page of the database and every network.
    #[default]
    Full,
}

/// What the checks look at.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Where the settings come from.
    pub sources: &'a ConfigSources,
    /// The settings.
    pub config: &'a Config,
    /// The time on this machine.
    pub now: DateTime<Utc>,
    /// How much is looked at.
    pub depth: Depth,
}

/// How good something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and somebody should know.
    Warn,
    /// The service cannot work like this.
    Fail,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        })
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One line of the answer. The names of the fields are part of the interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How good it is.
    pub level: Level,
    /// What was found, in one line.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// A finding whose check is known.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    level: Level,
    message: String,
    remedy: Option<String>,
}

impl Found {
    fn ok(message: impl Into<String>) -> Self {
        Self {
            level: Level::Ok,
            message: message.into(),
            remedy: None,
        }
    }

    fn warn(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            level: Level::Warn,
            message: message.into(),
            remedy: Some(remedy.into()),
        }
    }

    fn fail(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            level: Level::Fail,
            ..Self::warn(message, remedy)
        }
    }

    fn of(self, check: &'static str) -> Finding {
        Finding {
            check,
            level: self.level,
            // Messages of libraries may have several lines.
            message: self.message.replace('\n', " "),
            remedy: self.remedy,
        }
    }
}

/// Looks at everything, one thing after the other.
pub async fn examine(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for check in CHECKS {
        let found = check.run(context).await;
        findings.extend(found.into_iter().map(|found| found.of(check.name())));
    }
    findings
}

#[cfg(test)]
mod tests;
