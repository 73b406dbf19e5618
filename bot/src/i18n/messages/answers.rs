//! Texts that commands answer with.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Now, about, again, number, plain};
use crate::i18n::Locale;
use crate::i18n::catalog::text;
use crate::store::{JobId, JobState, Window};

/// Somebody is there.
pub fn ping(locale: Locale) -> String {
    text(locale, "ping", &[("version", plain(&env!("CARGO_PKG_VERSION")))])
}

/// How many jobs there are in the queue.
pub fn queue_counts(locale: Locale, running: usize, waiting: usize) -> String {
    text(
        locale,
        "queue-counts",
        &[("running", count(running)), ("waiting", count(waiting))],
    )
}

/// The person's own job waits.
pub fn queue_own(locale: Locale, job: JobId, position: u32, remaining: Option<Duration>) -> String {
    let arguments = [("job", plain(&job)), ("position", number(position))];
    let line = text(locale, "queue-own", &arguments);
    with_remaining(locale, line, remaining)
}

/// The person's own job is being drawn.
pub fn queue_own_running(locale: Locale, job: JobId, remaining: Option<Duration>) -> String {
    let line = text(locale, "queue-own-running", &[("job", plain(&job))]);
    with_remaining(locale, line, remaining)
}

fn with_remaining(locale: Locale, line: String, remaining: Option<Duration>) -> String {
    let Some(remaining) = remaining else { return line };
    let arguments = [
        ("line", plain(&line)),
        ("about", plain(&about(locale, remaining))),
    ];
    text(locale, "queue-remaining", &arguments)
}

/// The pictures of a job may not be shown in this place.
pub fn show_not_here(locale: Locale, job: JobId) -> String {
    text(locale, "show-not-here", &[("job", plain(&job))])
}

/// The files of a job's pictures are sent.
pub fn originals(locale: Locale, files: usize) -> String {
    text(locale, "originals", &[("files", count(files))])
}

/// Somebody else's job; `position` 0 is being drawn. Only those who administer its place are told whose it is.
pub fn queue_other(locale: Locale, job: JobId, position: u32, user: Option<&str>) -> String {
    let whose = |user| text(locale, "queue-whose", &[("user", plain(&user))]);
    let arguments = [
        ("job", plain(&job)),
        ("position", number(position)),
        ("user", plain(&user.map(whose).unwrap_or_default())),
    ];
    text(locale, "queue-other", &arguments)
}

/// An admin lets nothing be drawn at the moment.
pub fn queue_paused(locale: Locale) -> String {
    text(locale, "queue-paused", &[])
}

/// An admin lets no new jobs in.
pub fn queue_draining(locale: Locale) -> String {
    text(locale, "queue-draining", &[])
}

/// What a person has used of one window.
#[derive(Clone, Copy, Debug)]
pub struct QuotaLine {
    /// The window.
    pub window: Window,
    /// How many jobs in it.
    pub used: u32,
    /// How many are allowed; `None` is any number.
    pub limit: Option<u32>,
    /// When the oldest of them drops out.
    pub next_free_at: Option<DateTime<Utc>>,
}

/// One window of the quota.
pub fn quota_window(locale: Locale, line: &QuotaLine, now: Now) -> String {
    let window = match line.window {
        Window::Minute => "quota-minute",
        Window::Hour => "quota-hour",
        Window::Day => "quota-day",
    };
    let window = text(locale, window, &[]);
    let Some(limit) = line.limit else {
        let arguments = [("window", plain(&window)), ("used", number(line.used))];
        return text(locale, "quota-unlimited", &arguments);
    };
    let left = text(
        locale,
        "quota-left",
        &[
            ("window", plain(&window)),
            ("used", number(line.used)),
            ("limit", plain(&limit)),
            ("left", plain(&limit.saturating_sub(line.used))),
        ],
    );
    match line.next_free_at {
        Some(at) => {
            let more = [("line", plain(&left)), ("again", plain(&again(locale, at, now)))];
            text(locale, "quota-more", &more)
        }
        None => left,
    }
}

