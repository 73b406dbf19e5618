//! `admin channel allow`, `admin channel deny`: where in a server the bot draws.

use async_trait::async_trait;

use super::place::{self, CHANNEL, HERE};
use super::{
    Arguments, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec, Locale, Reply,
    answer, texts,
};
use crate::store::PlaceRuleKind;

/// One of the two.
pub(in crate::commands) struct SetChannel {
    spec: &'static CommandSpec,
    is_allowed: bool,
    text: fn(Locale, &str) -> String,
}

pub(in crate::commands) static CHANNEL_ALLOW: SetChannel = SetChannel {
    spec: &place::spec("admin channel allow"),
    is_allowed: true,
    text: texts::channel_allowed,
};

pub(in crate::commands) static CHANNEL_DENY: SetChannel = SetChannel {
    spec: &place::spec("admin channel deny"),
    is_allowed: false,
    text: texts::channel_denied,
};

#[async_trait]
impl Command for SetChannel {
    fn spec(&self) -> &'static CommandSpec {
        self.spec
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let caller = Caller::of(context, request, self.spec)?;
        let channel = arguments.get(CHANNEL.name).unwrap_or(HERE);
        let Some(place) = place::place(&caller, request, &arguments, Some(channel))? else {
            return Ok(Some(caller.elsewhere()));
        };
        let what = (&place, PlaceRuleKind::Drawing);
        if let Some(refused) = place::set(context, &caller, what, &self.is_allowed).await? {
            return Ok(Some(refused));
        }
        answer((self.text)(caller.locale, &place::name(&caller, request, &place)))
    }
}
