//! What is told while a job is drawn.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::Instant;

use super::StopSignal;
use crate::queue::line::Turn;
use crate::queue::{GenerateProgress, JobEvent, ProgressSink, Shared};
use crate::safety::SafetyAction;
use crate::store::{JobId, JobRow};

/// Passes progress on as long as it is wanted, also to the jobs that get the same pictures.
pub(super) struct Reporter {
    shared: Arc<Shared>,
    /// Nobody can tell yet what will be in doubt, so only a place where everything is shown sees previews. Jobs that get
    /// the same pictures have the same action.
    has_previews: bool,
    turn: Turn,
    stop: StopSignal,
}

impl Reporter {
    pub(super) fn new(shared: &Arc<Shared>, job: &JobRow, turn: Turn, stop: &StopSignal) -> Self {
        Self {
            shared: Arc::clone(shared),
            has_previews: job.safety == SafetyAction::Allow,
            turn,
            stop: stop.clone(),
        }
    }

    fn listeners(&self) -> Vec<JobId> {
        self.shared.line().listeners(self.turn)
    }
}

impl ProgressSink for Reporter {
    fn wants_preview(&self) -> bool {
        let events = &self.shared.parts.events;
        let is_possible = self.has_previews && !self.stop.is_given();
        is_possible && self.listeners().into_iter().any(|job| events.wants_preview(job))
    }

    fn report(&self, progress: GenerateProgress) {
        if self.stop.is_given() {
            return;
        }
        self.shared.progressed.store(true, Ordering::Relaxed);
        let GenerateProgress {
            step,
            num_inference_steps,
            preview,
        } = progress;
        let event = JobEvent::Progress {
            step,
            num_inference_steps,
            preview: preview.filter(|_| self.has_previews),
        };
        let events = &self.shared.parts.events;
        // The line is held, so that nobody hears of a step after the end.
        let mut line = self.shared.line();
        let done = f64::from(step) / f64::from(num_inference_steps.max(1));
        if !line.progress(self.turn, done, Instant::now()) {
            return;
        }
        for job in line.listeners(self.turn) {
            events.emit(job, event.clone());
        }
    }
}
