//! `admin default set`: what is drawn with in a server or channel when people say nothing else.

use anyhow::Context as _;
use async_trait::async_trait;

use super::place::{self, CHANNEL};
use super::{
    Access, Arguments, CHAT, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec,
    Reply, UserError, answer, texts,
};
use crate::commands::draw::{MODEL, SIZE, STEPS, STYLE};
use crate::commands::settings::{self, LANGUAGE};
use crate::commands::whole_number;
use crate::rules::PlaceDefaults;
use crate::store::{PlaceRuleKind, RuledPlace, UserSettings};

pub(in crate::commands) struct DefaultSet;

static SPEC: CommandSpec = CommandSpec {
    name: "admin default set",
    access: Access::Admin,
    asks: false,
    draws: false,
    is_private: true,
    positional: None,
    options: &[SIZE, MODEL, STYLE, STEPS, LANGUAGE, CHANNEL, CHAT],
};

#[async_trait]
impl Command for DefaultSet {
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
        let values = [&SIZE, &MODEL, &STYLE, &STEPS, &LANGUAGE];
        if values.iter().all(|option| arguments.get(option.name).is_none()) {
            return Err(UserError::NothingGiven { command: &SPEC }.into());
        }
        let channel = arguments.get(CHANNEL.name);
        let Some(place) = place::place(&caller, request, &arguments, channel)? else {
            return Ok(Some(caller.elsewhere()));
        };
        let defaults = changed(before(context, &caller, &place), context, request, &arguments)?;
        let name = place::name(&caller, request, &place);
        let what = (&place, PlaceRuleKind::Defaults);
        if defaults == PlaceDefaults::default() {
            let admin = context.store.admin();
            let reset = admin.reset_place_rule(&place, PlaceRuleKind::Defaults, &caller.actor);
            reset.await.context("cannot take a rule for a place back")?;
            super::refresh(context).await?;
            return answer(texts::place_reset(caller.locale, &name));
        }
        if let Some(refused) = place::set(context, &caller, what, &defaults).await? {
            return Ok(Some(refused));
        }
        answer(texts::place_set(caller.locale, &name, &defaults.to_string()))
    }
}

/// What this admin changes: not what an admin of everything has set, if they are none.
fn before(context: &CommandContext, caller: &Caller, place: &RuledPlace) -> PlaceDefaults {
    let rules = context.rules.current();
    let set = rules.places.get(place).and_then(|rule| rule.defaults.as_ref());
    set.filter(|set| caller.actor.is_owner() || !set.by_owner)
        .map(|set| set.value.clone())
        .unwrap_or_default()
}

/// The defaults after the options, which are those of `/settings`. `none` and 0 take one back.
fn changed(
    before: PlaceDefaults,
    context: &CommandContext,
    request: &CommandRequest,
    arguments: &Arguments,
) -> Result<PlaceDefaults, CommandError> {
    let begin = UserSettings {
        size: before.size,
        model: before.model,
        style: before.style,
        language: before.language.map(|language| language.tag().to_owned()),
        private: None,
    };
    let after = settings::changed(begin, context, request, arguments)?;
    let steps = arguments.value(&STEPS, whole_number)?.or(before.steps);
    Ok(PlaceDefaults {
        size: after.size,
        model: after.model,
        style: after.style,
        steps: steps.filter(|steps| *steps > 0),
        language: after.language.and_then(|language| language.parse().ok()),
    })
}
