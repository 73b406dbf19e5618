//! `/help`: what the bot understands, made from the list of commands.

use async_trait::async_trait;

use super::parse::is_called;
use super::{
    Access, Arguments, COMMANDS, Command, CommandContext, CommandError, CommandSpec, OptionKind, OptionSpec,
    UserError,
};
use crate::chat::{CommandRequest, Reply};
use crate::i18n::{Locale, messages};
use crate::prompts::normalise;
use crate::rules::Authority;

/// The command.
pub(super) struct Help;

static SPEC: CommandSpec = CommandSpec {
    name: "help",
    access: Access::EvenBlocked,
    asks: false,
    draws: false,
    is_private: true,
    positional: Some(&COMMAND),
    options: &[],
};

const COMMAND: OptionSpec = OptionSpec::new("command", OptionKind::Words, "draw");

#[async_trait]
impl Command for Help {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let authority = context.rules.current().admins.authority(request);
        let text = match arguments.get(COMMAND.name) {
            None => overview(&authority, request.locale),
            Some(name) => about(name, request.locale)?,
        };
        Ok(Some(Reply::private(text)))
    }
}

/// One line for each command that the person may give.
fn overview(authority: &Authority, locale: Locale) -> String {
    let specs: Vec<_> = COMMANDS.iter().map(|command| command.spec()).collect();
    let lines = |is_for_admins: bool| -> Vec<String> {
        specs
            .iter()
            .filter(|spec| is_for_admins == matches!(spec.access, Access::Admin | Access::Owner))
            .filter(|spec| may_give(authority, spec))
            .map(|spec| line(spec, locale))
            .collect()
    };
    let mut parts = vec![messages::help_intro(locale), lines(false).join("\n")];
    let for_admins = lines(true);
    if !for_admins.is_empty() {
        parts.push(for_admins.join("\n"));
    }
    parts.push(messages::help_more(locale));
    parts.join("\n\n")
}

fn may_give(authority: &Authority, spec: &CommandSpec) -> bool {
    match spec.access {
        Access::Everybody | Access::EvenBlocked => true,
        Access::Admin => *authority != Authority::None,
        Access::Owner => *authority == Authority::All,
    }
}

/// One command with what can be said after it, or all commands of a group.
fn about(name: &str, locale: Locale) -> Result<String, UserError> {
    let name = normalise(name).trim_start_matches('/').to_lowercase();
    let specs = || COMMANDS.iter().map(|command| command.spec());
    if let Some(spec) = specs().find(|spec| is_named(spec, &name)) {
        let positional = spec
            .positional
            .map(|option| positional_line(spec, option, locale));
        let options = spec.options.iter().map(|option| option_line(option, locale));
        let lines: Vec<String> = std::iter::once(line_with_menu_name(spec, locale))
            .chain(positional)
            .chain(options)
            .collect();
        return Ok(lines.join("\n"));
    }
    let group = format!("{name} ");
    let lines: Vec<String> = specs()
        .filter(|spec| spec.name.starts_with(&group))
        .map(|spec| line(spec, locale))
        .collect();
    if lines.is_empty() {
        return Err(UserError::UnknownCommand { name });
    }
    Ok(lines.join("\n"))
}

/// Whether a command has this name, or has it in menus in some language.
fn is_named(spec: &CommandSpec, name: &str) -> bool {
    let words = || spec.name.split(' ');
    words().count() == name.split(' ').count()
        && words()
            .zip(name.split(' '))
            .all(|(word, typed)| is_called(word, typed))
}

fn line(spec: &CommandSpec, locale: Locale) -> String {
    usage(spec, locale, &messages::command_description(locale, &spec.key()))
}

/// The same with what the command is called in menus, when that is something else.
fn line_with_menu_name(spec: &CommandSpec, locale: Locale) -> String {
    let description = messages::command_description(locale, &spec.key());
    let words = spec
        .name
        .split(' ')
        .map(|word| messages::command_name(locale, word));
    let name = words.collect::<Vec<_>>().join(" ");
    if name == spec.name {
        return usage(spec, locale, &description);
    }
    usage(
        spec,
        locale,
        &messages::help_also(locale, &description, &format!("/{name}")),
    )
}

fn usage(spec: &CommandSpec, locale: Locale, description: &str) -> String {
    let argument = spec
        .positional
        .map_or_else(String::new, |option| format!(" {}", placeholder(option)));
    messages::help_usage(locale, &format!("/{}{argument}", spec.name), description)
}

/// What stands for the text after the command's name: `<prompt>`, or `[job]` when it may be left out.
fn placeholder(option: &OptionSpec) -> String {
    if option.is_required {
        format!("<{}>", option.name)
    } else {
        format!("[{}]", option.name)
    }
}

fn positional_line(spec: &CommandSpec, option: &OptionSpec, locale: Locale) -> String {
    let example = format!("/{} {}", spec.name, option.example);
    messages::help_usage(
        locale,
        &format!("  {}", placeholder(option)),
        &messages::help_example(locale, &description(option, locale), &example),
    )
}

fn option_line(option: &OptionSpec, locale: Locale) -> String {
    let usage = match option.kind {
        OptionKind::Flag => format!("  --{}", option.name),
        _ => format!("  --{} {}", option.name, option.example),
    };
    messages::help_usage(locale, &usage, &description(option, locale))
}

/// What an option does, with its other names.
fn description(option: &OptionSpec, locale: Locale) -> String {
    let description = messages::option_description(locale, option.name);
    if option.aliases.is_empty() {
        return description;
    }
    let names: Vec<String> = option.aliases.iter().map(|alias| format!("--{alias}")).collect();
    messages::help_also(locale, &description, &names.join(", "))
}
