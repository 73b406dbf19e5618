//! Begins jobs, keeps their leases, and ends them at shutdown.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;
use futures::future::join_all;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::line::Taken;
use super::{QueueMode, Shared, drawing};
use crate::store::{Begun, JobId, JobRow, Lease, StoreError, TakenBack};

/// How long to wait after the job log could not be read or written.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// How often the leases are looked at while one lasts.
const LOOKS_PER_LEASE: u32 = 4;

/// How often what was measured is written down.
const KEEP_SPEEDS_EVERY: Duration = Duration::from_secs(300);

pub(super) struct Worker {
    shared: Arc<Shared>,
    drawings: JoinSet<()>,
    running: HashMap<Id, Taken>,
    /// Jobs that somebody has cancelled while they were about to be begun, which did not work.
    unwanted: Vec<JobId>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            drawings: JoinSet::new(),
            running: HashMap::new(),
            unwanted: Vec::new(),
        }
    }

    /// Works until `shutdown` is cancelled, then cancels `stopped` and ends the running jobs.
    pub(super) async fn run(mut self, shutdown: &CancellationToken, stopped: &CancellationToken) {
        let shared = Arc::clone(&self.shared);
        let period = (shared.parts.settings.lease / LOOKS_PER_LEASE).max(Duration::from_millis(1));
        let (mut looks, mut keeps) = (every(period), every(KEEP_SPEEDS_EVERY));
        while !shutdown.is_cancelled() {
            let worked = self.refill_and_begin().await;
            if let Err(error) = &worked {
                tracing::error!(%error, "job log not usable, trying again");
            }
            shared.moved.notify_one();
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = shared.wake.notified() => {}
                Some(ended) = self.drawings.join_next_with_id() => self.forget(ended),
                _ = looks.tick() => self.look_after_leases().await,
                _ = keeps.tick() => shared.keep_speeds().await,
                () = sleep(RETRY_AFTER), if worked.is_err() => {}
            }
        }
        stopped.cancel();
        self.drain().await;
        shared.keep_speeds().await;
    }

    pub(super) async fn refill_and_begin(&mut self) -> Result<(), StoreError> {
        self.cancel_unwanted().await?;
        if self.shared.stale.load(Ordering::Acquire) {
            self.shared.refill().await?;
        }
        while self.shared.mode.get() != QueueMode::Paused {
            let taken = self.take();
            if taken.is_empty() {
                break;
            }
            self.begin(taken).await?;
            self.cancel_unwanted().await?;
        }
        Ok(())
    }

    /// Ends the jobs whose end was promised while they were about to be begun.
    async fn cancel_unwanted(&mut self) -> Result<(), StoreError> {
        while let Some(job) = self.unwanted.last() {
            self.shared.cancel_queued(*job).await?;
            self.unwanted.pop();
        }
        Ok(())
    }

    /// As many jobs as there is room for.
    pub(super) fn take(&self) -> Vec<Taken> {
        let room = self
            .shared
            .parts
            .settings
            .concurrency
            .saturating_sub(self.drawings.len());
        let mut line = self.shared.line();
        let now = Instant::now();
        std::iter::from_fn(|| line.take(now)).take(room).collect()
    }

    /// Begins these jobs; their leases are written at the same time. The first error is returned after all were tried.
    pub(super) async fn begin(&mut self, taken: Vec<Taken>) -> Result<(), StoreError> {
        let parts = &self.shared.parts;
        let now = parts.clock.now();
        let lease = Lease {
            now,
            until: now + lease_length(parts.settings.lease),
        };
        let jobs = parts.store.jobs();
        let leases = taken.iter().map(|taken| jobs.lease_job(taken.job, lease));
        let leased = join_all(leases).await;
        let mut result = Ok(());
        let (mut begun, mut gathered, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for (taken, leased) in taken.into_iter().zip(leased) {
            match leased {
                Ok(Some(Begun { job, followers })) => {
                    gathered.push((job.id, followers));
                    begun.push((job, taken));
                }
                Ok(None) => {
                    tracing::debug!(job = %taken.job, "job does not wait for its turn any more");
                    self.put_back(&taken);
                    refused.push(taken.job);
                }
                Err(error) => {
                    // It is tried again. Should it run all the same, then until its lease ends.
                    self.put_back(&taken);
                    result = result.and(Err(error));
                }
            }
        }
        for (leader, followers) in gathered {
            self.shared.line().gather(leader, &followers);
        }
        self.drop_refused(&refused);
        for (job, taken) in begun {
            self.draw(job, taken);
        }
        result
    }

    fn put_back(&mut self, taken: &Taken) {
        let mut line = self.shared.line();
        line.put_back(taken.turn, Instant::now());
        // Nobody asks a drawing to end as long as the line is held.
        if taken.stop.is_cancelled() {
            self.unwanted.push(taken.job);
        }
    }

    /// Of the jobs that the log does not let begin, those leave the line of which nobody knows why.
    fn drop_refused(&self, refused: &[JobId]) {
        let mut line = self.shared.line();
        for job in refused {
            if line.is_waiting(*job) {
                line.remove(*job);
                self.shared.mark_stale();
            }
        }
    }

    fn draw(&mut self, job: JobRow, taken: Taken) {
        tracing::info!(job = %job.id, attempt = job.attempt, "job begun");
        let drawing = drawing::draw(Arc::clone(&self.shared), job, taken.clone());
        let task = self.drawings.spawn(drawing);
        self.running.insert(task.id(), taken);
    }

    fn not_begun(&self, taken: &Taken) {
        if self.shared.line().stopped(taken.turn, Instant::now()) {
            self.shared.mark_stale();
        }
    }

    fn forget(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "the task of a job ended by itself");
                error.id()
            }
        };
        if let Some(taken) = self.running.remove(&id) {
            // It has left the line when its end was written down.
            self.not_begun(&taken);
        }
    }

    /// What is drawn, with the jobs that it is drawn for now.
    fn drawn(&self) -> Vec<(JobId, &Taken)> {
        let line = self.shared.line();
        let running = self.running.values();
        running
            .filter_map(|taken| Some((line.job_of(taken.turn)?, taken)))
            .collect()
    }

    /// All jobs are drawn by the same generator, and some of them may have to wait inside it. So the progress of one
    /// renews the leases of all, and only a generator that stands still loses its jobs.
    async fn look_after_leases(&mut self) {
        let parts = &self.shared.parts;
        let now = parts.clock.now();
        let jobs: Vec<JobId> = self.drawn().into_iter().map(|(job, _)| job).collect();
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

    async fn abandon(&self, TakenBack { requeued, failed }: &TakenBack) {
        if requeued.is_empty() && failed.is_empty() {
            return;
        }
        for (job, taken) in self.drawn() {
            if requeued.contains(&job) || failed.contains(&job) {
                tracing::warn!(%job, "no progress, job taken back");
                taken.stop.interrupt();
                self.not_begun(taken);
            }
        }
        for job in failed {
            self.shared.line().ended(*job);
            drawing::emit_finished(&self.shared, *job).await;
        }
        self.shared.mark_stale();
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
        for taken in self.running.values() {
            taken.stop.interrupt();
        }
        while self.drawings.join_next().await.is_some() {}
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

fn lease_length(lease: Duration) -> TimeDelta {
    TimeDelta::from_std(lease).unwrap_or(TimeDelta::MAX)
}