/// How many jobs of the person have not ended.
pub fn quota_unfinished(locale: Locale, unfinished: u32, limit: Option<u32>) -> String {
    match limit {
        Some(limit) => text(
            locale,
            "quota-unfinished-of",
            &[("unfinished", plain(&unfinished)), ("limit", plain(&limit))],
        ),
        None => text(locale, "quota-unfinished", &[("unfinished", plain(&unfinished))]),
    }
}

/// A pause has to pass before the next job.
pub fn quota_cooldown(locale: Locale, at: DateTime<Utc>, now: Now) -> String {
    text(
        locale,
        "quota-cooldown",
        &[("again", plain(&again(locale, at, now)))],
    )
}

/// How large one job may be.
pub fn quota_picture(locale: Locale, max_pixels: u32, max_steps: u32, max_count: u32) -> String {
    let side = max_pixels.isqrt();
    let arguments = [
        ("size", plain(&format!("{side}x{side}"))),
        ("steps", number(max_steps)),
        ("count", number(max_count)),
    ];
    text(locale, "quota-picture", &arguments)
}

/// The beginning of the list of models.
pub fn models_intro(locale: Locale) -> String {
    text(locale, "models-intro", &[])
}

/// What people are told about a model.
#[derive(Clone, Copy, Debug)]
pub struct ModelLine<'a> {
    /// Its id.
    pub id: &'a str,
    /// What it draws.
    pub description: &'a str,
    /// Width and height that it draws best, in pixels.
    pub size: (u32, u32),
    /// Its usual number of steps.
    pub num_inference_steps: u32,
}

/// One model.
pub fn models_line(locale: Locale, model: &ModelLine<'_>) -> String {
    let arguments = [
        ("id", plain(&model.id)),
        ("description", plain(&model.description)),
        ("size", plain(&format!("{}x{}", model.size.0, model.size.1))),
        ("steps", number(model.num_inference_steps)),
    ];
    text(locale, "models-line", &arguments)
}

/// There are no styles.
pub fn styles_none(locale: Locale) -> String {
    text(locale, "styles-none", &[])
}

/// The beginning of the list of styles.
pub fn styles_intro(locale: Locale) -> String {
    text(locale, "styles-intro", &[])
}

/// One style with what it adds to the prompt and to the negative prompt.
pub fn styles_line(locale: Locale, name: &str, [prompt, negative_prompt]: [&str; 2]) -> String {
    let key = if negative_prompt.is_empty() {
        "styles-line"
    } else {
        "styles-line-negative"
    };
    let arguments = [
        ("name", plain(&name)),
        ("prompt", plain(&prompt)),
        ("negative", plain(&negative_prompt)),
    ];
    text(locale, key, &arguments)
}

/// Settings were changed.
pub fn settings_kept(locale: Locale) -> String {
    text(locale, "settings-kept", &[])
}

/// A thing that somebody can choose for themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Size of pictures.
    Size,
    /// The model.
    Model,
    /// The style.
    Style,
    /// The language of answers.
    Language,
    /// Whether jobs are private.
    Private,
}

/// One setting; `None` when nothing was chosen.
pub fn settings_line(locale: Locale, setting: Setting, value: Option<&str>) -> String {
    let name = match setting {
        Setting::Size => "settings-size",
        Setting::Model => "settings-model",
        Setting::Style => "settings-style",
        Setting::Language => "settings-language",
        Setting::Private => "settings-private",
    };
    let usual = || text(locale, "settings-usual", &[]);
    let value = value.map_or_else(usual, str::to_owned);
    let arguments = [
        ("name", plain(&text(locale, name, &[]))),
        ("value", plain(&value)),
    ];
    text(locale, "settings-line", &arguments)
}

/// A flag as a word.
pub fn yes_or_no(locale: Locale, flag: bool) -> String {
    text(locale, if flag { "flag-yes" } else { "flag-no" }, &[])
}

/// What a language calls itself.
pub fn language_name(locale: Locale) -> String {
    text(locale, "language-name", &[])
}

/// The beginning of the list of a person's jobs; `find` is what they are filtered by.
pub fn history_intro(locale: Locale, find: Option<&str>) -> String {
    match find {
        Some(find) => text(locale, "history-found", &[("find", plain(&find))]),
        None => text(locale, "history-intro", &[]),
    }
}

