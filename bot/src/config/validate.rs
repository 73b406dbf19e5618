//! Checks that need more than a type.

use std::ops::RangeInclusive;

use inference::request::{MAX_PROMPT_CHARS, SIZES, STEPS};
use secrecy::ExposeSecret;

use super::layers::Violation;
use super::{Config, WebConfig};

/// Shortest token, in characters.
const MIN_TOKEN_CHARS: usize = 8;
/// Pixels of the pictures that the engine accepts.
const PIXELS: RangeInclusive<u32> = *SIZES.start() * *SIZES.start()..=*SIZES.end() * *SIZES.end();

pub(super) fn validate(config: &Config) -> Result<(), Violation> {
    let (queue, limits) = (&config.queue, &config.limits);
    within(
        "inference.max_batch_rows",
        config.inference.max_batch_rows,
        1..=64,
    )?;
    within("queue.concurrency", queue.concurrency, 1..=64)?;
    within("queue.max_queued", queue.max_queued, 1..=1_000_000)?;
    within("queue.lease_seconds", queue.lease_seconds, 10..=86_400)?;
    within("queue.expire_hours", queue.expire_hours, 1..=8_760)?;
    within("limits.queued_per_user", limits.queued_per_user, 1..=1_000_000)?;
    within("limits.max_steps", limits.max_steps, STEPS)?;
    within("limits.max_pixels", limits.max_pixels, PIXELS)?;
    within("limits.max_count", limits.max_count, 1..=16)?;
    within(
        "limits.max_prompt_chars",
        limits.max_prompt_chars,
        1..=MAX_PROMPT_CHARS,
    )?;
    within("shutdown.drain_seconds", config.shutdown.drain_seconds, 0..=3600)?;
    if config.inference.model.trim().is_empty() {
        return fail("inference.model", "must name a model, for example \"avatar\"");
    }
    validate_web(&config.web)
}

fn validate_web(web: &WebConfig) -> Result<(), Violation> {
    match &web.token {
        None if !web.bind.ip().is_loopback() => fail(
            "web.bind",
            format!(
                "other machines can reach {}, so a token is required: set web.token or EKAKI__WEB__TOKEN",
                web.bind
            ),
        ),
        Some(token) if token.expose_secret().chars().count() < MIN_TOKEN_CHARS => fail(
            "web.token",
            format!("must have at least {MIN_TOKEN_CHARS} characters"),
        ),
        _ => Ok(()),
    }
}

fn within<T: Copy + PartialOrd + std::fmt::Display>(
    key: &'static str,
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

fn fail(key: &'static str, reason: impl Into<String>) -> Result<(), Violation> {
    Err(Violation {
        key,
        reason: reason.into(),
    })
}
