//! `admin limit set`: some people may draw more, or less.

use anyhow::Context as _;
use async_trait::async_trait;

use super::limit_text::{ROLE, USER};
use super::place::CHANNEL;
use super::{
    Access, Arguments, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec,
    MOST_RULES, OptionKind, OptionSpec, Reply, UserError, answer, limit_text, messages, refresh, required,
    texts,
};
use crate::limits::{LimitChange, LimitScope, LimitValues};
use crate::rules::{Authority, Rules};

pub(in crate::commands) struct LimitSet;

static SPEC: CommandSpec = CommandSpec {
    name: "admin limit set",
    access: Access::Admin,
    asks: false,
    draws: false,
    is_private: true,
    positional: Some(&LIMITS),
    options: &[ROLE, CHANNEL, USER],
};

const LIMITS: OptionSpec =
    OptionSpec::new("limits", OptionKind::Words, "role=123 per_day=20 max_steps=30").required();

/// The longest text, in characters.
const MOST_CHARS: usize = 500;

#[async_trait]
impl Command for LimitSet {
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
        let typed = required(&arguments, &LIMITS)?;
        if typed.chars().count() > MOST_CHARS {
            return answer(texts::too_long(caller.locale, MOST_CHARS));
        }
        let LimitChange { rule, unset } = match limit_text::read(typed, &arguments) {
            Ok(change) => change,
            Err(error) => return answer(limit_text::mistake(caller.locale, &error)),
        };
        if rule.values.is_empty() && unset.is_empty() {
            return Err(UserError::NothingGiven { command: &SPEC }.into());
        }
        let Some(scope) = caller.authority.confine(&request.user.platform, rule.scope) else {
            return Ok(Some(caller.elsewhere()));
        };
        let rules = context.rules.current();
        if let Some(refusal) = refusal(context, &caller, &rules, (&scope, &rule.values)) {
            return answer(refusal);
        }
        let limits = &rules.limits;
        // What moderators have set holds only within certain bounds: it does not become an admin's of everything.
        let before = if caller.actor.is_owner() {
            limits.override_of(&scope)
        } else {
            limits.moderated_of(&scope)
        };
        let before = before.map(|before| before.without(&unset)).unwrap_or_default();
        let values = rule.values.or(&before);
        let scope = scope.to_string();
        if !keep(context, &caller, &scope, &values).await? {
            return Ok(Some(caller.owners_only()));
        }
        refresh(context).await?;
        answer(if values.is_empty() {
            texts::limits_reset(caller.locale, &scope)
        } else {
            texts::limits_set(caller.locale, &scope, &values.to_string())
        })
    }
}

/// Writes the limits of a scope down, or removes them when there are none. `false` when that is not for this admin to do.
async fn keep(
    context: &CommandContext,
    caller: &Caller,
    scope: &str,
    values: &LimitValues,
) -> anyhow::Result<bool> {
    let admin = context.store.admin();
    if values.is_empty() {
        admin
            .reset_limits(scope, &caller.actor)
            .await
            .context("cannot reset the limits")?;
        return Ok(true);
    }
    let json = serde_json::to_value(values).context("cannot write the limits down")?;
    admin
        .set_limits(scope, &json, &caller.actor)
        .await
        .context("cannot write the limits down")
}

/// Why these limits cannot be set.
fn refusal(
    context: &CommandContext,
    caller: &Caller,
    rules: &Rules,
    (scope, values): (&LimitScope, &LimitValues),
) -> Option<String> {
    let known: Vec<String> = context.queue.models().into_iter().map(|model| model.id).collect();
    let unknown = values
        .models
        .iter()
        .flatten()
        .find(|model| known.iter().all(|known| !known.eq_ignore_ascii_case(model)));
    if let Some(model) = unknown {
        return Some(messages::unknown_choice(
            caller.locale,
            "model",
            model,
            &known.join(", "),
        ));
    }
    let is_set = rules.limits.set_scopes().any(|set| set == scope);
    let is_here = |set: &&LimitScope| (&set.platform, &set.chat) == (&scope.platform, &scope.chat);
    if !is_set && rules.limits.set_scopes().filter(is_here).count() >= MOST_RULES {
        return Some(texts::too_many(caller.locale, MOST_RULES));
    }
    if caller.authority == Authority::All {
        return None;
    }
    if rules.limits.override_of(scope).is_some() {
        return Some(texts::set_by_owner(caller.locale));
    }
    let beyond: Vec<&str> = rules
        .limits
        .beyond_owners(scope, values)
        .into_iter()
        .map(|key| key.name())
        .collect();
    (!beyond.is_empty()).then(|| texts::limits_beyond_settings(caller.locale, &beyond.join(", ")))
}
