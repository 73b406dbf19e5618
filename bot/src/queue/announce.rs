//! Tells those who wait where they stand.
//!
//! It works on a copy of the line, in a task of its own: beginning jobs never waits for it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::{JobEvent, QueueMode, Shared};
use crate::store::JobId;

/// The shortest time between two looks at the line.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);

/// Up to this position every change is told.
const NEAR: u32 = 50;

/// Farther back a change is told when it is at least this part of the position that was told last.
const FAR_CHANGE: u32 = 10;

/// Tells positions until the queue is stopped.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut announcer = Announcer {
        shared,
        told: HashMap::new(),
        version: 0,
        is_paused: false,
    };
    let stopped = announcer.shared.stopped.clone();
    stopped.run_until_cancelled(announcer.run()).await;
}

struct Announcer {
    shared: Arc<Shared>,
    /// The last position that was told for each waiting job.
    told: HashMap<JobId, u32>,
    /// The line as it was told.
    version: u64,
    /// Whether nothing was begun then.
    is_paused: bool,
}

impl Announcer {
    async fn run(&mut self) {
        loop {
            self.shared.moved.notified().await;
            if self.tell() {
                sleep(INTERVAL).await;
            }
        }
    }

    /// Tells what has changed. `false` when there was nothing to look at.
    fn tell(&mut self) -> bool {
        let paused = self.shared.mode.get() == QueueMode::Paused;
        let view = {
            let line = self.shared.line();
            // Whoever is begun at once is told no position; the worker calls again.
            let is_as_told = line.version() == self.version && paused == self.is_paused;
            if is_as_told || (!paused && line.has_room_for_next()) {
                return false;
            }
            self.version = line.version();
            if paused != self.is_paused {
                // The places are the same, but not how long it takes.
                self.told.clear();
                self.is_paused = paused;
            }
            line.view()
        };
        let ends = view.ends().into_iter().skip(view.running.len());
        let mut told = HashMap::with_capacity(view.waiting.len());
        for ((item, end), position) in view.waiting.iter().zip(ends).zip(1..) {
            let job = item.key.job();
            let remaining = end.filter(|_| !paused);
            let mut tell = |of: JobId| {
                let before = self.told.get(&of).copied();
                if is_news(before, position) {
                    self.emit((of, job), position, remaining);
                    told.insert(of, position);
                } else if let Some(before) = before {
                    told.insert(of, before);
                }
            };
            tell(job);
            for follower in view.followers(job) {
                tell(follower.job);
            }
        }
        self.told = told;
        !view.waiting.is_empty()
    }

    /// Emits the position of `of`, which is that of `job`, if that still waits. The line is held meanwhile, so that
    /// nothing that comes later is emitted earlier.
    fn emit(&self, (of, job): (JobId, JobId), position: u32, remaining: Option<Duration>) {
        let line = self.shared.line();
        let follows = || line.followers(job).iter().any(|follower| follower.job == of);
        if line.is_waiting(job) && (of == job || follows()) {
            let event = JobEvent::Queued { position, remaining };
            self.shared.parts.events.emit(of, event);
        }
    }
}

/// Whether a position is worth being told to somebody who was told another one.
fn is_news(before: Option<u32>, position: u32) -> bool {
    let Some(before) = before else { return true };
    let change = before.abs_diff(position);
    change > 0 && (position <= NEAR || change.saturating_mul(FAR_CHANGE) >= before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: Option<u32>, position: u32, expected: bool) {
        assert_eq!(is_news(before, position), expected, "{before:?} {position}");
    }

    #[test]
    fn small_changes_far_behind_are_no_news() {
        check(None, 7000, true);
        check(Some(3), 3, false);
        check(Some(3), 2, true);
        check(Some(3), 4, true);
        check(Some(51), 50, true);
        check(Some(100), 91, false);
        check(Some(100), 90, true);
        check(Some(100), 110, true);
        check(Some(100), 109, false);
        check(Some(u32::MAX), 51, true);
    }
}
