//! Jobs that are ended by somebody.

use super::{CancelResult, JobQueue, Shared};
use crate::chat::Platform;
use crate::store::{JobId, StoreError};

impl Shared {
    /// Ends a job that waits, and tells it. `false` when it does not wait.
    pub(super) async fn cancel_queued(&self, job: JobId) -> Result<bool, StoreError> {
        let jobs = self.parts.store.jobs();
        let Some(row) = jobs.cancel_queued(job, self.parts.clock.now()).await? else {
            return Ok(false);
        };
        self.line().ended(job);
        self.finished(row);
        self.wake.notify_one();
        Ok(true)
    }
}

impl JobQueue {
    /// Ends a job that waits or is being drawn, at the end of the present step. It is told like every other end. When
    /// others get the pictures of a job that is being drawn, the drawing goes on for them.
    ///
    /// # Errors
    /// When the job log cannot be written.
    pub async fn cancel(&self, job: JobId) -> Result<CancelResult, StoreError> {
        if self.stop_drawing(job) {
            return Ok(CancelResult::Ending);
        }
        if self.shared.cancel_queued(job).await? {
            return Ok(CancelResult::Ended);
        }
        // It may have been begun in this moment.
        Ok(if self.stop_drawing(job) {
            CancelResult::Ending
        } else {
            CancelResult::TooLate
        })
    }

    /// Ends every waiting job, of one platform or of all, of one server or of all, and says how many there were.
    ///
    /// # Errors
    /// When the job log cannot be written.
    pub async fn clear(&self, platform: Option<&Platform>, server: Option<&str>) -> Result<u32, StoreError> {
        let parts = &self.shared.parts;
        let jobs = parts.store.jobs();
        let cleared = jobs.clear_queued(platform, server, parts.clock.now()).await?;
        let count = u32::try_from(cleared.len()).unwrap_or(u32::MAX);
        for row in cleared {
            self.shared.line().ended(row.id);
            self.shared.finished(row);
        }
        self.shared.wake.notify_one();
        tracing::info!(count, "queue cleared");
        Ok(count)
    }

    fn stop_drawing(&self, job: JobId) -> bool {
        // The line is held until the signal is given: whoever puts a job back looks at it then.
        let line = self.shared.line();
        let signal = line.stop_signal(job);
        if let Some(signal) = &signal {
            signal.cancel();
        }
        signal.is_some()
    }
}
