//! The two kinds of failure: one the person can put right, and one the service has to.

use inference::images::ImageError;

use super::spec::{CommandSpec, OptionSpec};
use crate::i18n::Locale;
use crate::i18n::messages::{self, Now};
use crate::store::{Block, JobId, Refusal};

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
    /// The name is the beginning of several commands' names.
    OnlyAGroup {
        /// The beginning.
        name: String,
        /// How it may go on.
        commands: Vec<&'static str>,
    },
    /// The button is none that this release writes.
    UnknownButton,
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
    /// There is nothing to do: no option was given.
    NothingGiven {
        /// The command.
        command: &'static CommandSpec,
    },
    /// The person may not use the service here.
    Blocked {
        /// Why, and until when.
        block: Box<Block>,
        /// When it was asked.
        now: Now,
    },
    /// An admin does not want the bot to draw in this channel.
    NotHere {
        /// A channel of the server where it does, as it is written in a text.
        instead: Option<String>,
    },
    /// Only admins may do this.
    AdminsOnly {
        /// The command.
        command: &'static CommandSpec,
    },
    /// Only those who run the service may do this.
    OwnersOnly {
        /// The command.
        command: &'static CommandSpec,
    },
    /// A word rule forbids the text.
    Forbidden {
        /// Which; only for admins.
        rule: Option<String>,
    },
    /// This model is not for this person or place.
    ModelNotAllowed {
        /// The model.
        model: String,
        /// Those that are.
        allowed: Vec<String>,
    },
    /// The model of an old job is not here any more.
    ModelGone {
        /// The model.
        model: String,
    },
    /// The model cannot begin with a picture.
    NoSourcePossible {
        /// The model.
        model: String,
    },
    /// There is no such job, or it is not for this person to know of.
    NoSuchJob {
        /// The number.
        job: JobId,
    },
    /// No job was named, and there is none that could be meant.
    NoJobYet,
    /// Somebody else asked for the job.
    NotYours {
        /// The number.
        job: JobId,
    },
    /// The job waits or is being drawn.
    Unfinished {
        /// The number.
        job: JobId,
    },
    /// The job has ended.
    Ended {
        /// The number.
        job: JobId,
    },
    /// The job has no (such) picture.
    NoSuchImage {
        /// The number of the job.
        job: JobId,
        /// How many it has.
        images: usize,
    },
    /// The file of the picture was deleted.
    ImageGone {
        /// The number of the job.
        job: JobId,
    },
    /// A picture cannot be drawn larger.
    TooLargeAlready {
        /// Its width and height in pixels.
        size: (u32, u32),
    },
    /// A file that came with the command cannot be fetched.
    FileUnreachable,
    /// A file that came with the command is too large.
    FileTooLarge {
        /// How many bytes it may have.
        max_bytes: u64,
    },
    /// A file that came with the command is no picture that can be used.
    BadPicture {
        /// Why.
        error: ImageError,
    },
    /// A picture says nothing about how it was drawn.
    NoRecipe,
    /// Some of the person's jobs wait or are being drawn.
    UnfinishedJobs,
    /// The service is about to end.
    Stopping,
    /// An admin lets no new jobs in.
    Draining,
    /// A limit forbids another job now.
    Refused {
        /// Which.
        refusal: Refusal,
        /// When it was asked.
        now: Now,
    },
}

impl UserError {
    /// The error as a sentence for the person.
    pub(crate) fn text(&self, locale: Locale) -> String {
        match self {
            Self::EmptyPrompt => messages::empty_prompt(locale),
            Self::PromptTooLong { chars, max } => messages::prompt_too_long(locale, *chars, *max),
            Self::UnknownCommand { name } => messages::unknown_command(locale, name),
            Self::OnlyAGroup { name, commands } => messages::only_a_group(locale, name, &commands.join(", ")),
            Self::UnknownButton => messages::unknown_button(locale),
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
            Self::NothingGiven { command } => messages::nothing_given(locale, command.name),
            Self::Blocked { block, now } => messages::blocked(locale, block, *now),
            Self::NotHere { instead } => messages::not_here(locale, instead.as_deref()),
            Self::AdminsOnly { command } => messages::admins_only(locale, command.name),
            Self::OwnersOnly { command } => messages::owners_only(locale, command.name),
            Self::Forbidden { rule } => messages::forbidden(locale, rule.as_deref()),
            Self::Stopping => messages::stopping(locale),
            Self::Draining => messages::draining(locale),
            Self::Refused { refusal, now } => messages::refused(locale, refusal, *now),
            Self::ModelNotAllowed { model, allowed } => {
                messages::model_not_allowed(locale, model, &allowed.join(", "))
            }
            Self::ModelGone { model } => messages::model_gone(locale, model),
            Self::NoSourcePossible { model } => messages::no_source_possible(locale, model),
            Self::NoSuchJob { job } => messages::no_such_job(locale, *job),
            Self::NoJobYet => messages::no_job_yet(locale),
            Self::NotYours { job } => messages::not_yours(locale, *job),
            Self::Unfinished { job } => messages::unfinished(locale, *job),
            Self::Ended { job } => messages::ended(locale, *job),
            Self::NoSuchImage { job, images } => messages::no_such_image(locale, *job, *images),
            Self::ImageGone { job } => messages::image_gone(locale, *job),
            Self::TooLargeAlready { size } => messages::too_large_already(locale, *size),
            Self::FileUnreachable => messages::file_unreachable(locale),
            Self::FileTooLarge { max_bytes } => messages::file_too_large(locale, *max_bytes),
            Self::BadPicture { error } => messages::bad_picture(locale, error),
            Self::NoRecipe => messages::no_recipe(locale),
            Self::UnfinishedJobs => messages::unfinished_jobs(locale),
        }
    }
}
