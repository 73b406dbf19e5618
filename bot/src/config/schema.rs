//! Which settings exist: sections and their keys as the built-in `config.toml` has them, and the lists of tables, for which
//! there is no default.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::environment::PREFIX;
use super::kind::{Fields, Kind, TABLES};
use super::provenance::{Provenance, without_indexes};
use super::{ConfigError, Origin};

/// No setting has a number with more digits, so that each fits into its type.
const MAX_DIGITS: usize = 9;

/// What stands at the top of the file.
#[derive(Debug)]
enum Section {
    Keys(BTreeMap<String, Kind>),
    Tables(Fields),
}

/// Every setting.
#[derive(Debug)]
pub(super) struct Schema(BTreeMap<String, Section>);

impl Schema {
    /// The settings that the built-in file names, and the lists of tables.
    pub(super) fn of(defaults: &str) -> Result<Self, ConfigError> {
        let table = parse(Path::new("config.toml"), defaults)?;
        let mut sections = BTreeMap::new();
        for (name, section) in table.get_ref() {
            let keys = section.get_ref().as_table().into_iter().flatten();
            let keys =
                keys.filter_map(|(key, value)| Some((key.get_ref().to_string(), Kind::of(value.get_ref())?)));
            sections.insert(name.get_ref().to_string(), Section::Keys(keys.collect()));
        }
        for (section, key, fields) in TABLES {
            match (key, sections.get_mut(*section)) {
                (Some(key), Some(Section::Keys(keys))) => {
                    keys.insert((*key).to_owned(), Kind::Tables(fields));
                }
                _ => {
                    sections.insert((*section).to_owned(), Section::Tables(fields));
                }
            }
        }
        Ok(Self(sections))
    }

    /// Checks names and types in a file and notes the line of each setting.
    pub(super) fn check_file(
        &self,
        path: &Path,
        text: &str,
        provenance: &mut Provenance,
    ) -> Result<(), ConfigError> {
        let mut check = Check {
            path,
            text,
            provenance,
        };
        for (section, content) in parse(path, text)?.get_ref() {
            let name = section.get_ref();
            match self.0.get(name.as_ref()) {
                None => return Err(self.unknown_section(name, check.at(section.span()))),
                Some(Section::Tables(fields)) => {
                    check.value(name, Kind::Tables(fields), content, section.span())?;
                }
                Some(Section::Keys(keys)) => check.section(name, keys, content, section.span())?,
            }
        }
        Ok(())
    }

    /// Reads `EKAKI__SECTION__KEY` and its value.
    pub(super) fn check_variable(
        &self,
        name: &str,
        text: &str,
    ) -> Result<(String, config::Value), ConfigError> {
        let origin = Origin::Variable(name.to_owned());
        let path = name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_lowercase();
        let (section, key) = path.split_once("__").unwrap_or((path.as_str(), ""));
        let keys = match self.0.get(section) {
            None => return Err(self.unknown_section(section, origin)),
            Some(Section::Tables(_)) => return Err(only_in_a_file(section.to_owned(), origin)),
            Some(Section::Keys(keys)) => keys,
        };
        let full = format!("{section}.{key}");
        match keys.get(key) {
            None => Err(unknown_key(&full, &names(keys), origin)),
            Some(Kind::Tables(_)) => Err(only_in_a_file(full, origin)),
            Some(kind) => match kind.read(text) {
                Some(value) => Ok((full, value)),
                None => Err(ConfigError::WrongType {
                    key: full,
                    origin,
                    expected: kind.article(),
                    found: format!("\"{text}\""),
                }),
            },
        }
    }

    fn unknown_section(&self, name: &str, origin: Origin) -> ConfigError {
        let sections = self.0.iter().map(|(name, section)| match section {
            Section::Keys(_) => format!("[{name}]"),
            Section::Tables(_) => format!("[[{name}]]"),
        });
        let sections: Vec<String> = sections.collect();
        let hint = format!("the sections are {}", sections.join(", "));
        ConfigError::UnknownKey {
            key: name.to_owned(),
            origin,
            hint,
        }
    }
}

/// The check of one file.
struct Check<'c> {
    path: &'c Path,
    text: &'c str,
    provenance: &'c mut Provenance,
}

