//! `admin blocks`: who may not draw.

use anyhow::Context as _;
use async_trait::async_trait;

use super::block::reach;
use super::{
    Access, Arguments, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec, Reply,
    answer, list, texts,
};
use crate::store::Block;

pub(in crate::commands) struct Blocks;

static SPEC: CommandSpec = CommandSpec {
    name: "admin blocks",
    access: Access::Admin,
    asks: false,
    draws: false,
    is_private: true,
    positional: None,
    options: &[],
};

#[async_trait]
impl Command for Blocks {
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
        let mut blocks = context
            .store
            .admin()
            .blocks(caller.actor.server.as_deref(), caller.actor.now)
            .await
            .context("cannot read who is blocked")?;
        // Two platforms may call a server the same.
        blocks.retain(|block| caller.covers(&block.user.platform, block.server.as_deref()));
        let lines: Vec<String> = blocks.iter().map(|block| line(&caller, block)).collect();
        answer(list(
            caller.locale,
            texts::blocks(caller.locale, lines.len()),
            &lines,
        ))
    }
}

fn line(caller: &Caller, block: &Block) -> String {
    let mut parts = vec![
        format!("{}:{}", block.user.platform, block.user.id),
        reach(block).text(caller.locale),
        caller.until(block.until),
    ];
    parts.extend((!block.reason.is_empty()).then(|| block.reason.clone()));
    parts.join(" · ")
}
