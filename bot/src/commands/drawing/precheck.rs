//! A look at the limits before a file is read. What counts is what the job log says when the job is added to it.

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use crate::chat::CommandRequest;
use crate::commands::{CommandContext, CommandError, UserError};
use crate::i18n::messages::Now;
use crate::store::{LimitCheck, Refusal, Usage, Window};

/// How many of a person's newest jobs the same command can have become.
const NEWEST: u32 = 20;

/// Spares the work with a file for a job that would be refused.
///
/// # Errors
/// When a limit of the person forbids another job now.
pub(in crate::commands) async fn check_not_refused(
    context: &CommandContext,
    request: &CommandRequest,
) -> Result<(), CommandError> {
    let rules = context.rules.current();
    let now = context.clock.now();
    let usage = context.store.users().usage(&request.user, now).await;
    let usage = usage.context("cannot read what a person has used")?;
    let limits = rules.limits.of_request(request);
    let Some(refusal) = refusal(&usage, &limits.check, now) else {
        return Ok(());
    };
    if is_repeated(context, request).await? {
        return Ok(());
    }
    let now = Now {
        at: now,
        time_zone: rules.time_zone,
    };
    Err(UserError::Refused { refusal, now }.into())
}

/// A command that was accepted before is answered with its job, whatever the person has used since.
async fn is_repeated(context: &CommandContext, request: &CommandRequest) -> Result<bool, CommandError> {
    if request.key.is_none() {
        return Ok(false);
    }
    let newest = context.store.jobs().of_user(&request.user, None, NEWEST).await;
    let newest = newest.context("cannot read a person's jobs")?;
    let address = request.responder.address();
    Ok(newest.iter().any(|job| job.reply_address == address))
}

fn refusal(usage: &Usage, check: &LimitCheck, now: DateTime<Utc>) -> Option<Refusal> {
    let windows = Window::ALL.into_iter().zip(usage.used).zip(usage.next_free_at);
    let full = windows.filter_map(|((window, used), next_free_at)| {
        let limit = check.of(window).filter(|limit| used >= *limit)?;
        let again_at = next_free_at.unwrap_or(now);
        Some((again_at, window, limit, used))
    });
    // The one that opens last: after it the person is let in.
    if let Some((again_at, window, limit, used)) = full.max_by_key(|(again_at, ..)| *again_at) {
        return Some(Refusal::Window {
            window,
            limit,
            used,
            again_at,
        });
    }
    if let (Some(last_at), Some(pause)) = (usage.last_at, check.cooldown) {
        let again_at = last_at.min(now) + pause;
        if again_at > now {
            return Some(Refusal::Cooldown { pause, again_at });
        }
    }
    let queued = usage.queued + usage.running;
    let limit = check.queued.filter(|limit| queued >= *limit)?;
    Some(Refusal::Queued { limit, queued })
}
