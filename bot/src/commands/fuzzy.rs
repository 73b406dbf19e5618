//! What somebody may be about to type.

use unicode_normalization::UnicodeNormalization as _;

/// Whether two names are the same but for case and width.
pub(super) fn is_same(name: &str, other: &str) -> bool {
    folded(name) == folded(other)
}

/// Those of `known` that `typed` may become, the likeliest first, at most `limit`.
pub(super) fn complete<'k>(
    known: impl IntoIterator<Item = &'k str>,
    typed: &str,
    limit: usize,
) -> Vec<String> {
    let typed = folded(typed.trim());
    let mut found: Vec<(Match, usize, &str)> = known
        .into_iter()
        .enumerate()
        .filter_map(|(place, name)| Some((matching(&folded(name), &typed)?, place, name)))
        .collect();
    found.sort();
    found
        .into_iter()
        .take(limit)
        .map(|(_, _, name)| name.to_owned())
        .collect()
}

/// How well something that was typed fits a name, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    Whole,
    Beginning,
    Word,
    Part,
    /// Its letters are there in this order, with so many others between them.
    Scattered(usize),
}

fn matching(name: &str, typed: &str) -> Option<Match> {
    if name == typed {
        return Some(Match::Whole);
    }
    match name.find(typed) {
        Some(0) => return Some(Match::Beginning),
        Some(start) => {
            let before = name.get(..start).and_then(|before| before.chars().next_back());
            let begins_word = before.is_some_and(|before| !before.is_alphanumeric());
            return Some(if begins_word { Match::Word } else { Match::Part });
        }
        None => {}
    }
    let mut rest = name.chars().enumerate();
    let mut first = None;
    let mut last = 0;
    let mut letters = 0;
    for wanted in typed.chars().filter(|wanted| !wanted.is_whitespace()) {
        let (place, _) = rest.find(|(_, letter)| *letter == wanted)?;
        first.get_or_insert(place);
        last = place;
        letters += 1;
    }
    Some(Match::Scattered(
        (last + 1).saturating_sub(first.unwrap_or(0) + letters),
    ))
}

fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &str, expected: &[&str]) {
        let known = ["Euler", "Euler a", "DPM++ 2M", "DPM++ 2M Karras", "DDIM", "ﾊﾛｰ"];
        assert_eq!(complete(known, typed, 3), expected, "{typed}");
    }

    #[test]
    fn what_fits_best_comes_first() {
        check("", &["Euler", "Euler a", "DPM++ 2M"]);
        check("euler A", &["Euler a"]);
        check("eul", &["Euler", "Euler a"]);
        check("ｋａｒ", &["DPM++ 2M Karras"]);
        check("2m", &["DPM++ 2M", "DPM++ 2M Karras"]);
        check("dm", &["DPM++ 2M", "DPM++ 2M Karras", "DDIM"]);
        check("ddm", &["DDIM"]);
        check("ハロー", &["ﾊﾛｰ"]);
        check("zz", &[]);
    }
}
