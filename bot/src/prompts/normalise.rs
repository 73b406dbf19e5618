//! Full-width and invisible characters, and Japanese punctuation.

use unicode_normalization::UnicodeNormalization;

use super::script::is_word_break;

/// A1111's word that begins a new chunk of the prompt.
const BREAK: &str = "BREAK";

/// Brings a text into the form that commands and models read.
///
/// Compatibility forms become the usual ones (NFKC: `ＡＢＣ１２` and `ｶﾞ` become `ABC12` and `ガ`, `（：）` become
/// `(:)`), the Japanese comma becomes `, `, control and invisible characters disappear, and each run of white
/// space, of any kind, becomes one space.
pub fn normalise(text: &str) -> String {
    one_space(visible(text).nfkc().flat_map(comma))
}

/// Brings a prompt into the form that models read: as [`normalise`], and Japanese punctuation becomes the syntax of
/// prompts, which separates by commas and groups by round brackets.
///
/// `、` and `。` become a comma. Brackets that only set something apart (`「」『』【】〔〕《》〈〉`) weigh nothing in Japanese,
/// so they become commas too and not emphasis: `猫「笑顔」` is `猫, 笑顔`. There is no comma where it would separate
/// nothing, as at the beginning and within `(「笑顔」:1.3)`. What stands after a backslash or between `<` and `>` stays as
/// it is, and so does `BREAK`.
pub fn normalise_prompt(text: &str) -> String {
    let comma = |character| match character {
        '，' => '、',
        other => other,
    };
    let plain = one_space(visible(text).map(comma).nfkc());
    let mut prompt = Prompt::default();
    let mut rest = plain.as_str();
    while let Some(first) = rest.chars().next() {
        let (piece, after) = rest.split_at(piece_length(first, rest));
        if is_separator(first) {
            prompt.separated = true;
        } else {
            prompt.push(piece, rest);
        }
        rest = after;
    }
    prompt.text.truncate(prompt.text.trim_end().len());
    prompt.text
}

/// Makes one line of a text and leaves it otherwise as it is.
pub fn one_line(text: &str) -> String {
    let line: String = text
        .replace("\r\n", "\n")
        .chars()
        .map(|character| match character {
            '\n' | '\r' | '\t' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            other => other,
        })
        .filter(|character| !character.is_control())
        .collect();
    line.trim().to_owned()
}

/// The length in bytes of what stays together at the start of `rest`, which begins with `first`: a character with the
/// backslash before it, something in angle brackets, or else one character.
pub(super) fn piece_length(first: char, rest: &str) -> usize {
    let pair = || {
        let second = rest.chars().nth(1)?;
        (first == '\\' && !second.is_whitespace()).then(|| first.len_utf8() + second.len_utf8())
    };
    let angle = || {
        let end = rest.get(1..)?.find(['<', '>'])? + 1;
        (first == '<' && rest.get(end..)?.starts_with('>')).then_some(end + 1)
    };
    pair().or_else(angle).unwrap_or(first.len_utf8())
}

/// Whether a text begins with the word `BREAK`.
pub(super) fn starts_with_break(text: &str) -> bool {
    text.strip_prefix(BREAK)
        .is_some_and(|after| after.chars().next().is_none_or(is_word_break))
}

fn ends_with_break(text: &str) -> bool {
    text.strip_suffix(BREAK)
        .is_some_and(|before| before.chars().next_back().is_none_or(is_word_break))
}

/// A prompt that is being written.
#[derive(Default)]
struct Prompt {
    text: String,
    /// A comma belongs before the next piece, unless it would separate nothing.
    separated: bool,
}

impl Prompt {
    /// Adds a piece, with which `rest` begins.
    fn push(&mut self, piece: &str, rest: &str) {
        if self.separated {
            if piece == " " {
                return;
            }
            self.separated = false;
            self.separate(rest);
        }
        self.text.push_str(piece);
    }

    fn separate(&mut self, rest: &str) {
        self.text.truncate(self.text.trim_end().len());
        let closes = rest
            .trim_start_matches('\\')
            .starts_with([')', ']', '}', '|', ':', ',', ';', '.', '!', '?']);
        if self.text.is_empty() || self.text.ends_with(['(', '[', '{', '|', ':']) || closes {
            return;
        }
        let separator = if self.text.ends_with(',') || ends_with_break(&self.text) || starts_with_break(rest)
        {
            " "
        } else {
            ", "
        };
        self.text.push_str(separator);
    }
}

fn is_separator(character: char) -> bool {
    matches!(
        character,
        '、' | '。' | '「' | '」' | '『' | '』' | '【' | '】' | '〔' | '〕' | '《' | '》' | '〈' | '〉'
    )
}

