//! Who is next: whoever has used the machine least, and nobody waits for ever.
//!
//! Each job gets a tag when it begins to wait: the tag that is being served then, plus what its user has drawn lately
//! ([`WaitingJob::work`], of which half is forgotten every [`HALF_LIFE`]), or where the user's job before it ends, if
//! that is later. The smallest tag is next. So users with small jobs take turns with equal work rather than with equal
//! numbers of jobs; somebody who has drawn a lot comes later; and whoever waits is not overtaken for ever, because tags
//! grow. Among jobs that may be begun, a higher priority goes before every tag. A user's own jobs keep their order.
//!
//! None of this says how long somebody waits at most, so there is a bound beside it. Whoever begins to wait, or is
//! served and still waits, gets a deadline, [`PATIENCE`] turns for each user who waits at that moment; who is past it
//! comes first, the earliest deadline before the others. With n₀ users waiting at first and n₁ when the deadline is
//! reached, a user is served within `PATIENCE · n₀ + n₁` turns, whatever comes, with whatever priority: deadlines given
//! later are later, so of those who wait at the deadline each goes before this one at most once. That is at most
//! `(PATIENCE + 1) · n` turns when never more than n users wait, and k times as many for a user's k-th job. Turns in
//! which the user's own [`WaitingJob::max_running`] holds them back do not count.
//!
//! Every job that waits has a place of its own, also when another one draws the same: the first of them that has its
//! turn draws for all, so the others only come earlier than they would. When that fails, they are put back where they
//! stood, as is a job that could not be begun. In the bound they count as users who wait all the time.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::chat::UserId;
use crate::store::{JobId, WaitingJob};

/// How many turns a user may be passed over, for each user who waits.
pub(super) const PATIENCE: u64 = 4;

/// In what time half of what a user has drawn is forgotten.
pub(super) const HALF_LIFE: Duration = Duration::from_secs(60 * 60);

/// What has been drawn this long ago does not count any more.
pub(super) const FORGOTTEN_AFTER: Duration = Duration::from_secs(10 * 60 * 60);

/// Users who have drawn less than this lately, in [`WaitingJob::work`], are as good as new.
const NEGLIGIBLE: f64 = 1e-3;

/// How many users are remembered before those who are as good as new are looked for.
const MIN_SWEEP: usize = 1024;

/// The place of a waiting job, by the order of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    priority: Reverse<i32>,
    tag: Tag,
    /// The user's last turn when the job began to wait.
    last_turn: i64,
    job: JobId,
}

impl Key {
    /// The job whose place it is.
    pub(crate) fn job(&self) -> JobId {
        self.job
    }

    #[cfg(test)]
    pub(super) fn first_of_all(job: JobId) -> Self {
        Self {
            priority: Reverse(0),
            tag: Tag(0.0),
            last_turn: 0,
            job,
        }
    }
}

/// A finite number of [`WaitingJob::work`].
#[derive(Clone, Copy, Debug)]
struct Tag(f64);

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Tag {}

impl PartialOrd for Tag {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Tag {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// The choice of the next job.
#[derive(Debug, Default)]
pub(super) struct Turns {
    users: HashMap<Arc<UserId>, User>,
    /// The first job of each user who may be served.
    ready: BTreeMap<Key, Arc<UserId>>,
    /// The same by deadline.
    deadlines: BTreeMap<(u64, JobId), Arc<UserId>>,
    /// The largest tag that was served because it was the smallest.
    served: f64,
    /// How many jobs were begun.
    turn: u64,
    /// How many users wait.
    waiting_users: u64,
    /// The largest [`WaitingJob::last_turn`].
    last_turn: i64,
    /// How many users there were after the last sweep.
    swept: usize,
}

#[derive(Debug, Default)]
struct User {
    /// What waits, the oldest first.
    jobs: VecDeque<Job>,
    running: u32,
    used: Used,
    last_turn: i64,
    /// The turn after which this user comes first.
    deadline: u64,
    /// Where the first job stands in `ready` and `deadlines`.
    filed: Option<(Key, u64)>,
}

/// What a job needs to be put back as if it had not left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    job: Job,
    deadline: u64,
}

impl Place {
    pub(super) fn key(&self) -> Key {
        self.job.key
    }
}

#[derive(Clone, Copy, Debug)]
struct Job {
    key: Key,
    work: f64,
    max_running: Option<u32>,
}

/// What a user has drawn lately.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    work: f64,
    at: Option<Instant>,
}

impl Used {
    fn at(self, now: Instant) -> f64 {
        let Some(at) = self.at else { return 0.0 };
        let age = now.saturating_duration_since(at);
        self.work * (-age.div_duration_f64(HALF_LIFE)).exp2()
    }

    fn add(&mut self, work: f64, now: Instant) {
        *self = Self {
            work: self.at(now) + work,
            at: Some(now),
        };
    }

    fn take_off(&mut self, work: f64, now: Instant) {
        *self = Self {
            work: (self.at(now) - work).max(0.0),
            at: Some(now),
        };
    }
}

impl Turns {
    /// A job begins to wait. Returns its place.
    pub(super) fn add(&mut self, job: &WaitingJob, now: Instant) -> Key {
        let (owner, mut user) = self.unfile(&job.user);
        user.last_turn = user.last_turn.max(job.last_turn);
        self.last_turn = self.last_turn.max(job.last_turn);
        let work = sane(job.work);
        let at = user.jobs.partition_point(|other| other.key.job < job.id);
        let before = at.checked_sub(1).and_then(|before| user.jobs.get(before));
        let begin = self.served + user.used.at(now);
        let key = Key {
            priority: before.map_or(Reverse(job.priority), |before| {
                before.key.priority.max(Reverse(job.priority))
            }),
            tag: Tag(before.map_or(begin, |before| begin.max(before.key.tag.0 + before.work))),
            last_turn: user.last_turn,
            job: job.id,
        };
        if user.jobs.is_empty() {
            self.waiting_users += 1;
            user.deadline = self.deadline();
        }
        let max_running = job.max_running;
        user.jobs.insert(
            at,
            Job {
                key,
                work,
                max_running,
            },
        );
        self.file(owner, user);
        key
    }

