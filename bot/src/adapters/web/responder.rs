//! The way back to one exchange on the page.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::Shared;
use super::view::MessageView;
use crate::chat::{Capabilities, JobUpdate, Reply, ReplyAddress, Responder, SendError, Sent};

/// Fast enough to see every step of a small model; an event of this size costs next to nothing.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(50);

/// Where an exchange is shown, as it stands in the job log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WebAddress {
    /// The number in the person's cookie.
    pub(super) user: String,
    /// The page's own name for the exchange, unique for this user.
    pub(super) message: String,
    /// The command as it was typed, or as one would type it.
    pub(super) text: String,
}

impl WebAddress {
    pub(super) fn read(address: &ReplyAddress) -> anyhow::Result<Self> {
        Self::deserialize(&address.0).context("the reply address is not one of the web chat")
    }
}

/// Who hears an answer that is no job. Every page of the person hears of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Every page: it is a message in the chat.
    Pages,
    /// The page that asked: it belongs to the button or the form there.
    Asker,
}

/// Puts what it hears into the [`Hub`](super::hub::Hub).
///
/// The pictures of the last message are not sent anywhere: the page asks the job log for them, so a browser that is
/// closed at that moment misses nothing.
#[derive(Debug)]
pub(super) struct WebResponder {
    shared: Arc<Shared>,
    address: WebAddress,
    audience: Audience,
    latest: Mutex<Option<MessageView>>,
}

impl WebResponder {
    pub(super) fn new(shared: &Arc<Shared>, address: WebAddress, audience: Audience) -> Self {
        Self {
            shared: Arc::clone(shared),
            address,
            audience,
            latest: Mutex::new(None),
        }
    }

    /// What this responder said last.
    pub(super) fn latest(&self) -> Option<MessageView> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, view: MessageView) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(view);
    }

    fn current(&self) -> MessageView {
        self.shared
            .hub
            .get(&self.address.user, &self.address.message)
            .unwrap_or_else(|| MessageView::pending(&self.address, Utc::now()))
    }
}

#[async_trait]
impl Responder for WebResponder {
    fn address(&self) -> ReplyAddress {
        // Three strings always become JSON.
        ReplyAddress(serde_json::json!({
            "user": self.address.user,
            "message": self.address.message,
            "text": self.address.text,
        }))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            can_edit: true,
            previews: self.shared.hub.is_watched(&self.address.user),
            max_text_chars: usize::MAX,
            max_attachment_bytes: u64::MAX,
            progress_interval: PROGRESS_INTERVAL,
        }
    }

    /// The page shows what was typed by itself, so there is nothing to say yet.
    async fn acknowledge(&self) -> Result<(), SendError> {
        Ok(())
    }

    async fn update(&self, update: JobUpdate) -> Result<Sent, SendError> {
        let mut view = self.current();
        if view.size.is_none()
            && let Some(job) = self.shared.job(update.job).await?
        {
            view.know_job(&job);
        }
        view.update(&update);
        self.remember(view.clone());
        self.shared.hub.publish(&self.address.user, view);
        Ok(Sent::default())
    }

    async fn finish(&self, reply: Reply) -> Result<Sent, SendError> {
        let mut view = self.current();
        let job = match &reply.job {
            Some(job) => self.shared.job(job.id).await?,
            None => None,
        };
        view.finish(&reply, job.as_ref());
        self.remember(view.clone());
        if view.job.is_some() || self.audience == Audience::Pages {
            self.shared.hub.finish(&self.address.user, &view);
        }
        Ok(Sent::default())
    }

    async fn remove(&self) -> Result<(), SendError> {
        let mut view = self.current();
        view.remove();
        self.shared.hub.finish(&self.address.user, &view);
        Ok(())
    }
}
