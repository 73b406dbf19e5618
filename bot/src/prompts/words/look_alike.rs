//! Letters of other scripts that look like Latin ones, by the tables of Unicode's technical standard 39.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_security::skeleton;

use crate::prompts::script::is_spaced_letter;

/// The text with Latin letters in place of those that look like them, where they are likely to stand for them: within a
/// word that has a letter from a to z, and in a word of nothing else when the text has no other letters of such a script.
/// So `реg` and `рор` become `peg` and `pop`, and a Russian sentence stays one.
pub(super) fn latin(text: &str) -> String {
    let characters: Vec<char> = text.chars().flat_map(without_form).collect();
    let is_foreign = |character: &char| !character.is_ascii() && is_spaced_letter(*character);
    let has_only_twins = characters
        .iter()
        .filter(|character| is_foreign(character))
        .all(|character| twin(*character).is_some());
    let mut latin = String::with_capacity(text.len());
    let is_in_word = |character: char| character.is_alphanumeric() || is_combining_mark(character);
    for word in characters.chunk_by(|one, other| is_in_word(*one) == is_in_word(*other)) {
        let has_latin = word.iter().any(char::is_ascii_alphabetic);
        if has_latin || has_only_twins {
            latin.extend(
                word.iter()
                    .map(|character| twin(*character).unwrap_or(*character)),
            );
        } else {
            latin.extend(word);
        }
    }
    latin
}

/// A letter that looks like a Latin one, or else what NFKD makes of the character: that leaves a letter without its accents,
/// and makes other letters of some that look Latin.
fn without_form(character: char) -> Vec<char> {
    match twin(character) {
        Some(_) => vec![character],
        None => std::iter::once(character).nfkd().collect(),
    }
}

/// The letter from a to z that a letter of another script looks like, in lower case or as it is written.
fn twin(character: char) -> Option<char> {
    if character.is_ascii() || !is_spaced_letter(character) {
        return None;
    }
    // The table is made for the eye: a capital I and a small l are the same there.
    let lower = character.to_lowercase().next().unwrap_or(character);
    prototype(lower).or_else(|| prototype(character))
}

fn prototype(character: char) -> Option<char> {
    let mut buffer = [0; 4];
    let mut letters = skeleton(character.encode_utf8(&mut buffer));
    let letter = letters.next().filter(char::is_ascii_alphabetic)?;
    letters.next().is_none().then_some(letter)
}
