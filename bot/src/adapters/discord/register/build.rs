//! The commands of the bot as Discord registers them.

use inference::request::{GUIDANCE_SCALES, MAX_PROMPT_CHARS, STEPS};
use serenity::model::permissions::Permissions;

use super::menu::Menu;
use super::payload::{
    Registered, RegisteredChoice, RegisteredOption, Translations, bound, kind, option_kind,
};
use crate::commands::{Access, Choices, CommandSpec, Commands, OptionKind, OptionSpec};
use crate::config::MAX_COUNT;
use crate::i18n::{Locale, messages};

/// Longest word, in characters.
const MAX_WORD_CHARS: u32 = 100;

/// Only servers can add a command.
const BY_SERVERS: [u8; 1] = [0];
/// Where they can be used: in servers, with the bot, in conversations of others.
const EVERYWHERE: [u8; 3] = [0, 1, 2];
const IN_SERVERS: [u8; 1] = [0];

/// Where commands are registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// For everybody.
    Global,
    /// In one server.
    Guild,
}

/// What is the same for every command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan<'a> {
    /// Where they are registered.
    pub(super) reach: Reach,
    /// They are for adults.
    pub(super) age_restricted: bool,
    /// The ways in which the application can be added.
    pub(super) installs: &'a [u8],
}

/// Every command, in the order in which people read about them.
pub(super) fn commands(plan: Plan<'_>) -> Vec<Registered> {
    let mut built: Vec<Registered> = Vec::new();
    for spec in Commands::specs() {
        let words: Vec<&str> = spec.name.split(' ').collect();
        match words.as_slice() {
            [] => {}
            [_] => built.push(Registered {
                options: options(spec),
                ..base(spec.name, &|locale| {
                    messages::command_description(locale, &spec.key())
                })
            }),
            [first, rest @ ..] => {
                let found = built.iter().position(|command| command.name == *first);
                let index = found.unwrap_or_else(|| {
                    built.push(base(first, &|locale| messages::group_description(locale, first)));
                    built.len() - 1
                });
                if let Some(group) = built.get_mut(index) {
                    add_to_group(&mut group.options, first, rest, spec);
                }
            }
        }
    }
    let menus = Menu::ALL.into_iter().map(|menu| Registered {
        kind: menu.kind(),
        description: String::new(),
        description_localizations: Translations::new(),
        ..named(&|locale| menu.name(locale))
    });
    built.extend(menus);
    for command in &mut built {
        command.nsfw = plan.age_restricted;
        admit(command, plan);
    }
    built
}

/// Who can add a command and where it can be used.
fn admit(command: &mut Registered, plan: Plan<'_>) {
    let group = format!("{} ", command.name);
    let mut parts = Commands::specs()
        .filter(|spec| spec.name.starts_with(&group))
        .peekable();
    let is_for_admins =
        parts.peek().is_some() && parts.all(|spec| matches!(spec.access, Access::Admin | Access::Owner));
    if is_for_admins {
        command.default_member_permissions = Some(Permissions::MANAGE_GUILD.bits().to_string());
    }
    if plan.reach == Reach::Global {
        let (by, at): (&[u8], &[u8]) = if is_for_admins {
            (&BY_SERVERS, &IN_SERVERS)
        } else {
            (plan.installs, &EVERYWHERE)
        };
        command.integration_types = by.to_vec();
        command.contexts = at.to_vec();
    }
}

/// Puts a command below the words of its name that stand before the last one.
fn add_to_group(level: &mut Vec<RegisteredOption>, begun: &str, words: &[&str], spec: &'static CommandSpec) {
    match words {
        [] => {}
        [word] => level.push(RegisteredOption {
            kind: option_kind::SUBCOMMAND,
            options: options(spec),
            ..option_base(word, &|locale| messages::command_name(locale, word), &|locale| {
                messages::command_description(locale, &spec.key())
            })
        }),
        [word, rest @ ..] => {
            let key = format!("{begun}-{word}");
            let found = level
                .iter()
                .position(|option| option.kind == option_kind::GROUP && option.name == *word);
            let index = found.unwrap_or_else(|| {
                level.push(RegisteredOption {
                    kind: option_kind::GROUP,
                    ..option_base(word, &|locale| messages::command_name(locale, word), &|locale| {
                        messages::group_description(locale, &key)
                    })
                });
                level.len() - 1
            });
            if let Some(group) = level.get_mut(index) {
                add_to_group(&mut group.options, &key, rest, spec);
            }
        }
    }
}

