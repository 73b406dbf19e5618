//! Which characters belong to one word.

/// Whether words of the script of this character are written without spaces between them, or with endings attached:
/// Chinese, Japanese, Korean, Thai, Lao, Burmese, Khmer.
pub(super) fn is_unspaced(character: char) -> bool {
    matches!(character,
        '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1100}'..='\u{11FF}' | '\u{1780}'..='\u{17FF}'
        | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3031}'..='\u{3035}' | '\u{3041}'..='\u{318F}'
        | '\u{31A0}'..='\u{31FF}' | '\u{A960}'..='\u{A97F}' | '\u{AC00}'..='\u{D7FF}' | '\u{FF66}'..='\u{FFDC}')
        || is_han(character)
}

/// Whether the character is a Chinese one, as Japanese uses them too.
pub(super) fn is_han(character: char) -> bool {
    matches!(character, '\u{3005}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

/// Whether the character is a katakana one, or the mark of a long vowel.
pub(super) fn is_katakana(character: char) -> bool {
    matches!(character, '\u{30A1}'..='\u{30FA}' | '\u{30FC}'..='\u{30FE}' | '\u{31F0}'..='\u{31FF}')
}

/// Whether the character is a letter of a script that puts spaces between words.
pub(super) fn is_spaced_letter(character: char) -> bool {
    character.is_alphabetic() && !is_unspaced(character)
}

/// Whether a word of a script that puts spaces between words ends before this character.
pub(super) fn is_word_break(character: char) -> bool {
    !(character.is_alphanumeric() || character == '_') || is_unspaced(character)
}
