//! `admin words list`: what may not be drawn.

use anyhow::Context as _;
use async_trait::async_trait;

use super::caller::place;
use super::{
    Access, Arguments, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec, Reply,
    answer, list, texts,
};

pub(in crate::commands) struct WordsList;

static SPEC: CommandSpec = CommandSpec {
    name: "admin words list",
    access: Access::Admin,
    asks: false,
    draws: false,
    is_private: true,
    positional: None,
    options: &[],
};

#[async_trait]
impl Command for WordsList {
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
        let words = context.store.admin().words().await;
        let lines: Vec<String> = words
            .context("cannot read the word rules")?
            .iter()
            .filter(|word| {
                let platform = word.platform.as_ref().unwrap_or(&request.user.platform);
                caller.covers(platform, word.server.as_deref())
            })
            .map(|word| {
                let place = place(caller.locale, word.platform.as_ref(), word.server.as_deref());
                format!("{} · {} · {place}", word.id, word.rule)
            })
            .collect();
        answer(list(
            caller.locale,
            texts::words(caller.locale, lines.len()),
            &lines,
        ))
    }
}
