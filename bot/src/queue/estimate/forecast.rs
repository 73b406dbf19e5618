//! What will be ready when, if nobody else comes.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Share, Speeds};

/// What is known of the machine.
#[derive(Clone, Copy, Debug)]
pub(in crate::queue) struct Forecast<'a> {
    pub(in crate::queue) speeds: &'a Speeds,
    /// How many jobs are drawn at once.
    pub(in crate::queue) concurrency: usize,
}

/// What is left of a job that has done all its steps and has not ended yet.
const SMALLEST_STEP: f64 = 1e-6;

/// A job as it is drawn in thought.
struct Drawn {
    index: usize,
    steps: f64,
    work_per_step: f64,
    model: usize,
}

impl Drawn {
    fn new(index: usize, share: Share) -> Self {
        let steps = share.steps.max(SMALLEST_STEP);
        Self {
            index,
            steps,
            work_per_step: share.work / steps,
            model: share.model,
        }
    }
}

impl Forecast<'_> {
    /// How long it takes until each of these jobs is ready: `running` ones are being drawn, the others wait in this
    /// order. In a round every job that is drawn takes one step, as in the engine.
    ///
    /// `None` from the first job on whose end cannot be known, because a model was never measured.
    pub(in crate::queue) fn ends(
        &self,
        running: &[Share],
        waiting: impl IntoIterator<Item = Share>,
    ) -> Vec<Option<Duration>> {
        let mut shares: VecDeque<(usize, Share)> =
            running.iter().copied().chain(waiting).enumerate().collect();
        let mut ends = vec![None; shares.len()];
        let mut drawn: Vec<Drawn> = Vec::new();
        let mut seconds = 0.0;
        loop {
            let room = self.concurrency.max(running.len()).saturating_sub(drawn.len());
            let next = shares.drain(..room.min(shares.len()));
            drawn.extend(next.map(|(index, share)| Drawn::new(index, share)));
            let Some(steps) = drawn.iter().map(|job| job.steps).min_by(f64::total_cmp) else {
                return ends;
            };
            let Some(round) = self.round(&drawn) else {
                return ends;
            };
            seconds += steps * round;
            for job in &mut drawn {
                job.steps -= steps;
            }
            drawn.retain(|job| {
                let ended = job.steps <= 0.0;
                if ended && let Some(end) = ends.get_mut(job.index) {
                    *end = duration(seconds);
                }
                !ended
            });
        }
    }

    /// The seconds of one step of all these jobs.
    fn round(&self, drawn: &[Drawn]) -> Option<f64> {
        let together = drawn.len();
        let of = |job: &Drawn| Some(job.work_per_step * self.speeds.seconds_per_work(job.model, together)?);
        drawn.iter().map(of).sum()
    }

    /// Nearly the same for a job far behind, from sums: `running` is what is being drawn, `ahead` the work before it by
    /// model, of `count` jobs.
    pub(in crate::queue) fn end_behind(
        &self,
        running: &[Share],
        (count, ahead): (usize, &[f64]),
        own: Share,
    ) -> Option<Duration> {
        let seconds = |model, work: f64| {
            if work <= 0.0 {
                return Some(0.0);
            }
            Some(work * self.speeds.seconds_per_work(model, self.concurrency)?)
        };
        let ahead: f64 = ahead
            .iter()
            .enumerate()
            .map(|(model, work)| seconds(model, *work))
            .sum::<Option<f64>>()?;
        let running: f64 = running
            .iter()
            .map(|share| seconds(share.model, share.work))
            .sum::<Option<f64>>()?;
        let own = seconds(own.model, own.work)?;
        // When this job is begun the others that are drawn are half done on average, and it has to share with them.
        let others = self.concurrency.saturating_sub(1) as f64;
        let average = ahead / (count.max(1) as f64);
        duration((running + ahead - others * average / 2.0 + own * (others + 1.0)).max(own))
    }
}

fn duration(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}
