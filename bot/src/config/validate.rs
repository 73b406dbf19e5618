//! Checks that need more than a type.

use std::ops::RangeInclusive;

use inference::request::MAX_PROMPT_CHARS;
use secrecy::{ExposeSecret, SecretString};

use super::{Config, WebConfig, validate_lists, validate_telegram};

/// Shortest token, in characters.
const MIN_TOKEN_CHARS: usize = 8;

/// A setting whose value makes no sense, found after merging.
#[derive(Debug)]
pub(super) struct Violation {
    pub(super) key: String,
    pub(super) reason: String,
}

pub(super) fn validate(config: &Config) -> Result<(), Violation> {
    let queue = &config.queue;
    within(
        "inference.max_batch_rows",
        config.inference.max_batch_rows,
        1..=64,
    )?;
    within("queue.concurrency", queue.concurrency, 1..=64)?;
    within("queue.max_queued", queue.max_queued, 1..=1_000_000)?;
    within("queue.lease_seconds", queue.lease_seconds, 10..=86_400)?;
    within("queue.expire_hours", queue.expire_hours, 1..=8_760)?;
    within(
        "limits.max_prompt_chars",
        config.limits.max_prompt_chars,
        1..=MAX_PROMPT_CHARS,
    )?;
    within("store.keep_days", config.store.keep_days.unwrap_or(0), 0..=36_500)?;
    within("store.max_gib", config.store.max_gib.unwrap_or(0), 0..=1_000_000)?;
    within("shutdown.drain_seconds", config.shutdown.drain_seconds, 0..=3600)?;
    if config.inference.model.trim().is_empty() {
        return fail("inference.model", "must name a model, for example \"avatar\"");
    }
    validate_web(&config.web)?;
    validate_telegram::validate(&config.telegram)?;
    validate_bot_token("discord.token", config.discord.token.as_ref())?;
    validate_lists::validate(config)
}

fn validate_web(web: &WebConfig) -> Result<(), Violation> {
    if web.token.is_none() && !web.bind.ip().is_loopback() {
        return fail(
            "web.bind",
            format!(
                "other machines can reach {}, so a token is required: set web.token or EKAKI__WEB__TOKEN",
                web.bind
            ),
        );
    }
    validate_token("web.token", web.token.as_ref())?;
    validate_token("web.admin_token", web.admin_token.as_ref())?;
    let secrets = [&web.token, &web.admin_token].map(|token| token.as_ref().map(ExposeSecret::expose_secret));
    match secrets {
        [Some(token), Some(admin_token)] if token == admin_token => fail(
            "web.admin_token",
            "must not be the same as web.token, or everybody would be an admin",
        ),
        _ => Ok(()),
    }
}

fn validate_token(key: &str, token: Option<&SecretString>) -> Result<(), Violation> {
    match token {
        Some(token) if token.expose_secret().chars().count() < MIN_TOKEN_CHARS => {
            fail(key, format!("must have at least {MIN_TOKEN_CHARS} characters"))
        }
        _ => Ok(()),
    }
}

/// The token of a bot comes from its platform, so it is only said when something else has been copied with it.
fn validate_bot_token(key: &str, token: Option<&SecretString>) -> Result<(), Violation> {
    let is_clean = |token: &SecretString| token.expose_secret().bytes().all(|byte| byte.is_ascii_graphic());
    match token {
        Some(token) if !is_clean(token) => fail(key, "has a blank or a character in it that no token has"),
        _ => Ok(()),
    }
}

pub(super) fn within<T: Copy + PartialOrd + std::fmt::Display>(
    key: impl Into<String>,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), Violation> {
    if range.contains(&value) {
        return Ok(());
    }
    fail(
        key,
        format!("must be from {} to {}, not {value}", range.start(), range.end()),
    )
}

pub(super) fn fail(key: impl Into<String>, reason: impl Into<String>) -> Result<(), Violation> {
    Err(Violation {
        key: key.into(),
        reason: reason.into(),
    })
}
