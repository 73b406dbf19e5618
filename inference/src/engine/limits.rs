//! How many rows a UNet call may have.

use std::collections::HashMap;

use super::tick::ShapeKey;

/// For how many ticks a call that was too large for the memory is remembered. Other programs may have given memory back
/// by then; to find out costs one failed call.
const MEMORY: u64 = 1000;

/// The limit of all shapes, and those of the shapes for which the memory was too small.
#[derive(Debug)]
pub(super) struct RowLimits {
    max_batch_rows: usize,
    smaller: HashMap<ShapeKey, Smaller>,
}

#[derive(Debug)]
struct Smaller {
    rows: usize,
    since: u64,
}

impl RowLimits {
    pub(super) fn new(max_batch_rows: usize) -> Self {
        Self {
            max_batch_rows: max_batch_rows.max(1),
            smaller: HashMap::new(),
        }
    }

    /// How many rows of this shape a call may have; at least 1.
    pub(super) fn rows(&self, key: &ShapeKey) -> usize {
        self.smaller
            .get(key)
            .map_or(self.max_batch_rows, |smaller| smaller.rows)
    }

    /// Remembers that only this many rows fit.
    pub(super) fn lower(&mut self, key: ShapeKey, rows: usize, tick: u64) {
        let rows = rows.clamp(1, self.max_batch_rows);
        self.smaller.insert(key, Smaller { rows, since: tick });
    }

    /// Forgets what was too long ago.
    pub(super) fn forget(&mut self, tick: u64) {
        self.smaller
            .retain(|_, smaller| tick.saturating_sub(smaller.since) < MEMORY);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.smaller.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_limit_is_forgotten_after_a_while() {
        let key = |width| ShapeKey {
            model: 0,
            width,
            height: 64,
        };
        let mut limits = RowLimits::new(8);
        limits.lower(key(512), 3, 10);
        assert_eq!([limits.rows(&key(512)), limits.rows(&key(64))], [3, 8]);
        limits.forget(10 + MEMORY - 1);
        assert_eq!(limits.rows(&key(512)), 3);
        limits.forget(10 + MEMORY);
        assert_eq!(limits.rows(&key(512)), 8);
        assert_eq!(RowLimits::new(0).rows(&key(64)), 1);
    }
}
