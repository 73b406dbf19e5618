//! A command becomes a job.

use std::sync::Arc;

use tokio::time::Instant;

use super::line::Follower;
use super::{JobQueue, QueueMode, Shared, SubmitError, Submitted};
use crate::limits::LimitCheck;
use crate::store::{Inserted, JobId, NewJob, StoreError, WaitingJob};

impl JobQueue {
    /// Writes a job into the job log. When this returns, the job will be answered, whatever happens to the process.
    ///
    /// # Errors
    /// When a limit or an admin forbids it, the service is stopping, or the job log cannot be written.
    pub async fn submit(&self, new: NewJob, limits: &LimitCheck) -> Result<Submitted, SubmitError> {
        if let Some(refusal) = self.refusal().await? {
            let known = self.known(&new).await?;
            return known.map(|job| self.submitted(job, true)).ok_or(refusal);
        }
        // In a task of its own: a caller who does not wait any more must not leave a job in the log of which the line
        // does not know.
        let accepting = tokio::spawn(accept(Arc::clone(&self.shared), new, *limits));
        let (job, duplicate) = accepting.await.map_err(|_| StoreError::Interrupted)??;
        Ok(self.submitted(job, duplicate))
    }

    /// Why no new jobs are taken, if so.
    async fn refusal(&self) -> Result<Option<SubmitError>, StoreError> {
        let Shared {
            parts, mode, stopped, ..
        } = &*self.shared;
        if stopped.is_cancelled() {
            return Ok(Some(SubmitError::Stopped));
        }
        let is_draining = mode.read(&parts.store).await? == QueueMode::Draining;
        Ok(is_draining.then_some(SubmitError::Draining))
    }

    /// The job of a command that is repeated.
    async fn known(&self, new: &NewJob) -> Result<Option<JobId>, StoreError> {
        match &new.key {
            Some(key) => self.shared.parts.store.jobs().by_key(&new.user, key).await,
            None => Ok(None),
        }
    }

    fn submitted(&self, job: JobId, duplicate: bool) -> Submitted {
        let place = self.place(job);
        Submitted {
            job,
            position: place.as_ref().map_or(0, |place| place.position),
            remaining: place.and_then(|place| place.remaining),
            duplicate,
        }
    }
}

async fn accept(shared: Arc<Shared>, new: NewJob, limits: LimitCheck) -> Result<(JobId, bool), SubmitError> {
    let Inserted {
        job,
        duplicate,
        same_as,
    } = shared.parts.store.jobs().insert(&new, &limits).await?;
    if duplicate {
        return Ok((job, true));
    }
    match same_as {
        None => {
            let waiting = Arc::new(WaitingJob::new(job, &new));
            shared.line().add(waiting, Instant::now());
            shared.wake.notify_one();
        }
        Some(leader) => {
            let user = new.user;
            let follower = Follower { job, user };
            let follows = shared.line().follow(leader, follower);
            if follows {
                shared.wake.notify_one();
            } else {
                // The other one has ended in this moment: so has this one, or it waits for itself now.
                shared.mark_stale();
            }
        }
    }
    Ok((job, false))
}
