//! `admin pause`, `admin resume`, `admin drain`: what the queue does with jobs.

use anyhow::Context as _;
use async_trait::async_trait;
use serde_json::json;

use super::{
    Access, Arguments, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec, Locale,
    Reply, answer, texts,
};
use crate::queue::QueueMode;

/// One of the three.
pub(in crate::commands) struct SetMode {
    spec: &'static CommandSpec,
    mode: QueueMode,
    /// Its name in the audit log.
    action: &'static str,
    text: fn(Locale) -> String,
}

pub(in crate::commands) static PAUSE: SetMode = SetMode {
    spec: &spec("admin pause"),
    mode: QueueMode::Paused,
    action: "pause",
    text: texts::paused,
};

pub(in crate::commands) static RESUME: SetMode = SetMode {
    spec: &spec("admin resume"),
    mode: QueueMode::Open,
    action: "resume",
    text: texts::resumed,
};

pub(in crate::commands) static DRAIN: SetMode = SetMode {
    spec: &spec("admin drain"),
    mode: QueueMode::Draining,
    action: "drain",
    text: texts::queue_draining,
};

const fn spec(name: &'static str) -> CommandSpec {
    CommandSpec {
        name,
        access: Access::Owner,
        asks: false,
        draws: false,
        is_private: true,
        positional: None,
        options: &[],
    }
}

#[async_trait]
impl Command for SetMode {
    fn spec(&self) -> &'static CommandSpec {
        self.spec
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        _arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let caller = Caller::of(context, request, self.spec)?;
        context
            .queue
            .set_mode(self.mode)
            .await
            .context("cannot write down what the queue does")?;
        context
            .store
            .admin()
            .note(self.action, &json!({}), &caller.actor)
            .await
            .context("cannot write the audit log")?;
        tracing::info!(mode = ?self.mode, "an admin has changed what the queue does");
        answer((self.text)(caller.locale))
    }
}
