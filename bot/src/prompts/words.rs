//! What may not be drawn.

mod fold;
mod look_alike;
mod spelled;

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use self::fold::{fold, parted, spaced, undisguised, without_syntax};
use self::look_alike::latin;
use self::spelled::spelled_out;
use super::script::{is_spaced_letter, is_unspaced};

/// The most memory that one regular expression may take, in bytes.
const MAX_REGEX_BYTES: usize = 1 << 20;

/// Where a rule holds: everywhere, or in one server of a platform.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WordScope {
    /// The platform's name; `None` is everywhere.
    pub platform: Option<String>,
    /// The server; `None` is everywhere.
    pub server: Option<String>,
    /// An admin of that one server has made the rule.
    pub is_moderators: bool,
}

impl WordScope {
    /// Whether a place is in it.
    fn holds(&self, platform: &str, server: Option<&str>) -> bool {
        self.platform.as_deref().is_none_or(|own| own == platform)
            && self.server.as_deref().is_none_or(|own| Some(own) == server)
    }

    /// Whether an exception may excuse a rule of `other`: every place of it is in this one, and an admin of one server
    /// excuses nothing that others forbid.
    fn excuses(&self, other: &Self) -> bool {
        (!self.is_moderators || other.is_moderators)
            && (self.platform.is_none() || self.platform == other.platform)
            && (self.server.is_none() || self.server == other.server)
    }
}

/// A rule that a text breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forbidden {
    /// The rule as the admin wrote it. Not for the person who typed the text.
    pub rule: String,
}

/// A rule cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the word rule \"{rule}\" cannot be used: {reason}")]
pub struct WordRuleError {
    /// The rule.
    pub rule: String,
    /// Why.
    pub reason: String,
}

/// The rules.
///
/// Texts and words are compared after NFKC and case folding, without accents and invisible characters; dashes and
/// underscores are spaces. A text is read a second time with spaces in place of what is invisible, both with Latin letters
/// in place of those that look like them, and words whose letters stand apart are put together. Where a word of a rule
/// begins or ends with a letter of a script that puts spaces between words, no such letter may stand beside it: "peg" is
/// not in "pegboard". Chinese, Japanese, Korean and Thai words are found anywhere. Regular expressions are searched in the folded text, in which dashes and underscores stay, in any case.
///
/// An exception excuses what is found within it, if it holds wherever the rule does: what is forbidden everywhere cannot
/// be allowed for one server, nor by an admin of one server what somebody else has forbidden there.
#[derive(Clone, Debug, Default)]
pub struct WordRules {
    forbidden: Vec<Rule>,
    allowed: Vec<Rule>,
    of_settings: Vec<String>,
}

impl WordRules {
    /// The rules of the settings, which hold everywhere.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn new(forbidden: &[String], allowed: &[String]) -> Result<Self, WordRuleError> {
        let mut rules = Self::default();
        for rule in forbidden {
            rules.add(rule, WordScope::default())?;
        }
        for rule in allowed {
            rules.allowed.push(Rule::new(rule, rule, WordScope::default())?);
        }
        let exceptions = allowed.iter().map(|rule| format!("!{rule}"));
        rules.of_settings = forbidden.iter().cloned().chain(exceptions).collect();
        Ok(rules)
    }

    /// The rules of the settings, as an admin would add them: exceptions have a `!` before them.
    pub fn of_settings(&self) -> &[String] {
        &self.of_settings
    }

    /// Adds a rule for some place: a word, or a regular expression between slashes; with `!` before it an exception.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn add(&mut self, rule: &str, scope: WordScope) -> Result<(), WordRuleError> {
        match rule.trim_start().strip_prefix('!') {
            Some(allowed) => self.allowed.push(Rule::new(rule, allowed, scope)?),
            None => self.forbidden.push(Rule::new(rule, rule, scope)?),
        }
        Ok(())
    }

    /// The first rule that one of the texts breaks in a place.
    pub fn check<'t>(
        &self,
        texts: impl IntoIterator<Item = &'t str>,
        platform: &str,
        server: Option<&str>,
    ) -> Option<Forbidden> {
        if self.forbidden.is_empty() {
            return None;
        }
        let readings: Vec<Reading> = texts.into_iter().flat_map(Reading::all).collect();
        let here = |rule: &&Rule| rule.scope.holds(platform, server);
        let broken = self.forbidden.iter().filter(here).find(|rule| {
            let excuses: Vec<&Rule> = self
                .allowed
                .iter()
                .filter(|allowed| allowed.scope.excuses(&rule.scope))
                .collect();
            readings.iter().any(|reading| reading.breaks(rule, &excuses))
        });
        broken.map(|rule| Forbidden {
            rule: rule.text.clone(),
        })
    }
}

/// One way to read a text.
struct Reading {
    text: String,
    /// It is compared with words, and not with regular expressions.
    is_for_words: bool,
    /// Whole words whose letters stand apart.
    spelled: Vec<String>,
}

