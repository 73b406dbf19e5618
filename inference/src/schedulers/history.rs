//! What multistep methods remember.

use std::collections::VecDeque;

use super::Latents;

/// The newest tensors of a loop, up to a fixed number.
#[derive(Debug)]
pub(super) struct History {
    capacity: usize,
    /// The newest first.
    tensors: VecDeque<Latents>,
}

impl History {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            tensors: VecDeque::with_capacity(capacity),
        }
    }

    pub(super) fn push(&mut self, tensor: Latents) {
        self.tensors.truncate(self.capacity.saturating_sub(1));
        self.tensors.push_front(tensor);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.tensors.len()
    }

    /// The newest at 0, the one before at 1; panics where there is none.
    pub(super) fn get(&self, age: usize) -> &Latents {
        &self.tensors[age]
    }

    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Latents> {
        self.tensors.iter()
    }
}
