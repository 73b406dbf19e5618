//! `/ping`: whether somebody is there.

use async_trait::async_trait;

use super::queue::mode_line;
use super::{Access, Arguments, Command, CommandContext, CommandError, CommandSpec};
use crate::chat::{CommandRequest, Reply};
use crate::i18n::messages;

/// The command.
pub(super) struct Ping;

static SPEC: CommandSpec = CommandSpec {
    name: "ping",
    access: Access::EvenBlocked,
    asks: false,
    draws: false,
    is_private: true,
    positional: None,
    options: &[],
};

#[async_trait]
impl Command for Ping {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        _arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let snapshot = context.queue.snapshot();
        let counts = messages::queue_counts(request.locale, snapshot.running.len(), snapshot.waiting.len());
        let lines = [
            Some(messages::ping(request.locale)),
            Some(counts),
            mode_line(context, request.locale),
        ];
        Ok(Some(Reply::private(
            lines.into_iter().flatten().collect::<Vec<_>>().join("\n"),
        )))
    }
}
