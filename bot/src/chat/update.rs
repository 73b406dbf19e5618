//! How far a job is, on its way to a platform.

use std::sync::Arc;
use std::time::Duration;

use super::Button;
use crate::store::JobId;

/// News about a job that has not ended.
#[derive(Clone, Debug, PartialEq)]
pub struct JobUpdate {
    /// The job.
    pub job: JobId,
    /// The news as a translated sentence.
    pub text: String,
    /// The news for an adapter that draws it.
    pub state: JobUpdateState,
    /// Rows of buttons below it.
    pub buttons: Vec<Vec<Button>>,
    /// Only the person who asked should see it, where the platform can do that.
    pub is_private: bool,
    /// The same as that of the job's last message, see [`Reply::nonce`](super::Reply::nonce): all of them are one message, which changes.
    pub nonce: String,
}

/// Where a job is that has not ended.
#[derive(Clone, Debug, PartialEq)]
pub enum JobUpdateState {
    /// It waits.
    Queued {
        /// 1 is next.
        position: u32,
        /// How long it will probably take until the picture is there; `None` when nothing has been measured.
        remaining: Option<Duration>,
    },
    /// It is being drawn.
    Running {
        /// Finished steps.
        step: u32,
        /// All steps.
        num_inference_steps: u32,
        /// What can be seen so far.
        preview: Option<Preview>,
    },
}

/// A small view of a picture in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The view as a JPEG file.
    pub jpeg: Arc<[u8]>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Which picture of the job it is, counted from 0.
    pub index: u32,
}