impl Reading {
    fn all(text: &str) -> Vec<Self> {
        let latin = latin(text);
        let mut texts = Vec::new();
        for folded in [text, &latin]
            .into_iter()
            .flat_map(|text| [fold(text), fold(&parted(text))])
        {
            let bare = without_syntax(&folded);
            for text in [folded, bare] {
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
        }
        let readings = texts.into_iter().flat_map(|text| {
            let words = Self {
                text: spaced(&text),
                is_for_words: true,
                spelled: spelled_out(&text),
            };
            let as_it_is = Self {
                text,
                is_for_words: false,
                spelled: Vec::new(),
            };
            [words, as_it_is]
        });
        readings.collect()
    }

    /// Whether something that the rule forbids is in the text and in none of the exceptions.
    fn breaks(&self, rule: &Rule, excuses: &[&Rule]) -> bool {
        if self.spells(rule) && !excuses.iter().any(|allowed| self.spells(allowed)) {
            return true;
        }
        let found = self.find(rule);
        if found.is_empty() {
            return false;
        }
        let mut excused: Vec<Range<usize>> =
            excuses.iter().flat_map(|allowed| self.excused(allowed)).collect();
        excused.sort_unstable_by_key(|excuse| excuse.start);
        let mut excused = excused.into_iter().peekable();
        // Both are in the order of their beginnings: of the exceptions that begin in time the one that ends last counts.
        let mut excused_until = 0;
        found.iter().any(|found| {
            while let Some(excuse) = excused.next_if(|excuse| excuse.start <= found.start) {
                excused_until = excused_until.max(excuse.end);
            }
            excused_until < found.end
        })
    }

    /// Where an exception is. Its words count in every reading: what they excuse may be a regular expression.
    fn excused(&self, allowed: &Rule) -> Vec<Range<usize>> {
        match &allowed.pattern {
            Pattern::Word(word) => find_word(&self.text, word),
            Pattern::Regex(regex) => regex.find_iter(&self.text).map(|found| found.range()).collect(),
        }
    }

    /// Whether the text has the word of a rule with its letters apart. A word of several words is spelled without spaces.
    fn spells(&self, rule: &Rule) -> bool {
        let Pattern::Word(word) = &rule.pattern else {
            return false;
        };
        let letters = || word.chars().filter(|character| character.is_alphanumeric());
        self.spelled.iter().any(|spelled| letters().eq(spelled.chars()))
    }

    fn find(&self, rule: &Rule) -> Vec<Range<usize>> {
        match &rule.pattern {
            Pattern::Word(word) if self.is_for_words => find_word(&self.text, word),
            Pattern::Regex(regex) if !self.is_for_words => {
                regex.find_iter(&self.text).map(|found| found.range()).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[derive(Clone, Debug)]
struct Rule {
    /// As the admin wrote it.
    text: String,
    pattern: Pattern,
    scope: WordScope,
}

#[derive(Clone, Debug)]
enum Pattern {
    /// Folded, and with single spaces.
    Word(String),
    Regex(Regex),
}

impl Rule {
    /// `text` is the rule, and `pattern` what is left of it without the mark of an exception.
    fn new(text: &str, pattern: &str, scope: WordScope) -> Result<Self, WordRuleError> {
        let unusable = |reason: &str| WordRuleError {
            rule: text.to_owned(),
            reason: reason.to_owned(),
        };
        let pattern = pattern.trim();
        let regex = pattern
            .strip_prefix('/')
            .and_then(|pattern| pattern.strip_suffix('/'));
        let pattern = match regex {
            Some(regex) => {
                let regex = RegexBuilder::new(&undisguised(regex.chars()))
                    .case_insensitive(true)
                    .size_limit(MAX_REGEX_BYTES)
                    .dfa_size_limit(MAX_REGEX_BYTES)
                    .build()
                    .map_err(|error| unusable(mistake(&error.to_string())))?;
                if regex.is_match("") {
                    return Err(unusable("it is in every text"));
                }
                Pattern::Regex(regex)
            }
            None => Pattern::Word(spaced(&fold(pattern))),
        };
        if matches!(&pattern, Pattern::Word(word) if !word.chars().any(char::is_alphanumeric)) {
            return Err(unusable("it has no letter and no digit"));
        }
        Ok(Self {
            text: text.to_owned(),
            pattern,
            scope,
        })
    }
}

/// The last line of an error of a regular expression: those before it draw the place of the mistake.
fn mistake(error: &str) -> &str {
    let line = error.lines().last().unwrap_or(error);
    line.strip_prefix("error: ").unwrap_or(line)
}

/// Where a word is in a text; both are folded.
fn find_word(text: &str, word: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text
        .get(from..)
        .and_then(|rest| rest.find(word))
        .map(|at| from + at)
    {
        let end = start + word.len();
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        let after = text.get(end..).and_then(|after| after.chars().next());
        let (first, last) = (word.chars().next(), word.chars().next_back());
        if !continues(first, before) && !continues(last, after) {
            found.push(start..end);
        }
        from = start + first.map_or(1, char::len_utf8);
    }
    found
}

/// Whether the character at the edge of a word and the one beside it belong to one word. A digit separates letters, and
/// belongs to a number or to a name that ends with it.
fn continues(edge: Option<char>, beside: Option<char>) -> bool {
    let (Some(edge), Some(beside)) = (edge, beside) else {
        return false;
    };
    if is_spaced_letter(edge) {
        is_spaced_letter(beside)
    } else {
        edge.is_numeric() && !is_unspaced(edge) && beside.is_alphanumeric() && !is_unspaced(beside)
    }
}

#[cfg(test)]
mod tests;