    /// A job does not wait any more and is not begun. Returns where it was.
    pub(super) fn remove(&mut self, owner: &UserId, key: Key) -> Option<Place> {
        let (owner, mut user) = self.unfile(owner);
        let at = user.jobs.iter().position(|job| job.key == key);
        let removed = at.and_then(|at| user.jobs.remove(at)).map(|job| Place {
            job,
            deadline: user.deadline,
        });
        if removed.is_some() && user.jobs.is_empty() {
            self.waiting_users -= 1;
        }
        self.file(owner, user);
        removed
    }

    /// A job waits again where it was. Returns its place.
    pub(super) fn put_back(&mut self, owner: &UserId, Place { job, deadline }: Place) -> Key {
        let (owner, mut user) = self.unfile(owner);
        if user.jobs.is_empty() {
            self.waiting_users += 1;
            user.deadline = deadline;
        }
        user.deadline = user.deadline.min(deadline);
        let at = user.jobs.partition_point(|other| other.key.job < job.key.job);
        user.jobs.insert(at, job);
        self.file(owner, user);
        job.key
    }

    /// A job that was taken could not be begun: its user has drawn nothing. It waits again where it was.
    pub(super) fn untake(&mut self, owner: &UserId, place: Place, now: Instant) -> Key {
        self.end(owner);
        let (owner, mut user) = self.unfile(owner);
        user.used.take_off(place.job.work, now);
        self.file(Arc::clone(&owner), user);
        self.put_back(&owner, place)
    }

    /// Whether there is a job that may be begun.
    pub(super) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The job to begin now. It counts as begun.
    pub(super) fn take(&mut self, now: Instant) -> Option<Place> {
        let overdue = self
            .deadlines
            .first_key_value()
            .filter(|((deadline, _), _)| *deadline <= self.turn);
        let owner = match overdue {
            Some((_, owner)) => Arc::clone(owner),
            None => {
                let (key, owner) = self.ready.first_key_value()?;
                self.served = self.served.max(key.tag.0);
                Arc::clone(owner)
            }
        };
        let (owner, mut user) = self.unfile(&owner);
        let deadline = user.deadline;
        let job = user.jobs.pop_front();
        if let Some(job) = job {
            self.turn += 1;
            self.last_turn += 1;
            user.last_turn = self.last_turn;
            user.running += 1;
            user.used.add(job.work, now);
            if user.jobs.is_empty() {
                self.waiting_users -= 1;
            }
            user.deadline = self.deadline();
        }
        self.file(owner, user);
        job.map(|job| Place { job, deadline })
    }

    /// A job of this user is not drawn any more.
    pub(super) fn end(&mut self, owner: &UserId) {
        let (owner, mut user) = self.unfile(owner);
        user.running = user.running.saturating_sub(1);
        self.file(owner, user);
    }

    /// What is drawn for one user is drawn for another one from now on.
    pub(super) fn hand_over(&mut self, from: &UserId, to: &UserId) {
        self.end(from);
        let (owner, mut user) = self.unfile(to);
        user.running += 1;
        self.file(owner, user);
    }

    /// A user has drawn this much some time ago.
    pub(super) fn remember(&mut self, owner: &UserId, work: f64, (ago, now): (Duration, Instant)) {
        let (owner, mut user) = self.unfile(owner);
        let left = sane(work) * (-ago.div_duration_f64(HALF_LIFE)).exp2();
        user.used.add(left, now);
        self.file(owner, user);
    }

    /// Forgets users who neither wait nor draw nor have drawn lately, once there are many.
    pub(super) fn sweep(&mut self, now: Instant) {
        if self.users.len() < MIN_SWEEP.max(self.swept * 2) {
            return;
        }
        self.users
            .retain(|_, user| !user.jobs.is_empty() || user.running > 0 || user.used.at(now) >= NEGLIGIBLE);
        self.users.shrink_to_fit();
        self.swept = self.users.len();
    }

    fn deadline(&self) -> u64 {
        self.turn + PATIENCE * self.waiting_users
    }

    /// Takes a user out of the lists, to be changed. Ends with [`Turns::file`].
    fn unfile(&mut self, owner: &UserId) -> (Arc<UserId>, User) {
        let (owner, mut user) = self
            .users
            .remove_entry(owner)
            .unwrap_or_else(|| (Arc::new(owner.clone()), User::default()));
        if let Some((key, deadline)) = user.filed.take() {
            self.ready.remove(&key);
            self.deadlines.remove(&(deadline, key.job));
        }
        (owner, user)
    }

    fn file(&mut self, owner: Arc<UserId>, mut user: User) {
        if let Some(first) = user.jobs.front()
            && first.max_running.is_none_or(|most| user.running < most)
        {
            user.filed = Some((first.key, user.deadline));
            self.ready.insert(first.key, Arc::clone(&owner));
            self.deadlines
                .insert((user.deadline, first.key.job), Arc::clone(&owner));
        }
        self.users.insert(owner, user);
    }
}

/// What a damaged log says about work must not stop the queue.
fn sane(work: f64) -> f64 {
    work.clamp(0.0, 1e12).max(0.0)
}

#[cfg(test)]
pub(crate) mod tests;
