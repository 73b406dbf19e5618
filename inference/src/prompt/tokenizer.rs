//! Text to the ids of a text encoder, exactly as transformers does it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokenizers::{AddedToken, Model as _, PostProcessor as _, TruncationDirection};

use super::{
    Chunk, Embeddings, PromptChunks, PromptSyntax, TokenizerError, attention,
    chunks::{Chunker, Layout, Unit},
    clip,
    embeddings::Triggers,
    special_tokens::SpecialTokens,
    words,
};

/// Longer texts are cut here before they are looked at, so that no text takes long. Only a text that is mostly white
/// space could have had tokens of use behind it.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// The contents of a model's `tokenizer/` folder, as far as the files exist.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokenizerFiles<'a> {
    /// `tokenizer.json`, for which the rules in it hold, as in transformers' `CLIPTokenizerFast`.
    pub tokenizer_json: Option<&'a [u8]>,
    /// `vocab.json` of a CLIP tokenizer. Together with `merges.txt` it comes before `tokenizer.json`, and the rules are
    /// those of transformers' `CLIPTokenizer`, because diffusers' pipelines load that class.
    pub vocab_json: Option<&'a [u8]>,
    /// `merges.txt` of a CLIP tokenizer.
    pub merges_txt: Option<&'a [u8]>,
    /// `tokenizer_config.json`; CLIP's values without it.
    pub tokenizer_config_json: Option<&'a [u8]>,
    /// `special_tokens_map.json`.
    pub special_tokens_map_json: Option<&'a [u8]>,
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
    rules: Rules,
    pub(super) layout: Layout,
    vocab_size: usize,
}

/// What happens to a text before byte-pair encoding.
#[derive(Debug, Clone)]
enum Rules {
    /// As in transformers' `CLIPTokenizer`.
    Clip {
        /// Texts that are one token wherever they are, with their ids.
        special: Vec<(String, u32)>,
    },
    /// As `tokenizer.json` says.
    File,
}

impl Tokenizer {
    /// Reads a tokenizer from the contents of its files.
    ///
    /// # Errors
    /// When files are missing or malformed; the error says which and why.
    pub fn from_files(files: &TokenizerFiles<'_>) -> Result<Self, TokenizerError> {
        let special = SpecialTokens::from_files(files.tokenizer_config_json, files.special_tokens_map_json)?;
        match (files.vocab_json, files.merges_txt, files.tokenizer_json) {
            (Some(vocab_json), Some(merges_txt), _) => {
                let json = clip::tokenizer_json(vocab_json, merges_txt, &special.unk.content)?;
                let inner = parse("vocab.json", json.to_string().as_bytes())?;
                let layout = layout(&inner, &special)?;
                let ids = special
                    .distinct()
                    .filter(|token| !token.content.is_empty())
                    .map(|token| Ok((token.content.clone(), known_id(&inner, &token.content)?)));
                let rules = Rules::Clip {
                    special: ids.collect::<Result<_, _>>()?,
                };
                Ok(Self::new(inner, rules, layout))
            }
            (_, _, Some(tokenizer_json)) => {
                let mut inner = parse("tokenizer.json", tokenizer_json)?;
                add_special_tokens(&mut inner, &special)?;
                let layout = layout(&inner, &special)?;
                Ok(Self::new(inner, Rules::File, layout))
            }
            _ => Err(TokenizerError::Missing),
        }
    }

    fn new(inner: tokenizers::Tokenizer, rules: Rules, layout: Layout) -> Self {
        let largest = inner.get_vocab(true).into_values().max();
        let vocab_size = largest.map_or(0, |id| id as usize + 1);
        let mut tokenizer = Self {
            inner,
            rules,
            layout,
            vocab_size,
        };
        tokenizer.layout.comma = match tokenizer.ids(",").as_deref() {
            Ok(&[comma]) => Some(comma),
            _ => None,
        };
        tokenizer
    }

    /// One more than the largest id: how many rows the text encoder's table of tokens has before
    /// [`Embeddings::vectors`].
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// The text of a token for people to read, `None` for an id outside the vocabulary. In CLIP's vocabularies `</w>`
    /// ends a word.
    pub fn token_text(&self, id: i64) -> Option<String> {
        const END_OF_WORD: &str = "</w>";
        let token = self.inner.id_to_token(u32::try_from(id).ok()?)?;
        let (letters, end) = match token.strip_suffix(END_OF_WORD) {
            Some(letters) => (letters, END_OF_WORD),
            None => (token.as_str(), ""),
        };
        let text = words::bytes_of_letters(letters).and_then(|bytes| String::from_utf8(bytes).ok());
        Some(text.map_or_else(|| token.clone(), |text| text + end))
    }

