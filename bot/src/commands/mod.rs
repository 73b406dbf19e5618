//! What people can ask for: one file for each command, and `COMMANDS`, the list of them.
//!
//! To add a command, write its file and a line in the list; its texts are `command-<name>` and `option-<name>` in
//! the locale files. The list also makes `/help` and what platforms show as menus.

mod draw;
mod error;
mod help;
mod parse;
mod spec;

use std::fmt;

use async_trait::async_trait;

pub use self::draw::random_seed;
pub(crate) use self::error::{CommandError, UserError};
pub(crate) use self::parse::Arguments;
pub use self::spec::{CommandSpec, OptionKind, OptionSpec};
use crate::chat::{CommandRequest, Reply, send_reply};
use crate::i18n::messages;
use crate::limits::Limits;
use crate::queue::{Clock, JobQueue};
use crate::store::Store;

/// One command.
#[async_trait]
pub(crate) trait Command: Sync {
    /// What it looks like.
    fn spec(&self) -> &'static CommandSpec;

    /// Does it. `None` means that a job was accepted, whose end will be told.
    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError>;
}

/// Every command, in the order in which people read about them.
pub(crate) static COMMANDS: &[&dyn Command] = &[&draw::Draw, &help::Help];

/// What commands work with.
#[derive(Clone)]
pub struct CommandContext {
    /// Where jobs go.
    pub queue: JobQueue,
    /// The job log.
    pub store: Store,
    /// What people may ask for.
    pub limits: Limits,
    /// Where the time comes from.
    pub clock: Clock,
    /// Makes the seed of a picture for which none was given.
    pub random_seed: fn() -> u64,
}

impl fmt::Debug for CommandContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandContext")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Answers commands.
#[derive(Debug)]
pub struct Commands {
    context: CommandContext,
}

impl Commands {
    /// Answers with these means.
    pub fn new(context: CommandContext) -> Self {
        Self { context }
    }

    /// Answers one command. It returns when the answer is sent or the job is in the log; it does not wait for
    /// pictures, and errors become answers.
    pub async fn handle(&self, request: CommandRequest) {
        let platform = &request.user.platform;
        if let Err(error) = request.responder.acknowledge().await {
            tracing::debug!(%platform, %error, "command not acknowledged");
        }
        let reply = match self.answer(&request).await {
            Ok(None) => return,
            Ok(Some(reply)) => reply,
            Err(CommandError::User(error)) => Reply::text(error.text(request.locale)),
            Err(CommandError::Internal(error)) => {
                tracing::error!(%platform, error = %format_args!("{error:#}"), "command failed");
                Reply::text(messages::internal_error(request.locale))
            }
        };
        if let Err(error) = send_reply(&*request.responder, reply).await {
            tracing::warn!(%platform, %error, "answer not sent");
        }
    }

    async fn answer(&self, request: &CommandRequest) -> Result<Option<Reply>, CommandError> {
        let call = parse::parse(&request.input, COMMANDS.iter().map(|command| command.spec()))?;
        let command = COMMANDS
            .iter()
            .find(|command| std::ptr::eq(command.spec(), call.spec));
        let command = command.ok_or_else(|| anyhow::anyhow!("the command {} has no code", call.spec.name))?;
        command.run(&self.context, request, call.arguments).await
    }
}
