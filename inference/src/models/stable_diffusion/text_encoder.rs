//! CLIP: a prompt to hidden states.

use std::collections::VecDeque;
use std::sync::Arc;

use ndarray::{Array2, Ix3};

use crate::error::{InferenceError, LoadError};
use crate::models::Conditioning;
use crate::prompt::Tokenizer;
use crate::session::{Input, OnnxSession, TensorSpec};

/// How many prompts are remembered. Most requests share their negative prompt, usually the empty one, and the
/// pictures of one request share the prompt as well.
const CACHED_PROMPTS: usize = 32;

/// The tokenizer with its network.
#[derive(Debug)]
pub(super) struct TextEncoder {
    tokenizer: Tokenizer,
    session: OnnxSession,
    input_ids: TensorSpec,
    hidden_states: TensorSpec,
    cache: Cache,
}

impl TextEncoder {
    pub(super) fn new(tokenizer: Tokenizer, session: OnnxSession) -> Result<Self, LoadError> {
        let input_ids = session.input(&["input_ids"])?.clone();
        let hidden_states = session.output(&["last_hidden_state", "text_embeddings"])?.clone();
        session.expect_only(&[&input_ids])?;
        Ok(Self {
            tokenizer,
            session,
            input_ids,
            hidden_states,
            cache: Cache::default(),
        })
    }

    /// The hidden states of a prompt, `[tokens, dimensions]`.
    pub(super) fn encode(&mut self, prompt: &str) -> Result<Conditioning, InferenceError> {
        let encoded = self
            .tokenizer
            .encode(prompt)
            .map_err(|error| self.session.failed(error.to_string()))?;
        let hidden_states = match self.cache.get(&encoded.ids) {
            Some(hidden_states) => hidden_states,
            None => {
                let hidden_states = self.run(&encoded.ids)?;
                self.cache.insert(encoded.ids, Arc::clone(&hidden_states));
                hidden_states
            }
        };
        Ok(Conditioning {
            hidden_states,
            truncated: encoded.truncated,
        })
    }

    fn run(&mut self, ids: &[i64]) -> Result<Arc<Array2<f32>>, InferenceError> {
        let input = Input::Int {
            shape: vec![1, ids.len()],
            values: ids,
        };
        let output = self
            .session
            .run(&[(&self.input_ids, input)], &self.hidden_states)?;
        let shape = format!("{:?}", output.shape());
        match output.into_dimensionality::<Ix3>() {
            Ok(hidden_states) if hidden_states.dim().0 == 1 => {
                Ok(Arc::new(hidden_states.index_axis_move(ndarray::Axis(0), 0)))
            }
            _ => Err(self.session.failed(format!("its output has the shape {shape}"))),
        }
    }
}

/// The prompts that were used last, the latest first.
#[derive(Debug, Default)]
struct Cache(VecDeque<(Vec<i64>, Arc<Array2<f32>>)>);

impl Cache {
    fn get(&mut self, ids: &[i64]) -> Option<Arc<Array2<f32>>> {
        let index = self.0.iter().position(|(known, _)| known == ids)?;
        let entry = self.0.remove(index)?;
        let hidden_states = Arc::clone(&entry.1);
        self.0.push_front(entry);
        Some(hidden_states)
    }

    fn insert(&mut self, ids: Vec<i64>, hidden_states: Arc<Array2<f32>>) {
        self.0.truncate(CACHED_PROMPTS - 1);
        self.0.push_front((ids, hidden_states));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unused_prompt_is_forgotten() {
        let mut cache = Cache::default();
        let states = |value| Arc::new(Array2::from_elem((1, 1), value));
        cache.insert(vec![0], states(0.0));
        for id in 1..CACHED_PROMPTS as i64 {
            cache.insert(vec![id], states(id as f32));
        }
        assert_eq!(cache.get(&[0]), Some(states(0.0)));
        cache.insert(vec![-1], states(-1.0));
        assert_eq!(cache.get(&[1]), None);
        assert_eq!(cache.get(&[0]), Some(states(0.0)));
        assert_eq!(cache.get(&[-1]), Some(states(-1.0)));
    }
}
