//! The jobs that have ended lately.

use std::collections::{HashSet, VecDeque};

use crate::store::JobId;

/// How many are remembered: more than end while the job log is being read.
const MOST: usize = 4096;

/// Remembers jobs that have ended, so that what was read from the job log before does not bring them back.
#[derive(Debug, Default)]
pub(super) struct Gone {
    jobs: HashSet<JobId>,
    order: VecDeque<JobId>,
}

impl Gone {
    pub(super) fn add(&mut self, job: JobId) {
        if !self.jobs.insert(job) {
            return;
        }
        self.order.push_back(job);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.jobs.remove(&oldest);
        }
    }

    pub(super) fn has(&self, job: JobId) -> bool {
        self.jobs.contains(&job)
    }
}
