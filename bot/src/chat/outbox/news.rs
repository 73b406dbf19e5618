//! How far a job is, and where that is told.

use std::sync::Arc;
use std::time::Duration;

use inference::RgbImage;

use crate::chat::{ChatId, Platform, Responder};
use crate::i18n::Locale;
use crate::queue::JobEvent;
use crate::store::JobRow;

/// One chat of one platform.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ChatKey {
    pub(super) platform: Platform,
    pub(super) chat: ChatId,
}

impl ChatKey {
    /// The chat that a job is answered in.
    pub(super) fn of(row: &JobRow) -> Self {
        Self {
            platform: row.user.platform.clone(),
            chat: row.place.chat.clone(),
        }
    }
}

/// How far a job is that has not ended.
#[derive(Clone)]
pub(super) enum News {
    Queued {
        position: u32,
        remaining: Option<Duration>,
    },
    Running {
        step: u32,
        num_inference_steps: u32,
        preview: Option<(u32, RgbImage)>,
    },
}

impl News {
    /// The news of an event, or the job that has ended.
    pub(super) fn of(event: JobEvent) -> Result<Self, Box<JobRow>> {
        match event {
            JobEvent::Queued { position, remaining } => Ok(Self::Queued { position, remaining }),
            JobEvent::Progress {
                step,
                num_inference_steps,
                preview,
            } => Ok(Self::Running {
                step,
                num_inference_steps,
                preview,
            }),
            JobEvent::Finished(row) => Err(row),
        }
    }
}

/// Where news about a job go.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) chat: ChatKey,
    pub(super) responder: Arc<dyn Responder>,
    pub(super) locale: Locale,
    /// Many people read the chat, and the platform counts all messages in it together.
    pub(super) is_group: bool,
    pub(super) is_private: bool,
}
