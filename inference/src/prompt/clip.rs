//! CLIP's own tokenizer, which older model folders store as `vocab.json` and `merges.txt`.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    TokenizerError,
    special_tokens::{SpecialToken, SpecialTokens},
};

/// The number of merges that CLIP was trained with; its published file has more lines.
const MERGES: usize = 49_152 - 256 - 2;

/// Splits a text into words: contractions, runs of letters, single digits, runs of anything else.
const WORD: &str = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

/// The `tokenizer.json` that says the same as the two older files: byte-level byte-pair encoding in which the last
/// piece of a word ends in `</w>`, after composing (NFC), collapsing of white space and lower-casing.
pub(super) fn tokenizer_json(
    vocab_json: &[u8],
    merges_txt: &[u8],
    special: &SpecialTokens,
) -> Result<Value, TokenizerError> {
    let vocab: HashMap<String, u32> = serde_json::from_slice(vocab_json)
        .map_err(|error| TokenizerError::malformed("vocab.json", &error))?;
    let merges = merges(merges_txt, &vocab)?;
    let id = |token: &SpecialToken| {
        let id = vocab.get(&token.content).copied();
        id.ok_or_else(|| TokenizerError::UnknownToken {
            token: token.content.clone(),
        })
    };
    let added_tokens = special
        .distinct()
        .map(|token| {
            Ok(json!({
                "id": id(token)?,
                "content": token.content,
                "single_word": token.single_word,
                "lstrip": token.lstrip,
                "rstrip": token.rstrip,
                "normalized": token.normalized,
                "special": true,
            }))
        })
        .collect::<Result<Vec<_>, TokenizerError>>()?;
    Ok(json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added_tokens,
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                { "type": "NFC" },
                { "type": "Replace", "pattern": { "Regex": r"\s+" }, "content": " " },
                { "type": "Lowercase" },
            ],
        },
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                { "type": "Split", "pattern": { "Regex": WORD }, "behavior": "Removed", "invert": true },
                { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true },
            ],
        },
        "post_processor": {
            "type": "RobertaProcessing",
            "sep": [special.eos.content, id(&special.eos)?],
            "cls": [special.bos.content, id(&special.bos)?],
            "trim_offsets": false,
            "add_prefix_space": false,
        },
        "decoder": null,
        "model": {
            "type": "BPE",
            "dropout": null,
            "unk_token": special.unk.content,
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