/// A text without what nobody sees.
fn visible(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .filter(|character| character.is_whitespace() || !is_invisible(*character))
}

/// Makes one space of each run of white space, and none at the ends.
fn one_space(characters: impl Iterator<Item = char>) -> String {
    let mut normal = String::new();
    let mut space = false;
    for character in characters {
        if character.is_whitespace() {
            space = true;
        } else {
            if space && !normal.is_empty() && !normal.ends_with(' ') {
                normal.push(' ');
            }
            space = false;
            normal.push(character);
        }
    }
    normal
}

/// Writes the Japanese comma, which NFKC leaves alone, in the ASCII form with its space.
fn comma(character: char) -> impl Iterator<Item = char> {
    let (first, second) = if character == '、' {
        (',', Some(' '))
    } else {
        (character, None)
    };
    std::iter::once(first).chain(second)
}

/// Characters that nobody sees. The joiner of emoji is not among them: without it one picture becomes several.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200B}' | '\u{200C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use proptest::proptest;

    use super::{normalise, normalise_prompt, one_line};

    fn check(text: &str, expected: &str) {
        assert_eq!(normalise(text), expected);
    }

    fn check_prompt(text: &str, expected: &str) {
        assert_eq!(normalise_prompt(text), expected);
    }

    #[test]
    fn typed_text_becomes_plain_text() {
        check("後藤ひとり", "後藤ひとり");
        check("  a \t girl\n\nwith　pink hair ", "a girl with pink hair");
        check("ピンクの髪、青い目", "ピンクの髪, 青い目");
        check("ピンクの髪、 青い目", "ピンクの髪, 青い目");
        check("（笑顔：１．２）", "(笑顔:1.2)");
        check("／ｄｒａｗ　猫　－－ｓｔｅｐｓ　２０", "/draw 猫 --steps 20");
        check("ｷﾞﾀｰ", "ギター");
        check("e\u{301}cole", "école");
        check("a\u{0}b\u{7}c\u{200B}d\u{202E}e\u{FEFF}", "abcde");
        check("👩\u{200D}🎤", "👩\u{200D}🎤");
        check(" \u{3000}\n", "");
    }

    #[test]
    fn japanese_punctuation_becomes_syntax() {
        check_prompt("後藤ひとり（髪：１．３）、笑顔。", "後藤ひとり(髪:1.3), 笑顔");
        check_prompt("猫，犬､鳥｡", "猫, 犬, 鳥");
        check_prompt("「笑顔」", "笑顔");
        check_prompt("猫「笑顔」【夜】空", "猫, 笑顔, 夜, 空");
        check_prompt("猫 『 笑顔 』 、 夜", "猫, 笑顔, 夜");
        check_prompt("［（「笑顔」：1.3）］、", "[(笑顔:1.3)]");
        check_prompt("cat, dog", "cat, dog");
        check_prompt("1,000 cats (2,5)", "1,000 cats (2,5)");
    }

    #[test]
    fn the_syntax_of_prompts_stays_as_it_is() {
        check_prompt(r"saber \(fate\)", r"saber \(fate\)");
        check_prompt(r"saber ＼（fate＼）、猫", r"saber \(fate\), 猫");
        check_prompt(r"\（「笑顔」\）", r"\(笑顔\)");
        check_prompt(r"猫\「笑顔\」", r"猫\「笑顔\」");
        check_prompt("＜lora:【猫】、v1:0.8＞、猫", "<lora:【猫】、v1:0.8>, 猫");
        check_prompt("a < b、c", "a < b, c");
        check_prompt("猫。BREAK「犬」", "猫 BREAK 犬");
        check_prompt("OUTBREAK「犬」", "OUTBREAK, 犬");
        check_prompt("{「猫」|「犬」}", "{猫|犬}");
    }

    #[test]
    fn a_raw_text_only_becomes_one_line() {
        assert_eq!(
            one_line("（ｃａｔ：1.3）、 「犬」\r\n  \u{7}a\tb\n"),
            "（ｃａｔ：1.3）、 「犬」   a b"
        );
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in ".*") {
            let once = normalise(&text);
            assert_eq!(normalise(&once), once);
            let once = normalise_prompt(&text);
            assert_eq!(normalise_prompt(&once), once);
        }

        #[test]
        fn normalising_syntax_twice_changes_nothing(text in r"[\\(),:<>「」、。 aか\u{3099}\u{338}BREAK]{0,12}") {
            let once = normalise_prompt(&text);
            assert_eq!(normalise_prompt(&once), once);
        }
    }
}
