//! From the words of a prompt to the token ids that a text encoder reads.
//!
//! [`Tokenizer`] turns text into ids as transformers does, [`PromptSyntax`] says what else a prompt can say, and
//! [`Embeddings`] are words that a model folder adds.

mod attention;
mod chunks;
mod clip;
mod embeddings;
mod error;
mod special_tokens;
#[cfg(test)]
mod tests;
mod tokenizer;
mod weights;
mod words;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use self::embeddings::{EmbeddingError, Embeddings, TextualInversion};
pub use self::error::TokenizerError;
pub use self::tokenizer::{Encoded, Tokenizer, TokenizerFiles};
pub use self::weights::apply_weights;

/// What the characters of a prompt mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PromptSyntax {
    /// A1111's language.
    ///
    /// | Written | Means |
    /// |---|---|
    /// | `(words)` | weight 1.1; `((words))` 1.21 |
    /// | `[words]` | weight 1 / 1.1 |
    /// | `(words:1.3)` | weight 1.3; within other brackets, multiplied |
    /// | `\(` `\)` `\[` `\]` `\\` | the character itself |
    /// | `BREAK` | a new chunk begins |
    ///
    /// A bracket that is never closed weighs everything after it, and one that closes nothing is text, as is a weight
    /// that is no number (`(a:1.1.2)`, on which A1111 gives up). Weights are in the digits 0 to 9. A `BREAK` between
    /// brackets is a word, not a break, because its mark is weighed as well. A text of any length is read, in chunks of
    /// 75 tokens; a chunk that would end within 20 tokens after a comma ends at the comma.
    ///
    /// What A1111 handles before its brackets is not part of it: prompt editing (`[from:to:0.5]`) and alternation
    /// (`[a|b]`) are words in square brackets, `AND` and `<lora:name:1>` are words.
    #[default]
    A1111,
    /// What diffusers does with a prompt: every character is text, and what the text encoder cannot read is cut.
    Plain,
}

/// There is no prompt syntax with this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no prompt syntax `{name}` (known: a1111, plain)")]
pub struct UnknownPromptSyntax {
    name: String,
}

impl fmt::Display for PromptSyntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A1111 => "a1111",
            Self::Plain => "plain",
        })
    }
}

impl FromStr for PromptSyntax {
    type Err = UnknownPromptSyntax;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "a1111" => Ok(Self::A1111),
            "plain" => Ok(Self::Plain),
            _ => Err(UnknownPromptSyntax {
                name: name.to_owned(),
            }),
        }
    }
}

/// A prompt as the text encoder reads it, one chunk at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptChunks {
    /// At least one; exactly one in [`PromptSyntax::Plain`].
    pub chunks: Vec<Chunk>,
    /// The end of the prompt is missing: it was longer than one chunk in [`PromptSyntax::Plain`], or longer than any
    /// prompt can be.
    pub truncated: bool,
}

/// As many tokens as the text encoder reads in one call, 77 in CLIP: begin, text, end and padding.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// Ids from [`Tokenizer::vocab_size`] upwards are rows of [`Embeddings::vectors`].
    pub ids: Vec<i64>,
    /// How much each token counts, for [`apply_weights`]. Always finite numbers.
    pub weights: Vec<f32>,
}
