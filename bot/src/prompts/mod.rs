//! What happens to a text between the person who typed it and the model.

use unicode_normalization::UnicodeNormalization;

/// Brings a text into the form that commands and models read.
///
/// Compatibility forms become the usual ones (NFKC: `ＡＢＣ１２` and `ｶﾞ` become `ABC12` and `ガ`, `（：）` become
/// `(:)`), the Japanese comma becomes `, `, control and invisible characters disappear, and each run of white
/// space, of any kind, becomes one space.
pub fn normalise(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut space = false;
    let visible = text
        .chars()
        .filter(|character| character.is_whitespace() || !is_invisible(*character));
    for character in visible.nfkc().flat_map(comma) {
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

    use super::normalise;

    fn check(text: &str, expected: &str) {
        assert_eq!(normalise(text), expected);
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

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in ".*") {
            let once = normalise(&text);
            assert_eq!(normalise(&once), once);
        }
    }
}
