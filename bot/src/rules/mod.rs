//! What an admin may change while the service runs: limits, words, styles, dictionaries, the safety of pictures, who is an
//! admin. A command takes one snapshot and keeps it to its end; `reload` puts another one in place, whole or not at all.

mod admins;
mod build;
mod live;
mod places;
mod safety;

use chrono_tz::Tz;

pub use self::admins::{Admins, Authority};
pub use self::build::check;
pub use self::live::{LiveRules, ReadConfig, Reloaded};
pub use self::places::{Drawing, PlaceDefaults, PlaceRule, PlaceRules, Ruled};
pub use self::safety::SafetyRules;
use crate::config::ConfigError;
use crate::i18n::Locale;
use crate::limits::LimitRules;
use crate::prompts::{Dictionaries, Styles, WordRules};
use crate::store::StoreError;

/// One snapshot.
#[derive(Debug)]
pub struct Rules {
    /// Who may draw how much.
    pub limits: LimitRules,
    /// What may not be drawn.
    pub words: WordRules,
    /// Named additions to prompts.
    pub styles: Styles,
    /// Names that models know by other names.
    pub dictionaries: Dictionaries,
    /// What is done with doubtful pictures.
    pub safety: SafetyRules,
    /// What admins have set for servers and channels.
    pub places: PlaceRules,
    /// Who may change all that.
    pub admins: Admins,
    /// The time zone in which people are told a time.
    pub time_zone: Tz,
    /// The language of people whose own is not known.
    pub default_locale: Locale,
}

/// The rules could not be put in place; the old ones hold.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The settings, or a file that they name, are wrong; the text says where.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What an admin has set cannot be used.
    #[error("{0}")]
    Invalid(String),
    /// What admins have changed cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[cfg(test)]
mod tests;
