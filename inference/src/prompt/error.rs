//! What can go wrong with a tokenizer.

use std::fmt;

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
