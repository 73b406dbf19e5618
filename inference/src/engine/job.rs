//! One request on its way through the engine.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::{CancelFlag, Observer};
use crate::error::InferenceError;
use crate::images::Recipe;
use crate::pipeline::{Generation, Plan};
use crate::request::{GenerateOutput, GenerateRequest, Progress, Timings};

/// An accepted request that has not begun.
pub(super) struct Job {
    pub(super) request: GenerateRequest,
    /// The index of the model.
    pub(super) model: usize,
    pub(super) plan: Plan,
    pub(super) recipe: Recipe,
    pub(super) client: Client,
}

/// A request that is being drawn.
pub(super) struct ActiveJob {
    pub(super) generation: Generation,
    pub(super) model: usize,
    pub(super) recipe: Recipe,
    /// The steps of all passes.
    pub(super) num_inference_steps: u32,
    /// Whether the safety checker is asked.
    pub(super) check_safety: bool,
    pub(super) client: Client,
    pub(super) timings: Timings,
    pub(super) denoising_since: Instant,
    /// The tick in which it took its last step, 0 before the first.
    pub(super) last_tick: u64,
}

/// Whoever waits for the request. Is told the end exactly once, whatever happens: dropping it says
/// [`InferenceError::Stopped`].
pub(super) struct Client {
    observer: Option<Box<dyn Observer>>,
    cancel: CancelFlag,
    slot: Option<Slot>,
}

impl Client {
    pub(super) fn new(observer: Box<dyn Observer>, cancel: CancelFlag, slot: Slot) -> Self {
        Self {
            observer: Some(observer),
            cancel,
            slot: Some(slot),
        }
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Tells about a step. The preview is made only when it is wanted.
    pub(super) fn progress(&mut self, make: impl FnOnce(bool) -> Progress) {
        if let Some(observer) = &mut self.observer {
            guarded(|| {
                let preview = observer.wants_preview();
                observer.on_progress(make(preview));
            });
        }
    }

    /// Tells the end.
    pub(super) fn finish(mut self, result: Result<GenerateOutput, InferenceError>) {
        self.end(result);
    }

    /// Goes without a word.
    pub(super) fn forget(mut self) {
        self.observer = None;
    }

    fn end(&mut self, result: Result<GenerateOutput, InferenceError>) {
        // An observer may send the next request when it hears of the end: the slot has to be free by then.
        self.slot = None;
        if let Some(observer) = self.observer.take() {
            guarded(|| observer.on_finished(result));
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.end(Err(InferenceError::Stopped));
    }
}

/// An observer that panics must not take the engine down.
fn guarded(call: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(call)).is_err() {
        tracing::error!("an observer has panicked");
    }
}

/// One of the places for unfinished requests. Dropping it frees the place.
pub(super) struct Slot(Arc<AtomicUsize>);

impl Slot {
    /// Takes a place if there is one.
    pub(super) fn take(taken: &Arc<AtomicUsize>, limit: usize) -> Option<Self> {
        let next = |count| (count < limit).then_some(count + 1);
        taken
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, next)
            .ok()?;
        Some(Self(Arc::clone(taken)))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, Sender};

    use super::*;

    struct Ends(Sender<InferenceError>);

    impl Observer for Ends {
        fn on_progress(&mut self, _: Progress) {}

        fn on_finished(self: Box<Self>, result: Result<GenerateOutput, InferenceError>) {
            self.0.send(result.unwrap_err()).unwrap();
        }
    }

    /// What the observer hears when this is done to its client.
    fn ends(end: impl FnOnce(Client)) -> Vec<String> {
        let (sender, receiver) = mpsc::channel();
        let slot = Slot::take(&Arc::default(), 1).unwrap();
        end(Client::new(Box::new(Ends(sender)), CancelFlag::default(), slot));
        receiver.iter().map(|error| error.to_string()).collect()
    }

    #[test]
    fn the_end_is_told_exactly_once() {
        assert_eq!(
            ends(|client| client.finish(Err(InferenceError::Cancelled))),
            ["the drawing was cancelled"]
        );
        assert_eq!(ends(drop), ["the engine was stopped"]);
        assert!(ends(Client::forget).is_empty());
    }

    #[test]
    fn slots() {
        let taken = Arc::new(AtomicUsize::new(0));
        let first = Slot::take(&taken, 2).unwrap();
        let _second = Slot::take(&taken, 2).unwrap();
        assert!(Slot::take(&taken, 2).is_none());
        drop(first);
        assert!(Slot::take(&taken, 2).is_some());
    }
}
