//! The line: what waits and what is drawn, in memory.
//!
//! The job log is the truth. The line is loaded from it at the start and follows every change, so that neither
//! accepting a job nor beginning one has to read all jobs that wait. Where both differ, because a write failed or came
//! in between, the log wins: a job that is in the line alone cannot be leased and is dropped, one that is in the log
//! alone is found when the line is [filled](super::Shared::refill) again.

mod followers;
mod gone;
mod ranked;
mod view;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

pub(super) use self::followers::Follower;
use self::gone::Gone;
pub(super) use self::ranked::Item;
use self::ranked::Ranked;
pub(super) use self::view::View;
use super::drawing::StopSignal;
use super::estimate::{Forecast, Share, Speeds};
use super::policy::{Key, Place, Turns};
use super::{QueuePlace, QueueSettings};
use crate::chat::UserId;
use crate::store::{JobId, WaitingJob};

/// Up to which place the end of a job is foretold job by job, and not from sums.
const NEAR: usize = 64;

/// Every job that has not ended.
#[derive(Debug)]
pub(super) struct Line {
    concurrency: usize,
    turns: Turns,
    ranked: Ranked,
    waiting: HashMap<JobId, Waiting>,
    running: Vec<Running>,
    /// The jobs that get the pictures of another one, by that one.
    followers: HashMap<JobId, Vec<Follower>>,
    /// The other way round.
    leaders: HashMap<JobId, JobId>,
    /// Where those stood that waited for their own turns before they followed another one.
    parked: HashMap<JobId, Place>,
    gone: Gone,
    pub(super) speeds: Speeds,
    /// Counts the changes of places.
    version: u64,
}

#[derive(Debug)]
struct Waiting {
    job: Arc<WaitingJob>,
    key: Key,
    share: Share,
}

#[derive(Debug)]
struct Running {
    job: Arc<WaitingJob>,
    share: Share,
    turn: Turn,
    stop: StopSignal,
    /// Where it stood before.
    place: Place,
    /// The part that is done, from 0 to 1.
    done: f64,
}

/// One try to draw a job, never given twice. A job that was taken back may be drawn again before the first try has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn(u64);

/// A job that is about to be begun.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) job: JobId,
    pub(super) turn: Turn,
    pub(super) stop: StopSignal,
}

impl Line {
    pub(super) fn new(settings: &QueueSettings) -> Self {
        Self {
            concurrency: settings.concurrency,
            turns: Turns::default(),
            ranked: Ranked::default(),
            waiting: HashMap::new(),
            running: Vec::new(),
            followers: HashMap::new(),
            leaders: HashMap::new(),
            parked: HashMap::new(),
            gone: Gone::default(),
            speeds: Speeds::default(),
            version: 0,
        }
    }

    /// A job begins to wait. Nothing happens when it is in the line or has ended.
    pub(super) fn add(&mut self, job: Arc<WaitingJob>, now: Instant) {
        if self.is_in(job.id) || self.gone.has(job.id) {
            return;
        }
        self.unfollow(job.id);
        let share = Share {
            model: self.speeds.number(&job.model),
            work: job.work.max(0.0),
            steps: job.steps.max(0.0),
        };
        let key = match self.parked.remove(&job.id) {
            Some(place) => self.turns.put_back(&job.user, place),
            None => self.turns.add(&job, now),
        };
        self.wait(Waiting { job, key, share });
    }

    fn wait(&mut self, waiting: Waiting) {
        let Waiting { key, share, .. } = waiting;
        self.ranked.insert(Item { key, share });
        self.waiting.insert(key.job(), waiting);
        self.version += 1;
    }

    /// A job that was not drawn has ended. `true` when others waited for it.
    pub(super) fn ended(&mut self, job: JobId) -> bool {
        self.gone.add(job);
        self.remove(job)
    }

    /// A job waits neither for its turn nor for another one. `true` when others waited for it.
    pub(super) fn remove(&mut self, job: JobId) -> bool {
        self.unfollow(job);
        self.parked.remove(&job);
        self.leave_waiting(job);
        self.run_of(job).is_none() && self.leave(job)
    }

    /// A job does not wait for its turn any more. Returns where it stood.
    fn leave_waiting(&mut self, job: JobId) -> Option<Place> {
        let Waiting { job, key, .. } = self.waiting.remove(&job)?;
        self.ranked.remove(key);
        self.version += 1;
        self.turns.remove(&job.user, key)
    }

    /// The job to begin now, if there is room and one that may be begun. It counts as running.
    pub(super) fn take(&mut self, now: Instant) -> Option<Taken> {
        if self.running.len() >= self.concurrency {
            return None;
        }
        let place = self.turns.take(now)?;
        let key = place.key();
        self.ranked.remove(key);
        let Waiting { job, share, .. } = self.waiting.remove(&key.job())?;
        self.version += 1;
        let turn = Turn(self.version);
        let stop = StopSignal::default();
        let taken = Taken {
            job: job.id,
            turn,
            stop: stop.clone(),
        };
        self.running.push(Running {
            job,
            share,
            turn,
            stop,
            place,
            done: 0.0,
        });
        self.speeds.set_together(self.running.len(), now);
        Some(taken)
    }

    /// A drawn job has ended. `true` when others waited for it.
    pub(super) fn finished(&mut self, turn: Turn, now: Instant) -> bool {
        let Some(job) = self.end_run(turn, now) else {
            return false;
        };
        self.gone.add(job.id);
        self.leave(job.id)
    }

