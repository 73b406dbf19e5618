//! One job from its lease to its outcome.

mod filmstrip;
mod progress;
mod save;
mod source;
mod stop;

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use inference::{GenerateOutput, InferenceError};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use self::progress::Reporter;
use self::source::SourceError;
pub(super) use self::stop::StopSignal;
use super::line::{Follower, Taken, Turn};
use super::{GenerateJob, Shared};
use crate::safety::SafetyAction;
use crate::store::{Ending, ErrorClass, Finished, HandedOver, JobId, JobRow, StoreError};

/// How long a generator that was told to stop may take.
pub(super) const STOP_WITHIN: Duration = Duration::from_secs(5);

/// How long to wait before each further try to write an outcome down.
const WRITE_AGAIN_AFTER: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(20),
];

/// Draws a job and writes its outcome down; a job that was interrupted goes back to the queue.
pub(super) async fn draw(shared: Arc<Shared>, job: JobRow, Taken { turn, stop, .. }: Taken) {
    let mut drawing = Drawing {
        shared,
        job,
        turn,
        stop,
    };
    let drawn = drawing.generate().await;
    // It may have been cancelled in the last moment, too.
    drawing.find_heir().await;
    let Drawing {
        shared,
        job,
        turn,
        stop,
    } = drawing;
    let ending = match drawn {
        _ if stop.is_cancelled() => Ending::Cancelled,
        Ok(outputs) => save::save(&shared.parts.store, &job, outputs)
            .await
            .unwrap_or_else(|error| {
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
    finish(&shared, &job, turn, &ending).await;
}

/// Tells the end of a job that was written down before.
pub(super) async fn emit_finished(shared: &Shared, job: JobId) {
    match shared.parts.store.jobs().get(job).await {
        Ok(Some(row)) => shared.finished(row),
        Ok(None) => tracing::error!(%job, "job not in the log"),
        Err(error) => tracing::error!(%job, %error, "last message waits for the next look at the log"),
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

/// A try to draw a job.
struct Drawing {
    shared: Arc<Shared>,
    /// The one whose outcome is written down. It changes when its owner does not want it any more and others do.
    job: JobRow,
    turn: Turn,
    stop: StopSignal,
}

impl Drawing {
    async fn generate(&mut self) -> Result<Vec<GenerateOutput>, Stop> {
        let job = &self.job;
        let source = match source::load(&self.shared.parts.store, &job.draw).await {
            Ok(source) => source,
            Err(error) => {
                tracing::error!(job = %job.id, %error, "the picture to begin with cannot be used");
                return Err(Stop::Failed(match error {
                    SourceError::Store(_) => ErrorClass::Storage,
                    SourceError::Gone | SourceError::Damaged(_) => ErrorClass::InvalidRequest,
                }));
            }
        };
        let request = GenerateJob {
            id: job.id,
            draw: job.draw.clone(),
            source,
            // Doubts would change nothing where everything is shown.
            check_safety: job.safety != SafetyAction::Allow,
            progress: Arc::new(Reporter::new(&self.shared, job, self.turn, &self.stop)),
        };
        let (stop, token) = (self.stop.clone(), self.stop.token().clone());
        let generator = Arc::clone(&self.shared.parts.generator);
        let mut generating =
            pin!(AssertUnwindSafe(generator.generate(request, token.clone())).catch_unwind());
        let result = loop {
            tokio::select! {
                result = &mut generating => break result,
                () = too_late(&token) => return Err(Stop::Interrupted),
                () = stop.cancelled() => {
                    self.find_heir().await;
                    if stop.is_cancelled() {
                        stop.interrupt();
                    }
                }
            }
        };
        match result {
            Ok(Ok(outputs)) => Ok(outputs),
            Ok(Err(_)) | Err(_) if stop.is_given() => Err(Stop::Interrupted),
            Ok(Err(InferenceError::Cancelled)) => Err(Stop::Cancelled),
            Ok(Err(error)) => {
                let class = class_of(&error);
                tracing::error!(job = %self.job.id, %error, ?class, "drawing failed");
                Err(Stop::Failed(class))
            }
            Err(_) => {
                tracing::error!(job = %self.job.id, "the generator panicked");
                Err(Stop::Failed(ErrorClass::Internal))
            }
        }
    }

    /// When the owner does not want the job any more: ends it and draws on for the first of those who want the same, if
    /// there are any.
    async fn find_heir(&mut self) {
        if !self.stop.is_cancelled() || self.stop.token().is_cancelled() {
            return;
        }
        let Self { shared, job, .. } = self;
        let parts = &shared.parts;
        let handed_over = parts
            .store
            .jobs()
            .hand_over(job.id, job.attempt, parts.clock.now())
            .await;
        match handed_over {
            Ok(Some(HandedOver { ended, heir })) => {
                tracing::info!(job = %ended.id, heir = %heir.id, "job cancelled, drawn on for another one");
                let follower = Follower {
                    job: heir.id,
                    user: heir.user.clone(),
                };
                shared.line().hand_over(self.turn, follower);
                *job = heir;
                shared.finished(ended);
            }
            Ok(None) => {}
            Err(error) => tracing::error!(job = %job.id, %error, "job not handed over"),
        }
    }
}

async fn too_late(stop: &CancellationToken) {
    stop.cancelled().await;
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

/// Tries for a while: the pictures exist, and a full disk or a locked database may pass. After that the lease ends and
/// the job is taken back.
async fn finish(shared: &Shared, job: &JobRow, turn: Turn, ending: &Ending) {
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
            Ok(Some(finished)) => {
                tracing::info!(job = %job.id, outcome = ?ending.outcome(), "job ended");
                return tell(shared, turn, finished);
            }
            Ok(None) => return tracing::warn!(job = %job.id, "job had been taken back"),
            Err(error) => tracing::error!(job = %job.id, %error, "outcome not written down"),
        }
        let Some(pause) = pauses.next() else { return };
        sleep(*pause).await;
    }
}

/// Takes what has ended out of the line and tells it.
fn tell(shared: &Shared, turn: Turn, finished: Finished) {
    let Finished {
        job,
        followers,
        has_released,
    } = finished;
    {
        let mut line = shared.line();
        line.progress(turn, 1.0, Instant::now());
        line.finished(turn, Instant::now());
        for follower in &followers {
            line.ended(follower.id);
        }
    }
    // The log says it, not the line, which may not have known of all of them.
    if has_released {
        shared.mark_stale();
    }
    shared.finished(job);
    for follower in followers {
        shared.finished(follower);
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
