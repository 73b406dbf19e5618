//! Names that a model knows by another name.

mod file;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use inference::prompt::PromptSyntax;

use self::file::Entry;
use super::normalise::{normalise, piece_length, starts_with_break};
use super::script::{is_han, is_katakana, is_spaced_letter, is_unspaced};
use crate::config::DictionaryConfig;

/// The setting that stands for the built-in dictionary.
const BUILT_IN: &str = "builtin:danbooru";
/// Tags of Danbooru with Japanese names.
const DANBOORU: &[u8] = include_bytes!("dictionary/danbooru.csv");
/// The setting that stands for every model.
const EVERY_MODEL: &str = "*";

/// The dictionaries of all models. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Dictionaries {
    dictionaries: Vec<(Vec<String>, Arc<Dictionary>)>,
    syntax: PromptSyntax,
}

/// A file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the dictionary {} cannot be used: {reason}", path.display())]
pub struct DictionaryError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

impl Dictionaries {
    /// Reads the files of the settings. The built-in one, `builtin:danbooru`, is for models that were trained on
    /// Danbooru's tags. `*` stands for all models.
    ///
    /// # Errors
    /// When a file cannot be read; the text names the line.
    pub fn read(configs: &[DictionaryConfig]) -> Result<Self, DictionaryError> {
        let mut dictionaries = Vec::new();
        for DictionaryConfig { file, models } in configs {
            let unusable = |reason: String| DictionaryError {
                path: file.clone(),
                reason,
            };
            let entries = if file.as_os_str() == BUILT_IN {
                file::parse(DANBOORU)
            } else {
                let bytes = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
                file::parse(&bytes)
            };
            let dictionary = Dictionary::new(entries.map_err(unusable)?);
            dictionaries.push((models.clone(), Arc::new(dictionary)));
        }
        Ok(Self {
            dictionaries,
            syntax: PromptSyntax::default(),
        })
    }

    /// The same for prompts that are read in another way: round brackets in tags need a backslash only where brackets
    /// mean something.
    pub fn for_syntax(self, syntax: PromptSyntax) -> Self {
        Self { syntax, ..self }
    }

    /// Writes names in a normalised prompt as the model knows them.
    ///
    /// The longest name counts, and of the same names in several dictionaries that of the first one. Names in a script
    /// with spaces between words are whole words; in others they may stand anywhere, but not within a longer word in
    /// katakana, and a single Chinese character not beside another one. Tags stay as they are, and so does what is
    /// between `<` and `>`.
    pub(super) fn replace(&self, prompt: &str, model: &str) -> String {
        let known: Vec<&Dictionary> = self.of_model(model).collect();
        if known.is_empty() {
            return prompt.to_owned();
        }
        let mut text = Replaced::default();
        let mut before = None;
        let mut rest = prompt;
        while let Some(first) = rest.chars().next() {
            let found = known
                .iter()
                .filter_map(|dictionary| dictionary.longest(before, rest))
                .rev()
                .max_by_key(|found| found.length);
            let length = found
                .as_ref()
                .map_or_else(|| piece_length(first, rest), |found| found.length);
            let (piece, after) = rest.split_at(length);
            match found.and_then(|found| found.tag) {
                Some(tag) => text.push_name(&self.written(tag)),
                None => text.push(piece),
            }
            before = piece.chars().next_back();
            rest = after;
        }
        text.text
    }

    fn of_model(&self, model: &str) -> impl Iterator<Item = &Dictionary> {
        self.dictionaries
            .iter()
            .filter(move |(models, _)| {
                models
                    .iter()
                    .any(|known| known == EVERY_MODEL || known.eq_ignore_ascii_case(model))
            })
            .map(|(_, dictionary)| &**dictionary)
    }

    /// A tag as it stands in a prompt.
    fn written(&self, tag: &str) -> String {
        match self.syntax {
            PromptSyntax::Plain => tag.to_owned(),
            _ => tag.replace('(', r"\(").replace(')', r"\)"),
        }
    }
}

/// A prompt in which names are replaced.
#[derive(Default)]
struct Replaced {
    text: String,
    after_name: bool,
}

impl Replaced {
    fn push(&mut self, piece: &str) {
        if self.after_name && piece.starts_with(char::is_alphanumeric) {
            self.text.push_str(", ");
        }
        self.after_name = false;
        self.text.push_str(piece);
    }

