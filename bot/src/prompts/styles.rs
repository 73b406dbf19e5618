//! Named additions to prompts.

use super::normalise::normalise_prompt;
use crate::config::StyleConfig;

/// What stands for the prompt in the words of a style.
const PROMPT: &str = "{prompt}";

/// A style.
pub type Style = StyleConfig;

/// The styles that the settings name.
#[derive(Clone, Debug, Default)]
pub struct Styles(Vec<Style>);

impl Styles {
    /// These styles.
    pub fn new(styles: Vec<Style>) -> Self {
        Self(styles)
    }

    /// The style of this name, in any case.
    pub fn get(&self, name: &str) -> Option<&Style> {
        self.0
            .iter()
            .find(|style| style.name.to_lowercase() == name.to_lowercase())
    }

    /// All of them.
    pub fn all(&self) -> &[Style] {
        &self.0
    }
}

/// Adds the words of a style to a prompt: around it when they have a place for it, or else behind it.
pub(super) fn add(words: &str, prompt: &str) -> String {
    let words = normalise_prompt(words);
    if words.contains(PROMPT) {
        words.replace(PROMPT, prompt)
    } else if words.is_empty() || prompt.is_empty() {
        words + prompt
    } else {
        format!("{prompt}, {words}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Style, Styles, add};

    #[test]
    fn a_style_is_found_in_any_case() {
        let named = |name: &str| Style {
            name: name.to_owned(),
            ..Style::default()
        };
        let styles = Styles::new(vec![named("Sketch"), named("水彩")]);
        let found = |name| styles.get(name).map(|style| style.name.as_str());
        assert_eq!(found("sKETCH"), Some("Sketch"));
        assert_eq!(found("水彩"), Some("水彩"));
        assert_eq!(found("oil"), None);
    }

    #[test]
    fn words_are_added_behind_or_around() {
        let check = |words, prompt, expected: &str| assert_eq!(add(words, prompt), expected);
        check("watercolour", "cat", "cat, watercolour");
        check("水彩、淡い色", "猫", "猫, 水彩, 淡い色");
        check("a sketch of {prompt}, pencil", "cat", "a sketch of cat, pencil");
        check("", "cat", "cat");
        check("blurry", "", "blurry");
    }
}
