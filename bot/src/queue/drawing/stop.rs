//! Why a drawing is to end before it is done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

/// Ends a drawing. Clones end the same one.
#[derive(Clone, Debug, Default)]
pub(in crate::queue) struct StopSignal {
    token: CancellationToken,
    /// Somebody wants the job to end; otherwise it shall only not be drawn now.
    cancelled: Arc<AtomicBool>,
}

impl StopSignal {
    /// Somebody does not want the job any more.
    pub(in crate::queue) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.token.cancel();
    }

    /// The job is not to be drawn here and now.
    pub(in crate::queue) fn interrupt(&self) {
        self.token.cancel();
    }

    /// Whether the job itself is to end.
    pub(in crate::queue) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Whether the drawing is to end, for either reason.
    pub(super) fn is_given(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Is cancelled when the drawing is to end.
    pub(super) fn token(&self) -> &CancellationToken {
        &self.token
    }
}
