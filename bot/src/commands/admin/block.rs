//! `admin block`: somebody may not draw any more.

use anyhow::Context as _;
use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::caller::Reach;
use super::{
    Access, Arguments, CHAT, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec,
    OptionKind, OptionSpec, Reply, UserError, answer, people, required, texts,
};
use crate::chat::UserId;
use crate::moments;
use crate::store::Block;

/// The longest reason, in characters.
const MOST_REASON_CHARS: usize = 300;

pub(in crate::commands) struct BlockUser;

static SPEC: CommandSpec = CommandSpec {
    name: "admin block",
    access: Access::Admin,
    asks: false,
    draws: false,
    is_private: true,
    positional: Some(&USER),
    options: &[REASON, UNTIL, CHAT],
};

/// In a text a reason may follow the person.
pub(super) const USER: OptionSpec = OptionSpec::new("user", OptionKind::User, "123456789").required();
const REASON: OptionSpec = OptionSpec::new("reason", OptionKind::Words, "spam");
const UNTIL: OptionSpec = OptionSpec::new("until", OptionKind::Word, "3d");

#[async_trait]
impl Command for BlockUser {
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
        let Some(block) = block(&caller, &arguments)? else {
            return Ok(Some(caller.elsewhere()));
        };
        let name = format!("{}:{}", block.user.platform, block.user.id);
        if context.rules.current().admins.names(&block.user) {
            return answer(texts::not_an_admin(caller.locale, &name));
        }
        let kept = context
            .store
            .admin()
            .block(&block, &caller.actor)
            .await
            .context("cannot write the block down")?;
        if !kept {
            return Ok(Some(caller.owners_only()));
        }
        tracing::info!(platform = %block.user.platform, "somebody was blocked");
        answer(texts::blocked(
            caller.locale,
            &name,
            &reach(&block).text(caller.locale),
            &caller.until(block.until),
        ))
    }
}

/// What is asked for; `None` when it is not for this admin to ask.
fn block(caller: &Caller, arguments: &Arguments) -> Result<Option<Block>, UserError> {
    let text = required(arguments, &USER)?;
    let (user, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let user = people::user(user, &caller.actor.user, &USER)?;
    let reason = arguments.get(REASON.name).unwrap_or(rest).trim();
    let until = arguments
        .get(UNTIL.name)
        .map(|text| {
            until(caller, text).ok_or_else(|| UserError::BadValue {
                option: &UNTIL,
                value: text.to_owned(),
            })
        })
        .transpose()?;
    Ok(reach_of(caller, &user, arguments).map(|reach| Block {
        user,
        server: reach.server().map(|(_, server)| server.to_owned()),
        reason: reason.chars().take(MOST_REASON_CHARS).collect(),
        until,
    }))
}

/// Where somebody is to be blocked; `None` when that is not for this admin to say.
pub(super) fn reach_of(caller: &Caller, user: &UserId, arguments: &Arguments) -> Option<Reach> {
    let reach = match caller.reach(arguments)? {
        Reach::All(_) => Reach::All(None),
        Reach::Server(_, server) => Reach::Server(user.platform.clone(), server),
    };
    let server = reach.server().map(|(_, server)| server);
    caller.covers(&user.platform, server).then_some(reach)
}

/// A time that is still to come.
fn until(caller: &Caller, text: &str) -> Option<DateTime<Utc>> {
    let at = match moments::length(text) {
        Some(length) => caller.now.at.checked_add_signed(length)?,
        None => moments::moment(text, caller.now.time_zone)?,
    };
    (at > caller.now.at).then_some(at)
}

/// Where a block holds.
pub(super) fn reach(block: &Block) -> Reach {
    match &block.server {
        Some(server) => Reach::Server(block.user.platform.clone(), server.clone()),
        None => Reach::All(None),
    }
}
