//! Texts that admins read.

use super::{number, plain};
use crate::i18n::Locale;
use crate::i18n::catalog::text;
use crate::store::DayStats;

/// An admin of one server wants to change another place.
pub fn elsewhere(locale: Locale) -> String {
    text(locale, "admin-elsewhere", &[])
}

/// A list is longer than what is shown of it.
pub fn more(locale: Locale, count: usize) -> String {
    text(locale, "admin-more", &[("count", count_of(count))])
}

/// A place: everywhere.
pub fn everywhere(locale: Locale) -> String {
    text(locale, "admin-everywhere", &[])
}

/// A place: one server of a platform.
pub fn in_server(locale: Locale, platform: &str, server: &str) -> String {
    text(
        locale,
        "admin-server",
        &[("platform", plain(&platform)), ("server", plain(&server))],
    )
}

/// A place: a channel of the server.
pub fn in_channel(locale: Locale, channel: &str) -> String {
    text(locale, "admin-in-channel", &[("channel", plain(&channel))])
}

/// Something ends; `until` is a moment in words.
pub fn until(locale: Locale, until: &str) -> String {
    text(locale, "admin-until", &[("until", plain(&until))])
}

/// Something does not end by itself.
pub fn for_ever(locale: Locale) -> String {
    text(locale, "admin-for-ever", &[])
}

/// Somebody may not draw any more.
pub fn blocked(locale: Locale, user: &str, place: &str, until: &str) -> String {
    let arguments = [
        ("user", plain(&user)),
        ("place", plain(&place)),
        ("until", plain(&until)),
    ];
    text(locale, "admin-blocked", &arguments)
}

/// An admin of the whole service cannot be blocked.
pub fn not_an_admin(locale: Locale, user: &str) -> String {
    text(locale, "admin-not-an-admin", &[("user", plain(&user))])
}

/// Somebody may draw again.
pub fn unblocked(locale: Locale, user: &str, place: &str) -> String {
    user_and_place(locale, "admin-unblocked", user, place)
}

/// There was no block to lift.
pub fn not_blocked(locale: Locale, user: &str, place: &str) -> String {
    user_and_place(locale, "admin-not-blocked", user, place)
}

/// The title of the list of blocks.
pub fn blocks(locale: Locale, count: usize) -> String {
    text(locale, "admin-blocks", &[("count", count_of(count))])
}

/// The title of the list of all rules.
pub fn all_limits(locale: Locale) -> String {
    text(locale, "admin-limits-all", &[])
}

/// The title of what holds for some people.
pub fn limits_of(locale: Locale, scope: &str) -> String {
    text(locale, "admin-limits-of", &[("scope", plain(&scope))])
}

/// A limit, who has set it, and for whom.
pub fn limit_line(locale: Locale, limit: &str, origin: &str, scope: &str) -> String {
    let arguments = [
        ("limit", plain(&limit)),
        ("origin", plain(&origin)),
        ("scope", plain(&scope)),
    ];
    text(locale, "admin-limit-line", &arguments)
}

/// A rule is written in the settings.
pub fn from_settings(locale: Locale) -> String {
    text(locale, "admin-limit-from-settings", &[])
}

/// A rule was set with a command.
pub fn from_admin(locale: Locale) -> String {
    text(locale, "admin-limit-from-admin", &[])
}

/// A rule was set with a command, by an admin of one server.
pub fn from_moderator(locale: Locale) -> String {
    text(locale, "admin-limit-from-moderator", &[])
}

/// Something was set by those who run the service.
pub fn set_by_owner(locale: Locale) -> String {
    text(locale, "admin-set-by-owner", &[])
}

/// What was typed is longer than `max` characters.
pub fn too_long(locale: Locale, max: usize) -> String {
    text(locale, "admin-too-long", &[("max", plain(&max))])
}

/// There are `max` rules for a place already.
pub fn too_many(locale: Locale, max: usize) -> String {
    text(locale, "admin-too-many", &[("max", plain(&max))])
}

