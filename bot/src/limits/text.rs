//! Rules as people type them and as the store keeps them: `platform=discord role=2 per_day=20 models=avatar,sd15`.

use std::fmt;
use std::str::FromStr;

use crate::config::{LimitKey, LimitOutOfBounds, LimitRule, LimitScope, LimitValue, LimitValues};

/// The text of a scope without any field.
const EVERYBODY: &str = "everybody";

/// A rule that was typed cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitTextError {
    /// A word is not `name=value`.
    #[error("`{word}` is not a name and a value, like per_day=20")]
    NoValue {
        /// The word.
        word: String,
    },
    /// No field has this name.
    #[error("there is no `{name}`; there are {}", known.join(", "))]
    Unknown {
        /// The name.
        name: String,
        /// Those there are.
        known: Vec<&'static str>,
    },
    /// A field was given twice.
    #[error("`{name}` is given twice")]
    Twice {
        /// The field.
        name: &'static str,
    },
    /// A limit is no whole number.
    #[error("`{}` must be a whole number, not `{value}`", key.name())]
    NotANumber {
        /// The limit.
        key: LimitKey,
        /// What was typed.
        value: String,
    },
    /// A number is too small or too large.
    #[error("`{}` {}", .0.key.name(), .0)]
    OutOfBounds(LimitOutOfBounds),
}

/// Which of the two halves of a rule may be typed.
#[derive(Clone, Copy)]
struct Accepted {
    scope: bool,
    values: bool,
}

impl FromStr for LimitRule {
    type Err = LimitTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let accepted = Accepted {
            scope: true,
            values: true,
        };
        read(text, accepted)
    }
}

/// A rule that changes the one that was set before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitChange {
    /// Whom it is about, and what it sets.
    pub rule: LimitRule,
    /// What is left to less specific rules again: `per_day=`, `models=-`. Without the dash, no models are all of them.
    pub unset: Vec<LimitKey>,
}

impl FromStr for LimitChange {
    type Err = LimitTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut unset = Vec::new();
        let mut set = Vec::new();
        for word in text.split_whitespace() {
            match unset_key(word) {
                Some(key) if unset.contains(&key) => return Err(LimitTextError::Twice { name: key.name() }),
                Some(key) => unset.push(key),
                None => set.push(word),
            }
        }
        let rule: LimitRule = set.join(" ").parse()?;
        match unset.iter().find(|key| key.is_in(&rule.values)) {
            Some(key) => Err(LimitTextError::Twice { name: key.name() }),
            None => Ok(Self { rule, unset }),
        }
    }
}

fn unset_key(word: &str) -> Option<LimitKey> {
    let (name, value) = word.split_once('=')?;
    let mut keys = LimitKey::ALL.into_iter();
    let key = keys.find(|key| key.name().eq_ignore_ascii_case(name))?;
    (value == "-" || value.is_empty() && key != LimitKey::Models).then_some(key)
}

impl fmt::Display for LimitRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.scope, self.values)
    }
}

impl FromStr for LimitScope {
    type Err = LimitTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let accepted = Accepted {
            scope: true,
            values: false,
        };
        Ok(read(text, accepted)?.scope)
    }
}

/// Always in the same order, so that one scope has one text.
impl fmt::Display for LimitScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<String> = self
            .fields()
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", value?)))
            .collect();
        if fields.is_empty() {
            return f.write_str(EVERYBODY);
        }
        f.write_str(&fields.join(" "))
    }
}

impl FromStr for LimitValues {
    type Err = LimitTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let accepted = Accepted {
            scope: false,
            values: true,
        };
        Ok(read(text, accepted)?.values)
    }
}

impl fmt::Display for LimitValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<String> = LimitKey::ALL
            .into_iter()
            .filter_map(|key| Some(format!("{}={}", key.name(), key.of(self)?)))
            .collect();
        f.write_str(&values.join(" "))
    }
}

fn read(text: &str, accepted: Accepted) -> Result<LimitRule, LimitTextError> {
    let mut rule = LimitRule::default();
    for word in text.split_whitespace() {
        if accepted.scope && word == EVERYBODY {
            continue;
        }
        let Some((name, value)) = word.split_once('=') else {
            return Err(LimitTextError::NoValue { word: word.into() });
        };
        let name = name.to_ascii_lowercase();
        if accepted.scope
            && let Some((name, field)) = scope_field(&mut rule.scope, &name)
        {
            if value.is_empty() {
                return Err(LimitTextError::NoValue { word: word.into() });
            }
            if field.replace(value.to_owned()).is_some() {
                return Err(LimitTextError::Twice { name });
            }
            continue;
        }
        let key = LimitKey::ALL.into_iter().find(|key| key.name() == name);
        let Some(key) = key.filter(|_| accepted.values) else {
            return Err(LimitTextError::Unknown {
                name,
                known: known(accepted),
            });
        };
        if key.is_in(&rule.values) {
            return Err(LimitTextError::Twice { name: key.name() });
        }
        key.set(&mut rule.values, value_of(key, value)?);
    }
    Ok(rule)
}

fn scope_field<'s>(scope: &'s mut LimitScope, name: &str) -> Option<(&'static str, &'s mut Option<String>)> {
    Some(match name {
        "platform" => ("platform", &mut scope.platform),
        "chat" => ("chat", &mut scope.chat),
        "channel" => ("channel", &mut scope.channel),
        "role" => ("role", &mut scope.role),
        "user" => ("user", &mut scope.user),
        _ => return None,
    })
}

fn value_of(key: LimitKey, text: &str) -> Result<LimitValue, LimitTextError> {
    let Some(bounds) = key.bounds() else {
        let models = text.split(',').map(str::trim).filter(|model| !model.is_empty());
        return Ok(LimitValue::Models(models.map(str::to_owned).collect()));
    };
    let value: i64 = text.parse().map_err(|_| LimitTextError::NotANumber {
        key,
        value: text.to_owned(),
    })?;
    if !bounds.contains(&value) {
        return Err(LimitTextError::OutOfBounds(LimitOutOfBounds {
            key,
            value,
            bounds,
        }));
    }
    Ok(LimitValue::Number(value))
}

fn known(accepted: Accepted) -> Vec<&'static str> {
    let scope = LimitScope::default().fields().map(|(name, _)| name);
    let scope = scope.into_iter().filter(|_| accepted.scope);
    let values = LimitKey::ALL.into_iter().map(LimitKey::name);
    scope.chain(values.filter(|_| accepted.values)).collect()
}
