//! Limits as admins read and type them.

use super::people::without_mention;
use super::place::CHANNEL;
use super::{Arguments, Locale, OptionKind, OptionSpec, texts};
use crate::limits::{LimitChange, LimitOrigin, LimitRule, LimitSource, LimitTextError};
use crate::prompts::normalise;

/// The options that name whom a rule is about, for platforms where they are chosen from a list.
pub(super) const ROLE: OptionSpec = OptionSpec::new("role", OptionKind::Role, "123456789");
pub(super) const USER: OptionSpec = OptionSpec::new("user", OptionKind::User, "123456789");

/// What was typed as a rule, with the options that go with it. The mentions of a platform stand for ids.
pub(super) fn read(text: &str, arguments: &Arguments) -> Result<LimitChange, LimitTextError> {
    let mut change: LimitChange = text.parse()?;
    let scope = &mut change.rule.scope;
    for (option, field) in [
        (&ROLE, &mut scope.role),
        (&CHANNEL, &mut scope.channel),
        (&USER, &mut scope.user),
    ] {
        let Some(chosen) = arguments.get(option.name) else {
            continue;
        };
        if field.replace(normalise(chosen)).is_some() {
            return Err(LimitTextError::Twice { name: option.name });
        }
    }
    for id in [
        &mut scope.user,
        &mut scope.role,
        &mut scope.channel,
        &mut scope.chat,
    ]
    .into_iter()
    .flatten()
    {
        *id = without_mention(id).to_owned();
        if id.is_empty() || id.contains(char::is_whitespace) {
            return Err(LimitTextError::NoValue { word: id.clone() });
        }
    }
    Ok(change)
}

/// Why it cannot be read.
pub(super) fn mistake(locale: Locale, error: &LimitTextError) -> String {
    match error {
        LimitTextError::NoValue { word } => texts::limit_without_value(locale, word),
        LimitTextError::Unknown { name, known } => texts::limit_unknown(locale, name, &known.join(", ")),
        LimitTextError::Twice { name } => texts::limit_twice(locale, name),
        LimitTextError::NotANumber { key, value } => texts::limit_no_number(locale, key.name(), value),
        LimitTextError::OutOfBounds(error) => texts::limit_out_of_bounds(
            locale,
            error.key.name(),
            error.value,
            (*error.bounds.start(), *error.bounds.end()),
        ),
    }
}

/// A limit that holds, and why: `per_day=20 (an admin: role=2)`.
pub(super) fn held(locale: Locale, source: &LimitSource) -> String {
    let limit = format!("{}={}", source.key.name(), source.value);
    texts::limit_line(
        locale,
        &limit,
        &origin(locale, source.origin),
        &source.scope.to_string(),
    )
}

/// A rule, and who has written it.
pub(super) fn rule(locale: Locale, origin_of: LimitOrigin, rule: &LimitRule) -> String {
    format!("{rule} ({})", origin(locale, origin_of))
}

fn origin(locale: Locale, origin: LimitOrigin) -> String {
    match origin {
        LimitOrigin::Default | LimitOrigin::Settings => texts::from_settings(locale),
        LimitOrigin::Admin => texts::from_admin(locale),
        LimitOrigin::Moderator => texts::from_moderator(locale),
    }
}