/// Limits hold from now on.
pub fn limits_set(locale: Locale, scope: &str, limits: &str) -> String {
    text(
        locale,
        "admin-limits-set",
        &[("scope", plain(&scope)), ("limits", plain(&limits))],
    )
}

/// The settings hold again.
pub fn limits_reset(locale: Locale, scope: &str) -> String {
    text(locale, "admin-limits-reset", &[("scope", plain(&scope))])
}

/// There was nothing to reset.
pub fn limits_not_set(locale: Locale, scope: &str) -> String {
    text(locale, "admin-limits-not-set", &[("scope", plain(&scope))])
}

/// An admin of one server may not be more generous than the settings.
pub fn limits_beyond_settings(locale: Locale, limits: &str) -> String {
    text(locale, "admin-limits-beyond", &[("limits", plain(&limits))])
}

/// A word of a rule is no name with a value.
pub fn limit_without_value(locale: Locale, word: &str) -> String {
    text(locale, "admin-limit-without-value", &[("word", plain(&word))])
}

/// A rule has no such part.
pub fn limit_unknown(locale: Locale, name: &str, known: &str) -> String {
    text(
        locale,
        "admin-limit-unknown",
        &[("name", plain(&name)), ("known", plain(&known))],
    )
}

/// A part of a rule was given twice.
pub fn limit_twice(locale: Locale, name: &str) -> String {
    text(locale, "admin-limit-twice", &[("name", plain(&name))])
}

/// A limit is no whole number.
pub fn limit_no_number(locale: Locale, name: &str, value: &str) -> String {
    text(
        locale,
        "admin-limit-no-number",
        &[("name", plain(&name)), ("value", plain(&value))],
    )
}

/// A limit is too small or too large.
pub fn limit_out_of_bounds(locale: Locale, name: &str, value: i64, bounds: (i64, i64)) -> String {
    let arguments = [
        ("name", plain(&name)),
        ("value", plain(&value)),
        ("min", plain(&bounds.0)),
        ("max", plain(&bounds.1)),
    ];
    text(locale, "admin-limit-out-of-bounds", &arguments)
}

/// A word rule holds from now on.
pub fn word_added(locale: Locale, id: i64, rule: &str, place: &str) -> String {
    let arguments = [
        ("id", plain(&id)),
        ("rule", plain(&rule)),
        ("place", plain(&place)),
    ];
    text(locale, "admin-word-added", &arguments)
}

/// A word rule cannot be read.
pub fn word_unusable(locale: Locale, reason: &str) -> String {
    text(locale, "admin-word-unusable", &[("reason", plain(&reason))])
}

/// A word rule is gone.
pub fn word_removed(locale: Locale, id: i64) -> String {
    text(locale, "admin-word-removed", &[("id", plain(&id))])
}

/// There is no such word rule.
pub fn word_unknown(locale: Locale, id: i64) -> String {
    text(locale, "admin-word-unknown", &[("id", plain(&id))])
}

/// The title of the list of word rules.
pub fn words(locale: Locale, count: usize) -> String {
    text(locale, "admin-words", &[("count", count_of(count))])
}

/// Jobs are taken and wait.
pub fn paused(locale: Locale) -> String {
    text(locale, "admin-paused", &[])
}

/// Jobs are taken and drawn.
pub fn resumed(locale: Locale) -> String {
    text(locale, "admin-resumed", &[])
}

/// Jobs are drawn and no new ones taken.
pub fn queue_draining(locale: Locale) -> String {
    text(locale, "admin-draining", &[])
}

/// Waiting jobs were ended.
pub fn cleared(locale: Locale, count: u32, place: &str) -> String {
    text(
        locale,
        "admin-cleared",
        &[("count", number(count)), ("place", plain(&place))],
    )
}

/// The settings were read again.
pub fn reloaded(locale: Locale) -> String {
    text(locale, "admin-reloaded", &[])
}

