//! What the engine's thread does in a tick: one step for as many requests as can share a call.

use super::batch::{Answer, Batch};
use super::guard::guarded;
use super::job::ActiveJob;
use super::library::Library;
use super::thread::Worker;
use super::tick::{Candidate, ShapeKey, select};
use crate::error::InferenceError;
use crate::models::Row;
use crate::request::Progress;
use crate::schedulers::Latents;

/// The answers to the rows of one request, or why it cannot go on.
type Outputs = Result<Vec<Latents>, InferenceError>;

impl Worker {
    /// One step for the requests whose turn it is.
    pub(super) fn denoise(&mut self) {
        let candidates: Vec<Candidate> = self.jobs.iter().map(candidate).collect();
        self.limits.forget(self.tick);
        let selection = select(&candidates, |key| self.limits.rows(key));
        let first = selection.first().and_then(|&index| candidates.get(index));
        let Some(key) = first.map(|candidate| candidate.key) else {
            return;
        };
        self.tick += 1;
        let outputs = self
            .ask(key, &selection)
            .unwrap_or_else(|error| vec![Err(error); selection.len()]);
        self.advance(&selection, outputs);
    }

    /// Runs the UNet for these requests.
    fn ask(&mut self, key: ShapeKey, selection: &[usize]) -> Result<Vec<Outputs>, InferenceError> {
        let selected = selection.iter().filter_map(|&index| self.jobs.get(index));
        let rows_of_jobs: Vec<Vec<Row<'_>>> = selected.map(|job| job.generation.rows().collect()).collect();
        let rows: Vec<Row<'_>> = rows_of_jobs.iter().flatten().copied().collect();
        let shared = &self.shared;
        let goes_on = || !shared.is_stopping();
        let limit = self.limits.rows(&key);
        let model = self.library.model(key.model)?;
        let answers = Batch::new(model, limit, &goes_on).ask(&rows);
        shared.counters.count_tick(answers.calls, rows.len() as u64);
        if answers.limit < limit {
            self.limits.lower(key, answers.limit, self.tick);
        }
        let mut answers = answers.answers.into_iter();
        Ok(rows_of_jobs
            .iter()
            .map(|rows| {
                let answers: Vec<Answer> = answers.by_ref().take(rows.len()).collect();
                answers.into_iter().collect()
            })
            .collect())
    }

    /// Moves each of these requests one step on and tells its observer; ends those that cannot go on.
    fn advance(&mut self, selection: &[usize], outputs: Vec<Outputs>) {
        let mut failed = Vec::new();
        for (&index, outputs) in selection.iter().zip(outputs) {
            let Some(job) = self.jobs.get_mut(index) else {
                continue;
            };
            match outputs.and_then(|outputs| guarded(|| job.generation.advance(outputs))) {
                Ok(()) => {
                    job.last_tick = self.tick;
                    report(job, &self.library);
                }
                Err(error) => failed.push((index, error)),
            }
        }
        self.fail(failed);
    }
}

fn candidate(job: &ActiveJob) -> Candidate {
    let (width, height) = job.generation.size();
    Candidate {
        key: ShapeKey {
            model: job.model,
            width,
            height,
        },
        rows: job.generation.rows().count(),
        last_tick: job.last_tick,
    }
}

/// Tells the observer how far its request is.
fn report(job: &mut ActiveJob, library: &Library) {
    let generation = &job.generation;
    let preview = library.preview(job.model);
    let num_inference_steps = job.num_inference_steps;
    job.client.progress(|wants_preview| Progress {
        step: generation.step(),
        num_inference_steps,
        preview: preview
            .filter(|_| wants_preview)
            .and_then(|preview| Some(preview.to_rgb(generation.pred_original_sample()?))),
    });
}
