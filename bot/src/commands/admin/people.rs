//! People, roles and channels as admins name them.

use super::OptionSpec;
use super::UserError;
use crate::chat::UserId;
use crate::prompts::normalise;

/// The longest id that is taken for one.
const MOST_CHARS: usize = 128;

/// The person that is meant: the platform's id (`123`), as a mention (`<@123>`), or of another platform (`telegram:123`).
/// A name is none: people change it, and others take it.
pub(super) fn user(text: &str, asking: &UserId, option: &'static OptionSpec) -> Result<UserId, UserError> {
    let bad = || UserError::BadValue {
        option,
        value: text.to_owned(),
    };
    let (platform, named) = match text.split_once(':') {
        Some((platform, named)) if !platform.is_empty() => (platform.to_ascii_lowercase().into(), named),
        _ => (asking.platform.clone(), text),
    };
    Ok(UserId {
        platform,
        id: id(named, option).map_err(|_| bad())?,
    })
}

/// The id of a role, a channel or a person: as it is (`123`), or in a mention.
///
/// # Errors
/// When it is none: a name is none, either.
pub(super) fn id(text: &str, option: &'static OptionSpec) -> Result<String, UserError> {
    let id = normalise(text);
    let id = without_mention(&id);
    let is_id = !id.is_empty()
        && id.chars().count() <= MOST_CHARS
        && !id.starts_with(['@', '#', '<'])
        && !id
            .chars()
            .any(|character| character.is_whitespace() || character.is_control());
    if !is_id {
        return Err(UserError::BadValue {
            option,
            value: text.to_owned(),
        });
    }
    Ok(id.to_owned())
}

/// The id in a mention of a person, a role or a channel: `<@123>`, `<@!123>`, `<@&123>`, `<#123>`.
pub(super) fn without_mention(text: &str) -> &str {
    text.strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .and_then(|rest| rest.strip_prefix(['@', '#']))
        .map_or(text, |id| id.trim_start_matches(['!', '&']))
}

#[cfg(test)]
mod tests {
    use super::{super::block::USER, user};
    use crate::chat::{Platform, UserId};

    fn check(text: &str, expected: Option<&str>) {
        let asking = UserId {
            platform: Platform::new("discord"),
            id: "1".to_owned(),
        };
        let found = user(text, &asking, &USER).ok();
        let found = found.map(|user| format!("{}:{}", user.platform, user.id));
        assert_eq!(found.as_deref(), expected, "{text}");
    }

    #[test]
    fn people_are_named_by_their_ids() {
        check("123", Some("discord:123"));
        check("<@123>", Some("discord:123"));
        check("<@!123>", Some("discord:123"));
        check("Telegram:123", Some("telegram:123"));
        check("web:0190a-7", Some("web:0190a-7"));
        check("１２３", Some("discord:123"));
        for text in [
            "",
            "@kita",
            "<@kita",
            "#kita",
            "<@>",
            "two words",
            "discord:",
            &"1".repeat(129),
        ] {
            check(text, None);
        }
    }
}