    /// The ids of `text`, cut to what the text encoder reads.
    ///
    /// # Errors
    /// When the tokenizer's own rules fail on this text, which those of known models never do.
    pub fn encode(&self, text: &str) -> Result<Encoded, TokenizerError> {
        let (text, mut truncated) = within_limit(text);
        let mut ids = match &self.rules {
            Rules::Clip { .. } => {
                let mut ids = self.ids(text)?;
                truncated |= ids.len() > self.layout.len;
                ids.truncate(self.layout.len);
                ids.insert(0, self.layout.bos);
                ids.push(self.layout.eos);
                ids
            }
            Rules::File => {
                let mut encoding = self.inner.encode_fast(text, false).map_err(failed)?;
                let around = self
                    .inner
                    .get_post_processor()
                    .map_or(0, |processor| processor.added_tokens(false));
                let room = self.max_length().saturating_sub(around);
                truncated |= encoding.len() > room;
                encoding.truncate(room, 0, TruncationDirection::Right);
                let encoding = self.inner.post_process(encoding, None, true).map_err(failed)?;
                encoding.get_ids().to_vec()
            }
        };
        ids.resize(self.max_length(), self.layout.pad);
        Ok(Encoded {
            ids: ids.into_iter().map(i64::from).collect(),
            truncated,
        })
    }

    /// The chunks that the text encoder reads for `text`, with the words that `embeddings` adds. A word is found where
    /// its tokens are, as in A1111: in any case of letters, and at the start of a longer word as well.
    ///
    /// # Errors
    /// When the tokenizer's own rules fail on this text, which those of known models never do.
    pub fn chunks(
        &self,
        text: &str,
        syntax: PromptSyntax,
        embeddings: &Embeddings,
    ) -> Result<PromptChunks, TokenizerError> {
        match syntax {
            PromptSyntax::A1111 => self.weighted_chunks(text, embeddings),
            PromptSyntax::Plain if embeddings.is_empty() => self.encode(text).map(one_chunk),
            PromptSyntax::Plain => self.encode_with(text, embeddings).map(one_chunk),
        }
    }

    fn weighted_chunks(&self, text: &str, embeddings: &Embeddings) -> Result<PromptChunks, TokenizerError> {
        let (text, truncated) = within_limit(text);
        let triggers = self.triggers(embeddings)?;
        let mut chunker = Chunker::new(self.layout);
        for span in attention::parse(text) {
            if span.is_break() {
                chunker.end_chunk();
                continue;
            }
            let weight = finite(span.weight);
            for unit in triggers.units(&self.ids(&span.text)?) {
                chunker.push(&unit, weight);
            }
        }
        Ok(PromptChunks {
            chunks: chunker.finish(),
            truncated,
        })
    }

    /// As [`encode`](Self::encode), with words that are embeddings, none of them cut in two.
    fn encode_with(&self, text: &str, embeddings: &Embeddings) -> Result<Encoded, TokenizerError> {
        let (text, mut truncated) = within_limit(text);
        let mut ids = vec![i64::from(self.layout.bos)];
        for Unit { ids: unit, .. } in self.triggers(embeddings)?.units(&self.ids(text)?) {
            if ids.len() + unit.len() > self.layout.len + 1 {
                truncated = true;
                break;
            }
            ids.extend(unit);
        }
        ids.push(i64::from(self.layout.eos));
        ids.resize(self.max_length(), i64::from(self.layout.pad));
        Ok(Encoded { ids, truncated })
    }

    fn triggers(&self, embeddings: &Embeddings) -> Result<Triggers, TokenizerError> {
        let words = embeddings
            .words()
            .filter(|(_, rows)| rows.len() <= self.layout.len);
        let triggers = words.map(|(name, rows)| Ok((self.ids(name)?, rows)));
        Ok(Triggers::new(
            triggers.collect::<Result<_, TokenizerError>>()?,
            self.vocab_size,
        ))
    }

