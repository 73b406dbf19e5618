//! Texts that say which limit forbids something, and until when.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{number, plain};
use crate::i18n::Locale;
use crate::i18n::catalog::text;
use crate::limits::{self, Again, Wait};
use crate::store::{Block, Refusal, Window};

/// A moment as a person is told it: now, and the time zone of the clock on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// What time it is.
    pub at: DateTime<Utc>,
    /// Where people look at the clock.
    pub time_zone: Tz,
}

/// A limit forbids another job.
pub fn refused(locale: Locale, refusal: &Refusal, now: Now) -> String {
    match *refusal {
        Refusal::Queued { limit, queued } => text(
            locale,
            "refused-queued",
            &[("limit", number(limit)), ("queued", plain(&queued))],
        ),
        Refusal::QueueFull { limit } => text(locale, "refused-queue-full", &[("limit", plain(&limit))]),
        Refusal::Window {
            window,
            limit,
            again_at,
            ..
        } => {
            let key = match window {
                Window::Minute => "refused-per-minute",
                Window::Hour => "refused-per-hour",
                Window::Day => "refused-per-day",
            };
            let again = plain(&again(locale, again_at, now));
            text(locale, key, &[("limit", number(limit)), ("again", again)])
        }
        Refusal::Cooldown { pause, again_at } => {
            let seconds = number(u32::try_from(pause.num_seconds()).unwrap_or(u32::MAX));
            let again = plain(&again(locale, again_at, now));
            text(
                locale,
                "refused-cooldown",
                &[("seconds", seconds), ("again", again)],
            )
        }
    }
}

/// When something is possible again: `at 15:04 (in 2 hours)`, and only `in 20 seconds` when that is soon.
pub fn again(locale: Locale, at: DateTime<Utc>, now: Now) -> String {
    let Again { clock, days, wait } = limits::again(at, now.at, now.time_zone);
    let (wait, count) = match wait {
        Wait::Seconds(count) => return text(locale, "again-seconds", &[("seconds", number(count))]),
        Wait::Minutes(count) => ("wait-minutes", count),
        Wait::Hours(count) => ("wait-hours", count),
    };
    let key = match days {
        0 => "again-today",
        1 => "again-tomorrow",
        _ => "again-later",
    };
    let wait = text(locale, wait, &[("count", number(count))]);
    let arguments = [
        ("clock", plain(&clock)),
        ("wait", plain(&wait)),
        ("days", number(days)),
    ];
    text(locale, key, &arguments)
}

/// Date and time on the clock on the wall.
pub fn moment(at: DateTime<Utc>, time_zone: Tz) -> String {
    at.with_timezone(&time_zone).format("%Y-%m-%d %H:%M").to_string()
}

/// Somebody may not draw.
pub fn blocked(locale: Locale, block: &Block, now: Now) -> String {
    let mut lines = vec![match block.until {
        Some(until) => text(
            locale,
            "blocked-until",
            &[("until", plain(&moment(until, now.time_zone)))],
        ),
        None => text(locale, "blocked", &[]),
    }];
    if !block.reason.is_empty() {
        lines.push(text(
            locale,
            "blocked-reason",
            &[("reason", plain(&block.reason))],
        ));
    }
    lines.join("\n")
}

/// The service is about to end.
pub fn stopping(locale: Locale) -> String {
    text(locale, "refused-stopping", &[])
}

/// An admin lets no new jobs in.
pub fn draining(locale: Locale) -> String {
    text(locale, "refused-draining", &[])
}

/// A word rule forbids the text. Only admins are told which one.
pub fn forbidden(locale: Locale, rule: Option<&str>) -> String {
    match rule {
        Some(rule) => text(locale, "refused-words-admin", &[("rule", plain(&rule))]),
        None => text(locale, "refused-words", &[]),
    }
}
