//! Texts about what a person can put right, and about faults of the service.

use inference::images::ImageError;

use super::{number, plain};
use crate::i18n::Locale;
use crate::i18n::catalog::text;
use crate::store::JobId;

/// `/draw` was given without a prompt.
pub fn empty_prompt(locale: Locale) -> String {
    text(locale, "error-empty-prompt", &[])
}

/// The prompt has too many characters.
pub fn prompt_too_long(locale: Locale, chars: usize, max: usize) -> String {
    text(
        locale,
        "error-prompt-too-long",
        &[("chars", plain(&chars)), ("max", plain(&max))],
    )
}

/// No command has this name.
pub fn unknown_command(locale: Locale, name: &str) -> String {
    text(locale, "error-unknown-command", &[("name", plain(&name))])
}

/// A command has no option of this name.
pub fn unknown_option(locale: Locale, command: &str, name: &str, known: &str) -> String {
    let arguments = [
        ("command", plain(&command)),
        ("name", plain(&name)),
        ("known", plain(&known)),
    ];
    let key = if known.is_empty() {
        "error-no-options"
    } else {
        "error-unknown-option"
    };
    text(locale, key, &arguments)
}

/// A command without options was given some text.
pub fn option_without_use(locale: Locale, command: &str) -> String {
    text(
        locale,
        "error-option-without-use",
        &[("command", plain(&command))],
    )
}

/// An option was given without a value.
pub fn missing_value(locale: Locale, option: &str, example: &str) -> String {
    text(
        locale,
        "error-missing-value",
        &[("option", plain(&option)), ("example", plain(&example))],
    )
}

/// The value of an option cannot be read.
pub fn bad_value(locale: Locale, option: &str, value: &str, example: &str) -> String {
    let arguments = [
        ("option", plain(&option)),
        ("value", plain(&value)),
        ("example", plain(&example)),
    ];
    text(locale, "error-bad-value", &arguments)
}

/// The value of an option is none of those there are.
pub fn unknown_choice(locale: Locale, option: &str, value: &str, known: &str) -> String {
    let arguments = [
        ("option", plain(&option)),
        ("value", plain(&value)),
        ("known", plain(&known)),
    ];
    text(locale, "error-unknown-choice", &arguments)
}

/// A name is the beginning of several commands' names.
pub fn only_a_group(locale: Locale, name: &str, commands: &str) -> String {
    text(
        locale,
        "error-only-a-group",
        &[("name", plain(&name)), ("commands", plain(&commands))],
    )
}

/// A button is of another release, or none at all.
pub fn unknown_button(locale: Locale) -> String {
    text(locale, "error-unknown-button", &[])
}

/// A command was given without any of its options.
pub fn nothing_given(locale: Locale, command: &str) -> String {
    text(locale, "error-nothing-given", &[("command", plain(&command))])
}

/// The bot does not draw in this channel, but perhaps in another one.
pub fn not_here(locale: Locale, instead: Option<&str>) -> String {
    match instead {
        Some(channel) => text(locale, "error-not-here-but", &[("channel", plain(&channel))]),
        None => text(locale, "error-not-here", &[]),
    }
}

/// Only admins may give a command.
pub fn admins_only(locale: Locale, command: &str) -> String {
    text(locale, "error-admins-only", &[("command", plain(&command))])
}

/// Only those who run the service may give a command.
pub fn owners_only(locale: Locale, command: &str) -> String {
    text(locale, "error-owners-only", &[("command", plain(&command))])
}

/// A model is not for this person or place.
pub fn model_not_allowed(locale: Locale, model: &str, allowed: &str) -> String {
    text(
        locale,
        "error-model-not-allowed",
        &[("model", plain(&model)), ("allowed", plain(&allowed))],
    )
}

/// The model of an old job is not here any more.
pub fn model_gone(locale: Locale, model: &str) -> String {
    text(locale, "error-model-gone", &[("model", plain(&model))])
}

/// A model cannot begin with a picture.
pub fn no_source_possible(locale: Locale, model: &str) -> String {
    text(locale, "error-no-source-possible", &[("model", plain(&model))])
}

/// There is no such job.
pub fn no_such_job(locale: Locale, job: JobId) -> String {
    of_job(locale, "error-no-such-job", job)
}

/// No job was named, and there is none that could be meant.
pub fn no_job_yet(locale: Locale) -> String {
    text(locale, "error-no-job-yet", &[])
}

/// Somebody else asked for a job.
pub fn not_yours(locale: Locale, job: JobId) -> String {
    of_job(locale, "error-not-yours", job)
}

/// A job waits or is being drawn.
pub fn unfinished(locale: Locale, job: JobId) -> String {
    of_job(locale, "error-unfinished", job)
}

/// A job has ended.
pub fn ended(locale: Locale, job: JobId) -> String {
    of_job(locale, "error-ended", job)
}

/// A job has no picture with this number; `images` is how many it has.
pub fn no_such_image(locale: Locale, job: JobId, images: usize) -> String {
    let images = number(u32::try_from(images).unwrap_or(u32::MAX));
    text(
        locale,
        "error-no-such-image",
        &[("job", plain(&job)), ("images", images)],
    )
}

/// The file of a picture was deleted.
pub fn image_gone(locale: Locale, job: JobId) -> String {
    of_job(locale, "error-image-gone", job)
}

/// A picture of this width and height cannot be drawn larger.
pub fn too_large_already(locale: Locale, size: (u32, u32)) -> String {
    let size = format!("{}x{}", size.0, size.1);
    text(locale, "error-too-large-already", &[("size", plain(&size))])
}

/// A file that came with a command cannot be fetched.
pub fn file_unreachable(locale: Locale) -> String {
    text(locale, "error-file-unreachable", &[])
}

/// A file that came with a command is too large.
pub fn file_too_large(locale: Locale, max_bytes: u64) -> String {
    let mebibytes = plain(&(max_bytes >> 20));
    text(locale, "error-file-too-large", &[("mebibytes", mebibytes)])
}

/// A file that came with a command is no picture that can be used.
pub fn bad_picture(locale: Locale, error: &ImageError) -> String {
    match error {
        ImageError::FileTooLarge { limit } => file_too_large(locale, *limit as u64),
        ImageError::UnknownType => text(locale, "error-picture-type", &[]),
        ImageError::TooManyPixels {
            width,
            height,
            max_pixels,
            ..
        } => {
            let arguments = [
                ("size", plain(&format!("{width}x{height}"))),
                ("megapixels", plain(&(max_pixels / 1_000_000))),
            ];
            text(locale, "error-picture-size", &arguments)
        }
        _ => text(locale, "error-picture-damaged", &[]),
    }
}

/// A picture says nothing about how it was drawn.
pub fn no_recipe(locale: Locale) -> String {
    text(locale, "error-no-recipe", &[])
}

/// Some of a person's jobs wait or are being drawn.
pub fn unfinished_jobs(locale: Locale) -> String {
    text(locale, "error-unfinished-jobs", &[])
}

fn of_job(locale: Locale, key: &str, job: JobId) -> String {
    text(locale, key, &[("job", plain(&job))])
}

/// The service could not answer.
pub fn internal_error(locale: Locale) -> String {
    text(locale, "internal-error", &[])
}
