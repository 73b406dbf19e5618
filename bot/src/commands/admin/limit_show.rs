//! `admin limit show`: which limits hold, and who has set them.

use async_trait::async_trait;

use super::limit_text::{ROLE, USER};
use super::place::CHANNEL;
use super::{
    Access, Arguments, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec,
    OptionKind, OptionSpec, Reply, UserError, answer, limit_text, list, texts,
};
use crate::limits::{LimitChange, LimitRules};
use crate::rules::Authority;

pub(in crate::commands) struct LimitShow;

static SPEC: CommandSpec = CommandSpec {
    name: "admin limit show",
    access: Access::Admin,
    asks: false,
    draws: false,
    is_private: true,
    positional: Some(&SCOPE),
    options: &[ROLE, CHANNEL, USER],
};

/// Whom limits are about.
pub(super) const SCOPE: OptionSpec = OptionSpec::new("scope", OptionKind::Words, "role=123");

#[async_trait]
impl Command for LimitShow {
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
        let rules = context.rules.current();
        let typed = arguments.get(SCOPE.name).unwrap_or_default();
        let is_about_somebody = [&ROLE, &CHANNEL, &USER]
            .iter()
            .any(|option| arguments.get(option.name).is_some());
        if typed.is_empty() && !is_about_somebody && caller.authority == Authority::All {
            return answer(everything(&caller, &rules.limits));
        }
        let LimitChange { rule, unset } = match limit_text::read(typed, &arguments) {
            Ok(change) => change,
            Err(error) => return answer(limit_text::mistake(caller.locale, &error)),
        };
        if !rule.values.is_empty() || !unset.is_empty() {
            return Err(UserError::BadValue {
                option: &SCOPE,
                value: typed.to_owned(),
            }
            .into());
        }
        let Some(scope) = caller.authority.confine(&request.user.platform, rule.scope) else {
            return Ok(Some(caller.elsewhere()));
        };
        let lines: Vec<String> = rules
            .limits
            .show(&scope)
            .iter()
            .map(|source| limit_text::held(caller.locale, source))
            .collect();
        answer(list(
            caller.locale,
            texts::limits_of(caller.locale, &scope.to_string()),
            &lines,
        ))
    }
}

/// Every rule as it was written.
fn everything(caller: &Caller, limits: &LimitRules) -> String {
    let lines: Vec<String> = limits
        .all()
        .iter()
        .map(|(origin, rule)| limit_text::rule(caller.locale, *origin, rule))
        .collect();
    list(caller.locale, texts::all_limits(caller.locale), &lines)
}