    /// A try to draw a job is over, and the job may wait again. `true` when others waited for it.
    pub(super) fn stopped(&mut self, turn: Turn, now: Instant) -> bool {
        self.end_run(turn, now).is_some_and(|job| self.leave(job.id))
    }

    /// A job could not be begun and waits as before.
    pub(super) fn put_back(&mut self, turn: Turn, now: Instant) {
        let Some(Running {
            job, share, place, ..
        }) = self.leave_run(turn, now)
        else {
            return;
        };
        let key = self.turns.untake(&job.user, place, now);
        if self.is_in(job.id) || self.gone.has(job.id) {
            self.turns.remove(&job.user, key);
        } else {
            self.wait(Waiting { job, key, share });
        }
    }

    fn end_run(&mut self, turn: Turn, now: Instant) -> Option<Arc<WaitingJob>> {
        let run = self.leave_run(turn, now)?;
        self.turns.end(&run.job.user);
        self.turns.sweep(now);
        Some(run.job)
    }

    fn leave_run(&mut self, turn: Turn, now: Instant) -> Option<Running> {
        let at = self.running.iter().position(|run| run.turn == turn)?;
        let run = self.running.remove(at);
        self.speeds.set_together(self.running.len(), now);
        self.version += 1;
        Some(run)
    }

    /// This part of a job is done, from 0 to 1. `false` when the try to draw it is over.
    pub(super) fn progress(&mut self, turn: Turn, done: f64, now: Instant) -> bool {
        let Some(run) = self.running.iter_mut().find(|run| run.turn == turn) else {
            return false;
        };
        let step = done.clamp(0.0, 1.0) - run.done;
        if step > 0.0 {
            run.done += step;
            let (model, work) = (run.share.model, run.share.work * step);
            self.speeds.done(model, work, now);
        }
        true
    }

    /// What stops the drawing of a job; `None` when it is not drawn.
    pub(super) fn stop_signal(&self, job: JobId) -> Option<StopSignal> {
        self.run_of(job).map(|run| run.stop.clone())
    }

    /// The job that this try draws; `None` when it is over.
    pub(super) fn job_of(&self, turn: Turn) -> Option<JobId> {
        let run = self.running.iter().find(|run| run.turn == turn);
        run.map(|run| run.job.id)
    }

    pub(super) fn is_waiting(&self, job: JobId) -> bool {
        self.waiting.contains_key(&job)
    }

    fn is_in(&self, job: JobId) -> bool {
        self.is_waiting(job) || self.run_of(job).is_some()
    }

    /// Whether a job could be begun at this moment.
    pub(super) fn has_room_for_next(&self) -> bool {
        self.running.len() < self.concurrency && self.turns.is_ready()
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// How much a user has drawn some time ago.
    pub(super) fn remember(&mut self, user: &UserId, work: f64, when: (Duration, Instant)) {
        self.turns.remember(user, work, when);
    }

    /// Where a job stands; one that follows another stands there. `None` when it is not in the line.
    pub(super) fn place(&self, job: JobId) -> Option<QueuePlace> {
        let leader = self.leaders.get(&job).copied().unwrap_or(job);
        let follower = self.followers(leader).iter().find(|follower| follower.job == job);
        let (user, position, remaining) = match self.waiting.get(&leader) {
            Some(waiting) => {
                let (position, remaining) = self.ahead_of(waiting);
                (&waiting.job.user, position, remaining)
            }
            None => {
                let at = self.running.iter().position(|run| run.job.id == leader)?;
                let running = self.shares_left();
                let ends = self.forecast().ends(&running, []);
                (
                    &self.running.get(at)?.job.user,
                    0,
                    ends.get(at).copied().flatten(),
                )
            }
        };
        Some(QueuePlace {
            job,
            user: follower.map_or(user, |follower| &follower.user).clone(),
            position,
            remaining,
        })
    }

    fn ahead_of(&self, waiting: &Waiting) -> (u32, Option<Duration>) {
        let ahead = self.ranked.ahead(waiting.key);
        let running = self.shares_left();
        let remaining = if ahead.count < NEAR {
            let near = ahead.count + self.concurrency;
            let shares = self.ranked.iter().take(near).map(|item| item.share);
            let ends = self.forecast().ends(&running, shares);
            ends.get(running.len() + ahead.count).copied().flatten()
        } else {
            let before = (ahead.count, ahead.loads.as_slice());
            self.forecast().end_behind(&running, before, waiting.share)
        };
        (position(ahead.count), remaining)
    }

    /// A copy of the order, to look at without holding anybody up.
    pub(super) fn view(&self) -> View {
        View::of(self)
    }

    /// What waits and is drawn, in no order.
    pub(super) fn jobs(&self) -> HashMap<JobId, Arc<WaitingJob>> {
        let waiting = self.waiting.values().map(|waiting| &waiting.job);
        let running = self.running.iter().map(|run| &run.job);
        waiting
            .chain(running)
            .map(|job| (job.id, Arc::clone(job)))
            .collect()
    }

    fn forecast(&self) -> Forecast<'_> {
        Forecast {
            speeds: &self.speeds,
            concurrency: self.concurrency,
        }
    }

    fn shares_left(&self) -> Vec<Share> {
        self.running.iter().map(|run| run.share.left(run.done)).collect()
    }

    fn run_of(&self, job: JobId) -> Option<&Running> {
        self.running.iter().find(|run| run.job.id == job)
    }
}

/// The place that has this many others before it.
fn position(ahead: usize) -> u32 {
    u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests;
