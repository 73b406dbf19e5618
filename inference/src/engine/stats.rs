//! What the engine has done.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What the engine has done since it was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EngineStats {
    /// Ticks in which requests took a step.
    pub ticks: u64,
    /// Calls of a UNet.
    pub unet_calls: u64,
    /// Rows in those calls.
    pub unet_rows: u64,
    /// Models that were loaded, the default at the start among them.
    pub model_loads: u64,
    /// Models that were unloaded to make room.
    pub model_unloads: u64,
    /// How long the thread has worked, which does not count waiting for requests; counted when a tick is over, after
    /// its observers were called.
    pub busy: Duration,
    /// The time inside ONNX Runtime, of all networks; counted after each call.
    pub network_time: Duration,
}

/// The same while it goes on.
#[derive(Debug, Default)]
pub(super) struct Counters {
    ticks: AtomicU64,
    unet_calls: AtomicU64,
    unet_rows: AtomicU64,
    model_loads: AtomicU64,
    model_unloads: AtomicU64,
    busy_ns: AtomicU64,
}

impl Counters {
    pub(super) fn count_tick(&self, calls: u64, rows: u64) {
        self.ticks.fetch_add(1, Ordering::Relaxed);
        self.unet_calls.fetch_add(calls, Ordering::Relaxed);
        self.unet_rows.fetch_add(rows, Ordering::Relaxed);
    }

    pub(super) fn count_load(&self) {
        self.model_loads.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_unload(&self) {
        self.model_unloads.fetch_add(1, Ordering::Relaxed);
    }

    /// Measures work of the thread.
    pub(super) fn busy<T>(&self, work: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let result = work();
        let elapsed = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.busy_ns.fetch_add(elapsed, Ordering::Relaxed);
        result
    }

    pub(super) fn stats(&self, network_time: Duration) -> EngineStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        EngineStats {
            ticks: read(&self.ticks),
            unet_calls: read(&self.unet_calls),
            unet_rows: read(&self.unet_rows),
            model_loads: read(&self.model_loads),
            model_unloads: read(&self.model_unloads),
            busy: Duration::from_nanos(read(&self.busy_ns)),
            network_time,
        }
    }
}