    /// Adds the tag of a name. Words that stood directly beside the name are no part of the tag.
    fn push_name(&mut self, tag: &str) {
        if self.after_name || self.text.ends_with(char::is_alphanumeric) {
            self.text.push_str(", ");
        }
        self.after_name = true;
        self.text.push_str(tag);
    }
}

/// One file.
#[derive(Debug, Default)]
struct Dictionary {
    names: HashMap<Box<str>, Name>,
    /// How many characters the longest name has that begins with a character.
    longest: HashMap<char, usize>,
    tags: Vec<Box<str>>,
}

#[derive(Debug)]
struct Name {
    /// The index of its tag; a tag itself has none.
    tag: Option<usize>,
    /// How many pictures have the tag: of the same name for several tags, the most frequent one counts.
    posts: u64,
}

/// A name at the start of a text.
struct Found<'d> {
    /// Bytes of the text.
    length: usize,
    /// What the model knows; nothing for what is a tag already.
    tag: Option<&'d str>,
}

impl Dictionary {
    fn new(entries: Vec<Entry>) -> Self {
        let mut dictionary = Self::default();
        for Entry { tag, posts, aliases } in entries {
            let written: Vec<String> = tag.split(',').map(|tag| spelled(tag.trim())).collect();
            for tag in &written {
                dictionary.insert(
                    tag,
                    Name {
                        tag: None,
                        posts: u64::MAX,
                    },
                );
            }
            let tag = Some(dictionary.tags.len());
            dictionary.tags.push(written.join(", ").into_boxed_str());
            for alias in &aliases {
                dictionary.insert(alias, Name { tag, posts });
            }
        }
        dictionary
    }

    fn insert(&mut self, name: &str, meaning: Name) {
        let key: String = normalise(name).chars().flat_map(key_characters).collect();
        let Some(first) = key.chars().next().filter(|_| key.contains(char::is_alphanumeric)) else {
            return;
        };
        let longest = self.longest.entry(first).or_default();
        *longest = key.chars().count().max(*longest);
        match self.names.get_mut(key.as_str()) {
            Some(known) if known.posts >= meaning.posts => {}
            Some(known) => *known = meaning,
            None => {
                self.names.insert(key.into_boxed_str(), meaning);
            }
        }
    }

    /// The longest name at the start of `rest`, before which another character may stand.
    fn longest(&self, before: Option<char>, rest: &str) -> Option<Found<'_>> {
        let first = rest.chars().next()?;
        if starts_with_break(rest) || before.is_some_and(|before| joins(before, first)) {
            return None;
        }
        let most = *self.longest.get(&key_characters(first).next()?)?;
        let mut key = String::new();
        let mut length = 0;
        let mut found = None;
        let mut characters = rest.char_indices().peekable();
        while let Some((start, character)) = characters.next() {
            // A bracket of a name has a backslash before it where brackets mean something.
            if character == '\\'
                && characters
                    .peek()
                    .is_some_and(|(_, next)| matches!(next, '(' | ')'))
            {
                continue;
            }
            length += key_characters(character).count();
            if length > most {
                break;
            }
            key.extend(key_characters(character));
            let after = characters.peek().map(|(_, next)| *next);
            let is_single = start == 0 && is_han(character);
            let is_whole = after.is_none_or(|after| !joins(character, after))
                && !(is_single && [before, after].into_iter().flatten().any(is_han));
            if is_whole && let Some(name) = self.names.get(key.as_str()) {
                found = Some(Found {
                    length: start + character.len_utf8(),
                    tag: name.tag.and_then(|tag| self.tags.get(tag)).map(|tag| &**tag),
                });
            }
        }
        found
    }
}

/// A tag in words. Tags that are pictures of a face, like `^_^` and `o_o`, keep their underscore.
fn spelled(tag: &str) -> String {
    let is_word = tag
        .split(|character: char| !character.is_alphabetic())
        .any(|letters| letters.chars().nth(1).is_some());
    if is_word {
        tag.replace('_', " ")
    } else {
        tag.to_owned()
    }
}

/// The characters by which a character is looked up.
fn key_characters(character: char) -> impl Iterator<Item = char> {
    let character = if character == '_' { ' ' } else { character };
    character.to_lowercase()
}

/// Whether two neighbours belong to one word.
fn joins(first: char, second: char) -> bool {
    let in_word = |character: char| {
        is_spaced_letter(character)
            || (character.is_numeric() && !is_unspaced(character))
            || matches!(character, '_' | '-' | '\'')
    };
    (in_word(first) && in_word(second)) || (is_katakana(first) && is_katakana(second))
}

#[cfg(test)]
mod tests;
