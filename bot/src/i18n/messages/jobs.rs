//! Texts about jobs: what they are doing, how they ended, and what is said beside a result.

use std::time::Duration;

use super::{number, plain};
use crate::i18n::Locale;
use crate::i18n::catalog::text;
use crate::store::{Clamped, ClampedParameter, ErrorClass, JobId};

/// A job waits; `position` 1 is next, and it will probably be drawn after `remaining`.
pub fn job_queued(locale: Locale, position: u32, remaining: Option<Duration>) -> String {
    match remaining {
        None => text(locale, "job-queued", &[("position", number(position))]),
        Some(remaining) => {
            let about = plain(&about(locale, remaining));
            text(
                locale,
                "job-queued-until",
                &[("position", number(position)), ("about", about)],
            )
        }
    }
}

/// A time that nobody knows exactly, in the unit that suits it and rounded up: "about 2 minutes".
pub fn about(locale: Locale, time: Duration) -> String {
    const STEP_S: u64 = 5;
    const MINUTE_S: u64 = 60;
    const HOUR_S: u64 = 60 * MINUTE_S;
    let seconds = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
    let (key, count) = if seconds <= MINUTE_S - STEP_S {
        ("about-seconds", seconds.div_ceil(STEP_S).max(1) * STEP_S)
    } else if seconds <= 90 * MINUTE_S {
        ("about-minutes", seconds.div_ceil(MINUTE_S))
    } else {
        ("about-hours", seconds.div_ceil(HOUR_S))
    };
    text(
        locale,
        key,
        &[("count", number(u32::try_from(count).unwrap_or(u32::MAX)))],
    )
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

/// Every picture was drawn and none may be shown.
pub fn job_withheld(locale: Locale, count: u32) -> String {
    text(locale, "job-withheld", &[("count", number(count))])
}

/// The pictures were deleted by somebody.
pub fn job_deleted(locale: Locale, job: JobId) -> String {
    text(locale, "job-deleted", &[("job", plain(&job))])
}

/// The files of all pictures were cleared away.
pub fn job_gone(locale: Locale, job: JobId) -> String {
    text(locale, "job-gone", &[("job", plain(&job))])
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
        ClampedParameter::Strength => "note-strength",
        ClampedParameter::ClipSkip => "note-clip-skip",
    };
    text(
        locale,
        key,
        &[("asked", plain(&clamped.asked)), ("used", plain(&clamped.used))],
    )
}

/// Some of the pictures may not be shown.
pub fn note_withheld(locale: Locale, count: u32) -> String {
    text(locale, "note-withheld", &[("count", number(count))])
}

/// Some of the pictures are covered, because there are doubts about them.
pub fn note_spoiler(locale: Locale, count: u32) -> String {
    text(locale, "note-spoiler", &[("count", number(count))])
}

/// Some of the pictures are blurred, because there are doubts about them.
pub fn note_blurred(locale: Locale, count: u32) -> String {
    text(locale, "note-blurred", &[("count", number(count))])
}

/// The files of some pictures were cleared away.
pub fn note_gone(locale: Locale, count: u32) -> String {
    text(locale, "note-gone", &[("count", number(count))])
}

/// The picture is the drawn one with more pixels; this is its size in pixels.
pub fn note_enlarged(locale: Locale, (width, height): (u32, u32)) -> String {
    let size = format!("{width}x{height}");
    text(locale, "note-enlarged", &[("size", plain(&size))])
}

/// A style was used.
pub fn note_style(locale: Locale, style: &str) -> String {
    text(locale, "note-style", &[("style", plain(&style))])
}

/// The prompt is not the one that was typed.
pub fn note_prompt(locale: Locale, prompt: &str) -> String {
    text(locale, "note-prompt", &[("prompt", plain(&prompt))])
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
    /// The same after the second pass, if there was one.
    pub enlarged: Option<(u32, u32)>,
    /// Name of the scheduler.
    pub scheduler: &'a str,
    /// Id of the model.
    pub model: &'a str,
}

/// What a picture was drawn with, in one line.
pub fn recipe(locale: Locale, recipe: &RecipeLine<'_>) -> String {
    let written = |(width, height): (u32, u32)| format!("{width}x{height}");
    let size = match recipe.enlarged {
        Some(enlarged) => format!("{} → {}", written(recipe.size), written(enlarged)),
        None => written(recipe.size),
    };
    let arguments = [
        ("seed", plain(&recipe.seed)),
        ("steps", number(recipe.num_inference_steps)),
        ("guidance", plain(&recipe.guidance_scale)),
        ("size", plain(&size)),
        ("scheduler", plain(&recipe.scheduler)),
        ("model", plain(&recipe.model)),
    ];
    text(locale, "recipe", &arguments)
}