impl Check<'_> {
    fn at(&self, span: Range<usize>) -> Origin {
        Origin::File {
            path: self.path.to_owned(),
            line: line_of(self.text, span.start),
        }
    }

    fn section(
        &mut self,
        name: &str,
        keys: &BTreeMap<String, Kind>,
        content: &Spanned<DeValue<'_>>,
        span: Range<usize>,
    ) -> Result<(), ConfigError> {
        let Some(table) = content.get_ref().as_table() else {
            return Err(ConfigError::WrongType {
                key: name.to_owned(),
                origin: self.at(span),
                expected: "a section",
                found: content.get_ref().type_str().to_owned(),
            });
        };
        for (key, value) in table {
            let full = format!("{name}.{}", key.get_ref());
            let Some(kind) = keys.get(key.get_ref().as_ref()) else {
                return Err(unknown_key(&full, &names(keys), self.at(key.span())));
            };
            self.value(&full, *kind, value, key.span())?;
        }
        Ok(())
    }

    /// Checks the value of a key that stands at `span`.
    fn value(
        &mut self,
        key: &str,
        kind: Kind,
        value: &Spanned<DeValue<'_>>,
        span: Range<usize>,
    ) -> Result<(), ConfigError> {
        let origin = self.at(span);
        check_scalar(key, kind, value.get_ref(), origin.clone())?;
        self.provenance.note(key, origin);
        for (index, part) in value.get_ref().as_array().into_iter().flatten().enumerate() {
            let key = format!("{key}[{index}]");
            match kind {
                Kind::Tables(fields) => self.table(&key, fields, part)?,
                _ => self.value(&key, Kind::Text, part, part.span())?,
            }
        }
        Ok(())
    }

    fn table(
        &mut self,
        key: &str,
        fields: Fields,
        content: &Spanned<DeValue<'_>>,
    ) -> Result<(), ConfigError> {
        let origin = self.at(content.span());
        let Some(table) = content.get_ref().as_table() else {
            return Err(wrong_type(key, Kind::Tables(fields), content.get_ref(), origin));
        };
        self.provenance.note(key, origin);
        for (name, value) in table {
            let full = format!("{key}.{}", name.get_ref());
            let field = fields.iter().find(|(field, _)| *field == name.get_ref());
            let Some((_, kind)) = field else {
                let known: Vec<&str> = fields.iter().map(|(field, _)| *field).collect();
                return Err(unknown_key(&full, &known, self.at(name.span())));
            };
            self.value(&full, *kind, value, name.span())?;
        }
        Ok(())
    }
}

fn names(keys: &BTreeMap<String, Kind>) -> Vec<&str> {
    keys.keys().map(String::as_str).collect()
}

fn unknown_key(full: &str, known: &[&str], origin: Origin) -> ConfigError {
    let section = full.rsplit_once('.').map_or("", |(section, _)| section);
    let shown = without_indexes(section);
    // A part of a list is written with double brackets.
    let section = if section.ends_with(']') {
        format!("[[{shown}]]")
    } else {
        format!("[{shown}]")
    };
    ConfigError::UnknownKey {
        key: without_indexes(full),
        origin,
        hint: format!("{section} has {}", known.join(", ")),
    }
}

fn only_in_a_file(key: String, origin: Origin) -> ConfigError {
    ConfigError::Invalid {
        key,
        origin,
        reason: "can only be set in a file".to_owned(),
    }
}

fn wrong_type(key: &str, kind: Kind, value: &DeValue<'_>, origin: Origin) -> ConfigError {
    let found = match value {
        DeValue::String(text) => format!("the text \"{text}\""),
        DeValue::Integer(number) => format!("the number {}", number.as_str()),
        DeValue::Boolean(flag) => flag.to_string(),
        other => format!("a value of type {}", other.type_str()),
    };
    ConfigError::WrongType {
        key: without_indexes(key),
        origin,
        expected: kind.article(),
        found,
    }
}

/// Checks a value, but not the parts of a list.
fn check_scalar(key: &str, kind: Kind, value: &DeValue<'_>, origin: Origin) -> Result<(), ConfigError> {
    if !kind.holds(value) {
        return Err(wrong_type(key, kind, value, origin));
    }
    let digits = value.as_integer().map_or("", DeInteger::as_str);
    let reason = match digits.strip_prefix('-') {
        Some(_) if kind == Kind::Integer => "must not be negative",
        unsigned if unsigned.unwrap_or(digits).len() > MAX_DIGITS => "is too large",
        _ => return Ok(()),
    };
    Err(ConfigError::Invalid {
        key: without_indexes(key),
        origin,
        reason: reason.to_owned(),
    })
}

fn parse<'t>(path: &Path, text: &'t str) -> Result<Spanned<DeTable<'t>>, ConfigError> {
    DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        let origin = Origin::File {
            path: path.to_owned(),
            line,
        };
        ConfigError::Syntax {
            origin,
            message: error.message().replace('\n', ", "),
        }
    })
}

/// The line of a byte, counted from 1.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
