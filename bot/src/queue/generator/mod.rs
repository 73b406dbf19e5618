//! What draws: the seam between the queue and the networks.

mod engine;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use inference::{GenerateOutput, InferenceError, ModelInfo, RgbImage};
use tokio_util::sync::CancellationToken;

pub use self::engine::{DrawingSettings, EngineGenerator};
use crate::store::{DrawParameters, JobId};

/// Draws the pictures of one job.
#[async_trait]
pub trait ImageGenerator: Send + Sync {
    /// Draws `job.draw.count` pictures, each as [`DrawParameters::of_picture`] says.
    ///
    /// When `cancel` is cancelled it ends soon with [`InferenceError::Cancelled`]. A caller that cannot wait for that
    /// drops the future, which ends the drawing as well.
    ///
    /// # Errors
    /// When one of the pictures cannot be drawn.
    async fn generate(
        &self,
        job: GenerateJob,
        cancel: CancellationToken,
    ) -> Result<Vec<GenerateOutput>, InferenceError>;

    /// The models that can be drawn with, the default one first.
    fn models(&self) -> Vec<ModelInfo>;
}

/// One job to draw.
#[derive(Clone)]
pub struct GenerateJob {
    /// Its number, for the log.
    pub id: JobId,
    /// What to draw.
    pub draw: DrawParameters,
    /// The picture that [`DrawParameters::source`] names.
    pub source: Option<Arc<RgbImage>>,
    /// Whether somebody wants to know what the safety checker says.
    pub check_safety: bool,
    /// Where progress goes.
    pub progress: Arc<dyn ProgressSink>,
}

impl fmt::Debug for GenerateJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenerateJob")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Takes the progress of one job. It is called from the thread that draws, so it returns at once.
pub trait ProgressSink: Send + Sync {
    /// Whether somebody would look at a preview now.
    fn wants_preview(&self) -> bool;

    /// A step is done.
    fn report(&self, progress: GenerateProgress);
}

/// How far the pictures of one job are.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateProgress {
    /// Finished steps, on average over the job's pictures.
    pub step: u32,
    /// All steps.
    pub num_inference_steps: u32,
    /// Which picture, counted from 0, and what can be seen of it so far.
    pub preview: Option<(u32, RgbImage)>,
}

#[cfg(test)]
mod tests;
