//! How often a message may change while a picture is drawn.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::RestError;

/// Discord takes five changes of a message in five seconds, and people do not read faster.
const SHORTEST: Duration = Duration::from_secs(3);
const LONGEST: Duration = Duration::from_secs(20);
/// Of the time, one part in so many is spent on changing the message.
const SHARE: u32 = 4;

/// The time between two changes: longer on a slow line, and while Discord asks for patience.
#[derive(Debug)]
pub(super) struct Pace {
    interval_ms: AtomicU64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            interval_ms: AtomicU64::new(ms(SHORTEST)),
        }
    }
}

impl Pace {
    pub(super) fn interval(&self) -> Duration {
        Duration::from_millis(self.interval_ms.load(Ordering::Relaxed))
    }

    /// A change took so long.
    pub(super) fn took(&self, time: Duration) {
        let wanted = (time * SHARE).clamp(SHORTEST, LONGEST);
        self.set((self.interval() * 3 + wanted) / 4);
    }

    /// A change did not work.
    pub(super) fn failed(&self, error: &RestError) {
        if matches!(
            error,
            RestError::RateLimited { .. } | RestError::Failing { .. } | RestError::Unreachable { .. }
        ) {
            self.set((self.interval() * 2).min(LONGEST));
        }
    }

    fn set(&self, interval: Duration) {
        self.interval_ms.store(ms(interval), Ordering::Relaxed);
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
