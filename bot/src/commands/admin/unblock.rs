//! `admin unblock`: somebody may draw again.

use anyhow::Context as _;
use async_trait::async_trait;

use super::block::{USER, reach_of};
use super::{
    Access, Arguments, CHAT, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec,
    Reply, answer, people, required, texts,
};
use crate::store::Block;

pub(in crate::commands) struct UnblockUser;

static SPEC: CommandSpec = CommandSpec {
    name: "admin unblock",
    access: Access::Admin,
    asks: false,
    draws: false,
    is_private: true,
    positional: Some(&USER),
    options: &[CHAT],
};

#[async_trait]
impl Command for UnblockUser {
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
        let user = people::user(required(&arguments, &USER)?.trim(), &request.user, &USER)?;
        let Some(reach) = reach_of(&caller, &user, &arguments) else {
            return Ok(Some(caller.elsewhere()));
        };
        let server = reach.server().map(|(_, server)| server);
        let admin = context.store.admin();
        let lifted = admin
            .unblock(&user, server, &caller.actor)
            .await
            .context("cannot lift the block")?;
        if !lifted {
            let blocks = admin.blocks(server, caller.now.at).await;
            let blocks = blocks.context("cannot read the blocks")?;
            let is_it = |block: &Block| block.user == user && block.server.as_deref() == server;
            if blocks.iter().any(is_it) {
                return Ok(Some(caller.owners_only()));
            }
        }
        let name = format!("{}:{}", user.platform, user.id);
        let place = reach.text(caller.locale);
        answer(if lifted {
            texts::unblocked(caller.locale, &name, &place)
        } else {
            texts::not_blocked(caller.locale, &name, &place)
        })
    }
}
