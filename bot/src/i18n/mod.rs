//! Languages: which one a person reads, and every text for people.
//!
//! The texts stand in `locales/<language>/*.ftl` and are built into the program; [`messages`] has one
//! function for each. To add a language, add its folder and a line in `locale.rs`.

mod catalog;
mod default;
mod locale;
pub mod messages;

pub use self::default::DefaultLocale;
pub use self::locale::{Locale, UnknownLocale};

#[cfg(test)]
mod tests;
