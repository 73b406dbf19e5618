//! Texts that explain commands.

use super::plain;
use crate::i18n::Locale;
use crate::i18n::catalog::text;

/// The beginning of the help.
pub fn help_intro(locale: Locale) -> String {
    text(locale, "help-intro", &[])
}

/// How to learn more about one command.
pub fn help_more(locale: Locale) -> String {
    text(locale, "help-more", &[])
}

/// One line of the help: a command or an option with what it does.
pub fn help_usage(locale: Locale, command: &str, description: &str) -> String {
    text(
        locale,
        "help-usage",
        &[("command", plain(&command)), ("description", plain(&description))],
    )
}

/// What the text after a command's name is, with a command as an example.
pub fn help_example(locale: Locale, description: &str, example: &str) -> String {
    let arguments = [("description", plain(&description)), ("example", plain(&example))];
    text(locale, "help-example", &arguments)
}

/// What an option does, with the names that are understood as well.
pub fn help_also(locale: Locale, description: &str, names: &str) -> String {
    let arguments = [("description", plain(&description)), ("names", plain(&names))];
    text(locale, "help-also", &arguments)
}

/// What a command does; `key` is [`CommandSpec::key`](crate::commands::CommandSpec::key).
pub fn command_description(locale: Locale, key: &str) -> String {
    text(locale, &format!("command-{key}"), &[])
}

/// What an option does.
pub fn option_description(locale: Locale, option: &str) -> String {
    text(locale, &format!("option-{option}"), &[])
}

/// What one word of a command's name is called in menus: letters, digits, `-` and `_`, at most 32 of them. In English it is
/// the word itself.
pub fn command_name(locale: Locale, word: &str) -> String {
    text(locale, &format!("name-{word}"), &[])
}

/// The same for an option.
pub fn option_name(locale: Locale, option: &str) -> String {
    text(locale, &format!("option-name-{option}"), &[])
}

/// What one of the values of [`Choices::Of`](crate::commands::Choices::Of) is called in menus.
pub fn choice_name(locale: Locale, choice: &str) -> String {
    text(locale, &format!("choice-{choice}"), &[])
}

/// What the commands of a group have in common; `key` is the beginning of their
/// [`CommandSpec::key`](crate::commands::CommandSpec::key), for example `admin-limit`.
pub fn group_description(locale: Locale, key: &str) -> String {
    text(locale, &format!("group-{key}"), &[])
}
