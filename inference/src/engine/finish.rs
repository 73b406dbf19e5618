//! What the engine's thread does with requests that have taken the last step of a pass.

use std::time::Instant;

use super::guard::guarded;
use super::job::ActiveJob;
use super::thread::{Worker, milliseconds};
use crate::error::InferenceError;
use crate::request::{GenerateOutput, Timings};

impl Worker {
    /// Begins second passes, and decodes what is finished.
    pub(super) fn finish(&mut self) {
        self.begin_second_passes();
        let finished: Vec<ActiveJob> = self
            .jobs
            .extract_if(.., |job| job.generation.is_finished())
            .collect();
        for mut job in finished {
            job.timings.denoise_ms = milliseconds(job.denoising_since.elapsed());
            let result = guarded(|| self.decode(&job)).map_err(|error| self.or_stopped(error));
            job.client.finish(result);
        }
    }

    fn begin_second_passes(&mut self) {
        let mut failed = Vec::new();
        for (index, job) in self.jobs.iter_mut().enumerate() {
            let generation = &mut job.generation;
            if generation.is_finished() || !generation.is_pass_finished() {
                continue;
            }
            let library = &mut self.library;
            let begun = guarded(|| generation.begin_second_pass(library.model(job.model)?));
            if let Err(error) = begun {
                failed.push((index, error));
            }
        }
        self.fail(failed);
    }

    fn decode(&mut self, job: &ActiveJob) -> Result<GenerateOutput, InferenceError> {
        let begin = Instant::now();
        let drawn = self.library.model(job.model)?.decode(job.generation.latents())?;
        let image = job.generation.compose(drawn)?;
        let timings = Timings {
            decode_ms: milliseconds(begin.elapsed()),
            ..job.timings
        };
        tracing::debug!(
            model = self.library.id(job.model),
            seed = job.recipe.seed,
            ?timings,
            "picture drawn"
        );
        Ok(GenerateOutput {
            image,
            recipe: job.recipe.clone(),
            timings,
            truncated_prompt: job.generation.truncated_prompt(),
        })
    }
}
