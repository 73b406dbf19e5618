//! What the line learns from the job log.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use serde_json::Value;
use tokio::time::Instant;

use super::Shared;
use super::line::Follower;
use super::policy::FORGOTTEN_AFTER;
use crate::store::StoreError;

/// The fact in the job log that says how fast this machine draws.
const SPEEDS: &str = "speeds";

impl Shared {
    /// Brings back at the start what is to be remembered: the mode, how fast this machine is, and who has drawn how
    /// much.
    pub(super) async fn recall(&self) -> Result<(), StoreError> {
        let store = &self.parts.store;
        self.mode.read(store).await?;
        let speeds = store.admin().fact(SPEEDS).await?.unwrap_or(Value::Null);
        let now = self.parts.clock.now();
        let forgotten = TimeDelta::from_std(FORGOTTEN_AFTER).unwrap_or(TimeDelta::MAX);
        let recent = store.jobs().recent_work(now - forgotten).await?;
        let mut line = self.line();
        line.speeds.restore(&speeds);
        let instant = Instant::now();
        for used in recent {
            let ago = (now - used.at).to_std().unwrap_or_default();
            line.remember(&used.user, used.work, (ago, instant));
        }
        Ok(())
    }

    /// Adds what waits in the job log and is not in the line. What is too much there goes when it is its turn.
    pub(super) async fn refill(&self) -> Result<(), StoreError> {
        // Before the log is read: what changes it meanwhile asks for another look.
        self.stale.store(false, Ordering::Release);
        let jobs = self.parts.store.jobs();
        let read = tokio::try_join!(jobs.waiting(), jobs.following());
        let (waiting, following) = read.inspect_err(|_| self.stale.store(true, Ordering::Release))?;
        let mut line = self.line();
        let now = Instant::now();
        for job in waiting {
            line.add(Arc::new(job), now);
        }
        for follower in following {
            let user = follower.user;
            let job = follower.id;
            line.follow(follower.leader, Follower { job, user });
        }
        Ok(())
    }

    /// Keeps what was measured for the next start.
    pub(super) async fn keep_speeds(&self) {
        let speeds = self.line().speeds.to_json();
        if let Err(error) = self.parts.store.admin().set_fact(SPEEDS, &speeds).await {
            tracing::warn!(%error, "measured speeds not kept");
        }
    }
}
