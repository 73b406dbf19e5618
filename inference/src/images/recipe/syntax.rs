//! The line of parameters: `key: value` pairs between commas, where a value with a comma is a JSON string.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::prompts::strip;

/// The value as it stands in the line: as it is, or as a JSON string where it would be read differently.
///
/// The web UI quotes the values with a comma, a colon or a line break, and writes objects as JSON.
pub(super) fn quote(value: &str) -> Cow<'_, str> {
    let is_plain = if value.starts_with(['{', '[']) {
        serde_json::from_str::<IgnoredAny>(value).is_ok()
    } else {
        !value.is_empty() && !value.starts_with('"') && !value.contains([',', ':'])
    };
    if is_plain && strip(value) == value && !value.contains(char::is_control) {
        Cow::Borrowed(value)
    } else {
        Cow::Owned(serde_json::Value::from(value).to_string())
    }
}

/// The JSON string of a whole prompt, with commas and colons escaped: some readers take a line apart at every comma
/// and would find keys in it.
pub(super) fn quote_prompt(prompt: &str) -> String {
    serde_json::Value::from(prompt)
        .to_string()
        .replace(',', "\\u002c")
        .replace(':', "\\u003a")
}

/// The pairs in a line. What is no pair is passed over.
///
/// A key is a word character and at least one more of them, blanks, hyphens and slashes. A value ends at a comma
/// outside its quotes; without a value there is no pair.
pub(super) fn pairs(line: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(':') {
        rest = after;
        if let Some(key) = key(before) {
            let value;
            (value, rest) = split_value(after);
            if !value.is_empty() {
                pairs.push((key.to_owned(), unquote(value)));
            }
        }
    }
    pairs
}

/// The key at the end of a text.
fn key(text: &str) -> Option<&str> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let before = text.rfind(|letter: char| !is_word(letter) && !matches!(letter, ' ' | '-' | '/'));
    let run = text.get(before.unwrap_or(0)..)?;
    let key = run.trim_start_matches(|letter: char| !is_word(letter));
    key.chars().nth(1).is_some().then_some(key)
}

/// The value at the start of a text, and what follows its comma.
fn split_value(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    // The web UI reads an array or an object up to its first comma, although its extensions write them.
    let json_end = if text.starts_with('"') {
        string_end(text)
    } else if text.starts_with(['{', '[']) {
        json_end(text)
    } else {
        None
    };
    json_end
        .and_then(|end| text.split_at_checked(end))
        .and_then(|(value, rest)| match rest {
            "" => Some((value, rest)),
            _ => Some((value, rest.strip_prefix(',')?)),
        })
        .or_else(|| text.split_once(','))
        .unwrap_or((text, ""))
}

/// What is in a JSON string; another value is itself.
fn unquote(value: &str) -> String {
    // JSON allows blanks behind a string, the web UI does not.
    let string = value.ends_with('"').then(|| serde_json::from_str(value).ok());
    string.flatten().unwrap_or_else(|| value.to_owned())
}

/// Where the string that starts with a quotation mark ends; what is inside need not be JSON.
fn string_end(text: &str) -> Option<usize> {
    let mut letters = text.char_indices().skip(1);
    while let Some((index, letter)) = letters.next() {
        match letter {
            '"' => return Some(index + 1),
            '\\' => {
                letters.next();
            }
            _ => {}
        }
    }
    None
}

/// Where the array or object at the start of a text ends.
fn json_end(text: &str) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}
