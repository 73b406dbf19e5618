//! How transformers' `CLIPTokenizer` splits a text into words, before byte-pair encoding.
//!
//! That is the class which diffusers' Stable Diffusion pipelines load, in the form it has where ftfy is not installed
//! (ftfy is no dependency of diffusers): its own `BasicTokenizer` cleans the text, and a regular expression splits it
//! (`src/transformers/models/clip/tokenization_clip.py`, up to version 4). `CLIPTokenizerFast` does other things to
//! control characters, Chinese characters (here each is a word), capital sigma and the long s. Of the 20,000 odd texts of
//! the test it reads 8,512 differently, and this class with ftfy 10,683; of those in printable ASCII, 3 and 68 of 880.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup as Group, UnicodeGeneralCategory as _};

/// What the regular expression names in spite of the special tokens of the vocabulary. The letters' case does not matter.
const MARKERS: [&str; 2] = ["<|startoftext|>", "<|endoftext|>"];
/// The ends of contractions, in the order in which they are tried.
const CONTRACTIONS: [&str; 7] = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

/// The only mark with a letter for another case (Ι). The regular expression, which ignores case, takes it neither for a
/// letter nor for anything else, so it is not in any word.
const IOTA_SUBSCRIPT: char = '\u{345}';

/// The words of a text, in CLIP's byte letters: each byte of UTF-8 is one printable character.
pub(super) fn words(text: &str) -> Vec<String> {
    let text: String = cleaned(text).nfc().collect();
    let mut words = Vec::new();
    for part in text.split_whitespace() {
        let lower = part.to_lowercase();
        let mut rest = lower.as_str();
        while !rest.is_empty() {
            let (word, after) = rest.split_at(word_len(rest));
            if !word.starts_with(IOTA_SUBSCRIPT) {
                words.push(word.bytes().map(byte_letter).collect());
            }
            rest = after;
        }
    }
    words
}

/// The special token that a word spells in byte letters, if any. It is one token in spite of the merges.
pub(super) fn marker_of(word: &str) -> Option<&'static str> {
    MARKERS.into_iter().find(|marker| *marker == word)
}

/// The text without control characters, with plain spaces, and with a space on both sides of Chinese characters.
fn cleaned(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' | '\n' | '\r' => cleaned.push(' '),
            '\u{fffd}' => {}
            _ if c.general_category_group() == Group::Other => {}
            _ if c.general_category() == GeneralCategory::SpaceSeparator => cleaned.push(' '),
            _ if is_chinese(c) => cleaned.extend([' ', c, ' ']),
            _ => cleaned.push(c),
        }
    }
    cleaned
}

/// The blocks that BERT's tokenizer calls Chinese. Japanese kanji are among them.
fn is_chinese(c: char) -> bool {
    matches!(c,
        '\u{4e00}'..='\u{9fff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{20000}'..='\u{2a6df}'
        | '\u{2a700}'..='\u{2b73f}'
        | '\u{2b740}'..='\u{2b81f}'
        | '\u{2b820}'..='\u{2ceaf}'
        | '\u{f900}'..='\u{faff}'
        | '\u{2f800}'..='\u{2fa1f}')
}

/// The length of the first word of a text without white space, in bytes.
fn word_len(text: &str) -> usize {
    let named = MARKERS
        .iter()
        .chain(&CONTRACTIONS)
        .find_map(|name| folded_prefix(text, name));
    named.unwrap_or_else(|| {
        let kind = text.chars().next().map(Kind::of);
        match kind {
            Some(Kind::Number | Kind::Nothing) => text.chars().next().map_or(0, char::len_utf8),
            kind => text.find(|c| Some(Kind::of(c)) != kind).unwrap_or(text.len()),
        }
    })
}

/// The length of `name` at the start of a text in lower case. The long s is an s of another case.
fn folded_prefix(text: &str, name: &str) -> Option<usize> {
    let mut rest = text.chars();
    name.chars()
        .all(|expected| {
            rest.next()
                .is_some_and(|c| c == expected || (c == 'ſ' && expected == 's'))
        })
        .then(|| text.len() - rest.as_str().len())
}

#[derive(PartialEq)]
enum Kind {
    Letter,
    Number,
    Nothing,
    Other,
}

impl Kind {
    fn of(c: char) -> Self {
        match c.general_category_group() {
            Group::Letter => Self::Letter,
            Group::Number => Self::Number,
            _ if c == IOTA_SUBSCRIPT => Self::Nothing,
            _ => Self::Other,
        }
    }
}

/// The character that stands for a byte: itself where it is printable, one from U+0100 on where it is not.
pub(super) fn byte_letter(byte: u8) -> char {
    let above = match byte {
        b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff => return char::from(byte),
        0..=b' ' => u32::from(byte),
        0x7f..=0xa0 => 0x21 + u32::from(byte - 0x7f),
        0xad => 0x43,
    };
    char::from_u32(0x100 + above).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The bytes of a token in byte letters, `None` when it has other characters.
pub(super) fn bytes_of_letters(letters: &str) -> Option<Vec<u8>> {
    letters
        .chars()
        .map(|letter| (0..=u8::MAX).find(|&byte| byte_letter(byte) == letter))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{byte_letter, bytes_of_letters, words};

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let words: Vec<String> = words(text)
            .iter()
            .map(|word| String::from_utf8(bytes_of_letters(word).unwrap()).unwrap())
            .collect();
        assert_eq!(words, expected);
    }

    #[test]
    fn words_are_runs_of_a_kind() {
        check(
            "it's 12 o'clock!?",
            &["it", "'s", "1", "2", "o", "'", "clock", "!?"],
        );
        check("後藤ひとり", &["後", "藤", "ひとり"]);
        check("ΑΣ ΑΣΑ", &["ας", "ασα"]);
        check("a\u{200b}b\0c", &["abc"]);
        check("'ſ!'s", &["'ſ", "!'", "s"]);
        check(
            "!<|EndOfText|><|EndOfText|>",
            &["!<|", "endoftext", "|><|", "endoftext", "|>"],
        );
        check("<|EndOfText|>", &["<|endoftext|>"]);
        check("!\u{345}!", &["!", "!"]);
        check(" \t\n", &[]);
    }

    #[test]
    fn byte_letters_are_distinct() {
        let letters: std::collections::BTreeSet<char> = (0..=u8::MAX).map(byte_letter).collect();
        assert_eq!(letters.len(), 256);
        assert_eq!(letters.last(), Some(&'\u{143}'));
    }
}
