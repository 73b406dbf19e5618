//! How long to wait before something is tried again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(60);
/// The pause after the second try that failed.
const SECOND: Duration = Duration::from_secs(1);

/// Pauses that grow: the first try again comes at once, as connections break now and then.
#[derive(Debug, Default)]
pub(in super::super) struct Pauses {
    failed: u32,
}

impl Pauses {
    /// The next pause. It differs a little from time to time, so that many bots do not come back together.
    pub(in super::super) fn next(&mut self) -> Duration {
        self.failed = self.failed.saturating_add(1);
        let Some(doubled) = self.failed.checked_sub(2) else {
            return Duration::ZERO;
        };
        let grown = SECOND.saturating_mul(2_u32.saturating_pow(doubled)).min(LONGEST);
        grown.mul_f64(0.75 + 0.25 * random_part())
    }

    /// Something has worked.
    pub(in super::super) fn worked(&mut self) {
        self.failed = 0;
    }
}

/// A random number from 0 to 1.
pub(in super::super) fn random_part() -> f64 {
    const PARTS: u64 = 1 << 32;
    #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
    let part = (RandomState::new().hash_one(0) % PARTS) as f64 / PARTS as f64;
    part
}
