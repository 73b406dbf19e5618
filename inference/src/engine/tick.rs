//! Who takes a step in the next tick.

use std::collections::HashMap;

/// Requests with equal keys can share a UNet call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ShapeKey {
    /// The index of the model.
    pub(super) model: usize,
    /// In pixels.
    pub(super) width: u32,
    /// In pixels.
    pub(super) height: u32,
}

/// What the choice depends on, for one request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) key: ShapeKey,
    /// How many rows it needs.
    pub(super) rows: usize,
    /// The tick in which it took its last step, 0 before the first.
    pub(super) last_tick: u64,
}

/// The indices of the requests for the next UNet call, in order. `candidates` are ordered by age.
///
/// The shape that has waited longest is next, the one with the oldest request first if several have waited as long.
/// Within it the oldest requests come first, as many as fit into the shape's `max_rows`, but at least one.
pub(super) fn select(candidates: &[Candidate], max_rows: impl Fn(&ShapeKey) -> usize) -> Vec<usize> {
    let mut served: HashMap<ShapeKey, (u64, usize)> = HashMap::new();
    for (age, candidate) in candidates.iter().enumerate() {
        let (last_tick, _) = served.entry(candidate.key).or_insert((0, age));
        *last_tick = candidate.last_tick.max(*last_tick);
    }
    let Some(key) = served
        .into_iter()
        .min_by_key(|(_, order)| *order)
        .map(|(key, _)| key)
    else {
        return Vec::new();
    };
    let max_rows = max_rows(&key);
    let mut rows = 0;
    let mut selection = Vec::new();
    for (index, candidate) in candidates
        .iter()
        .enumerate()
        .filter(|(_, candidate)| candidate.key == key)
    {
        rows += candidate.rows;
        if rows > max_rows && !selection.is_empty() {
            break;
        }
        selection.push(index);
    }
    selection
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(width, rows, last tick)` of each request.
    fn check(candidates: &[(u32, usize, u64)], max_rows: usize, expected: &[usize]) {
        let candidates: Vec<Candidate> = candidates
            .iter()
            .map(|&(width, rows, last_tick)| Candidate {
                key: ShapeKey {
                    model: 0,
                    width,
                    height: 64,
                },
                rows,
                last_tick,
            })
            .collect();
        assert_eq!(select(&candidates, |_| max_rows), expected, "{candidates:?}");
    }

    #[test]
    fn one_shape_goes_together() {
        check(&[], 8, &[]);
        check(&[(64, 2, 5), (64, 1, 0), (64, 2, 3)], 8, &[0, 1, 2]);
    }

    #[test]
    fn the_oldest_first_when_not_all_fit() {
        check(&[(64, 2, 5), (64, 2, 5), (64, 1, 0)], 4, &[0, 1]);
        check(&[(64, 2, 0)], 1, &[0]);
    }

    #[test]
    fn shapes_take_turns() {
        check(&[(64, 2, 0), (128, 2, 0)], 8, &[0]);
        check(&[(64, 2, 1), (128, 2, 0)], 8, &[1]);
        check(&[(64, 2, 1), (128, 2, 2), (64, 2, 1)], 8, &[0, 2]);
        // A newcomer does not give its shape another turn at once.
        check(&[(64, 2, 3), (128, 2, 2), (64, 2, 0)], 8, &[1]);
    }
}
