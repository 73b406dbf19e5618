//! CLIP's own tokenizer, which older model folders store as `vocab.json` and `merges.txt`.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::TokenizerError;

/// The number of merges that CLIP was trained with; its published file has more lines.
const MERGES: usize = 49_152 - 256 - 2;

/// The two files as the `tokenizer.json` of a byte-pair encoding in which the last piece of a word ends in `</w>`.
/// What comes before it, `words` does.
pub(super) fn tokenizer_json(
    vocab_json: &[u8],
    merges_txt: &[u8],
    unk_token: &str,
) -> Result<Value, TokenizerError> {
    let vocab: HashMap<String, u32> = serde_json::from_slice(vocab_json)
        .map_err(|error| TokenizerError::malformed("vocab.json", &error))?;
    let merges = merges(merges_txt, &vocab)?;
    if !vocab.contains_key(unk_token) {
        return Err(TokenizerError::UnknownToken {
            token: unk_token.to_owned(),
        });
    }
    Ok(json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [],
        "normalizer": null,
        "pre_tokenizer": null,
        "post_processor": null,
        "decoder": null,
        "model": {
            "type": "BPE",
            "dropout": null,
            "unk_token": unk_token,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "</w>",
            "fuse_unk": false,
            "byte_fallback": false,
            "ignore_merges": false,
            "vocab": vocab,
            "merges": merges,
        },
    }))
}

/// The pairs of pieces that are merged, most important first. The first line of the file is its header.
fn merges<'a>(
    merges_txt: &'a [u8],
    vocab: &HashMap<String, u32>,
) -> Result<Vec<(&'a str, &'a str)>, TokenizerError> {
    let malformed = |reason: &dyn std::fmt::Display| TokenizerError::malformed("merges.txt", reason);
    let text = std::str::from_utf8(merges_txt).map_err(|error| malformed(&error))?;
    text.trim()
        .split('\n')
        .enumerate()
        .skip(1)
        .take(MERGES)
        .map(|(index, line)| {
            let line_number = index + 1;
            let mut pieces = line.split_whitespace();
            let (Some(first), Some(second), None) = (pieces.next(), pieces.next(), pieces.next()) else {
                return Err(malformed(&format_args!(
                    "line {line_number} is not a pair of pieces"
                )));
            };
            let merged = format!("{first}{second}");
            match [first, second, &merged]
                .into_iter()
                .find(|piece| !vocab.contains_key(*piece))
            {
                Some(piece) => Err(malformed(&format_args!(
                    "line {line_number} needs {piece:?}, which vocab.json lacks"
                ))),
                None => Ok((first, second)),
            }
        })
        .collect()
}
