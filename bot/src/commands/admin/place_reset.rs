//! `admin channel reset`, `admin default reset`, `admin safety reset`: what was set for a server or channel is taken back.

use anyhow::Context as _;
use async_trait::async_trait;

use super::place::{self, CHANNEL, HERE};
use super::{
    Arguments, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec, Reply, answer,
    refresh, texts,
};
use crate::store::PlaceRuleKind;

/// One of the three.
pub(in crate::commands) struct PlaceReset {
    spec: &'static CommandSpec,
    kind: PlaceRuleKind,
    /// The channel when none is named; `None` is the whole server.
    usual_channel: Option<&'static str>,
}

pub(in crate::commands) static CHANNEL_RESET: PlaceReset = PlaceReset {
    spec: &place::spec("admin channel reset"),
    kind: PlaceRuleKind::Drawing,
    usual_channel: Some(HERE),
};

pub(in crate::commands) static DEFAULT_RESET: PlaceReset = PlaceReset {
    spec: &place::spec("admin default reset"),
    kind: PlaceRuleKind::Defaults,
    usual_channel: None,
};

pub(in crate::commands) static SAFETY_RESET: PlaceReset = PlaceReset {
    spec: &place::spec("admin safety reset"),
    kind: PlaceRuleKind::Safety,
    usual_channel: None,
};

#[async_trait]
impl Command for PlaceReset {
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
        let channel = arguments.get(CHANNEL.name).or(self.usual_channel);
        let Some(place) = place::place(&caller, request, &arguments, channel)? else {
            return Ok(Some(caller.elsewhere()));
        };
        let admin = context.store.admin();
        let reset = admin.reset_place_rule(&place, self.kind, &caller.actor).await;
        let name = place::name(&caller, request, &place);
        if reset.context("cannot take a rule for a place back")? {
            refresh(context).await?;
            return answer(texts::place_reset(caller.locale, &name));
        }
        let rules = context.rules.current();
        let is_set = rules.places.get(&place).is_some_and(|rule| rule.has(self.kind));
        if is_set {
            return Ok(Some(caller.owners_only()));
        }
        answer(texts::place_not_set(caller.locale, &name))
    }
}
