//! Texts that look the same become the same.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

use crate::prompts::script::is_unspaced;

/// Folds a text: compatibility forms (NFKC), case, and everything that changes a character for the machine and not for
/// the eye: accents and strokes over letters, what joins or separates without being seen, variants of a form. The marks
/// that make another kana of one stay.
pub(super) fn fold(text: &str) -> String {
    let cased = text
        .nfkd()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase);
    undisguised(cased)
}

/// The same, and case stays.
pub(super) fn undisguised(text: impl Iterator<Item = char>) -> String {
    text.nfkd()
        .filter(|character| !is_disguise(*character))
        .nfkc()
        .collect()
}

/// The text with a space in place of each run of characters that [`fold`] would leave out: unseen, they can still end a
/// word for the model. An accent that is one character with its letter ends none, and scripts without spaces have no ends
/// of words to make.
pub(super) fn parted(text: &str) -> String {
    let mut parted = String::with_capacity(text.len());
    for character in text.nfkc() {
        if !is_disguise(character) {
            parted.push(character);
            continue;
        }
        let before = parted.chars().next_back();
        if before.is_some_and(|before| !before.is_whitespace() && !is_unspaced(before)) {
            parted.push(' ');
        }
    }
    parted
}

/// Makes one space of each run of characters that separate words without being a sign of their own: white space, dashes,
/// underscores.
pub(super) fn spaced(folded: &str) -> String {
    let mut spaced = String::with_capacity(folded.len());
    for character in folded.chars() {
        if !separates(character) {
            spaced.push(character);
        } else if !spaced.ends_with(' ') {
            spaced.push(' ');
        }
    }
    spaced.trim().to_owned()
}

/// Leaves out the syntax of prompts, which can stand within a word: `pe(g:1.1)` and `p\eg` are read as `peg`.
pub(super) fn without_syntax(folded: &str) -> String {
    folded
        .chars()
        .filter(|character| !matches!(character, '(' | ')' | '[' | ']' | '{' | '}' | '\\'))
        .collect()
}

fn separates(character: char) -> bool {
    character == '_'
        || character.is_whitespace()
        || character.general_category() == GeneralCategory::DashPunctuation
}

fn is_disguise(character: char) -> bool {
    match character {
        // Marks that go with letters of any script, and the selectors of variants.
        '\u{300}'..='\u{36F}'
        | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FE20}'..='\u{FE2F}'
        | '\u{E0100}'..='\u{E01EF}'
        // Letters and signs without a form.
        | '\u{115F}'
        | '\u{1160}'
        | '\u{17B4}'
        | '\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{2800}'
        | '\u{FFF0}'..='\u{FFF8}' => true,
        _ => match character.general_category() {
            GeneralCategory::Control => !character.is_whitespace(),
            GeneralCategory::Format | GeneralCategory::Surrogate => true,
            _ => false,
        },
    }
}
