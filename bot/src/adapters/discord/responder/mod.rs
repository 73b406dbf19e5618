//! The way back to a person: one message, which changes until the job has ended.
//!
//! `way` decides by which ways a message can go, `deliver` takes them one after another, `open` gives the first answer
//! in time.

mod calls;
mod deliver;
mod open;
#[cfg(test)]
mod tests;
mod way;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::time::Instant;

pub(super) use self::calls::delete;
use self::deliver::Letter;
use self::open::Tries;
use self::way::{Wanted, ways};
use super::Shared;
use super::address::{Answered, DiscordAddress};
use super::render::{self, Message};
use super::rest::{Meaning, RestError};
use super::upload::Room;
use crate::chat::{
    Capabilities, ChatId, JobUpdate, JobUpdateState, Preview, Reply, ReplyAddress, Responder, SendError, Sent,
};

/// How the first answer to an interaction is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// "Thinking…": a message of its own, which is filled later.
    Thinking {
        /// Only the person sees it.
        is_private: bool,
    },
    /// Nothing, because the answer may be a window, and that can only be the first answer. When it takes too long, it
    /// becomes "Thinking…", which only the person sees.
    Asking,
}

/// Answers one interaction.
#[derive(Debug)]
pub(super) struct DiscordResponder {
    conversation: Arc<Conversation>,
    opening: Option<Opening>,
}

/// What has been said and can still be said about one interaction.
#[derive(Debug)]
struct Conversation {
    shared: Arc<Shared>,
    address: Mutex<DiscordAddress>,
    /// When the interaction came, or was taken up again.
    begun: Instant,
    /// Held while something is said.
    turn: tokio::sync::Mutex<()>,
    /// What was seen last of the picture in the making.
    preview: Mutex<Option<Preview>>,
}

impl DiscordResponder {
    /// Answers an interaction that has just come.
    pub(super) fn new(shared: &Arc<Shared>, address: DiscordAddress, opening: Opening) -> Self {
        Self {
            conversation: Arc::new(Conversation::new(shared, address)),
            opening: Some(opening),
        }
    }

    /// Goes on with an interaction from the job log.
    ///
    /// # Errors
    /// When the address was not written by this adapter.
    pub(super) fn stored(shared: &Arc<Shared>, address: &ReplyAddress) -> anyhow::Result<Self> {
        let address = DiscordAddress::load(address)?;
        Ok(Self {
            conversation: Arc::new(Conversation::new(shared, address)),
            opening: None,
        })
    }

    /// Gives the whole answer as the first one. As nobody will do it later, it is tried again while there is time.
    ///
    /// # Errors
    /// When no try has worked.
    pub(super) async fn answer(&self, reply: &Reply) -> Result<(), SendError> {
        let _turn = self.conversation.turn.lock().await;
        let tries = Tries::since(self.conversation.begun);
        loop {
            match self.conversation.end(reply).await {
                Ok(()) => return Ok(()),
                Err(error) => tries.again(error).await?,
            }
        }
    }
}

#[async_trait]
impl Responder for DiscordResponder {
    fn address(&self) -> ReplyAddress {
        self.conversation.address().store()
    }

    fn capabilities(&self) -> Capabilities {
        let Conversation { shared, .. } = &*self.conversation;
        let address = self.conversation.address();
        let news = Wanted {
            is_private: address.is_private,
            is_last: false,
            has_token: address.has_token(shared.clock.now()),
        };
        let can_edit = !ways(&address, news).is_empty();
        Capabilities {
            can_edit,
            previews: can_edit,
            max_text_chars: render::MAX_TEXT,
            max_attachment_bytes: address.attachment_size_limit,
            progress_interval: shared.rest.progress_interval(),
        }
    }

    fn channel_mention(&self, channel: &ChatId) -> String {
        format!("<#{}>", channel.0)
    }

    async fn acknowledge(&self) -> Result<(), SendError> {
        match self.opening {
            Some(opening) => open::open(&self.conversation, opening).await,
            None => Ok(()),
        }
    }

