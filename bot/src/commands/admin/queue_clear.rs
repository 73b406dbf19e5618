//! `admin queue clear`: nothing waits any more.

use anyhow::Context as _;
use async_trait::async_trait;
use serde_json::json;

use super::{
    Access, Arguments, CHAT, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec,
    PLATFORM, Reply, answer, texts,
};

pub(in crate::commands) struct QueueClear;

static SPEC: CommandSpec = CommandSpec {
    name: "admin queue clear",
    access: Access::Admin,
    asks: false,
    draws: false,
    is_private: true,
    positional: None,
    options: &[CHAT, PLATFORM],
};

#[async_trait]
impl Command for QueueClear {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let caller = Caller::of(context, request, &SPEC)?;
        let Some(reach) = caller.reach(&arguments) else {
            return Ok(Some(caller.elsewhere()));
        };
        let (platform, server) = reach.place();
        let jobs = context
            .queue
            .clear(platform, server)
            .await
            .context("cannot clear the queue")?;
        let detail = json!({ "jobs": jobs, "platform": platform, "server": server });
        context
            .store
            .admin()
            .note("queue clear", &detail, &caller.actor)
            .await
            .context("cannot write the audit log")?;
        answer(texts::cleared(caller.locale, jobs, &reach.text(caller.locale)))
    }
}
