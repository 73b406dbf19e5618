//! `admin safety set`: what is done with doubtful pictures in a server or channel.

use async_trait::async_trait;

use super::place::{self, CHANNEL};
use super::{
    Access, Arguments, CHAT, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec,
    OptionKind, OptionSpec, Reply, UserError, answer, messages, required, texts,
};
use crate::commands::Choices;
use crate::safety::SafetyAction;
use crate::store::PlaceRuleKind;

pub(in crate::commands) struct SafetySet;

static SPEC: CommandSpec = CommandSpec {
    name: "admin safety set",
    access: Access::Admin,
    asks: false,
    draws: false,
    is_private: true,
    positional: Some(&ACTION),
    options: &[CHANNEL, CHAT],
};

const ACTION: OptionSpec = OptionSpec::new("action", OptionKind::Word, "spoiler")
    .required()
    .of(Choices::Of(&["allow", "spoiler", "blur", "block"]));

#[async_trait]
impl Command for SafetySet {
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
        let typed = required(&arguments, &ACTION)?;
        let action: SafetyAction = typed.parse().map_err(|_| UserError::BadValue {
            option: &ACTION,
            value: typed.to_owned(),
        })?;
        let channel = arguments.get(CHANNEL.name);
        let Some(place) = place::place(&caller, request, &arguments, channel)? else {
            return Ok(Some(caller.elsewhere()));
        };
        let mildest = context.rules.current().safety.mildest(&place);
        if !caller.actor.is_owner() && action < mildest {
            let mildest = messages::choice_name(caller.locale, mildest.name());
            return answer(texts::safety_too_mild(caller.locale, &mildest));
        }
        let what = (&place, PlaceRuleKind::Safety);
        if let Some(refused) = place::set(context, &caller, what, &action).await? {
            return Ok(Some(refused));
        }
        let name = place::name(&caller, request, &place);
        let action = messages::choice_name(caller.locale, action.name());
        answer(texts::place_set(caller.locale, &name, &action))
    }
}