/// The options of a command, as Discord wants them: first those that cannot be left out.
fn options(spec: &'static CommandSpec) -> Vec<RegisteredOption> {
    let mut options: Vec<RegisteredOption> = spec
        .positional
        .into_iter()
        .chain(spec.options)
        .map(option)
        .collect();
    options.sort_by_key(|option| !option.required);
    options
}

fn option(spec: &OptionSpec) -> RegisteredOption {
    let (least, most) = range(spec);
    let kind = kind_of(spec.kind);
    let is_text = kind == option_kind::TEXT;
    let choices = match spec.choices {
        Choices::Of(known) if is_text => known.iter().map(|choice| choice_of(choice)).collect(),
        _ => Vec::new(),
    };
    RegisteredOption {
        kind,
        required: spec.is_required,
        autocomplete: is_text && choices.is_empty() && spec.choices != Choices::Any,
        max_length: longest(spec.kind).filter(|_| choices.is_empty()),
        choices,
        min_value: least.and_then(bound),
        max_value: most.and_then(bound),
        ..option_base(
            spec.name,
            &|locale| messages::option_name(locale, spec.name),
            &|locale| messages::option_description(locale, spec.name),
        )
    }
}

fn choice_of(choice: &str) -> RegisteredChoice {
    RegisteredChoice {
        name: messages::choice_name(Locale::EN, choice),
        name_localizations: translations(&|locale| messages::choice_name(locale, choice)),
        value: choice.to_owned(),
    }
}

fn kind_of(kind: OptionKind) -> u8 {
    match kind {
        OptionKind::Words | OptionKind::Word | OptionKind::Job => option_kind::TEXT,
        OptionKind::Integer => option_kind::INTEGER,
        OptionKind::Number => option_kind::NUMBER,
        OptionKind::Flag => option_kind::BOOLEAN,
        OptionKind::File => option_kind::ATTACHMENT,
        OptionKind::User => option_kind::USER,
        OptionKind::Role => option_kind::ROLE,
        OptionKind::Channel => option_kind::CHANNEL,
    }
}

/// Longest text, in characters.
fn longest(kind: OptionKind) -> Option<u32> {
    match kind {
        OptionKind::Words => u32::try_from(MAX_PROMPT_CHARS).ok(),
        OptionKind::Word | OptionKind::Job => Some(MAX_WORD_CHARS),
        _ => None,
    }
}

/// The smallest and the largest number that make sense at all. What is beyond somebody's limits is brought within them
/// later.
fn range(spec: &OptionSpec) -> (Option<f64>, Option<f64>) {
    let between = |least: f64, most: f64| (Some(least), Some(most));
    match (spec.kind, spec.name) {
        (OptionKind::Integer, "steps") => between(f64::from(*STEPS.start()), f64::from(*STEPS.end())),
        (OptionKind::Number, "guidance") => between(
            f64::from(*GUIDANCE_SCALES.start()),
            f64::from(*GUIDANCE_SCALES.end()),
        ),
        (OptionKind::Number, "strength") => between(0.0, 1.0),
        (OptionKind::Integer, "count" | "image") => between(1.0, f64::from(MAX_COUNT)),
        // A seed of -1 is any.
        (OptionKind::Integer, "seed") => (Some(-1.0), None),
        (OptionKind::Integer, _) => (Some(0.0), None),
        _ => (None, None),
    }
}

/// A typed command with this name.
fn base(name: &str, description: &dyn Fn(Locale) -> String) -> Registered {
    Registered {
        kind: kind::TYPED,
        description: capitalised(&description(Locale::EN)),
        description_localizations: translations(description),
        ..named(&|locale| messages::command_name(locale, name))
    }
}

fn named(name: &dyn Fn(Locale) -> String) -> Registered {
    Registered {
        name: name(Locale::EN),
        name_localizations: translations(name),
        ..Registered::default()
    }
}

fn option_base(
    name: &str,
    localised: &dyn Fn(Locale) -> String,
    description: &dyn Fn(Locale) -> String,
) -> RegisteredOption {
    RegisteredOption {
        name: name.to_owned(),
        name_localizations: translations(localised),
        description: capitalised(&description(Locale::EN)),
        description_localizations: translations(description),
        ..RegisteredOption::default()
    }
}

/// The text in the languages that are not the usual one, by Discord's names for them.
fn translations(text: &dyn Fn(Locale) -> String) -> Translations {
    let others = Locale::ALL.iter().filter(|locale| **locale != Locale::EN);
    others
        .map(|locale| (locale.tag().to_owned(), text(*locale)))
        .collect()
}

/// Menus begin a text with a capital letter.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
