//! The two kinds of failure: one the person can put right, and one the service has to.

use chrono::{DateTime, Utc};

use super::spec::{CommandSpec, OptionSpec};
use crate::i18n::{Locale, messages};
use crate::store::Refusal;

/// A command failed.
#[derive(Debug)]
pub(crate) enum CommandError {
    /// The person is told what to do.
    User(UserError),
    /// The person is told that it is not their fault, and the cause is logged.
    Internal(anyhow::Error),
}

impl From<UserError> for CommandError {
    fn from(error: UserError) -> Self {
        Self::User(error)
    }
}

impl From<anyhow::Error> for CommandError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

/// What a person can put right, or has to wait for.
#[derive(Debug)]
pub(crate) enum UserError {
    /// There is nothing to draw.
    EmptyPrompt,
    /// The prompt is too long.
    PromptTooLong {
        /// How long it is.
        chars: usize,
        /// How long it may be.
        max: usize,
    },
    /// No command has this name.
    UnknownCommand {
        /// The name.
        name: String,
    },
    /// The command has no such option.
    UnknownOption {
        /// The command.
        command: &'static CommandSpec,
        /// The name of the option.
        name: String,
    },
    /// The command takes no text.
    TextWithoutUse {
        /// The command.
        command: &'static CommandSpec,
    },
    /// An option has no value.
    MissingValue {
        /// The option.
        option: &'static OptionSpec,
    },
    /// The value of an option cannot be read.
    BadValue {
        /// The option.
        option: &'static OptionSpec,
        /// The value.
        value: String,
    },
    /// The value of an option is none of those there are.
    UnknownChoice {
        /// The option.
        option: &'static OptionSpec,
        /// The value.
        value: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// The service is about to end.
    Stopping,
    /// A limit forbids another job now.
    Refused {
        /// Which.
        refusal: Refusal,
        /// When it was asked.
        now: DateTime<Utc>,
    },
}

impl UserError {
    /// The error as a sentence for the person.
    pub(crate) fn text(&self, locale: Locale) -> String {
        match self {
            Self::EmptyPrompt => messages::empty_prompt(locale),
            Self::PromptTooLong { chars, max } => messages::prompt_too_long(locale, *chars, *max),
            Self::UnknownCommand { name } => messages::unknown_command(locale, name),
            Self::UnknownOption { command, name } => {
                let known: Vec<String> = command
                    .options
                    .iter()
                    .map(|option| format!("--{}", option.name))
                    .collect();
                messages::unknown_option(locale, command.name, name, &known.join(", "))
            }
            Self::TextWithoutUse { command } => messages::option_without_use(locale, command.name),
            Self::MissingValue { option } => messages::missing_value(locale, option.name, option.example),
            Self::BadValue { option, value } => {
                messages::bad_value(locale, option.name, value, option.example)
            }
            Self::UnknownChoice { option, value, known } => {
                messages::unknown_choice(locale, option.name, value, &known.join(", "))
            }
            Self::Stopping => messages::stopping(locale),
            Self::Refused { refusal, now } => refused(locale, refusal, *now),
        }
    }
}

fn refused(locale: Locale, refusal: &Refusal, now: DateTime<Utc>) -> String {
    match *refusal {
        Refusal::QueuedPerUser { limit, queued } => messages::refused_queued_per_user(locale, limit, queued),
        Refusal::QueueFull { limit } => messages::refused_queue_full(locale, limit),
        Refusal::PerDay { limit, again_at, .. } => messages::refused_per_day(locale, limit, again_at - now),
    }
}
