//! Why a drawing is to end before it is done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Ends a drawing. Clones end the same one.
#[derive(Clone, Debug, Default)]
pub(in crate::queue) struct StopSignal {
    token: CancellationToken,
    /// Somebody wants the job to end; otherwise it shall only not be drawn now.
    cancelled: Arc<AtomicBool>,
    /// Tells that to whoever draws.
    unwanted: Arc<Notify>,
}

impl StopSignal {
    /// The owner does not want the job any more. Whoever draws finds out whether somebody else wants it.
    pub(in crate::queue) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.unwanted.notify_one();
    }

    /// The drawing has another owner, who wants it.
    pub(in crate::queue) fn hand_over(&self) {
        self.cancelled.store(false, Ordering::Release);
    }

    /// The job is not to be drawn here and now.
    pub(in crate::queue) fn interrupt(&self) {
        self.token.cancel();
    }

    /// Whether the owner does not want the job any more.
    pub(in crate::queue) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Returns when [`StopSignal::is_cancelled`] may have become true. For one caller.
    pub(super) async fn cancelled(&self) {
        self.unwanted.notified().await;
    }

    /// Whether nobody is to hear of the drawing any more, for either reason.
    pub(super) fn is_given(&self) -> bool {
        self.is_cancelled() || self.token.is_cancelled()
    }

    /// Is cancelled when the drawing is to end.
    pub(super) fn token(&self) -> &CancellationToken {
        &self.token
    }
}
