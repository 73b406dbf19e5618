//! A line of text, or the options a platform has taken apart, becomes a command with its arguments.

use super::error::UserError;
use super::spec::{CommandSpec, OptionKind, OptionSpec};
use crate::chat::CommandInput;
use crate::prompts::normalise;

/// The command of a text that names none.
const DEFAULT_COMMAND: &str = "draw";

/// A command that was found, with its arguments.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) spec: &'static CommandSpec,
    pub(super) arguments: Arguments,
}

/// The values of options, as text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments(Vec<(&'static str, String)>);

impl Arguments {
    /// The value of an option; of the last one when it was given twice.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(option, _)| *option == name)
            .map(|(_, value)| value.as_str())
    }

    fn add(&mut self, option: &'static OptionSpec, value: String) {
        let value = match option.kind {
            OptionKind::Words => value,
            OptionKind::Word => normalise(&value),
        };
        self.0.push((option.name, value));
    }
}

/// Finds the command and takes its arguments apart.
///
/// What is made of words stays as it was typed; all else is [normalised](normalise).
pub(super) fn parse(
    input: &CommandInput,
    known: impl Iterator<Item = &'static CommandSpec>,
) -> Result<Call, UserError> {
    match input {
        CommandInput::Text(text) => parse_text(text, known),
        CommandInput::Options { name, options } => {
            let spec = find(name, known)?;
            let mut arguments = Arguments::default();
            for (option, value) in options {
                if spec.positional == Some(option.as_str()) {
                    arguments
                        .0
                        .extend(spec.positional.map(|name| (name, value.clone())));
                } else {
                    let option = find_option(spec, option)?;
                    arguments.add(option, value.clone());
                }
            }
            Ok(Call { spec, arguments })
        }
    }
}

fn parse_text(text: &str, known: impl Iterator<Item = &'static CommandSpec>) -> Result<Call, UserError> {
    let mut words = text.split_whitespace().peekable();
    let first = words.peek().map(|word| normalise(word)).unwrap_or_default();
    let spec = match first.strip_prefix('/') {
        Some(name) => {
            words.next();
            find(name, known)?
        }
        None => find(DEFAULT_COMMAND, known)?,
    };
    Ok(Call {
        spec,
        arguments: parse_arguments(spec, words)?,
    })
}

fn find(
    name: &str,
    mut known: impl Iterator<Item = &'static CommandSpec>,
) -> Result<&'static CommandSpec, UserError> {
    known
        .find(|spec| spec.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| UserError::UnknownCommand {
            name: name.to_owned(),
        })
}

fn find_option(spec: &'static CommandSpec, name: &str) -> Result<&'static OptionSpec, UserError> {
    spec.options
        .iter()
        .find(|option| option.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| UserError::UnknownOption {
            command: spec,
            name: name.to_owned(),
        })
}

/// Sorts words into options and the positional argument.
fn parse_arguments<'w>(
    spec: &'static CommandSpec,
    words: impl Iterator<Item = &'w str>,
) -> Result<Arguments, UserError> {
    let mut arguments = Arguments::default();
    let mut positional: Vec<&str> = Vec::new();
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let Some((option, inline)) = option_word(spec, word)? else {
            positional.push(word);
            continue;
        };
        let mut value: Vec<String> = inline.into_iter().collect();
        let most = match option.kind {
            OptionKind::Words => usize::MAX,
            OptionKind::Word => 1,
        };
        while value.len() < most {
            match words.peek() {
                Some(next) if option_word(spec, next)?.is_none() => value.push((*next).to_owned()),
                _ => break,
            }
            words.next();
        }
        if value.is_empty() {
            return Err(UserError::MissingValue { option });
        }
        arguments.add(option, value.join(" "));
    }
    match spec.positional {
        Some(name) if !positional.is_empty() => arguments.0.push((name, positional.join(" "))),
        None if !positional.is_empty() => return Err(UserError::TextWithoutUse { command: spec }),
        _ => {}
    }
    Ok(arguments)
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
mod tests {
    use proptest::proptest;

    use super::{CommandInput, parse};
    use crate::commands::COMMANDS;
    use crate::i18n::Locale;

    fn parsed(input: &CommandInput) -> String {
        match parse(input, COMMANDS.iter().map(|command| command.spec())) {
            Ok(call) => format!("{} {:?}", call.spec.name, call.arguments.0),
            Err(error) => error.text(Locale::EN),
        }
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(parsed(&CommandInput::Text(text.to_owned())), expected);
    }

    #[test]
    fn a_line_without_a_command_is_a_prompt() {
        check("後藤ひとり", r#"draw [("prompt", "後藤ひとり")]"#);
        check("a girl,\n pink hair", r#"draw [("prompt", "a girl, pink hair")]"#);
        check("（笑顔）、ギター", r#"draw [("prompt", "（笑顔）、ギター")]"#);
        check("", "draw []");
    }

    #[test]
    fn options_stand_anywhere() {
        check(
            "/draw 後藤ひとり --steps 20 smiling --size=128x192",
            r#"draw [("steps", "20"), ("size", "128x192"), ("prompt", "後藤ひとり smiling")]"#,
        );
        check("--seed 5 cat", r#"draw [("seed", "5"), ("prompt", "cat")]"#);
        check("/DRAW cat --Seed 5", r#"draw [("seed", "5"), ("prompt", "cat")]"#);
        check(
            "cat --no hands, feet --seed 5",
            r#"draw [("no", "hands, feet"), ("seed", "5"), ("prompt", "cat")]"#,
        );
        check(
            "/draw --guidance -1 cat",
            r#"draw [("guidance", "-1"), ("prompt", "cat")]"#,
        );
    }

    #[test]
    fn full_width_and_telephone_dashes_are_understood() {
        check(
            "／ｄｒａｗ　猫　－－ｓｔｅｐｓ　２０",
            r#"draw [("steps", "20"), ("prompt", "猫")]"#,
        );
        check("cat —steps 20", r#"draw [("steps", "20"), ("prompt", "cat")]"#);
        check(
            "cat — asleep —quietly",
            r#"draw [("prompt", "cat — asleep —quietly")]"#,
        );
        check("cat -- dog", r#"draw [("prompt", "cat -- dog")]"#);
    }

    #[test]
    fn mistakes_are_explained() {
        check(
            "/paint cat",
            "There is no command /paint. /help shows what I understand.",
        );
        check("/", "There is no command /. /help shows what I understand.");
        check(
            "cat --step 20",
            "/draw has no option --step. It has: --no, --steps, --size, --guidance, --seed, --count, --scheduler, --model",
        );
        check("cat --steps", "--steps needs a value, for example: --steps 20");
        check(
            "cat --steps --seed 5",
            "--steps needs a value, for example: --steps 20",
        );
        check("cat --steps=", "--steps needs a value, for example: --steps 20");
        check("/help me", "/help takes nothing after its name.");
    }

    #[test]
    fn a_platform_may_take_the_options_apart() {
        let options = |options: &[(&str, &str)]| CommandInput::Options {
            name: "draw".to_owned(),
            options: options
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        assert_eq!(
            parsed(&options(&[("prompt", "猫（二匹）"), ("steps", "２０")])),
            r#"draw [("prompt", "猫（二匹）"), ("steps", "20")]"#
        );
        insta::assert_snapshot!(parsed(&options(&[("colour", "red")])), @"/draw has no option --colour. It has: --no, --steps, --size, --guidance, --seed, --count, --scheduler, --model");
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = parsed(&CommandInput::Text(text));
        }
    }
}