/// Some settings need a restart.
pub fn needs_restart(locale: Locale, settings: &str) -> String {
    text(locale, "admin-needs-restart", &[("settings", plain(&settings))])
}

/// The settings cannot be read, so nothing was changed.
pub fn reload_failed(locale: Locale, reason: &str) -> String {
    format!("{}\n{reason}", text(locale, "admin-reload-failed", &[]))
}

/// What was drawn in so many days, all together.
pub fn stats_title(locale: Locale, days: u32, place: &str, sum: &DayStats) -> String {
    let arguments = [
        ("days", number(days)),
        ("place", plain(&place)),
        ("jobs", plain(&sum.jobs)),
        ("images", plain(&sum.images)),
        ("seconds", plain(&whole(sum.seconds))),
    ];
    text(locale, "admin-stats", &arguments)
}

/// What the colours of the chart mean.
pub fn stats_colours(locale: Locale) -> String {
    text(locale, "admin-stats-colours", &[])
}

/// What was drawn on one day.
pub fn stats_line(locale: Locale, day: &DayStats) -> String {
    let arguments = [
        ("day", plain(&day.day)),
        ("jobs", plain(&day.jobs)),
        ("failed", plain(&day.failed)),
        ("users", plain(&day.users)),
        ("images", plain(&day.images)),
        ("seconds", plain(&whole(day.seconds))),
    ];
    text(locale, "admin-stats-line", &arguments)
}

/// The title of the list of changes.
pub fn audit(locale: Locale, count: usize) -> String {
    text(locale, "admin-audit", &[("count", count_of(count))])
}

fn user_and_place(locale: Locale, key: &str, user: &str, place: &str) -> String {
    text(locale, key, &[("user", plain(&user)), ("place", plain(&place))])
}

fn count_of(count: usize) -> fluent_bundle::FluentValue<'static> {
    number(u32::try_from(count).unwrap_or(u32::MAX))
}

fn whole(seconds: f64) -> String {
    format!("{seconds:.0}")
}

/// The bot draws in a channel, and only in such.
pub fn channel_allowed(locale: Locale, place: &str) -> String {
    text(locale, "admin-channel-allowed", &[("place", plain(&place))])
}

/// The bot does not draw in a channel.
pub fn channel_denied(locale: Locale, place: &str) -> String {
    text(locale, "admin-channel-denied", &[("place", plain(&place))])
}

/// The title of where the bot draws.
pub fn channels(locale: Locale, count: usize) -> String {
    text(locale, "admin-channels", &[("count", count_of(count))])
}

/// The title of what is drawn with when people say nothing else.
pub fn defaults(locale: Locale, count: usize) -> String {
    text(locale, "admin-defaults", &[("count", count_of(count))])
}

/// The title of what admins have set about doubtful pictures.
pub fn safeties(locale: Locale, count: usize) -> String {
    text(locale, "admin-safeties", &[("count", count_of(count))])
}

/// What is done with doubtful pictures where the admin is.
pub fn safety_here(locale: Locale, action: &str) -> String {
    text(locale, "admin-safety-here", &[("action", plain(&action))])
}

/// A moderator wants more than the service allows.
pub fn safety_too_mild(locale: Locale, action: &str) -> String {
    text(locale, "admin-safety-too-mild", &[("action", plain(&action))])
}

/// Something is set for a server or channel.
pub fn place_set(locale: Locale, place: &str, values: &str) -> String {
    let arguments = [("place", plain(&place)), ("values", plain(&values))];
    text(locale, "admin-place-set", &arguments)
}

/// Nothing is set for a server or channel any more.
pub fn place_reset(locale: Locale, place: &str) -> String {
    text(locale, "admin-place-reset", &[("place", plain(&place))])
}

/// Nothing was set for a server or channel.
pub fn place_not_set(locale: Locale, place: &str) -> String {
    text(locale, "admin-place-not-set", &[("place", plain(&place))])
}
