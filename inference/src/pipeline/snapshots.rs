//! What is kept of a picture while it is drawn.

use crate::schedulers::Latents;

/// What is kept of a picture while it is drawn. It is decoded when the picture is finished: whoever cancels has not
/// paid for it.
#[derive(Debug)]
pub(crate) struct Snapshots {
    /// The steps that have not come yet, ascending.
    wanted: Vec<u32>,
    /// The last step, after which the snapshot is the picture itself.
    last: u32,
    taken: Vec<(u32, Latents)>,
}

impl Snapshots {
    /// `steps` ascend. Those after `last` stand for it.
    pub(super) fn new(steps: &[u32], last: u32) -> Self {
        let mut wanted: Vec<u32> = steps.iter().map(|step| (*step).min(last)).collect();
        wanted.dedup();
        Self {
            wanted,
            last,
            taken: Vec::new(),
        }
    }

    /// Keeps what a step has predicted, if that is wanted. Algorithms with several evaluations for a step come here
    /// several times; the first one counts that finishes the step.
    pub(super) fn note(&mut self, step: u32, pred_original_sample: &Latents) {
        let due = self.wanted.iter().take_while(|wanted| **wanted <= step).count();
        if due > 0 && step < self.last {
            self.wanted.drain(..due);
            self.taken.push((step, pred_original_sample.clone()));
        }
    }

    /// Steps before the last one with the latents that were predicted in them.
    pub(crate) fn taken(&self) -> &[(u32, Latents)] {
        &self.taken
    }

    /// The number of the last step, if it is wanted.
    pub(crate) fn last(&self) -> Option<u32> {
        self.wanted.last().copied().filter(|step| *step == self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::{Latents, Snapshots};

    fn check(steps: &[u32], last: u32, expected: &[u32], has_last: bool) {
        let mut snapshots = Snapshots::new(steps, last);
        for step in 0..=last {
            // Twice, as with algorithms of second order.
            for _ in 0..2 {
                snapshots.note(step, &Latents::from_elem((1, 1, 1, 1), step as f32));
            }
        }
        let taken: Vec<u32> = snapshots.taken().iter().map(|(step, _)| *step).collect();
        assert_eq!(taken, expected, "{steps:?}");
        assert!(
            snapshots
                .taken()
                .iter()
                .all(|(step, latents)| latents.first() == Some(&(*step as f32)))
        );
        assert_eq!(snapshots.last(), has_last.then_some(last));
    }

    #[test]
    fn wanted_steps_are_kept_once() {
        check(&[], 5, &[], false);
        check(&[1, 3], 5, &[1, 3], false);
        check(&[1, 5, 10, 20], 12, &[1, 5, 10], true);
        check(&[4, 8, 9], 4, &[], true);
        check(&[u32::MAX], 1, &[], true);
    }
}
