//! Jobs that get the pictures of another one, which draws the same.

use std::sync::Arc;

use super::{Line, Turn};
use crate::chat::UserId;
use crate::store::{JobId, WaitingJob};

/// A job that waits for the end of another one, which draws the same.
#[derive(Clone, Debug)]
pub(in crate::queue) struct Follower {
    pub(in crate::queue) job: JobId,
    pub(in crate::queue) user: UserId,
}

impl Line {
    /// A job gets the pictures of `leader`. `false` when that one is not in the line.
    pub(in crate::queue) fn follow(&mut self, leader: JobId, follower: Follower) -> bool {
        if !self.is_in(leader) {
            return false;
        }
        if self.gone.has(follower.job) {
            return true;
        }
        if let Some(place) = self.leave_waiting(follower.job) {
            self.parked.insert(follower.job, place);
        }
        if self.leaders.insert(follower.job, leader).is_none() {
            self.followers.entry(leader).or_default().push(follower);
            self.version += 1;
        }
        true
    }

    /// Jobs that wait get the pictures of `leader`, which has been begun. They keep their places.
    pub(in crate::queue) fn gather(&mut self, leader: JobId, followers: &[JobId]) {
        for job in followers {
            if let Some(user) = self.waiting.get(job).map(|waiting| waiting.job.user.clone()) {
                self.follow(leader, Follower { job: *job, user });
            }
        }
    }

    /// The job that was drawn has ended, and what is drawn is drawn for `heir`, which has got its pictures until now.
    pub(in crate::queue) fn hand_over(&mut self, turn: Turn, heir: Follower) {
        let Some(run) = self.running.iter_mut().find(|run| run.turn == turn) else {
            return;
        };
        let job = WaitingJob {
            id: heir.job,
            user: heir.user,
            ..(*run.job).clone()
        };
        self.turns.hand_over(&run.job.user, &job.user);
        let ended = std::mem::replace(&mut run.job, Arc::new(job)).id;
        // Nobody cancels the heir as long as the line is held.
        run.stop.hand_over();
        self.unfollow(heir.job);
        self.parked.remove(&heir.job);
        self.gone.add(ended);
        let followers = self.followers.remove(&ended).unwrap_or_default();
        for follower in &followers {
            self.leaders.insert(follower.job, heir.job);
        }
        if !followers.is_empty() {
            self.followers.insert(heir.job, followers);
        }
        self.version += 1;
    }

    /// The jobs that get the pictures of this try; the one that is drawn is the last.
    pub(in crate::queue) fn listeners(&self, turn: Turn) -> Vec<JobId> {
        let Some(job) = self.job_of(turn) else {
            return Vec::new();
        };
        let followers = self.followers(job).iter().map(|follower| follower.job);
        followers.chain([job]).collect()
    }

    /// The jobs that get the pictures of this one.
    pub(in crate::queue) fn followers(&self, job: JobId) -> &[Follower] {
        self.followers.get(&job).map_or(&[], Vec::as_slice)
    }

    /// A job follows no other one any more.
    pub(super) fn unfollow(&mut self, job: JobId) {
        if let Some(leader) = self.leaders.remove(&job)
            && let Some(followers) = self.followers.get_mut(&leader)
        {
            followers.retain(|follower| follower.job != job);
            if followers.is_empty() {
                self.followers.remove(&leader);
            }
        }
    }

    /// Nobody follows this job any more. `true` when somebody did.
    pub(super) fn leave(&mut self, job: JobId) -> bool {
        let followers = self.followers.remove(&job).unwrap_or_default();
        for follower in &followers {
            self.leaders.remove(&follower.job);
        }
        !followers.is_empty()
    }
}
