//! The values of a command's options.

use super::error::UserError;
use super::spec::{Choices, OptionKind, OptionSpec};
use crate::prompts::normalise;

/// The values of options, as text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments(pub(super) Vec<(&'static str, String)>);

impl Arguments {
    /// The value of an option; of the last one when it was given twice.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(option, _)| *option == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a flag was given, and how.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| value == TRUE)
    }

    /// Reads the value of an option, if it was given.
    ///
    /// # Errors
    /// When `read` cannot.
    pub(crate) fn value<T>(
        &self,
        option: &'static OptionSpec,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, UserError> {
        let Some(text) = self.get(option.name) else {
            return Ok(None);
        };
        match read(text) {
            Some(value) => Ok(Some(value)),
            None => Err(bad_value(option, text)),
        }
    }

    /// Takes a value over. What is made of words stays as it was typed; all else is [normalised](normalise).
    pub(super) fn add(&mut self, option: &'static OptionSpec, value: String) -> Result<(), UserError> {
        let value = match (option.kind, option.choices) {
            (OptionKind::Words | OptionKind::User, _) => value,
            (OptionKind::Flag, _) => flag(option, &normalise(&value))?.to_owned(),
            (_, Choices::Of(known)) => choice(option, &normalise(&value), known)?.to_owned(),
            _ => normalise(&value),
        };
        self.0.push((option.name, value));
        Ok(())
    }
}

/// The value of a flag that is given.
pub(super) const TRUE: &str = "true";
const FALSE: &str = "false";

fn flag(option: &'static OptionSpec, value: &str) -> Result<&'static str, UserError> {
    match value.to_ascii_lowercase().as_str() {
        TRUE | "yes" | "on" | "1" => Ok(TRUE),
        FALSE | "no" | "off" | "0" => Ok(FALSE),
        _ => Err(bad_value(option, value)),
    }
}

fn choice(
    option: &'static OptionSpec,
    value: &str,
    known: &'static [&'static str],
) -> Result<&'static str, UserError> {
    let found = known.iter().find(|known| known.eq_ignore_ascii_case(value));
    found.copied().ok_or_else(|| UserError::UnknownChoice {
        option,
        value: value.to_owned(),
        known: known.iter().map(|known| (*known).to_owned()).collect(),
    })
}

fn bad_value(option: &'static OptionSpec, value: &str) -> UserError {
    UserError::BadValue {
        option,
        value: value.to_owned(),
    }
}

/// A number without a sign. One that is too large for the type is as absurd as the largest of the type, and is
/// brought within the limits in the same way.
pub(crate) fn whole_number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u32::MAX))
}

/// A number with or without a fraction.
pub(crate) fn decimal(text: &str) -> Option<f32> {
    text.parse().ok().filter(|number: &f32| number.is_finite())
}
