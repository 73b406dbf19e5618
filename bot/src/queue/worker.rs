//! Begins jobs, keeps their leases, and ends them at shutdown.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{JobEvent, Shared, drawing, policy};
use crate::store::{JobId, Lease, StoreError, TakenBack};

/// How long to wait after the job log could not be read or written.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// How often the leases are looked at while one lasts.
const LOOKS_PER_LEASE: u32 = 4;

pub(super) struct Worker {
    shared: Arc<Shared>,
    drawings: JoinSet<()>,
    running: HashMap<Id, Running>,
    /// The last position that was emitted for each waiting job.
    positions: HashMap<JobId, u32>,
}

struct Running {
    job: JobId,
    cancel: CancellationToken,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            drawings: JoinSet::new(),
            running: HashMap::new(),
            positions: HashMap::new(),
        }
    }

    /// Works until `shutdown` is cancelled, then cancels `stopped` and ends the running jobs.
    pub(super) async fn run(mut self, shutdown: &CancellationToken, stopped: &CancellationToken) {
        let shared = Arc::clone(&self.shared);
        let period = (shared.parts.settings.lease / LOOKS_PER_LEASE).max(Duration::from_millis(1));
        let mut looks = interval_at(Instant::now() + period, period);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !shutdown.is_cancelled() {
            let worked = self.begin_and_tell().await;
            if let Err(error) = &worked {
                tracing::error!(%error, "job log not usable, trying again");
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = shared.wake.notified() => {}
                Some(ended) = self.drawings.join_next_with_id() => self.forget(ended),
                _ = looks.tick() => self.look_after_leases().await,
                () = sleep(RETRY_AFTER), if worked.is_err() => {}
            }
        }
        stopped.cancel();
        self.drain().await;
    }

    async fn begin_and_tell(&mut self) -> Result<(), StoreError> {
        while self.drawings.len() < self.shared.parts.settings.concurrency {
            if !self.begin_next().await? {
                break;
            }
        }
        self.tell_positions().await
    }

    async fn begin_next(&mut self) -> Result<bool, StoreError> {
        let parts = &self.shared.parts;
        let now = parts.clock.now();
        let lease = Lease {
            now,
            until: now + lease_length(parts.settings.lease),
        };
        let Some(job) = parts.store.jobs().lease(policy::next, lease).await? else {
            return Ok(false);
        };
        tracing::info!(job = %job.id, attempt = job.attempt, "job begun");
        self.positions.remove(&job.id);
        let id = job.id;
        let cancel = CancellationToken::new();
        let task = self
            .drawings
            .spawn(drawing::draw(Arc::clone(&self.shared), job, cancel.clone()));
        self.running.insert(task.id(), Running { job: id, cancel });
        Ok(true)
    }

    async fn tell_positions(&mut self) -> Result<(), StoreError> {
        let parts = &self.shared.parts;
        let order = policy::order(&parts.store.jobs().waiting().await?);
        let positions: HashMap<JobId, u32> = order.iter().copied().zip(1..).collect();
        for job in order {
            let position = positions.get(&job).copied().unwrap_or(0);
            if self.positions.get(&job) != Some(&position) {
                parts.events.emit(job, JobEvent::Queued { position });
            }
        }
        self.positions = positions;
        Ok(())
    }

    fn forget(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "the task of a job ended by itself");
                error.id()
            }
        };
        self.running.remove(&id);
    }

    /// All jobs are drawn by the same generator, and some of them may have to wait inside it. So the progress of one
    /// renews the leases of all, and only a generator that stands still loses its jobs.
    async fn look_after_leases(&mut self) {
        let parts = &self.shared.parts;
        let now = parts.clock.now();
        let jobs: Vec<JobId> = self.running.values().map(|running| running.job).collect();
        let renewed = if self.shared.progressed.swap(false, Ordering::Relaxed) {
            parts
                .store
                .jobs()
                .renew(&jobs, now + lease_length(parts.settings.lease))
                .await
        } else {
            Ok(())
        };
        let taken_back = match renewed {
            Ok(()) => parts.store.jobs().take_back_lapsed(now).await,
            Err(error) => Err(error),
        };
        match taken_back {
            Ok(taken_back) => self.abandon(&taken_back).await,
            Err(error) => tracing::error!(%error, "leases not looked after"),
        }
    }

    async fn abandon(&self, taken_back: &TakenBack) {
        let jobs = || taken_back.requeued.iter().chain(&taken_back.failed);
        for running in self
            .running
            .values()
            .filter(|running| jobs().any(|job| *job == running.job))
        {
            tracing::warn!(job = %running.job, "no progress, job taken back");
            running.cancel.cancel();
        }
        for job in &taken_back.failed {
            drawing::emit_finished(&self.shared, *job).await;
        }
    }

    async fn drain(&mut self) {
        let drain = self.shared.parts.settings.drain;
        if !self.drawings.is_empty() {
            tracing::info!(running = self.drawings.len(), "waiting for running jobs");
        }
        let all_ended = async { while self.drawings.join_next().await.is_some() {} };
        if timeout(drain, all_ended).await.is_ok() {
            return;
        }
        for running in self.running.values() {
            running.cancel.cancel();
        }
        while self.drawings.join_next().await.is_some() {}
    }
}

fn lease_length(lease: Duration) -> TimeDelta {
    TimeDelta::from_std(lease).unwrap_or(TimeDelta::MAX)
}
