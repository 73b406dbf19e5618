//! The settings that are lists: words, rules of `[safety]`, styles, dictionaries, admins. Those of `[limits]` have their own file.

use std::path::PathBuf;

use serde::Deserialize;

use super::sections::{empty_as_none, from_text};
use crate::safety::SafetyAction;

/// `[[styles]]`: words that are added to prompts by name.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StyleConfig {
    /// Its name.
    pub name: String,
    /// What is added to the prompt; `{prompt}` in it stands for the prompt.
    #[serde(default)]
    pub prompt: String,
    /// What is added to the negative prompt.
    #[serde(default)]
    pub negative_prompt: String,
    /// Steps when none are given.
    #[serde(default)]
    pub num_inference_steps: Option<u32>,
    /// Guidance when none is given.
    #[serde(default)]
    pub guidance_scale: Option<f32>,
    /// Sampler when none is given.
    #[serde(default)]
    pub sampler: Option<String>,
    /// Size when none is given.
    #[serde(default)]
    pub size: Option<String>,
}

/// `[[dictionaries]]`: a file in the format of A1111's tag completion, for some models.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DictionaryConfig {
    /// The CSV file: tag, category, count, "alias,alias"; or `builtin:danbooru`.
    pub file: PathBuf,
    /// The models that know these tags; `*` stands for all.
    pub models: Vec<String>,
}

/// `[words]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordsConfig {
    /// What may not be drawn: words, or regular expressions between slashes.
    pub forbidden: Vec<String>,
    /// What may, although it contains a forbidden word.
    pub allowed: Vec<String>,
}

/// `[safety]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SafetyConfig {
    /// A folder with a safety checker for models that have none of their own.
    #[serde(deserialize_with = "empty_as_none")]
    pub model: Option<PathBuf>,
    /// What is done with a doubtful picture.
    #[serde(deserialize_with = "from_text")]
    pub action: SafetyAction,
    /// What is done in places that the platform marks for adults.
    #[serde(deserialize_with = "from_text")]
    pub age_restricted_action: SafetyAction,
    /// What is done in some places.
    #[serde(default)]
    pub rules: Vec<SafetyRule>,
}

/// `[[safety.rules]]`; the most specific one holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SafetyRule {
    /// `discord`, `telegram`, `web`.
    #[serde(default)]
    pub platform: Option<String>,
    /// A Discord server, a Telegram chat.
    #[serde(default)]
    pub chat: Option<String>,
    /// A channel of a Discord server, a topic of a Telegram group.
    #[serde(default)]
    pub channel: Option<String>,
    /// What is done.
    #[serde(deserialize_with = "from_text")]
    pub action: SafetyAction,
}

/// `[admins]`: the ids of those who may administer everything, by platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminsConfig {
    /// Ids of Discord users.
    pub discord: Vec<String>,
    /// Ids of Telegram users.
    pub telegram: Vec<String>,
}
