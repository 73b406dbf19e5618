//! How long networks run.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Adds up the time inside ONNX Runtime.
#[derive(Debug, Default)]
pub(super) struct NetworkTime(AtomicU64);

impl NetworkTime {
    pub(super) fn add(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// All calls so far.
    pub(super) fn total(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}
