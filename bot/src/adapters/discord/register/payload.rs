//! Commands as Discord registers them.
//!
//! The same types write what is registered and read what was, so that both can be compared: what Discord adds of its own
//! is left out, and what it leaves out has its usual value.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;

/// Texts by Discord's names of languages.
pub(super) type Translations = BTreeMap<String, String>;

/// Kinds of commands.
pub(in super::super) mod kind {
    pub(in super::super::super) const TYPED: u8 = 1;
    pub(in super::super::super) const OF_PERSON: u8 = 2;
    pub(in super::super::super) const OF_MESSAGE: u8 = 3;
}

/// Kinds of options.
pub(super) mod option_kind {
    pub(in super::super) const SUBCOMMAND: u8 = 1;
    pub(in super::super) const GROUP: u8 = 2;
    pub(in super::super) const TEXT: u8 = 3;
    pub(in super::super) const INTEGER: u8 = 4;
    pub(in super::super) const BOOLEAN: u8 = 5;
    pub(in super::super) const USER: u8 = 6;
    pub(in super::super) const CHANNEL: u8 = 7;
    pub(in super::super) const ROLE: u8 = 8;
    pub(in super::super) const NUMBER: u8 = 10;
    pub(in super::super) const ATTACHMENT: u8 = 11;
}

/// A command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Registered {
    /// One of [`kind`].
    #[serde(rename = "type", default = "typed")]
    pub(super) kind: u8,
    pub(super) name: String,
    #[serde(
        default,
        deserialize_with = "or_usual",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub(super) name_localizations: Translations,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) description: String,
    #[serde(
        default,
        deserialize_with = "or_usual",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub(super) description_localizations: Translations,
    #[serde(default, deserialize_with = "or_usual", skip_serializing_if = "Vec::is_empty")]
    pub(super) options: Vec<RegisteredOption>,
    /// What somebody needs to be allowed to see it, unless the server says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) default_member_permissions: Option<String>,
    /// Who can add it: 0 a server, 1 a person. Commands of one server have none.
    #[serde(default, deserialize_with = "or_usual", skip_serializing_if = "Vec::is_empty")]
    pub(super) integration_types: Vec<u8>,
    /// Where it can be used: 0 in servers, 1 with the bot, 2 in conversations of others. Commands of one server have none.
    #[serde(default, deserialize_with = "or_usual", skip_serializing_if = "Vec::is_empty")]
    pub(super) contexts: Vec<u8>,
    /// It is for adults.
    #[serde(default, deserialize_with = "or_usual")]
    pub(super) nsfw: bool,
}

/// An option of a command, or the next word of its name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct RegisteredOption {
    /// One of [`option_kind`].
    #[serde(rename = "type")]
    pub(super) kind: u8,
    pub(super) name: String,
    #[serde(
        default,
        deserialize_with = "or_usual",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub(super) name_localizations: Translations,
    #[serde(default)]
    pub(super) description: String,
    #[serde(
        default,
        deserialize_with = "or_usual",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub(super) description_localizations: Translations,
    #[serde(default, deserialize_with = "or_usual", skip_serializing_if = "is_usual")]
    pub(super) required: bool,
    #[serde(default, deserialize_with = "or_usual", skip_serializing_if = "Vec::is_empty")]
    pub(super) choices: Vec<RegisteredChoice>,
    #[serde(default, deserialize_with = "or_usual", skip_serializing_if = "Vec::is_empty")]
    pub(super) options: Vec<RegisteredOption>,
    #[serde(
        default,
        deserialize_with = "as_written",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) min_value: Option<Number>,
    #[serde(
        default,
        deserialize_with = "as_written",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) max_value: Option<Number>,
    /// In characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max_length: Option<u32>,
    #[serde(default, deserialize_with = "or_usual", skip_serializing_if = "is_usual")]
    pub(super) autocomplete: bool,
}

/// One of the values that can be chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RegisteredChoice {
    pub(super) name: String,
    #[serde(
        default,
        deserialize_with = "or_usual",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub(super) name_localizations: Translations,
    pub(super) value: String,
}

/// A bound as JSON writes it best: without a point when it is whole.
pub(super) fn bound(value: f64) -> Option<Number> {
    /// Numbers up to here are exact, and Discord takes no others.
    const EXACT: f64 = 9_007_199_254_740_991.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and small enough")]
        let whole = value as i64;
        return Some(whole.into());
    }
    Number::from_f64(value)
}

fn typed() -> u8 {
    kind::TYPED
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
fn is_usual(value: &bool) -> bool {
    !*value
}

/// Discord writes null where nothing was given.
fn or_usual<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Discord may write a point where there was none.
fn as_written<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Number>, D::Error> {
    let number = Option::<f64>::deserialize(deserializer)?;
    Ok(number.and_then(bound))
}