    /// How many ids the text encoder reads.
    fn max_length(&self) -> usize {
        self.layout.len + 2
    }

    /// The ids of the text alone, however many.
    pub(super) fn ids(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        match &self.rules {
            Rules::Clip { special } => self.clip_ids(text, special),
            Rules::File => {
                let encoding = self.inner.encode_fast(text, false).map_err(failed)?;
                Ok(encoding.get_ids().to_vec())
            }
        }
    }

    /// Special tokens are found in the text as it is, before anything else.
    fn clip_ids(&self, text: &str, special: &[(String, u32)]) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = Vec::new();
        let (mut start, mut position) = (0, 0);
        while let Some(next) = text[position..].chars().next() {
            let found = special
                .iter()
                .filter(|(token, _)| text[position..].starts_with(token.as_str()))
                .max_by_key(|(token, _)| token.len());
            match found {
                Some((token, id)) => {
                    self.encode_words(&text[start..position], &mut ids)?;
                    ids.push(*id);
                    position += token.len();
                    start = position;
                }
                None => position += next.len_utf8(),
            }
        }
        self.encode_words(&text[start..], &mut ids)?;
        Ok(ids)
    }

    fn encode_words(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), TokenizerError> {
        for word in words::words(text) {
            match words::marker_of(&word).and_then(|marker| self.inner.token_to_id(marker)) {
                Some(id) => ids.push(id),
                None => {
                    let tokens = self.inner.get_model().tokenize(&word).map_err(failed)?;
                    ids.extend(tokens.iter().map(|token| token.id));
                }
            }
        }
        Ok(())
    }
}

/// The part of a text that is looked at, and whether there is more.
fn within_limit(text: &str) -> (&str, bool) {
    let end = text.floor_char_boundary(MAX_TEXT_BYTES);
    (&text[..end], end < text.len())
}

fn one_chunk(encoded: Encoded) -> PromptChunks {
    let chunk = Chunk {
        weights: vec![1.0; encoded.ids.len()],
        ids: encoded.ids,
    };
    PromptChunks {
        chunks: vec![chunk],
        truncated: encoded.truncated,
    }
}

/// The nearest weight that is a number; brackets deep enough leave none.
fn finite(weight: f64) -> f32 {
    if weight.is_nan() {
        return 0.0;
    }
    weight.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
}

#[expect(clippy::needless_pass_by_value, reason = "it is a function for map_err")]
fn failed(error: tokenizers::Error) -> TokenizerError {
    TokenizerError::Encode {
        reason: error.to_string(),
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

/// Makes known the special tokens that only the configuration mentions.
fn add_special_tokens(
    inner: &mut tokenizers::Tokenizer,
    special: &SpecialTokens,
) -> Result<(), TokenizerError> {
    let known = inner.get_added_tokens_decoder();
    let missing: Vec<_> = special
        .distinct()
        .filter(|token| {
            inner.token_to_id(&token.content).is_some()
                && !known.values().any(|known| known.content == token.content)
        })
        .map(|token| AddedToken::from(token.content.as_str(), true))
        .collect();
    let malformed = |error: tokenizers::Error| TokenizerError::malformed("tokenizer.json", &error);
    inner.add_special_tokens(missing).map_err(malformed)?;
    inner.with_truncation(None).map_err(malformed)?;
    inner.with_padding(None);
    Ok(())
}

/// What is around the text, but for the comma, which the finished tokenizer knows.
fn layout(inner: &tokenizers::Tokenizer, special: &SpecialTokens) -> Result<Layout, TokenizerError> {
    const AROUND: usize = 2;
    let model_max_length = special.model_max_length;
    if model_max_length <= AROUND {
        let reason = format_args!("`model_max_length` = {model_max_length} leaves no room for text");
        return Err(TokenizerError::malformed("tokenizer_config.json", &reason));
    }
    Ok(Layout {
        bos: known_id(inner, &special.bos.content)?,
        eos: known_id(inner, &special.eos.content)?,
        pad: known_id(inner, &special.pad.content)?,
        comma: None,
        len: model_max_length - AROUND,
    })
}

fn known_id(inner: &tokenizers::Tokenizer, token: &str) -> Result<u32, TokenizerError> {
    inner
        .token_to_id(token)
        .ok_or_else(|| TokenizerError::UnknownToken {
            token: token.to_owned(),
        })
}
