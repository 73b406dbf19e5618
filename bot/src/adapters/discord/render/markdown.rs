//! Texts of others in Discord's markdown.

/// The text so that Discord shows it as it stands. Mentions stay what they are: nobody is told of them, because messages
/// say so.
pub(in super::super) fn escaped(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(escaped_line).collect();
    lines.join("\n")
}

fn escaped_line(line: &str) -> String {
    let words: Vec<String> = line.split(' ').map(escaped_word).collect();
    let line = words.join(" ");
    let text = line.trim_start();
    let indent = line.len() - text.len();
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let after_digits = text.chars().nth(digits);
    // What begins a heading, a quotation or a list; a number begins a list with the sign behind it.
    let at = match text.chars().next() {
        Some('#' | '>' | '-' | '+') => indent,
        Some('0'..='9') if matches!(after_digits, Some('.' | ')')) => indent + digits,
        _ => return line,
    };
    let (before, after) = line.split_at(at);
    format!("{before}\\{after}")
}

fn escaped_word(word: &str) -> String {
    if word.starts_with("https://") || word.starts_with("http://") {
        return word.to_owned();
    }
    let mut escaped = String::with_capacity(word.len());
    for letter in word.chars() {
        if matches!(letter, '\\' | '*' | '_' | '~' | '`' | '|' | '[') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// The text in letters of one width, to be copied.
pub(super) fn fixed(text: &str, max_chars: usize) -> String {
    // Three of them in a row would end the block.
    let text = text.replace("```", "`\u{200b}`\u{200b}`");
    format!("```\n{}\n```", cut(&text, max_chars.saturating_sub(8)))
}

/// At most so many characters of the text, the last one a sign that something is missing.
pub(super) fn cut(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max_chars.saturating_sub(1)).collect();
    // Half of an escaped letter would escape the sign.
    let backslashes = kept.chars().rev().take_while(|letter| *letter == '\\').count();
    let kept = if backslashes % 2 == 1 {
        kept.get(..kept.len() - 1).unwrap_or_default()
    } else {
        &kept
    };
    format!("{kept}…")
}

/// The text in parts of at most so many characters, divided between lines where that is possible.
pub(super) fn split(text: &str, max_chars: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = 0;
    for line in text.split_inclusive('\n') {
        let length = line.chars().count();
        if chars + length > max_chars && chars > 0 {
            parts.push(String::new());
            chars = 0;
        }
        let line = cut(line, max_chars);
        if let Some(part) = parts.last_mut() {
            part.push_str(&line);
        }
        chars += length;
    }
    parts
}
