//! `/queue`: who waits, and for how long.

use anyhow::Context as _;
use async_trait::async_trait;

use super::gate::may_change;
use super::{Access, Arguments, Command, CommandContext, CommandError, CommandSpec};
use crate::chat::{CommandRequest, Reply};
use crate::i18n::{Locale, messages};
use crate::queue::{QueueMode, QueuePlace, QueueSnapshot};
use crate::rules::Authority;
use crate::store::StoreError;

/// The command.
pub(super) struct Queue;

static SPEC: CommandSpec = CommandSpec {
    name: "queue",
    access: Access::Everybody,
    asks: false,
    draws: false,
    is_private: true,
    positional: None,
    options: &[],
};

/// How many places of the queue are listed.
const SHOWN: usize = 10;

#[async_trait]
impl Command for Queue {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        _arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let locale = request.locale;
        let QueueSnapshot { running, waiting } = context.queue.snapshot();
        let mut lines = vec![messages::queue_counts(locale, running.len(), waiting.len())];
        lines.extend(mode_line(context, locale));
        let own = running
            .iter()
            .chain(&waiting)
            .filter(|place| place.user == request.user);
        lines.extend(own.map(|place| own_line(locale, place)));
        let others = running
            .iter()
            .chain(&waiting)
            .filter(|place| place.user != request.user);
        let authority = context.rules.current().admins.authority(request);
        for place in others.take(SHOWN) {
            let is_known = may_know(context, request, &authority, place)
                .await
                .context("cannot find out where a job of the queue was asked for")?;
            let user = is_known.then_some(place.user.id.as_str());
            lines.push(messages::queue_other(locale, place.job, place.position, user));
        }
        Ok(Some(Reply::private(lines.join("\n"))))
    }
}

/// Whether somebody may know whose job this is: those who may administer the place where it was asked for.
async fn may_know(
    context: &CommandContext,
    request: &CommandRequest,
    authority: &Authority,
    place: &QueuePlace,
) -> Result<bool, StoreError> {
    Ok(match authority {
        Authority::None => false,
        Authority::All => true,
        Authority::Server(_) => {
            let job = context.store.jobs().get(place.job).await?;
            job.is_some_and(|job| may_change(authority, request, &job))
        }
    })
}

fn own_line(locale: Locale, place: &QueuePlace) -> String {
    if place.position == 0 {
        messages::queue_own_running(locale, place.job, place.remaining)
    } else {
        messages::queue_own(locale, place.job, place.position, place.remaining)
    }
}

/// What keeps the queue from working as usual.
pub(super) fn mode_line(context: &CommandContext, locale: Locale) -> Option<String> {
    match context.queue.mode() {
        QueueMode::Open => None,
        QueueMode::Paused => Some(messages::queue_paused(locale)),
        QueueMode::Draining => Some(messages::queue_draining(locale)),
    }
}
