//! What the engine's thread does with requests that have taken the last step of a pass.
//!
//! A picture about which the safety checker could say nothing has failed: it must not pass for one without doubts. A
//! snapshot that cannot be decoded is left out.

use std::time::Instant;

use super::guard::guarded;
use super::job::ActiveJob;
use super::thread::{Worker, milliseconds};
use crate::error::InferenceError;
use crate::images::RgbImage;
use crate::request::{GenerateOutput, Snapshot, Timings};
use crate::safety::SafetyVerdict;

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
        let snapshots = self.snapshots(job, &image)?;
        let decoded = Instant::now();
        let safety = self.check_safety(job, &image)?;
        let timings = Timings {
            decode_ms: milliseconds(decoded.duration_since(begin)),
            safety_ms: milliseconds(decoded.elapsed()),
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
            snapshots,
            safety,
        })
    }

    fn snapshots(&mut self, job: &ActiveJob, finished: &RgbImage) -> Result<Vec<Snapshot>, InferenceError> {
        let mut snapshots = Vec::new();
        for (step, latents) in job.generation.snapshots().taken() {
            let drawn = self.library.model(job.model)?.decode(latents);
            match drawn.and_then(|drawn| job.generation.compose(drawn)) {
                Ok(image) => snapshots.push(Snapshot { step: *step, image }),
                Err(error) => tracing::warn!(step, %error, "a snapshot cannot be decoded"),
            }
        }
        snapshots.extend(job.generation.snapshots().last().map(|step| Snapshot {
            step,
            image: finished.clone(),
        }));
        Ok(snapshots)
    }

    /// The model's own checker, or else the engine's.
    fn check_safety(
        &mut self,
        job: &ActiveJob,
        image: &RgbImage,
    ) -> Result<Option<SafetyVerdict>, InferenceError> {
        if !job.check_safety {
            return Ok(None);
        }
        let verdict = self.library.model(job.model)?.check_safety(image)?;
        match (verdict, &mut self.safety_checker) {
            (None, Some(safety_checker)) => safety_checker.check(image).map(Some),
            (verdict, _) => Ok(verdict),
        }
    }
}
