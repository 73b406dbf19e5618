//! The menus of commands, in every language, for each kind of chat.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Shared;
use super::api::{ApiError, Call};
use crate::commands::{Access, CommandSpec, Commands};
use crate::i18n::{Locale, messages};

/// Longest description that Telegram takes, in characters.
const MAX_DESCRIPTION: usize = 256;

/// A line of a menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct MenuLine {
    command: String,
    description: String,
}

/// Who sees a menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    PrivateChats,
    Groups,
    Administrators,
}

impl Scope {
    const ALL: [Self; 3] = [Self::PrivateChats, Self::Groups, Self::Administrators];

    /// Telegram's name of it.
    fn name(self) -> &'static str {
        match self {
            Self::PrivateChats => "all_private_chats",
            Self::Groups => "all_group_chats",
            Self::Administrators => "all_chat_administrators",
        }
    }

    fn has(self, spec: &CommandSpec) -> bool {
        match spec.access {
            Access::Everybody | Access::EvenBlocked => true,
            Access::Admin => self == Self::Administrators,
            // They are few and know what there is; nobody else needs to see it.
            Access::Owner => false,
        }
    }
}

/// Brings the menus to Telegram that differ from what it has.
///
/// # Errors
/// When Telegram does not take one.
pub(super) async fn register(shared: &Shared) -> Result<(), ApiError> {
    for scope in Scope::ALL {
        // People whose language has no menu see the one without a language.
        let menus = [("", shared.deps.default_locale.get())]
            .into_iter()
            .chain(Locale::ALL.iter().map(|locale| (locale.tag(), *locale)));
        for (language, locale) in menus {
            if sync(shared, scope, language, &menu(scope, locale)).await? {
                tracing::info!(scope = scope.name(), language, "a menu of commands has changed");
            }
        }
    }
    Ok(())
}

/// Sets a menu if it is another one than Telegram has; returns whether it was.
async fn sync(shared: &Shared, scope: Scope, language: &str, menu: &[MenuLine]) -> Result<bool, ApiError> {
    let about = |method| {
        Call::new(method)
            .with("scope", json!({ "type": scope.name() }))
            .with("language_code", language)
    };
    let there: Vec<MenuLine> = shared.api.call(about("getMyCommands")).await?;
    if there == menu {
        return Ok(false);
    }
    let set = about("setMyCommands").with("commands", json!(menu));
    shared.api.call::<Value>(set).await?;
    Ok(true)
}

fn menu(scope: Scope, locale: Locale) -> Vec<MenuLine> {
    Commands::specs()
        .filter(|spec| scope.has(spec))
        .map(|spec| MenuLine {
            command: menu_name(spec),
            description: messages::command_description(locale, &spec.key())
                .chars()
                .take(MAX_DESCRIPTION)
                .collect(),
        })
        .collect()
}

/// Telegram's names of commands have small letters, digits and `_` only.
fn menu_name(spec: &CommandSpec) -> String {
    spec.name.replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_name_and_a_description_that_telegram_takes() {
        for locale in Locale::ALL {
            let menu = menu(Scope::Administrators, *locale);
            assert!((1..=100).contains(&menu.len()), "{} commands", menu.len());
            for MenuLine { command, description } in menu {
                let is_name = command
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
                assert!(is_name && (1..=32).contains(&command.len()), "{command}");
                let length = messages_length(&command, *locale);
                assert!(
                    (1..=MAX_DESCRIPTION).contains(&length),
                    "{command}: {description}"
                );
            }
        }
    }

    /// How long the description is before anything is cut off.
    fn messages_length(command: &str, locale: Locale) -> usize {
        let spec = Commands::specs().find(|spec| menu_name(spec) == command);
        let key = spec.expect("it is in the list").key();
        messages::command_description(locale, &key).chars().count()
    }

    #[test]
    fn only_administrators_see_commands_for_them() {
        let has = |scope, command: &str| menu(scope, Locale::EN).iter().any(|line| line.command == command);
        assert!(has(Scope::PrivateChats, "draw"));
        assert!(has(Scope::Groups, "draw"));
        assert!(!has(Scope::Groups, "admin_limit_set"));
        assert!(has(Scope::Administrators, "admin_limit_set"));
    }
}
