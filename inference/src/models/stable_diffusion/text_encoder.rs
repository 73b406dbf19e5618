//! CLIP: a prompt to hidden states.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2, Axis, Ix3, concatenate};

use super::prompt_cache::{Key, PromptCache};
use crate::error::{InferenceError, LoadError};
use crate::models::{Conditioning, PromptInput};
use crate::prompt::{Chunk, Embeddings, PromptChunks, Tokenizer, apply_weights};
use crate::session::{Input, OnnxSession, TensorSpec, TextEncoderOptions};

/// How the outputs of [`Io::skipped`] begin; the number follows.
const SKIPPED: &str = "clip_skip.";

/// How prompts are read.
#[derive(Debug)]
pub(super) struct TextEncoderConfig {
    pub(super) tokenizer: Tokenizer,
    /// The textual inversions whose vectors the network has been given.
    pub(super) embeddings: Embeddings,
    /// How many tokens the network itself knows, if that is known: some have more than their tokenizer.
    pub(super) table_rows: Option<usize>,
    /// For prompts that do not say.
    pub(super) clip_skip: u32,
    /// How many tokens the UNet reads, if not any number.
    pub(super) max_tokens: Option<usize>,
}

impl TextEncoderConfig {
    /// Where the network has each token: the added ones follow its own, of which there may be more than the tokenizer
    /// has.
    fn rows(&self, mut ids: Vec<i64>) -> Vec<i64> {
        let vocab_size = self.tokenizer.vocab_size() as i64;
        let added = self.table_rows.map_or(vocab_size, |rows| rows as i64) - vocab_size;
        for id in ids.iter_mut().filter(|id| **id >= vocab_size) {
            *id += added;
        }
        ids
    }
}

/// The tokenizer with its network.
#[derive(Debug)]
pub(super) struct TextEncoder {
    config: TextEncoderConfig,
    session: OnnxSession,
    io: Io,
    cache: PromptCache,
}

/// The inputs and outputs that every export has.
#[derive(Debug)]
pub(super) struct Io {
    input_ids: TensorSpec,
    /// After the last layer and the final layer norm.
    hidden_states: TensorSpec,
}

impl Io {
    pub(super) fn find(session: &OnnxSession) -> Result<Self, LoadError> {
        let input_ids = session.input(&["input_ids"])?.clone();
        let hidden_states = session.output(&["last_hidden_state", "text_embeddings"])?.clone();
        session.expect_only(&[&input_ids])?;
        Ok(Self {
            input_ids,
            hidden_states,
        })
    }

    /// The output with the last `clip_skip - 1` layers left out and the final layer norm applied: that of
    /// `onnx/tools/export.py`, or the one that was added to the network when it was opened.
    pub(super) fn skipped<'a>(
        &'a self,
        session: &'a OnnxSession,
        clip_skip: u32,
    ) -> Result<&'a TensorSpec, String> {
        if clip_skip <= 1 {
            return Ok(&self.hidden_states);
        }
        let name = format!("{SKIPPED}{clip_skip}");
        session.output(&[&name, &TextEncoderOptions::clip_skip_output(clip_skip)]).map_err(|_| match most_skipped(session) {
            Some(most) => format!("clip_skip can be at most {most} with this export, not {clip_skip}"),
            None => format!(
                "clip_skip {clip_skip} needs a text encoder with the output `{name}`, which this export does not \
                 have; onnx/tools/export.py makes one"
            ),
        })
    }
}

/// The highest `clip_skip` that the network has an output for.
fn most_skipped(session: &OnnxSession) -> Option<u32> {
    // CLIP's largest text encoder has 24 layers.
    let has = |clip_skip: &u32| {
        let names = [
            format!("{SKIPPED}{clip_skip}"),
            TextEncoderOptions::clip_skip_output(*clip_skip),
        ];
        session
            .outputs()
            .iter()
            .any(|output| names.contains(&output.name))
    };
    (2..=24).rev().find(has)
}

impl TextEncoder {
    pub(super) fn new(session: OnnxSession, config: TextEncoderConfig) -> Result<Self, LoadError> {
        let io = Io::find(&session)?;
        io.skipped(&session, config.clip_skip)
            .map_err(|reason| session.corrupt(reason))?;
        Ok(Self {
            config,
            session,
            io,
            cache: PromptCache::default(),
        })
    }

