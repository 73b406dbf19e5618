//! Words whose letters stand apart.

use crate::prompts::script::is_spaced_letter;

/// With fewer letters it is no word that anybody spells.
const MIN_LETTERS: usize = 3;
/// The most characters between two letters of such a word.
const MAX_GAP: usize = 3;

/// Words like `b a d` or `b.a.d`, put together: runs of single letters of a script that puts spaces between words. The
/// article before such a word may belong to it or not, so there is one with and one without it. What is separated by
/// commas is a list.
pub(super) fn spelled_out(folded: &str) -> Vec<String> {
    let characters: Vec<char> = folded.chars().collect();
    let parts = characters.chunk_by(|one, other| one.is_alphanumeric() == other.is_alphanumeric());
    let (mut words, mut run) = (Vec::new(), String::new());
    for part in parts {
        match part {
            [letter] if is_spaced_letter(*letter) => run.push(*letter),
            gap if is_gap(gap) => {}
            _ => finish(&mut run, &mut words),
        }
    }
    finish(&mut run, &mut words);
    words
}

fn is_gap(part: &[char]) -> bool {
    let ends_run = |character: &char| character.is_alphanumeric() || matches!(character, ',' | '、' | '\n');
    part.len() <= MAX_GAP && !part.iter().any(ends_run)
}

fn finish(run: &mut String, words: &mut Vec<String>) {
    let run = std::mem::take(run);
    let without_article = run.strip_prefix(['a', 'i']);
    let long_enough = |word: &&str| word.chars().count() >= MIN_LETTERS;
    words.extend(without_article.filter(long_enough).map(str::to_owned));
    if long_enough(&run.as_str()) {
        words.push(run);
    }
}
