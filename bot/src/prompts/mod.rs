//! What happens to a text between the person who typed it and the model: it is normalised, checked against the word
//! rules, given the words of a style, and names are replaced by those that the model knows.

mod dictionary;
mod normalise;
mod script;
mod styles;
mod words;

use serde::{Deserialize, Serialize};

pub use self::dictionary::{Dictionaries, DictionaryError};
pub use self::normalise::{normalise, normalise_prompt, one_line};
pub use self::styles::{Style, Styles};
pub use self::words::{Forbidden, WordRuleError, WordRules, WordScope};

/// What a person asked for.
#[derive(Clone, Copy, Debug)]
pub struct Typed<'a> {
    /// The prompt.
    pub prompt: &'a str,
    /// What should not be in the picture.
    pub negative_prompt: &'a str,
    /// Leave the text as it is, but for what makes it one line. The words of a style are added all the same.
    pub raw: bool,
}

/// What the model is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Composed {
    /// The prompt.
    pub prompt: String,
    /// What should not be in the picture.
    pub negative_prompt: String,
}

/// Makes of what was typed what the model is given: [`normalise_prompt`], then the words of the style, then the
/// dictionaries of the model. Nothing but punctuation is taken away.
pub fn compose(
    typed: Typed<'_>,
    style: Option<&Style>,
    dictionaries: &Dictionaries,
    model: &str,
) -> Composed {
    let normal = if typed.raw { one_line } else { normalise_prompt };
    let (words, negative_words) = style.map_or(("", ""), |style| (&style.prompt, &style.negative_prompt));
    let prompt = styles::add(words, &normal(typed.prompt));
    let negative_prompt = styles::add(negative_words, &normal(typed.negative_prompt));
    if typed.raw {
        return Composed {
            prompt,
            negative_prompt,
        };
    }
    Composed {
        prompt: dictionaries.replace(&prompt, model),
        negative_prompt: dictionaries.replace(&negative_prompt, model),
    }
}

#[cfg(test)]
mod tests {
    use super::{Composed, Dictionaries, Style, Typed, compose};
    use crate::config::DictionaryConfig;

    fn composed(prompt: &str, raw: bool, model: &str) -> Composed {
        let dictionaries = Dictionaries::read(&[DictionaryConfig {
            file: "builtin:danbooru".into(),
            models: vec!["anime".to_owned()],
        }])
        .expect("the built-in dictionary");
        let typed = Typed {
            prompt,
            negative_prompt: "手、",
            raw,
        };
        let style = Style {
            name: "sketch".to_owned(),
            prompt: "{prompt}、pencil".to_owned(),
            negative_prompt: "blurry".to_owned(),
            ..Style::default()
        };
        compose(typed, Some(&style), &dictionaries, model)
    }

    #[test]
    fn a_model_that_knows_tags_is_given_tags() {
        insta::assert_debug_snapshot!(composed("後藤ひとり　（髪：１．３）、笑顔", false, "anime"), @r#"
        Composed {
            prompt: "gotoh hitori, bocchi the rock! (hair:1.3), smile, pencil",
            negative_prompt: "手, blurry",
        }
        "#);
    }

    #[test]
    fn a_model_that_reads_japanese_is_given_japanese() {
        let composed = composed("後藤ひとり（髪：１．３）、笑顔", false, "avatar");
        assert_eq!(composed.prompt, "後藤ひとり(髪:1.3), 笑顔, pencil");
        assert_eq!(composed.negative_prompt, "手, blurry");
    }

    #[test]
    fn raw_text_stays() {
        let composed = composed("後藤ひとり\n（髪：１．３）", true, "anime");
        assert_eq!(composed.prompt, "後藤ひとり （髪：１．３）, pencil");
        assert_eq!(composed.negative_prompt, "手、, blurry");
    }
}
