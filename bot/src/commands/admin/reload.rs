//! `admin reload`: the settings are read again.

use anyhow::Context as _;
use async_trait::async_trait;
use serde_json::json;

use super::{
    Access, Arguments, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec, Reply,
    answer, texts,
};
use crate::rules::RulesError;

pub(in crate::commands) struct Reload;

static SPEC: CommandSpec = CommandSpec {
    name: "admin reload",
    access: Access::Owner,
    asks: false,
    draws: false,
    is_private: true,
    positional: None,
    options: &[],
};

#[async_trait]
impl Command for Reload {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        _arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let caller = Caller::of(context, request, &SPEC)?;
        let reloaded = match context.rules.reload().await {
            Ok(reloaded) => reloaded,
            Err(RulesError::Store(error)) => return Err(CommandError::Internal(error.into())),
            Err(error) => {
                tracing::warn!(%error, "the settings were not read again");
                return answer(texts::reload_failed(caller.locale, &error.to_string()));
            }
        };
        let detail = json!({ "needs_restart": reloaded.needs_restart });
        context
            .store
            .admin()
            .note("reload", &detail, &caller.actor)
            .await
            .context("cannot write the audit log")?;
        tracing::info!("the settings were read again");
        let mut text = texts::reloaded(caller.locale);
        if !reloaded.needs_restart.is_empty() {
            text.push('\n');
            text.push_str(&texts::needs_restart(
                caller.locale,
                &reloaded.needs_restart.join(", "),
            ));
        }
        answer(text)
    }
}
