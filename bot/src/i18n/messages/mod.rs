//! One function for each text that a person reads, by subject; the locale files are divided in the same way.

pub mod admin;
mod answers;
pub mod buttons;
mod commands;
pub mod discord;
mod errors;
mod jobs;
mod refusals;
pub mod telegram;
mod web;

use fluent_bundle::FluentValue;

pub use self::answers::*;
pub use self::commands::*;
pub use self::errors::*;
pub use self::jobs::*;
pub use self::refusals::*;
pub use self::web::*;

/// A number that chooses a plural form.
fn number(value: u32) -> FluentValue<'static> {
    FluentValue::from(value)
}

/// A value that is shown as it is, without a language's thousands separators.
fn plain(value: &impl ToString) -> FluentValue<'static> {
    FluentValue::from(value.to_string())
}
