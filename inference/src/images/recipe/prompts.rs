//! The lines above the parameters.

const NEGATIVE_PROMPT: &str = "Negative prompt:";

/// The lines, without the last line break.
pub(super) fn write(prompt: &str, negative_prompt: &str) -> String {
    if negative_prompt.is_empty() {
        prompt.to_owned()
    } else {
        format!("{prompt}\n{NEGATIVE_PROMPT} {negative_prompt}")
    }
}

/// The prompt and the negative prompt in the lines above the parameters.
///
/// What follows a line's "Negative prompt:" is negative until the end. Blanks around a line and empty lines above
/// the first word are lost.
pub(super) fn read(lines: &str) -> (String, String) {
    let mut prompts = (String::new(), String::new());
    let mut is_negative = false;
    for line in lines.split('\n') {
        let line = strip(line);
        let line = if let Some(rest) = line.strip_prefix(NEGATIVE_PROMPT) {
            is_negative = true;
            strip(rest)
        } else {
            line
        };
        let text = if is_negative {
            &mut prompts.1
        } else {
            &mut prompts.0
        };
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
    prompts
}

/// Without the white space at both ends, which is Python's: it has four control characters more than Rust's.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(|letter: char| letter.is_whitespace() || ('\x1c'..='\x1f').contains(&letter))
}
