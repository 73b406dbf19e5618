//! What `tokenizer_config.json` and `special_tokens_map.json` say about the tokens around a prompt.

use serde_json::{Map, Value};

use super::TokenizerError;

/// The number of tokens a CLIP text encoder reads.
const CLIP_MAX_LENGTH: usize = 77;

/// transformers writes `int(1e30)` where it knows no limit; nothing real comes near this.
const LARGEST_MAX_LENGTH: f64 = 100_000.0;

/// The tokens that stand for something else than text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SpecialTokens {
    pub(super) bos: SpecialToken,
    pub(super) eos: SpecialToken,
    pub(super) unk: SpecialToken,
    pub(super) pad: SpecialToken,
    /// How many ids the text encoder reads, special ones included.
    pub(super) model_max_length: usize,
}

/// One token, and how it is found in a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SpecialToken {
    pub(super) content: String,
    /// It is looked for after normalisation, so that `<|EndOfText|>` counts as well.
    pub(super) normalized: bool,
    pub(super) lstrip: bool,
    pub(super) rstrip: bool,
    pub(super) single_word: bool,
}

impl SpecialTokens {
    /// Follows transformers' precedence: files written since `added_tokens_decoder` exists say everything in
    /// `tokenizer_config.json`; with older ones `special_tokens_map.json` has the last word, and Stable Diffusion 2
    /// (which pads with `!`) depends on it. What neither says is as in CLIP.
    pub(super) fn from_files(config: Option<&[u8]>, map: Option<&[u8]>) -> Result<Self, TokenizerError> {
        let config = object("tokenizer_config.json", config)?;
        let map = object("special_tokens_map.json", map)?;
        let added = config.get("added_tokens_decoder").and_then(Value::as_object);
        let token = |key: &str, default: &str, normalized: bool| {
            let newest = if added.is_some() { None } else { map.get(key) };
            let value = newest
                .or_else(|| config.get(key))
                .filter(|value| !value.is_null());
            let content = value.and_then(content).unwrap_or(default);
            let detail = added
                .and_then(|added| {
                    added
                        .values()
                        .find(|token| token.get("content") == Some(&content.into()))
                })
                .or(value);
            let flag = |name: &str, default: bool| {
                detail
                    .and_then(|detail| detail.get(name))
                    .and_then(Value::as_bool)
                    .unwrap_or(default)
            };
            SpecialToken {
                content: content.to_owned(),
                normalized: flag("normalized", normalized),
                lstrip: flag("lstrip", false),
                rstrip: flag("rstrip", false),
                single_word: flag("single_word", false),
            }
        };
        Ok(Self {
            bos: token("bos_token", "<|startoftext|>", true),
            eos: token("eos_token", "<|endoftext|>", true),
            unk: token("unk_token", "<|endoftext|>", true),
            pad: token("pad_token", "<|endoftext|>", false),
            model_max_length: model_max_length(&config)?,
        })
    }

    /// Every distinct token.
    pub(super) fn distinct(&self) -> impl Iterator<Item = &SpecialToken> {
        let all = [&self.bos, &self.eos, &self.unk, &self.pad];
        all.into_iter()
            .enumerate()
            .filter(move |(index, token)| !all.iter().take(*index).any(|seen| seen.content == token.content))
            .map(|(_, token)| token)
    }
}

fn object(file: &'static str, bytes: Option<&[u8]>) -> Result<Map<String, Value>, TokenizerError> {
    let Some(bytes) = bytes else { return Ok(Map::new()) };
    serde_json::from_slice(bytes).map_err(|error| TokenizerError::malformed(file, &error))
}

/// A token is written as its text or as an object with its text and flags.
fn content(token: &Value) -> Option<&str> {
    token.as_str().or_else(|| token.get("content")?.as_str())
}

fn model_max_length(config: &Map<String, Value>) -> Result<usize, TokenizerError> {
    let Some(value) = config.get("model_max_length").filter(|value| !value.is_null()) else {
        return Ok(CLIP_MAX_LENGTH);
    };
    match value.as_f64() {
        Some(length) if length > LARGEST_MAX_LENGTH => Ok(CLIP_MAX_LENGTH),
        Some(length) if length >= 1.0 => Ok(length as usize),
        _ => Err(TokenizerError::malformed(
            "tokenizer_config.json",
            &format_args!("`model_max_length` = {value} is not a number of tokens"),
        )),
    }
}
