//! `/delete`: the pictures of a job and its message disappear.

use anyhow::Context as _;
use async_trait::async_trait;
use serde_json::json;

use super::old_jobs::{self, JOB};
use super::{Access, Arguments, Command, CommandContext, CommandError, CommandSpec, UserError};
use crate::chat::{CommandRequest, Reply};
use crate::i18n::messages;
use crate::store::{Actor, JobRow};

/// The command.
pub(super) struct Delete;

static SPEC: CommandSpec = CommandSpec {
    name: "delete",
    access: Access::EvenBlocked,
    asks: false,
    draws: false,
    is_private: true,
    positional: Some(&JOB),
    options: &[],
};

#[async_trait]
impl Command for Delete {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        if arguments.get(JOB.name).is_none() {
            // Nothing disappears because a number was forgotten.
            return Err(UserError::MissingValue { option: &JOB }.into());
        }
        let job = old_jobs::find_to_change(context, request, &arguments, |_| false).await?;
        if job.outcome.is_none() {
            return Err(UserError::Unfinished { job: job.id }.into());
        }
        let now = context.clock.now();
        let deleted = context.store.jobs().delete_images(job.id, now).await;
        let deleted = deleted.context("cannot delete the pictures of a job")?;
        let noted = if job.is_of(&request.user) {
            Ok(())
        } else {
            note(context, request, &job).await
        };
        let text = match context.outbox.remove(job.id).await {
            Ok(()) => messages::deleted(request.locale, job.id, deleted.images),
            Err(error) => {
                tracing::info!(job = %job.id, %error, "the message of a deleted job is still there");
                messages::deleted_without_message(request.locale, job.id)
            }
        };
        // The message is away by now, whether that could be written down or not.
        noted?;
        Ok(Some(Reply::private(text)))
    }
}

/// What an admin takes away from somebody else stands in the audit log.
async fn note(context: &CommandContext, request: &CommandRequest, job: &JobRow) -> Result<(), CommandError> {
    let by = Actor {
        user: request.user.clone(),
        server: request.place.server.clone(),
        now: context.clock.now(),
    };
    let detail = json!({ "job": job.id, "user": job.user.id });
    let noted = context.store.admin().note(SPEC.name, &detail, &by).await;
    Ok(noted.context("cannot write the audit log")?)
}
