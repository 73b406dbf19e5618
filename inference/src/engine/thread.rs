//! The engine's thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use super::job::{ActiveJob, Job};
use super::library::Library;
use super::tick::{Candidate, ShapeKey, select};
use super::{Message, Shared};
use crate::error::InferenceError;
use crate::images::Recipe;
use crate::models::Row;
use crate::pipeline::{Generation, Prompts};
use crate::request::{GenerateOutput, Progress, Timings};

/// The thread's state.
pub(super) struct Worker {
    library: Library,
    inbox: Receiver<Message>,
    shared: Arc<Shared>,
    max_batch_rows: usize,
    /// By age.
    jobs: Vec<ActiveJob>,
    tick: u64,
}

impl Worker {
    pub(super) fn new(
        library: Library,
        inbox: Receiver<Message>,
        shared: Arc<Shared>,
        max_batch_rows: usize,
    ) -> Self {
        Self {
            library,
            inbox,
            shared,
            max_batch_rows,
            jobs: Vec::new(),
            tick: 0,
        }
    }

    /// Works until it is told to stop, or until every handle is gone and everything is finished. Whatever is
    /// unfinished then is dropped, which tells its observer.
    pub(super) fn run(mut self) {
        while self.take_messages() {
            self.drop_cancelled();
            self.denoise();
            self.finish();
        }
    }

    /// Begins what has arrived; waits for something when there is nothing to do. `false` at the end.
    fn take_messages(&mut self) -> bool {
        if self.jobs.is_empty() {
            match self.inbox.recv() {
                Ok(Message::Draw(job)) => self.admit(*job),
                Ok(Message::Stop) | Err(_) => return false,
            }
        }
        while let Ok(message) = self.inbox.try_recv() {
            match message {
                Message::Draw(job) => self.admit(*job),
                Message::Stop => return false,
            }
        }
        !self.shared.is_stopping()
    }

    /// Encodes the prompts of a request and makes it take part in the ticks.
    fn admit(&mut self, job: Job) {
        if job.client.is_cancelled() {
            return job.client.finish(Err(InferenceError::Cancelled));
        }
        let begin = Instant::now();
        let library = &mut self.library;
        let prompts = guarded(|| {
            let model = library.model(job.model)?;
            Prompts::encode(model, &job.request)
        });
        match prompts {
            Ok(prompts) => self.jobs.push(ActiveJob {
                truncated_prompt: prompts.truncated(),
                generation: Generation::new(job.request, job.scheduler, prompts),
                model: job.model,
                scheduler_name: job.scheduler_name,
                client: job.client,
                timings: Timings {
                    encode_ms: milliseconds(begin.elapsed()),
                    ..Timings::default()
                },
                denoising_since: Instant::now(),
                last_tick: 0,
            }),
            Err(error) => job.client.finish(Err(self.or_stopped(error))),
        }
    }

    fn drop_cancelled(&mut self) {
        for job in self.jobs.extract_if(.., |job| job.client.is_cancelled()) {
            job.client.finish(Err(InferenceError::Cancelled));
        }
    }

    /// One step for as many requests as can share a call.
    fn denoise(&mut self) {
        let candidates: Vec<Candidate> = self.jobs.iter().map(candidate).collect();
        let selection = select(&candidates, self.max_batch_rows);
        if selection.is_empty() {
            return;
        }
        self.tick += 1;
        match guarded(|| self.step(&selection)) {
            Ok(()) => self.report(&selection),
            Err(error) => {
                let error = self.or_stopped(error);
                for index in selection.into_iter().rev() {
                    self.jobs.remove(index).client.finish(Err(error.clone()));
                }
            }
        }
    }

    /// Runs the UNet for these requests and moves each of them one step on.
    fn step(&mut self, selection: &[usize]) -> Result<(), InferenceError> {
        let mut jobs: Vec<&mut ActiveJob> = pick(&mut self.jobs, selection).collect();
        let Some(model) = jobs.first().map(|job| job.model) else {
            return Ok(());
        };
        let rows: Vec<Row<'_>> = jobs.iter().flat_map(|job| job.generation.rows()).collect();
        let prediction = self.library.model(model)?.predict_noise(&rows)?;
        self.shared.count_tick(rows.len(), prediction.calls);
        let mut outputs = prediction.outputs.into_iter();
        for job in &mut jobs {
            job.generation.advance(&mut outputs)?;
            job.last_tick = self.tick;
        }
        Ok(())
    }

    /// Tells the observers of these requests how far they are.
    fn report(&mut self, selection: &[usize]) {
        let library = &self.library;
        for job in pick(&mut self.jobs, selection) {
            let generation = &job.generation;
            let preview = library.preview(job.model);
            job.client.progress(|wants_preview| Progress {
                step: generation.step(),
                num_inference_steps: generation.request().num_inference_steps,
                preview: preview
                    .filter(|_| wants_preview)
                    .and_then(|preview| Some(preview.to_rgb(generation.pred_original_sample()?))),
            });
        }
    }

    /// Decodes what has taken its last step.
    fn finish(&mut self) {
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

    fn decode(&mut self, job: &ActiveJob) -> Result<GenerateOutput, InferenceError> {
        let begin = Instant::now();
        let image = self.library.model(job.model)?.decode(job.generation.latents())?;
        let request = job.generation.request();
        let timings = Timings {
            decode_ms: milliseconds(begin.elapsed()),
            ..job.timings
        };
        tracing::debug!(
            model = self.library.id(job.model),
            seed = request.seed,
            ?timings,
            "picture drawn"
        );
        Ok(GenerateOutput {
            image,
            recipe: Recipe {
                prompt: request.prompt.clone(),
                negative_prompt: request.negative_prompt.clone(),
                num_inference_steps: request.num_inference_steps,
                scheduler: job.scheduler_name.to_owned(),
                guidance_scale: request.guidance_scale,
                seed: request.seed,
                width: request.width,
                height: request.height,
                model_name: request.model.clone(),
                ..Recipe::default()
            },
            timings,
            truncated_prompt: job.truncated_prompt,
        })
    }

    /// A call that was ended by a shutdown has failed for no other reason.
    fn or_stopped(&self, error: InferenceError) -> InferenceError {
        if self.shared.is_stopping() {
            InferenceError::Stopped
        } else {
            error
        }
    }
}

fn candidate(job: &ActiveJob) -> Candidate {
    let request = job.generation.request();
    Candidate {
        key: ShapeKey {
            model: job.model,
            width: request.width,
            height: request.height,
        },
        rows: job.generation.rows().count(),
        last_tick: job.last_tick,
    }
}

/// The requests at these indices, which ascend.
fn pick<'a>(jobs: &'a mut [ActiveJob], selection: &'a [usize]) -> impl Iterator<Item = &'a mut ActiveJob> {
    jobs.iter_mut()
        .enumerate()
        .filter(|(index, _)| selection.contains(index))
        .map(|(_, job)| job)
}

/// A bug fails the requests it happens to, not the service.
fn guarded<T>(call: impl FnOnce() -> Result<T, InferenceError>) -> Result<T, InferenceError> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let reason = panic_text(panic.as_ref());
        tracing::error!(reason, "the engine has panicked");
        Err(InferenceError::Internal { reason })
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".into())
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