/// The list is empty.
pub fn history_none(locale: Locale, find: Option<&str>) -> String {
    match find {
        Some(find) => text(locale, "history-nothing-found", &[("find", plain(&find))]),
        None => text(locale, "history-none", &[]),
    }
}

/// The list is empty so far: `looked_at` jobs were looked at, and there are older ones.
pub fn history_none_yet(locale: Locale, find: Option<&str>, looked_at: u32) -> String {
    let looked_at = plain(&looked_at);
    match find {
        Some(find) => {
            let arguments = [("find", plain(&find)), ("jobs", looked_at)];
            text(locale, "history-nothing-found-yet", &arguments)
        }
        None => text(locale, "history-none-yet", &[("jobs", looked_at)]),
    }
}

/// The list goes no further.
pub fn history_none_older(locale: Locale, find: Option<&str>) -> String {
    match find {
        Some(find) => text(locale, "history-nothing-older", &[("find", plain(&find))]),
        None => text(locale, "history-none-older", &[]),
    }
}

/// A job in a list.
#[derive(Clone, Copy, Debug)]
pub struct HistoryLine<'a> {
    /// Its number.
    pub job: JobId,
    /// When it was asked for, see [`moment`](super::moment).
    pub time: &'a str,
    /// The prompt, shortened.
    pub prompt: &'a str,
    /// Where it is on its way.
    pub state: JobState,
}

/// One job of the list.
pub fn history_line(locale: Locale, line: &HistoryLine<'_>) -> String {
    let state = match line.state {
        JobState::Queued => "history-queued",
        JobState::Running => "history-running",
        JobState::Delivering | JobState::Done => "history-done",
        JobState::Failed => "history-failed",
        JobState::Cancelled => "history-cancelled",
        JobState::Expired => "history-expired",
    };
    let arguments = [
        ("job", plain(&line.job)),
        ("time", plain(&line.time)),
        ("prompt", plain(&line.prompt)),
        ("state", plain(&text(locale, state, &[]))),
    ];
    text(locale, "history-line", &arguments)
}

/// A job that waited has ended.
pub fn cancel_ended(locale: Locale, job: JobId) -> String {
    text(locale, "cancel-ended", &[("job", plain(&job))])
}

/// A job that is being drawn ends soon.
pub fn cancel_ending(locale: Locale, job: JobId) -> String {
    text(locale, "cancel-ending", &[("job", plain(&job))])
}

/// The pictures of a job were deleted.
pub fn deleted(locale: Locale, job: JobId, images: u64) -> String {
    text(
        locale,
        "deleted",
        &[("job", plain(&job)), ("images", many(images))],
    )
}

/// The pictures of a job were deleted, and its message could not be removed.
pub fn deleted_without_message(locale: Locale, job: JobId) -> String {
    text(locale, "deleted-without-message", &[("job", plain(&job))])
}

/// What the person is asked for when the prompt of a job is to be changed.
pub fn edit_ask(locale: Locale, job: JobId) -> String {
    text(locale, "edit-ask", &[("job", plain(&job))])
}

/// The label of the field for the new prompt.
pub fn edit_label(locale: Locale) -> String {
    text(locale, "edit-label", &[])
}

/// Everything of a person would be deleted, if they confirm it with this number.
pub fn forget_ask(locale: Locale, code: i64) -> String {
    text(locale, "forget-ask", &[("code", plain(&code))])
}

/// Everything of a person was deleted.
pub fn forget_done(locale: Locale, jobs: u64, images: u64) -> String {
    text(
        locale,
        "forget-done",
        &[("jobs", many(jobs)), ("images", many(images))],
    )
}

/// Some jobs could not be deleted because they are not finished.
pub fn forget_left(locale: Locale, jobs: u64) -> String {
    text(locale, "forget-left", &[("jobs", many(jobs))])
}

fn many(value: u64) -> fluent_bundle::FluentValue<'static> {
    number(u32::try_from(value).unwrap_or(u32::MAX))
}

fn count(value: usize) -> fluent_bundle::FluentValue<'static> {
    number(u32::try_from(value).unwrap_or(u32::MAX))
}
