//! A copy of the line for those who want to know about many jobs at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Follower, Item, Line, position};
use crate::chat::UserId;
use crate::queue::estimate::{Forecast, Share, Speeds};
use crate::queue::{QueuePlace, QueueSnapshot};
use crate::store::{JobId, WaitingJob};

/// The line at one moment.
#[derive(Debug)]
pub(in crate::queue) struct View {
    concurrency: usize,
    pub(in crate::queue) running: Vec<(JobId, Share)>,
    /// What waits, the next one first.
    pub(in crate::queue) waiting: Vec<Item>,
    followers: HashMap<JobId, Vec<Follower>>,
    speeds: Speeds,
}

impl View {
    pub(super) fn of(line: &Line) -> Self {
        let running = line.running.iter();
        Self {
            concurrency: line.concurrency,
            running: running
                .map(|run| (run.job.id, run.share.left(run.done)))
                .collect(),
            waiting: line.ranked.iter().copied().collect(),
            followers: line.followers.clone(),
            speeds: line.speeds.clone(),
        }
    }

    /// How long it takes until each job is ready, first those that are drawn, then those that wait.
    pub(in crate::queue) fn ends(&self) -> Vec<Option<Duration>> {
        let forecast = Forecast {
            speeds: &self.speeds,
            concurrency: self.concurrency,
        };
        let running: Vec<Share> = self.running.iter().map(|(_, share)| *share).collect();
        forecast.ends(&running, self.waiting.iter().map(|item| item.share))
    }

    /// The jobs that get the pictures of this one.
    pub(in crate::queue) fn followers(&self, job: JobId) -> &[Follower] {
        self.followers.get(&job).map_or(&[], Vec::as_slice)
    }

    /// Every job with its place. Those that follow another one stand behind it. `jobs` are all others.
    pub(in crate::queue) fn snapshot(&self, jobs: &HashMap<JobId, Arc<WaitingJob>>) -> QueueSnapshot {
        let running = self.running.iter().map(|(job, _)| (*job, 0));
        let waiting = self.waiting.iter().enumerate();
        let waiting = waiting.map(|(index, item)| (item.key.job(), position(index)));
        let mut snapshot = QueueSnapshot::default();
        for ((job, position), remaining) in running.chain(waiting).zip(self.ends()) {
            let list = if position == 0 {
                &mut snapshot.running
            } else {
                &mut snapshot.waiting
            };
            let place = |job, user: &UserId| QueuePlace {
                job,
                user: user.clone(),
                position,
                remaining,
            };
            list.extend(jobs.get(&job).map(|found| place(job, &found.user)));
            let followers = self.followers(job).iter();
            list.extend(followers.map(|follower| place(follower.job, &follower.user)));
        }
        snapshot
    }
}
