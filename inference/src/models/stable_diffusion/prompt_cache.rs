//! The prompts that were read last.

use std::collections::VecDeque;
use std::sync::Arc;

use ndarray::Array2;

/// How many chunks of prompts are remembered. Most requests share their negative prompt, usually the empty one, and the
/// pictures of one request share the prompt as well.
const MAX_ENTRIES: usize = 128;

/// What they may take: 70 chunks of Stable Diffusion 1, or 53 of Stable Diffusion 2.
const MAX_BYTES: usize = 16 << 20;

/// What the hidden states depend on. Weights are applied afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) ids: Vec<i64>,
    pub(super) clip_skip: u32,
}

/// Hidden states by tokens, the latest first.
#[derive(Debug, Default)]
pub(super) struct PromptCache(VecDeque<(Key, Arc<Array2<f32>>)>);

impl PromptCache {
    pub(super) fn get(&mut self, key: &Key) -> Option<Arc<Array2<f32>>> {
        let index = self.0.iter().position(|(known, _)| known == key)?;
        let entry = self.0.remove(index)?;
        let hidden_states = Arc::clone(&entry.1);
        self.0.push_front(entry);
        Some(hidden_states)
    }

    pub(super) fn insert(&mut self, key: Key, hidden_states: Arc<Array2<f32>>) {
        self.0.push_front((key, hidden_states));
        while self.0.len() > MAX_ENTRIES || (self.0.len() > 1 && self.bytes() > MAX_BYTES) {
            self.0.pop_back();
        }
    }

    fn bytes(&self) -> usize {
        let values: usize = self
            .0
            .iter()
            .map(|(key, hidden_states)| hidden_states.len() + 2 * key.ids.len())
            .sum();
        values * size_of::<f32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: i64) -> Key {
        Key {
            ids: vec![id],
            clip_skip: 1,
        }
    }

    fn states(values: usize, value: f32) -> Arc<Array2<f32>> {
        Arc::new(Array2::from_elem((1, values), value))
    }

    #[test]
    fn the_longest_unused_prompt_is_forgotten() {
        let mut cache = PromptCache::default();
        for id in 0..MAX_ENTRIES as i64 {
            cache.insert(key(id), states(1, id as f32));
        }
        assert_eq!(cache.get(&key(0)), Some(states(1, 0.0)));
        cache.insert(key(-1), states(1, -1.0));
        assert_eq!(cache.get(&key(1)), None);
        assert_eq!(cache.get(&key(0)), Some(states(1, 0.0)));
        assert_eq!(cache.get(&key(-1)), Some(states(1, -1.0)));
    }

    #[test]
    fn large_ones_leave_less_room() {
        let mut cache = PromptCache::default();
        let third = MAX_BYTES / size_of::<f32>() / 3;
        for id in 0..4 {
            cache.insert(key(id), states(third, 0.0));
        }
        let known: Vec<bool> = (0..4).map(|id| cache.get(&key(id)).is_some()).collect();
        assert_eq!(known, [false, false, true, true]);
        cache.insert(key(9), states(4 * third, 0.0));
        assert!(cache.get(&key(9)).is_some());
    }

    #[test]
    fn another_layer_is_another_entry() {
        let mut cache = PromptCache::default();
        cache.insert(key(1), states(1, 0.0));
        let penultimate = Key {
            clip_skip: 2,
            ..key(1)
        };
        assert_eq!(cache.get(&penultimate), None);
    }
}
