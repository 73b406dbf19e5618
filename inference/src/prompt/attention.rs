//! A1111's brackets: which part of a prompt counts how much.
//!
//! The language is that of `parse_prompt_attention` in A1111's `modules/prompt_parser.py`, weights to the last bit.

use std::borrow::Cow;

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

const ROUND_BRACKET_WEIGHT: f64 = 1.1;
const SQUARE_BRACKET_WEIGHT: f64 = 1.0 / 1.1;

const BREAK: &str = "BREAK";
/// What the mark of a break weighs, by which it is told from the word.
const BREAK_WEIGHT: f64 = -1.0;

/// A part of a prompt without brackets.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Span<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) weight: f64,
}

impl Span<'_> {
    /// The next span begins a chunk, and this one has no text.
    pub(super) fn is_break(&self) -> bool {
        self.text == BREAK && self.weight == BREAK_WEIGHT
    }
}

/// The parts of a prompt, at least one. Neighbours have different weights.
pub(super) fn parse(prompt: &str) -> Vec<Span<'_>> {
    let mut parser = Parser::default();
    let mut rest = prompt;
    while let Some(first) = rest.chars().next() {
        rest = &rest[parser.read(first, rest)..];
    }
    parser.finish()
}

/// What was read so far. Texts and weights lie apart, so that deep nesting multiplies a plain slice.
#[derive(Debug, Default)]
struct Parser<'a> {
    texts: Vec<&'a str>,
    weights: Vec<f64>,
    /// How many texts there were before each round bracket that is still open.
    round: Vec<usize>,
    /// The same for square brackets.
    square: Vec<usize>,
}

impl<'a> Parser<'a> {
    /// Reads one symbol at the start of `rest`, which begins with `first`, and says how long it is.
    fn read(&mut self, first: char, rest: &'a str) -> usize {
        match first {
            '\\' => self.escape(rest),
            '(' => self.open_round(),
            '[' => self.open_square(),
            ':' => self.colon(rest),
            ')' => match self.round.pop() {
                Some(start) => self.weigh(start, ROUND_BRACKET_WEIGHT),
                None => self.literal(&rest[..1]),
            },
            ']' => match self.square.pop() {
                Some(start) => self.weigh(start, SQUARE_BRACKET_WEIGHT),
                None => self.literal(&rest[..1]),
            },
            _ => {
                let end = rest.find(['\\', '(', ')', '[', ']', ':']).unwrap_or(rest.len());
                self.literal(&rest[..end])
            }
        }
    }

    /// A backslash stands for the special character after it, and before anything else for nothing.
    fn escape(&mut self, rest: &'a str) -> usize {
        let escapes = rest[1..].starts_with(['(', ')', '[', ']', '\\']);
        let end = if escapes { 2 } else { 1 };
        self.push(&rest[1..end], 1.0);
        end
    }

    fn open_round(&mut self) -> usize {
        self.round.push(self.texts.len());
        1
    }

    fn open_square(&mut self) -> usize {
        self.square.push(self.texts.len());
        1
    }

    /// `: 1.3)` closes a round bracket; where none is open it is text, as a colon before anything else is.
    fn colon(&mut self, rest: &'a str) -> usize {
        match weight_and_bracket(rest) {
            Some((end, number)) => match (number, self.round.pop()) {
                (Some(weight), Some(start)) => {
                    self.weigh(start, weight);
                    end
                }
                (None, Some(start)) => {
                    self.round.push(start);
                    self.literal(&rest[..1])
                }
                (_, None) => self.literal(&rest[..end]),
            },
            None => self.literal(&rest[..1]),
        }
    }

    fn weigh(&mut self, start: usize, weight: f64) -> usize {
        for known in self.weights.iter_mut().skip(start) {
            *known *= weight;
        }
        1
    }

    /// Text, in which the word `BREAK` is a mark.
    fn literal(&mut self, text: &'a str) -> usize {
        let mut from = 0;
        while let Some(start) = find_break(text, from) {
            self.push(text[from..start].trim_end_matches(is_python_space), 1.0);
            self.push(BREAK, BREAK_WEIGHT);
            let after = text[start + BREAK.len()..].trim_start_matches(is_python_space);
            from = text.len() - after.len();
        }
        self.push(&text[from..], 1.0);
        text.len()
    }

    fn push(&mut self, text: &'a str, weight: f64) {
        self.texts.push(text);
        self.weights.push(weight);
    }

    /// Weighs what open brackets enclose, and joins neighbours of the same weight.
    fn finish(mut self) -> Vec<Span<'a>> {
        for start in std::mem::take(&mut self.round) {
            self.weigh(start, ROUND_BRACKET_WEIGHT);
        }
        for start in std::mem::take(&mut self.square) {
            self.weigh(start, SQUARE_BRACKET_WEIGHT);
        }
        let mut spans: Vec<Span<'a>> = Vec::new();
        for (text, weight) in self.texts.into_iter().zip(self.weights) {
            match spans.last_mut() {
                Some(span) if span.weight == weight => span.text.to_mut().push_str(text),
                _ => spans.push(Span {
                    text: Cow::Borrowed(text),
                    weight,
                }),
            }
        }
        if spans.is_empty() {
            spans.push(Span {
                text: Cow::Borrowed(""),
                weight: 1.0,
            });
        }
        spans
    }
}

/// The length of `: 1.3 )` at the start of a text, and its number unless the digits are none.
fn weight_and_bracket(text: &str) -> Option<(usize, Option<f64>)> {
    let number = text.strip_prefix(':')?.trim_start_matches(is_python_space);
    let unsigned = number.strip_prefix(['+', '-']).unwrap_or(number);
    let after = unsigned.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    if after.len() == unsigned.len() {
        return None;
    }
    let number = &number[..number.len() - after.len()];
    let rest = after.trim_start_matches(is_python_space).strip_prefix(')')?;
    Some((text.len() - rest.len(), number.parse().ok()))
}

/// Where the word `BREAK` is in a text, from a position on.
fn find_break(text: &str, from: usize) -> Option<usize> {
    text[from..]
        .match_indices(BREAK)
        .map(|(index, _)| from + index)
        .find(|&start| {
            let before = text[..start].chars().next_back();
            let after = text[start + BREAK.len()..].chars().next();
            !before.is_some_and(is_python_word) && !after.is_some_and(is_python_word)
        })
}

/// Python's `\w`.
fn is_python_word(c: char) -> bool {
    c == '_'
        || matches!(
            c.general_category_group(),
            GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number
        )
}

/// Python's `\s`.
fn is_python_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

#[cfg(test)]
mod tests;
