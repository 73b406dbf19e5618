//! `/cancel`: a job that waits or is being drawn ends.

use anyhow::Context as _;
use async_trait::async_trait;

use super::old_jobs::{self, JOB};
use super::{Access, Arguments, Command, CommandContext, CommandError, CommandSpec, UserError};
use crate::chat::{CommandRequest, Reply};
use crate::i18n::messages;
use crate::queue::CancelResult;

/// The command.
pub(super) struct Cancel;

static SPEC: CommandSpec = CommandSpec {
    name: "cancel",
    access: Access::EvenBlocked,
    asks: false,
    draws: false,
    is_private: true,
    positional: Some(&JOB),
    options: &[],
};

#[async_trait]
impl Command for Cancel {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let job = old_jobs::find_to_change(context, request, &arguments, |job| job.outcome.is_none()).await?;
        let result = context.queue.cancel(job.id).await;
        let text = match result.context("cannot cancel a job")? {
            CancelResult::Ended => messages::cancel_ended(request.locale, job.id),
            CancelResult::Ending => messages::cancel_ending(request.locale, job.id),
            CancelResult::TooLate => return Err(UserError::Ended { job: job.id }.into()),
        };
        Ok(Some(Reply::private(text)))
    }
}
