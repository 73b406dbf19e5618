//! `admin limit reset`: for some people the settings hold again.

use anyhow::Context as _;
use async_trait::async_trait;

use super::limit_show::SCOPE;
use super::limit_text::{ROLE, USER};
use super::place::CHANNEL;
use super::{
    Access, Arguments, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec, Reply,
    answer, limit_text, refresh, texts,
};

pub(in crate::commands) struct LimitReset;

static SPEC: CommandSpec = CommandSpec {
    name: "admin limit reset",
    access: Access::Admin,
    asks: false,
    draws: false,
    is_private: true,
    positional: Some(&SCOPE),
    options: &[ROLE, CHANNEL, USER],
};

#[async_trait]
impl Command for LimitReset {
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
        // What was set may be copied from `admin limit show`: the limits behind the scope do no harm.
        let rule = match limit_text::read(arguments.get(SCOPE.name).unwrap_or_default(), &arguments) {
            Ok(change) => change.rule,
            Err(error) => return answer(limit_text::mistake(caller.locale, &error)),
        };
        let Some(named) = caller.authority.confine(&request.user.platform, rule.scope) else {
            return Ok(Some(caller.elsewhere()));
        };
        let scope = named.to_string();
        let reset = context
            .store
            .admin()
            .reset_limits(&scope, &caller.actor)
            .await
            .context("cannot reset the limits")?;
        if !reset {
            if context.rules.current().limits.override_of(&named).is_some() {
                return Ok(Some(caller.owners_only()));
            }
            return answer(texts::limits_not_set(caller.locale, &scope));
        }
        refresh(context).await?;
        answer(texts::limits_reset(caller.locale, &scope))
    }
}
