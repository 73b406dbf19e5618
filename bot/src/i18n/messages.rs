//! One function for each text that a person reads.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use fluent_bundle::FluentValue;

use super::Locale;
use super::catalog::{keys, text};
use crate::limits::{Clamped, ClampedParameter};
use crate::store::{ErrorClass, JobId};

/// A number that chooses a plural form.
fn number(value: u32) -> FluentValue<'static> {
    FluentValue::from(value)
}

/// A value that is shown as it is, without a language's thousands separators.
fn plain(value: &impl ToString) -> FluentValue<'static> {
    FluentValue::from(value.to_string())
}

/// A job waits; `position` 1 is next.
pub fn job_queued(locale: Locale, position: u32) -> String {
    text(locale, "job-queued", &[("position", number(position))])
}

/// A job is being drawn.
pub fn job_running(locale: Locale, step: u32, num_inference_steps: u32) -> String {
    text(
        locale,
        "job-running",
        &[("step", number(step)), ("steps", number(num_inference_steps))],
    )
}

/// The pictures are there.
pub fn job_done(locale: Locale, count: u32) -> String {
    text(locale, "job-done", &[("count", number(count))])
}

/// Somebody ended a job.
pub fn job_cancelled(locale: Locale, job: JobId) -> String {
    text(locale, "job-cancelled", &[("job", plain(&job))])
}

/// A job waited too long.
pub fn job_expired(locale: Locale, job: JobId) -> String {
    text(locale, "job-expired", &[("job", plain(&job))])
}

/// An error ended a job.
pub fn job_failed(locale: Locale, job: JobId, class: ErrorClass) -> String {
    let key = match class {
        ErrorClass::InvalidRequest => "job-failed-invalid-request",
        ErrorClass::Model => "job-failed-model",
        ErrorClass::OutOfMemory => "job-failed-out-of-memory",
        ErrorClass::Storage => "job-failed-storage",
        ErrorClass::Stalled => "job-failed-stalled",
        ErrorClass::Crashed => "job-failed-crashed",
        ErrorClass::Internal => "job-failed-internal",
    };
    text(locale, key, &[("job", plain(&job))])
}

/// The end of the prompt had no effect.
pub fn note_prompt_truncated(locale: Locale) -> String {
    text(locale, "note-prompt-truncated", &[])
}

/// A parameter was asked for and something else was used.
pub fn note_clamped(locale: Locale, clamped: &Clamped) -> String {
    let key = match clamped.what {
        ClampedParameter::Size => "note-size",
        ClampedParameter::Steps => "note-steps",
        ClampedParameter::GuidanceScale => "note-guidance",
        ClampedParameter::Count => "note-count",
    };
    text(
        locale,
        key,
        &[("asked", plain(&clamped.asked)), ("used", plain(&clamped.used))],
    )
}

/// What a recipe line shows.
#[derive(Clone, Debug)]
pub struct RecipeLine<'a> {
    /// Seed of the first picture.
    pub seed: u64,
    /// Denoising steps.
    pub num_inference_steps: u32,
    /// Classifier-free guidance.
    pub guidance_scale: f32,
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// Name of the scheduler.
    pub scheduler: &'a str,
    /// Id of the model.
    pub model: &'a str,
}

/// What a picture was drawn with, in one line.
pub fn recipe(locale: Locale, recipe: &RecipeLine<'_>) -> String {
    let arguments = [
        ("seed", plain(&recipe.seed)),
        ("steps", number(recipe.num_inference_steps)),
        ("guidance", plain(&recipe.guidance_scale)),
        ("size", plain(&format!("{}x{}", recipe.size.0, recipe.size.1))),
        ("scheduler", plain(&recipe.scheduler)),
        ("model", plain(&recipe.model)),
    ];
    text(locale, "recipe", &arguments)
}

/// The beginning of the help.
pub fn help_intro(locale: Locale) -> String {
    text(locale, "help-intro", &[])
}

/// One line of the help: a command or an option with what it does.
pub fn help_usage(locale: Locale, command: &str, description: &str) -> String {
    text(
        locale,
        "help-usage",
        &[("command", plain(&command)), ("description", plain(&description))],
    )
}

/// What the text after a command's name is called.
pub fn help_argument(locale: Locale) -> String {
    text(locale, "help-argument", &[])
}

/// What a command does.
pub fn command_description(locale: Locale, command: &str) -> String {
    text(locale, &format!("command-{command}"), &[])
}

/// What an option does.
pub fn option_description(locale: Locale, option: &str) -> String {
    text(locale, &format!("option-{option}"), &[])
}

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
    text(locale, "error-unknown-option", &arguments)
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

/// A person has enough unfinished jobs.
pub fn refused_queued_per_user(locale: Locale, limit: u32, queued: u32) -> String {
    text(
        locale,
        "refused-queued-per-user",
        &[("limit", number(limit)), ("queued", plain(&queued))],
    )
}

/// The queue is full for everybody.
pub fn refused_queue_full(locale: Locale, limit: u32) -> String {
    text(locale, "refused-queue-full", &[("limit", plain(&limit))])
}

/// A person has drawn enough for a day; the next job fits after `wait`.
pub fn refused_per_day(locale: Locale, limit: u32, wait: TimeDelta) -> String {
    let arguments = [("limit", plain(&limit)), ("again", plain(&again(locale, wait)))];
    text(locale, "refused-per-day", &arguments)
}

/// A time from now, rounded up: in minutes below an hour and a half.
fn again(locale: Locale, wait: TimeDelta) -> String {
    let minutes = u32::try_from(wait.num_seconds().max(1))
        .unwrap_or(u32::MAX)
        .div_ceil(60);
    if minutes < 90 {
        text(locale, "again-minutes", &[("minutes", number(minutes))])
    } else {
        text(locale, "again-hours", &[("hours", number(minutes.div_ceil(60)))])
    }
}

/// The service is about to end.
pub fn stopping(locale: Locale) -> String {
    text(locale, "refused-stopping", &[])
}

/// The service could not answer.
pub fn internal_error(locale: Locale) -> String {
    text(locale, "internal-error", &[])
}

/// The labels of the web page: every text whose key begins with `web-`.
pub fn web_labels(locale: Locale) -> BTreeMap<&'static str, String> {
    keys("web-")
        .into_iter()
        .map(|key| (key, text(locale, key, &[])))
        .collect()
}
