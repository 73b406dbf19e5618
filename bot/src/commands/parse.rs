//! A line of text, the options a platform has taken apart, or a button, becomes a command with its arguments.

use inference::SchedulerName;

use super::arguments::{Arguments, TRUE};
use super::error::UserError;
use super::old_jobs::{IMAGE, JOB};
use super::spec::{Choices, CommandSpec, OptionKind, OptionSpec};
use crate::chat::{ButtonId, CommandInput};
use crate::i18n::{Locale, messages};
use crate::prompts::normalise;

/// The command of a text that names none.
const DEFAULT_COMMAND: &str = "draw";

/// Words of the longest name of a sampler: `DPM++ 2M SDE Karras`.
const LONGEST_SAMPLER: usize = 4;

/// A command that was found, with its arguments.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) spec: &'static CommandSpec,
    pub(super) arguments: Arguments,
}

/// Finds the command and takes its arguments apart.
pub(super) fn parse(input: &CommandInput, known: &[&'static CommandSpec]) -> Result<Call, UserError> {
    match input {
        CommandInput::Text(text) => parse_text(text, known),
        CommandInput::Options { name, options } => {
            let spec = find(name, known)?;
            let mut arguments = Arguments::default();
            for (option, value) in options {
                arguments.add(find_option(spec, option)?, value.clone())?;
            }
            Ok(Call { spec, arguments })
        }
        CommandInput::Button(text) => parse_button(text, known),
    }
}

/// A button is the command that its action names, about the job whose number it carries. Where the command has no option
/// for a picture, its number is part of that of the job, `12:2`. Old messages keep their buttons for ever, so one that is
/// not known (any more) is no fault of the service.
fn parse_button(text: &str, known: &[&'static CommandSpec]) -> Result<Call, UserError> {
    let button: ButtonId = text.parse().map_err(|_| UserError::UnknownButton)?;
    let spec = find(&button.action, known).map_err(|_| UserError::UnknownButton)?;
    let mut arguments = Arguments::default();
    let image = button.image.map(|image| image.saturating_add(1));
    let (job_option, image_option) = (spec.job_option(), spec.option(IMAGE.name));
    let job = match image {
        Some(image) if image_option.is_none() => format!("{}:{image}", button.job),
        _ => button.job.to_string(),
    };
    if let Some(option) = job_option {
        arguments.add(option, job)?;
    }
    match (image, image_option) {
        (Some(image), Some(option)) => arguments.add(option, image.to_string())?,
        (Some(_), None) if job_option.is_none() => return Err(UserError::UnknownButton),
        _ => {}
    }
    Ok(Call { spec, arguments })
}

fn parse_text(text: &str, known: &[&'static CommandSpec]) -> Result<Call, UserError> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let first = words.first().map(|word| normalise(word)).unwrap_or_default();
    let (spec, rest) = match first.strip_prefix('/') {
        Some(name) => find_in_words(name, words.get(1..).unwrap_or_default(), known)?,
        None => (find(DEFAULT_COMMAND, known)?, words.as_slice()),
    };
    Ok(Call {
        spec,
        arguments: parse_arguments(spec, rest.iter().copied())?,
    })
}

/// The command with the longest name that a text begins with, and the words after it. Platforms that allow no blanks
/// in names have `_` for them.
fn find_in_words<'w>(
    first: &str,
    rest: &'w [&'w str],
    known: &[&'static CommandSpec],
) -> Result<(&'static CommandSpec, &'w [&'w str]), UserError> {
    let begun: Vec<&str> = first.split('_').collect();
    let following: Vec<String> = rest.iter().map(|word| normalise(word)).collect();
    let text: Vec<&str> = begun
        .iter()
        .copied()
        .chain(following.iter().map(String::as_str))
        .collect();
    let is_begun_by = |spec: &CommandSpec| {
        let name: Vec<&str> = spec.name.split(' ').collect();
        let same = name.len() >= begun.len()
            && text.len() >= name.len()
            && name.iter().zip(&text).all(|(name, word)| is_called(name, word));
        same.then_some(name.len())
    };
    let found = known
        .iter()
        .filter_map(|spec| Some((is_begun_by(spec)?, *spec)))
        .max_by_key(|(words, _)| *words);
    match found {
        Some((words, spec)) => Ok((spec, rest.get(words - begun.len()..).unwrap_or_default())),
        None => Err(unknown(&begun.join(" "), known)),
    }
}

/// Whether a word is this word of a command's name, or what that is called in a menu in some language.
pub(super) fn is_called(name: &str, word: &str) -> bool {
    let in_menus = || {
        Locale::ALL
            .iter()
            .any(|locale| messages::command_name(*locale, name) == word)
    };
    name.eq_ignore_ascii_case(word) || !word.is_ascii() && in_menus()
}

fn find(name: &str, known: &[&'static CommandSpec]) -> Result<&'static CommandSpec, UserError> {
    let name = name.replace('_', " ");
    let found = known.iter().find(|spec| spec.name.eq_ignore_ascii_case(&name));
    found.copied().ok_or_else(|| unknown(&name, known))
}

/// There is no such command; it may be the beginning of some.
fn unknown(name: &str, known: &[&'static CommandSpec]) -> UserError {
    let group = format!("{} ", name.to_ascii_lowercase());
    let commands: Vec<&'static str> = known
        .iter()
        .filter_map(|spec| spec.name.strip_prefix(&group))
        .collect();
    if commands.is_empty() {
        UserError::UnknownCommand {
            name: name.to_owned(),
        }
    } else {
        UserError::OnlyAGroup {
            name: group.trim_end().to_owned(),
            commands,
        }
    }
}

fn find_option(spec: &'static CommandSpec, name: &str) -> Result<&'static OptionSpec, UserError> {
    spec.option(name).ok_or_else(|| UserError::UnknownOption {
        command: spec,
        name: name.to_owned(),
    })
}

/// Sorts words into options, the number of a job, and the positional argument.
fn parse_arguments<'w>(
    spec: &'static CommandSpec,
    mut words: impl Iterator<Item = &'w str> + Clone,
) -> Result<Arguments, UserError> {
    let mut arguments = Arguments::default();
    let mut positional: Vec<&str> = Vec::new();
    while let Some(word) = words.next() {
        let Some((option, inline)) = option_word(spec, word)? else {
            positional.push(word);
            continue;
        };
        let mut value: Vec<String> = inline.into_iter().collect();
        let mut following = Vec::new();
        for word in words.clone() {
            if option_word(spec, word)?.is_some() {
                break;
            }
            following.push(word);
        }
        let taken = taken_by(option, &value, &following);
        value.extend(words.by_ref().take(taken).map(str::to_owned));
        if value.is_empty() && option.kind == OptionKind::Flag {
            value.push(TRUE.to_owned());
        }
        if value.is_empty() {
            return Err(UserError::MissingValue { option });
        }
        let value = value.join(" ");
        let value = match option.kind {
            OptionKind::Words => value,
            _ => value.trim_matches(QUOTES).to_owned(),
        };
        arguments.add(option, value)?;
    }
    take_job(spec, &mut positional, &mut arguments)?;
    match spec.positional {
        Some(option) if !positional.is_empty() => arguments.add(option, positional.join(" "))?,
        None if !positional.is_empty() => return Err(UserError::TextWithoutUse { command: spec }),
        _ => {}
    }
    Ok(arguments)
}

/// How many of the words behind an option are its value, of which `begun` was written with `=`.
fn taken_by(option: &OptionSpec, begun: &[String], following: &[&str]) -> usize {
    let in_quotes = quoted(following).filter(|_| begun.is_empty());
    match option.kind {
        OptionKind::Words => following.len(),
        OptionKind::Flag => 0,
        _ if option.choices == Choices::Samplers => {
            // Their names have several words: as many as make the longest name.
            let words = |count: usize| {
                let words = begun.iter().map(String::as_str);
                let words: Vec<&str> = words.chain(following.iter().copied().take(count)).collect();
                normalise(&words.join(" "))
            };
            let least = usize::from(begun.is_empty()).min(following.len());
            let names = (least..=following.len().min(LONGEST_SAMPLER)).rev();
            names
                .into_iter()
                .find(|count| words(*count).parse::<SchedulerName>().is_ok())
                .unwrap_or(least)
        }
        _ => in_quotes.unwrap_or_else(|| usize::from(begun.is_empty()).min(following.len())),
    }
}

/// Around a value of several words; telephones write them in pairs.
const QUOTES: [char; 3] = ['"', '“', '”'];

/// How many words there are up to the closing quotes, when the first one begins with quotes.
fn quoted(words: &[&str]) -> Option<usize> {
    words.first()?.strip_prefix(QUOTES)?;
    let is_last = |word: &&str| word.trim_start_matches(QUOTES).ends_with(QUOTES);
    words.iter().position(is_last).map(|last| last + 1)
}

/// A number before the text of a command about a job is the number of the job: `/edit 12 a cat`.
fn take_job(
    spec: &CommandSpec,
    positional: &mut Vec<&str>,
    arguments: &mut Arguments,
) -> Result<(), UserError> {
    let wanted = spec
        .options
        .iter()
        .find(|option| option.name == JOB.name && arguments.get(JOB.name).is_none());
    let (Some(option), Some(first)) = (wanted, positional.first().map(|word| normalise(word))) else {
        return Ok(());
    };
    let number = first.trim_start_matches('#');
    if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') {
        positional.remove(0);
        arguments.add(option, first)?;
    }
    Ok(())
}

/// The option that a word names, `--steps` or `--steps=20`, with the value in the same word; `None` for every other
/// word.
///
/// Telephones turn two dashes into a long one. A long dash may also belong to a prompt, so it begins an option only
/// when the option exists.
fn option_word(
    spec: &'static CommandSpec,
    word: &str,
) -> Result<Option<(&'static OptionSpec, Option<String>)>, UserError> {
    let word = normalise(word);
    let (name, certain) = match (word.strip_prefix("--"), word.strip_prefix(['—', '–'])) {
        (Some(name), _) if !name.is_empty() => (name, true),
        (None, Some(name)) => (name, false),
        _ => return Ok(None),
    };
    let (name, inline) = match name.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned()).filter(|value| !value.is_empty())),
        None => (name, None),
    };
    match find_option(spec, name) {
        Ok(option) => Ok(Some((option, inline))),
        Err(error) if certain => Err(error),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests;
