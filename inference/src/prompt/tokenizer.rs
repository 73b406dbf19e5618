//! Text to the ids of a text encoder, exactly as transformers' fast tokenizers do it.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use tokenizers::{AddedToken, PostProcessor, TruncationParams};

use super::{clip, special_tokens::SpecialTokens};

/// Longer texts are cut here before they are looked at, so that no text takes long. Only a text that is mostly white
/// space could have had tokens of use behind it.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// The contents of a model's `tokenizer/` folder, as far as the files exist.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokenizerFiles<'a> {
    /// `tokenizer.json`; when it is there, `vocab.json` and `merges.txt` are not looked at.
    pub tokenizer_json: Option<&'a [u8]>,
    /// `vocab.json` of a CLIP tokenizer.
    pub vocab_json: Option<&'a [u8]>,
    /// `merges.txt` of a CLIP tokenizer.
    pub merges_txt: Option<&'a [u8]>,
    /// `tokenizer_config.json`; CLIP's values without it.
    pub tokenizer_config_json: Option<&'a [u8]>,
    /// `special_tokens_map.json`.
    pub special_tokens_map_json: Option<&'a [u8]>,
}

/// A tokenizer could not be loaded, or not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenizerError {
    /// The folder has no tokenizer.
    #[error("there is neither tokenizer.json nor vocab.json with merges.txt")]
    Missing,
    /// A file does not say what it should.
    #[error("{file}: {reason}")]
    Malformed {
        /// The name of the file.
        file: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A special token has no id.
    #[error("the special token {token:?} is not in the vocabulary")]
    UnknownToken {
        /// Its text.
        token: String,
    },
    /// The tokenizer's rules cannot be applied to a text.
    #[error("the text cannot be tokenized: {reason}")]
    Encode {
        /// What the library said.
        reason: String,
    },
}

impl TokenizerError {
    pub(super) fn malformed(file: &'static str, reason: &dyn fmt::Display) -> Self {
        Self::Malformed {
            file,
            reason: reason.to_string(),
        }
    }
}

/// The ids for one text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Encoded {
    /// Begin, the text, end, and padding: always as many as the text encoder reads.
    pub ids: Vec<i64>,
    /// The text was longer than that, and its end is missing.
    pub truncated: bool,
}

/// Turns prompts into token ids.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    model_max_length: usize,
    pad_id: u32,
}

impl Tokenizer {
    /// Reads a tokenizer from the contents of its files.
    ///
    /// # Errors
    /// When files are missing or malformed; the error says which and why.
    pub fn from_files(files: &TokenizerFiles<'_>) -> Result<Self, TokenizerError> {
        let special = SpecialTokens::from_files(files.tokenizer_config_json, files.special_tokens_map_json)?;
        let (file, inner) = match (files.tokenizer_json, files.vocab_json, files.merges_txt) {
            (Some(tokenizer_json), _, _) => ("tokenizer.json", parse("tokenizer.json", tokenizer_json)?),
            (None, Some(vocab_json), Some(merges_txt)) => {
                let json = clip::tokenizer_json(vocab_json, merges_txt, &special)?;
                ("vocab.json", parse("vocab.json", json.to_string().as_bytes())?)
            }
            _ => return Err(TokenizerError::Missing),
        };
        configure(inner, file, &special)
    }

    /// The ids of `text`, cut to what the text encoder reads.
    ///
    /// # Errors
    /// When the tokenizer's own rules fail on this text, which those of known models never do.
    pub fn encode(&self, text: &str) -> Result<Encoded, TokenizerError> {
        let end = text.floor_char_boundary(MAX_TEXT_BYTES);
        let encoding =
            self.inner
                .encode_fast(&text[..end], true)
                .map_err(|error| TokenizerError::Encode {
                    reason: error.to_string(),
                })?;
        let mut ids: Vec<i64> = encoding.get_ids().iter().copied().map(i64::from).collect();
        ids.resize(self.model_max_length, i64::from(self.pad_id));
        Ok(Encoded {
            ids,
            truncated: end < text.len() || !encoding.get_overflowing().is_empty(),
        })
    }
}

fn parse(file: &'static str, json: &[u8]) -> Result<tokenizers::Tokenizer, TokenizerError> {
    // The library panics on some malformed files, for instance when a merge is longer than every token.
    match catch_unwind(AssertUnwindSafe(|| tokenizers::Tokenizer::from_bytes(json))) {
        Ok(Ok(tokenizer)) => Ok(tokenizer),
        Ok(Err(error)) => Err(TokenizerError::malformed(file, &error)),
        Err(_) => Err(TokenizerError::malformed(
            file,
            &"its merges do not fit its vocabulary",
        )),
    }
}

/// Sets length and padding, and makes known the special tokens that only the configuration mentions.
fn configure(
    mut inner: tokenizers::Tokenizer,
    file: &'static str,
    special: &SpecialTokens,
) -> Result<Tokenizer, TokenizerError> {
    let malformed = |error: tokenizers::Error| TokenizerError::malformed(file, &error);
    let known = inner.get_added_tokens_decoder();
    let missing: Vec<_> = special
        .distinct()
        .filter(|token| {
            inner.token_to_id(&token.content).is_some()
                && !known.values().any(|known| known.content == token.content)
        })
        .map(|token| AddedToken::from(token.content.as_str(), true))
        .collect();
    inner.add_special_tokens(missing).map_err(malformed)?;
    let pad = &special.pad.content;
    let pad_id = inner
        .token_to_id(pad)
        .ok_or_else(|| TokenizerError::UnknownToken { token: pad.clone() })?;

    let model_max_length = special.model_max_length;
    let added = inner
        .get_post_processor()
        .map_or(0, |processor| processor.added_tokens(false));
    if added >= model_max_length {
        let reason = format_args!("`model_max_length` = {model_max_length} leaves no room for text");
        return Err(TokenizerError::malformed("tokenizer_config.json", &reason));
    }
    let truncation = TruncationParams {
        max_length: model_max_length,
        ..TruncationParams::default()
    };
    inner.with_truncation(Some(truncation)).map_err(malformed)?;
    inner.with_padding(None);
    Ok(Tokenizer {
        inner,
        model_max_length,
        pad_id,
    })
}
