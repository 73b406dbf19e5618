//! What was seen lately, so that nothing is done twice. It forgets the oldest.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// The newest entries, at most so many.
#[derive(Debug)]
pub(super) struct Recent<K, V = ()> {
    most: usize,
    entries: Mutex<Entries<K, V>>,
}

#[derive(Debug)]
struct Entries<K, V> {
    values: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Clone + Eq + Hash, V: Clone> Recent<K, V> {
    /// Nothing, with room for `most` entries.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            entries: Mutex::new(Entries {
                values: HashMap::new(),
                order: VecDeque::new(),
            }),
        }
    }

    /// Keeps a value. Returns whether there was none for this key.
    pub(super) fn insert(&self, key: K, value: V) -> bool {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.values.insert(key.clone(), value).is_some() {
            return false;
        }
        entries.order.push_back(key);
        if entries.order.len() > self.most
            && let Some(oldest) = entries.order.pop_front()
        {
            entries.values.remove(&oldest);
        }
        true
    }

    /// The value of a key, if it is still there.
    pub(super) fn get(&self, key: &K) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.values.get(key).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten() {
        let recent = Recent::new(2);
        assert!(recent.insert(1, "one"));
        assert!(!recent.insert(1, "first"));
        assert!(recent.insert(2, "two"));
        assert!(recent.insert(3, "three"));
        let known = [1, 2, 3].map(|key| recent.get(&key));
        assert_eq!(known, [None, Some("two"), Some("three")]);
    }
}
