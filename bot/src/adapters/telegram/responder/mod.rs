//! The way back to one command.
//!
//! A job has one message: it says that the job waits, how far it is, and is turned into the picture. Its number is known
//! before there is a picture, so the end of a job is always a change, which may be made twice: whatever was lost on
//! the way, nobody sees a job end twice.

mod acknowledge;
mod answer;
mod ending;
mod inline;
mod pictures;
mod private;
mod progress;
mod state;

use std::sync::Arc;

use async_trait::async_trait;

use self::state::State;
use super::Shared;
use super::address::TelegramAddress;
use super::render;
use crate::chat::{Capabilities, JobUpdate, Reply, ReplyAddress, Responder, SendError, Sent, nonce_of};

/// Largest file that a bot may send, in bytes.
const MAX_FILE_BYTES: u64 = 50_000_000;

/// What a command came from, for the first thing that is said to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// A message: it may get a reaction.
    Message,
    /// A button with this query: it has to be answered, or the button looks as if it did nothing.
    Button {
        /// Telegram's id of the query.
        query: String,
        /// What people call whoever has pressed it.
        name: String,
    },
    /// An inline result that was chosen, or a job of the past: there is nothing to say at once.
    Silent,
}

/// Changes one message until it is the last one about a job, or answers a command.
#[derive(Debug)]
pub(super) struct TelegramResponder {
    state: Arc<State>,
    opening: Opening,
}

impl TelegramResponder {
    /// The way to this address.
    pub(super) fn new(shared: &Arc<Shared>, address: TelegramAddress, opening: Opening) -> Self {
        Self {
            state: Arc::new(State::new(shared, address, &opening)),
            opening,
        }
    }

    /// Lets `work` go on when nobody waits for it any longer: what was sent meanwhile has to be known to whoever tries
    /// again, and nobody else says anything here before it is over.
    async fn keep_on<F>(&self, work: impl FnOnce(Arc<State>) -> F) -> Result<Sent, SendError>
    where
        F: Future<Output = Result<(), SendError>> + Send + 'static,
    {
        let working = work(Arc::clone(&self.state));
        let state = Arc::clone(&self.state);
        let task = tokio::spawn(async move {
            let _turn = state.turn().await;
            working.await
        });
        task.await.unwrap_or_else(|error| {
            Err(SendError::Retry {
                after: None,
                source: error.into(),
            })
        })?;
        Ok(Sent {
            address: self.state.take_news_of_address(),
        })
    }
}

#[async_trait]
impl Responder for TelegramResponder {
    fn address(&self) -> ReplyAddress {
        self.state.address().write()
    }

    fn capabilities(&self) -> Capabilities {
        let is_group = self.state.address().is_group();
        Capabilities {
            can_edit: true,
            // Each would be an upload, several times a minute, in a chat that takes twenty messages.
            previews: false,
            max_text_chars: render::MAX_TEXT,
            max_attachment_bytes: MAX_FILE_BYTES,
            progress_interval: self.state.api().news_interval(is_group),
        }
    }

    async fn acknowledge(&self) -> Result<(), SendError> {
        match self.opening {
            Opening::Message => self.state.react_to_command(),
            Opening::Button { .. } => self.state.answer_query_soon(),
            Opening::Silent => {}
        }
        Ok(())
    }

    async fn update(&self, update: JobUpdate) -> Result<Sent, SendError> {
        self.keep_on(|state| async move { state.tell(&update).await })
            .await
    }

    async fn finish(&self, reply: Reply) -> Result<Sent, SendError> {
        self.keep_on(|state| async move {
            if state.has_said(&reply) {
                return Ok(());
            }
            let end_of = reply.job.as_ref().map(|job| job.id);
            let end_of = end_of.filter(|job| reply.nonce.as_deref() == Some(nonce_of(*job).as_str()));
            match end_of {
                Some(job) => state.end(&reply, job).await?,
                None => state.answer(&reply).await?,
            }
            state.said(reply.nonce);
            Ok(())
        })
        .await
    }

    async fn remove(&self) -> Result<(), SendError> {
        let removing = self.keep_on(|state| async move { state.remove().await });
        removing.await.map(|_| ())
    }
}
