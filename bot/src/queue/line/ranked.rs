//! A sorted list that knows at which place something stands, and how much there is to draw before it.

use crate::queue::estimate::Share;
use crate::queue::policy::Key;

/// Most items of one chunk. Finding a place looks at every chunk and into one.
const MAX_CHUNK: usize = 512;
/// A chunk that has fewer is put together with the next one.
const MIN_CHUNK: usize = 64;

/// A job in the list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Item {
    pub(crate) key: Key,
    pub(crate) share: Share,
}

/// The list. With n items, a change or a question costs about √n.
#[derive(Debug, Default)]
pub(super) struct Ranked {
    chunks: Vec<Chunk>,
}

/// A part of the list. It is never empty.
#[derive(Debug, Default)]
struct Chunk {
    items: Vec<Item>,
    /// The sum of [`Share::work`] for each model, by its number.
    loads: Vec<f64>,
}

/// What comes before an item.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Ahead {
    /// How many items.
    pub(super) count: usize,
    /// The sum of their [`Share::work`] for each model, by its number.
    pub(super) loads: Vec<f64>,
}

impl Chunk {
    fn of(items: Vec<Item>) -> Self {
        let loads = Vec::new();
        let mut chunk = Self { items, loads };
        chunk.count_loads();
        chunk
    }

    /// Sums up anew instead of subtracting, so that no error of rounding grows.
    fn count_loads(&mut self) {
        self.loads.clear();
        for item in &self.items {
            add_load(&mut self.loads, item.share.model, item.share.work);
        }
    }

    fn ends_before(&self, key: Key) -> bool {
        self.items.last().is_some_and(|last| last.key < key)
    }
}

impl Ranked {
    /// Adds an item. Its key must not be in the list.
    pub(super) fn insert(&mut self, item: Item) {
        let last = self.chunks.len().saturating_sub(1);
        let index = self.chunk_of(item.key).min(last);
        let Some(chunk) = self.chunks.get_mut(index) else {
            self.chunks.push(Chunk::of(vec![item]));
            return;
        };
        let at = chunk.items.partition_point(|other| other.key < item.key);
        chunk.items.insert(at, item);
        add_load(&mut chunk.loads, item.share.model, item.share.work);
        if chunk.items.len() > MAX_CHUNK {
            let rest = chunk.items.split_off(MAX_CHUNK / 2);
            chunk.count_loads();
            self.chunks.insert(index + 1, Chunk::of(rest));
        }
    }

    /// Takes an item out; `false` when there is none with this key.
    pub(super) fn remove(&mut self, key: Key) -> bool {
        let index = self.chunk_of(key);
        let Some(chunk) = self.chunks.get_mut(index) else {
            return false;
        };
        let Ok(at) = chunk.items.binary_search_by_key(&key, |item| item.key) else {
            return false;
        };
        chunk.items.remove(at);
        chunk.count_loads();
        self.join(index);
        true
    }

    /// Puts a chunk that has become small together with the next one.
    fn join(&mut self, index: usize) {
        let len_of = |index: usize| self.chunks.get(index).map_or(0, |chunk| chunk.items.len());
        let (len, next) = (len_of(index), len_of(index + 1));
        if len == 0 {
            self.chunks.remove(index);
        } else if len < MIN_CHUNK && next > 0 && len + next <= MAX_CHUNK {
            let next = self.chunks.remove(index + 1);
            if let Some(chunk) = self.chunks.get_mut(index) {
                chunk.items.extend(next.items);
                chunk.count_loads();
            }
        }
    }

    /// What comes before the item with this key.
    pub(super) fn ahead(&self, key: Key) -> Ahead {
        let mut ahead = Ahead::default();
        let index = self.chunk_of(key);
        for chunk in self.chunks.iter().take(index) {
            ahead.count += chunk.items.len();
            for (model, work) in chunk.loads.iter().enumerate() {
                add_load(&mut ahead.loads, model, *work);
            }
        }
        let items = self.chunks.get(index).map_or(&[][..], |chunk| &chunk.items);
        for item in items.iter().take_while(|item| item.key < key) {
            ahead.count += 1;
            add_load(&mut ahead.loads, item.share.model, item.share.work);
        }
        ahead
    }

    /// Every item in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Item> {
        self.chunks.iter().flat_map(|chunk| &chunk.items)
    }

    /// The first chunk that does not end before this key.
    fn chunk_of(&self, key: Key) -> usize {
        self.chunks.partition_point(|chunk| chunk.ends_before(key))
    }
}

fn add_load(loads: &mut Vec<f64>, model: usize, work: f64) {
    if loads.len() <= model {
        loads.resize(model + 1, 0.0);
    }
    if let Some(load) = loads.get_mut(model) {
        *load += work;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::JobId;

    fn item(number: i64) -> Item {
        Item {
            key: Key::first_of_all(JobId(number)),
            share: Share {
                model: usize::try_from(number % 3).expect("small"),
                work: number as f64,
                steps: 1.0,
            },
        }
    }

    proptest! {
        /// It is a sorted list, however many items come and go.
        #[test]
        fn it_is_a_sorted_list(
            steps in proptest::collection::vec((any::<bool>(), 0i64..3000), 1..200),
            begin in 0i64..3000,
        ) {
            let mut ranked = Ranked::default();
            let mut sorted: Vec<i64> = (0..begin).collect();
            for number in (0..begin).rev() {
                ranked.insert(item(number));
            }
            for (add, number) in steps {
                match (add, sorted.binary_search(&number)) {
                    (true, Err(at)) => {
                        sorted.insert(at, number);
                        ranked.insert(item(number));
                    }
                    (false, found) => {
                        prop_assert_eq!(ranked.remove(item(number).key), found.is_ok());
                        if let Ok(at) = found {
                            sorted.remove(at);
                        }
                    }
                    _ => {}
                }
                let before: Vec<_> = sorted.iter().filter(|other| **other < number).collect();
                let mut loads = [0.0; 3];
                for other in &before {
                    loads[usize::try_from(**other % 3).expect("small")] += **other as f64;
                }
                let ahead = ranked.ahead(item(number).key);
                prop_assert_eq!(ahead.count, before.len());
                for (model, load) in loads.into_iter().enumerate() {
                    prop_assert_eq!(ahead.loads.get(model).copied().unwrap_or(0.0), load);
                }
            }
            prop_assert!(ranked.iter().map(|item| item.key.job().0).eq(sorted));
        }
    }
}