    /// The hidden states of a prompt, `[tokens, dimensions]`: those of its chunks one after the other.
    pub(super) fn encode(&mut self, prompt: &PromptInput<'_>) -> Result<Conditioning, InferenceError> {
        let config = &self.config;
        let clip_skip = prompt.clip_skip.unwrap_or(config.clip_skip).max(1);
        let mut prompt = config
            .tokenizer
            .chunks(prompt.text, prompt.syntax, &config.embeddings)
            .map_err(|error| self.session.failed(error.to_string()))?;
        if let Some(max_tokens) = config.max_tokens {
            cut(&mut prompt, max_tokens);
        }
        let chunks = prompt
            .chunks
            .into_iter()
            .map(|chunk| self.chunk(chunk, clip_skip))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Conditioning {
            hidden_states: self.join(chunks)?,
            truncated: prompt.truncated,
        })
    }

    /// The weighted hidden states of one chunk.
    pub(super) fn chunk(&mut self, chunk: Chunk, clip_skip: u32) -> Result<Arc<Array2<f32>>, InferenceError> {
        let key = Key {
            ids: self.config.rows(chunk.ids),
            clip_skip,
        };
        let mut hidden_states = match self.cache.get(&key) {
            Some(hidden_states) => hidden_states,
            None => {
                let hidden_states = Arc::new(self.run(&key)?);
                self.cache.insert(key, Arc::clone(&hidden_states));
                hidden_states
            }
        };
        if chunk.weights.iter().any(|&weight| weight != 1.0) {
            apply_weights(Arc::make_mut(&mut hidden_states), &chunk.weights);
        }
        Ok(hidden_states)
    }

    fn run(&mut self, key: &Key) -> Result<Array2<f32>, InferenceError> {
        let output = self
            .io
            .skipped(&self.session, key.clip_skip)
            .map_err(|what| InferenceError::Unsupported { what })?
            .clone();
        let input = Input::Int {
            shape: vec![1, key.ids.len()],
            values: &key.ids,
        };
        let output = self.session.run(&[(&self.io.input_ids, input)], &output)?;
        let shape = format!("{:?}", output.shape());
        match output.into_dimensionality::<Ix3>() {
            Ok(output) if output.dim().0 == 1 && output.dim().1 == key.ids.len() => {
                Ok(output.index_axis_move(Axis(0), 0))
            }
            _ => Err(self.session.failed(format!("its output has the shape {shape}"))),
        }
    }

    /// Most prompts have one chunk, whose hidden states the cache and all requests share.
    pub(super) fn join(&self, mut chunks: Vec<Arc<Array2<f32>>>) -> Result<Arc<Array2<f32>>, InferenceError> {
        if chunks.len() == 1
            && let Some(only) = chunks.pop()
        {
            return Ok(only);
        }
        let views: Vec<ArrayView2<'_, f32>> = chunks.iter().map(|chunk| chunk.view()).collect();
        concatenate(Axis(0), &views)
            .map(Arc::new)
            .map_err(|error| self.session.failed(error.to_string()))
    }
}

/// Leaves out the chunks at the end that are too many.
fn cut(prompt: &mut PromptChunks, max_tokens: usize) {
    let mut tokens = 0;
    let fitting = prompt.chunks.iter().take_while(|chunk| {
        tokens += chunk.ids.len();
        tokens <= max_tokens
    });
    let fitting = fitting.count().max(1);
    prompt.truncated |= fitting < prompt.chunks.len();
    prompt.chunks.truncate(fitting);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_for_a_unet_with_a_fixed_length() {
        let check = |chunks: usize, max_tokens: usize, expected: (usize, bool)| {
            let chunk = Chunk {
                ids: vec![0; 77],
                weights: vec![1.0; 77],
            };
            let mut prompt = PromptChunks {
                chunks: vec![chunk; chunks],
                truncated: false,
            };
            cut(&mut prompt, max_tokens);
            assert_eq!((prompt.chunks.len(), prompt.truncated), expected);
        };
        check(1, 77, (1, false));
        check(3, 77, (1, true));
        check(3, 160, (2, true));
        check(2, 154, (2, false));
        // It is the network's turn to say that nothing fits.
        check(2, 16, (1, true));
    }
}
