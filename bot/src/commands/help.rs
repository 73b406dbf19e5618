//! `/help`: what the bot understands, made from the list of commands.

use async_trait::async_trait;

use super::parse::Arguments;
use super::{COMMANDS, Command, CommandContext, CommandError, CommandSpec};
use crate::chat::{CommandRequest, Reply};
use crate::i18n::{Locale, messages};

/// The command.
pub(super) struct Help;

static SPEC: CommandSpec = CommandSpec {
    name: "help",
    positional: None,
    options: &[],
};

#[async_trait]
impl Command for Help {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        _context: &CommandContext,
        request: &CommandRequest,
        _arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        Ok(Some(Reply::text(help(request.locale))))
    }
}

fn help(locale: Locale) -> String {
    let mut lines = vec![messages::help_intro(locale)];
    for spec in COMMANDS.iter().map(|command| command.spec()) {
        let argument = spec
            .positional
            .map(|_| format!(" <{}>", messages::help_argument(locale)));
        let usage = format!("/{}{}", spec.name, argument.unwrap_or_default());
        lines.push(String::new());
        lines.push(messages::help_usage(
            locale,
            &usage,
            &messages::command_description(locale, spec.name),
        ));
        for option in spec.options {
            let usage = format!("  --{} {}", option.name, option.example);
            let description = messages::option_description(locale, option.name);
            lines.push(messages::help_usage(locale, &usage, &description));
        }
    }
    lines.join("\n")
}
