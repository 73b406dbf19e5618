//! One job from its lease to its outcome.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::FutureExt as _;
use inference::{GenerateOutput, InferenceError};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{GenerateJob, GenerateProgress, JobEvent, ProgressSink, Shared};
use crate::store::{Ending, ErrorClass, ImageRow, JobId, JobRow, StoreError};

/// How long a generator that was told to stop may take.
pub(super) const STOP_WITHIN: Duration = Duration::from_secs(5);

/// How long to wait before each further try to write an outcome down.
const WRITE_AGAIN_AFTER: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(20),
];

/// Draws a job and writes its outcome down; a job that was cancelled goes back to the queue.
pub(super) async fn draw(shared: Arc<Shared>, job: JobRow, cancel: CancellationToken) {
    let drawn = generate(&shared, &job, &cancel).await;
    let ending = match drawn {
        Ok(outputs) => save(&shared, outputs).await.unwrap_or_else(|error| {
            tracing::error!(job = %job.id, error = %format_args!("{error:#}"), "pictures not saved");
            Ending::Failed(ErrorClass::Storage)
        }),
        Err(Stop::Interrupted) => {
            give_back(&shared, &job).await;
            return;
        }
        Err(Stop::Cancelled) => Ending::Cancelled,
        Err(Stop::Failed(class)) => Ending::Failed(class),
    };
    finish(&shared, &job, &ending).await;
}

/// Emits the end of a job that the log has already written down.
pub(super) async fn emit_finished(shared: &Shared, job: JobId) {
    match shared.parts.store.jobs().get(job).await {
        Ok(Some(row)) => shared.parts.events.emit(job, JobEvent::Finished(Box::new(row))),
        Ok(None) => tracing::error!(%job, "job not in the log"),
        Err(error) => tracing::error!(%job, %error, "last message waits for the next start"),
    }
}

/// Why there are no pictures.
enum Stop {
    /// We did not let the generator finish.
    Interrupted,
    /// The generator was cancelled by somebody else.
    Cancelled,
    /// It failed.
    Failed(ErrorClass),
}

async fn generate(
    shared: &Arc<Shared>,
    job: &JobRow,
    cancel: &CancellationToken,
) -> Result<Vec<GenerateOutput>, Stop> {
    let progress = Arc::new(Reporter {
        shared: Arc::clone(shared),
        job: job.id,
        cancel: cancel.clone(),
    });
    let request = GenerateJob {
        id: job.id,
        draw: job.draw.clone(),
        progress,
    };
    let generating = AssertUnwindSafe(shared.parts.generator.generate(request, cancel.clone()));
    let result = tokio::select! {
        result = generating.catch_unwind() => result,
        () = too_late(cancel) => return Err(Stop::Interrupted),
    };
    match result {
        Ok(Ok(outputs)) => Ok(outputs),
        Ok(Err(_)) | Err(_) if cancel.is_cancelled() => Err(Stop::Interrupted),
        Ok(Err(InferenceError::Cancelled)) => Err(Stop::Cancelled),
        Ok(Err(error)) => {
            let class = class_of(&error);
            tracing::error!(job = %job.id, %error, ?class, "drawing failed");
            Err(Stop::Failed(class))
        }
        Err(_) => {
            tracing::error!(job = %job.id, "the generator panicked");
            Err(Stop::Failed(ErrorClass::Internal))
        }
    }
}

async fn too_late(cancel: &CancellationToken) {
    cancel.cancelled().await;
    sleep(STOP_WITHIN).await;
}

fn class_of(error: &InferenceError) -> ErrorClass {
    match error {
        InferenceError::InvalidRequest(_) | InferenceError::Unsupported { .. } => ErrorClass::InvalidRequest,
        InferenceError::UnknownModel { .. } | InferenceError::Load(_) | InferenceError::NotFinite => {
            ErrorClass::Model
        }
        error if error.is_out_of_memory() => ErrorClass::OutOfMemory,
        _ => ErrorClass::Internal,
    }
}

async fn save(shared: &Shared, outputs: Vec<GenerateOutput>) -> anyhow::Result<Ending> {
    let prompt_truncated = outputs.iter().any(|output| output.truncated_prompt);
    let mut images = Vec::new();
    for (index, output) in (0..).zip(outputs) {
        let (width, height) = output.image.dimensions();
        let seed = output.recipe.seed;
        let png = tokio::task::spawn_blocking(move || {
            inference::images::encode_png(&output.image, Some(&output.recipe.to_string()))
        })
        .await??;
        let stored = shared.parts.store.images().save(png).await?;
        images.push(ImageRow {
            index,
            hash: stored.hash,
            width,
            height,
            bytes: stored.bytes,
            seed,
        });
    }
    Ok(Ending::Done {
        images,
        prompt_truncated,
    })
}

/// Tries for a while: the pictures exist, and a full disk or a locked database may pass. After that the lease ends and
/// the job is taken back.
async fn finish(shared: &Shared, job: &JobRow, ending: &Ending) {
    let mut pauses = WRITE_AGAIN_AFTER.iter();
    loop {
        let now = shared.parts.clock.now();
        match shared
            .parts
            .store
            .jobs()
            .finish_generation(job.id, job.attempt, ending, now)
            .await
        {
            Ok(Some(row)) => {
                tracing::info!(job = %job.id, outcome = ?ending.outcome(), "job ended");
                return shared
                    .parts
                    .events
                    .emit(job.id, JobEvent::Finished(Box::new(row)));
            }
            Ok(None) => return tracing::warn!(job = %job.id, "job had been taken back"),
            Err(error) => tracing::error!(job = %job.id, %error, "outcome not written down"),
        }
        let Some(pause) = pauses.next() else { return };
        sleep(*pause).await;
    }
}

async fn give_back(shared: &Shared, job: &JobRow) {
    match shared.parts.store.jobs().requeue(job.id, job.attempt).await {
        Ok(true) => tracing::info!(job = %job.id, "job waits again"),
        Ok(false) => {}
        Err(error) => log_not_given_back(job.id, &error),
    }
}

fn log_not_given_back(job: JobId, error: &StoreError) {
    tracing::error!(%job, %error, "job stays running until the next start");
}

/// Passes progress on as long as it is wanted.
struct Reporter {
    shared: Arc<Shared>,
    job: JobId,
    cancel: CancellationToken,
}

impl ProgressSink for Reporter {
    fn wants_preview(&self) -> bool {
        !self.cancel.is_cancelled() && self.shared.parts.events.wants_preview(self.job)
    }

    fn report(&self, progress: GenerateProgress) {
        if self.cancel.is_cancelled() {
            return;
        }
        self.shared.progressed.store(true, Ordering::Relaxed);
        let GenerateProgress {
            step,
            num_inference_steps,
            preview,
        } = progress;
        self.shared.parts.events.emit(
            self.job,
            JobEvent::Progress {
                step,
                num_inference_steps,
                preview,
            },
        );
    }
}
