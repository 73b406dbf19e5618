//! From the words of a prompt to the token ids that a text encoder reads.

mod clip;
mod special_tokens;
#[cfg(test)]
mod tests;
mod tokenizer;

pub use tokenizer::{Encoded, Tokenizer, TokenizerError, TokenizerFiles};