    async fn update(&self, update: JobUpdate) -> Result<Sent, SendError> {
        let _turn = self.conversation.turn.lock().await;
        let before = self.conversation.address();
        let told = self.conversation.tell(&update).await;
        self.conversation.sent(&before, told)
    }

    async fn finish(&self, reply: Reply) -> Result<Sent, SendError> {
        let _turn = self.conversation.turn.lock().await;
        let before = self.conversation.address();
        let told = self.conversation.end(&reply).await;
        self.conversation.sent(&before, told)
    }

    async fn remove(&self) -> Result<(), SendError> {
        let _turn = self.conversation.turn.lock().await;
        Ok(self.conversation.take_away().await?)
    }
}

impl Conversation {
    fn new(shared: &Arc<Shared>, address: DiscordAddress) -> Self {
        Self {
            shared: Arc::clone(shared),
            address: Mutex::new(address),
            begun: Instant::now(),
            turn: tokio::sync::Mutex::new(()),
            preview: Mutex::new(None),
        }
    }

    fn address(&self) -> DiscordAddress {
        self.address
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn change(&self, change: impl FnOnce(&mut DiscordAddress)) {
        change(&mut self.address.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What the outbox learns: the address, when it is another one than before. It is also told after a failure that
    /// comes too late to be one: what is remembered here is lost with the process.
    fn sent(&self, before: &DiscordAddress, told: Result<(), RestError>) -> Result<Sent, SendError> {
        told?;
        let now = self.address();
        Ok(Sent {
            address: (now != *before).then(|| now.store()),
        })
    }

    /// Shows news about a job.
    async fn tell(&self, update: &JobUpdate) -> Result<(), RestError> {
        let preview = self.latest_preview(&update.state);
        let letter = Letter {
            message: render::progress(update, preview.as_ref()),
            is_private: update.is_private,
            is_last: false,
            is_barest: false,
            nonce: None,
            job: Some(update.job),
        };
        match self.deliver(&letter).await {
            Err(error) if error.meaning() == Meaning::TooLarge => {
                let message = render::progress(update, None);
                self.deliver(&Letter { message, ..letter }).await
            }
            told => told,
        }
    }

    /// The newest preview: news without one must not take away what was shown before.
    fn latest_preview(&self, state: &JobUpdateState) -> Option<Preview> {
        let mut latest = self.preview.lock().unwrap_or_else(PoisonError::into_inner);
        match state {
            JobUpdateState::Queued { .. } => *latest = None,
            JobUpdateState::Running { preview: None, .. } => {}
            JobUpdateState::Running { preview, .. } => latest.clone_from(preview),
        }
        latest.clone()
    }

    /// Sends an answer or the end of a job, with less in it when Discord does not take it as it is.
    async fn end(&self, reply: &Reply) -> Result<(), RestError> {
        if let Some(form) = &reply.form
            && self.address().answer == Answered::Nothing
            && self.ask(form).await?
        {
            return Ok(());
        }
        let address = self.address();
        let mut room = Room::of(address.attachment_size_limit);
        loop {
            let letter = Letter {
                message: render::reply(reply, room, address.locale).await,
                is_private: reply.is_private,
                is_last: true,
                is_barest: false,
                nonce: reply.nonce.clone(),
                job: reply.job.as_ref().map(|job| job.id),
            };
            let Err(error) = self.deliver(&letter).await else {
                return Ok(());
            };
            room = match error.meaning() {
                Meaning::TooLarge if room != Room::none() => room.halved().unwrap_or(Room::none()),
                Meaning::Malformed => {
                    let message = render::only_text(reply, address.locale);
                    return self.end_plainly(Letter { message, ..letter }).await;
                }
                _ => return Err(error),
            };
        }
    }

    /// Sends plain words, and without their buttons by every way when Discord does not take those either.
    async fn end_plainly(&self, letter: Letter) -> Result<(), RestError> {
        if !letter.message.rows.is_empty() {
            match self.deliver(&letter).await {
                Err(error) if error.meaning() == Meaning::Malformed => {}
                told => return told,
            }
        }
        let message = Message {
            rows: Vec::new(),
            ..letter.message
        };
        let barest = Letter {
            message,
            is_barest: true,
            ..letter
        };
        self.deliver(&barest).await
    }
}
