//! The port between chat platforms and the bot.
//!
//! An adapter turns what its platform sends into a [`CommandRequest`] and gives it to
//! [`Commands`]; the answer comes back through the request's [`Responder`]. Nothing on this
//! side of the port knows a platform.

mod button;
pub(crate) mod buttons;
mod outbox;
mod reply;
mod types;
mod update;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

pub use self::button::{ButtonId, UnknownButton};
pub use self::buttons::buttons_of;
pub use self::outbox::Outbox;
pub use self::reply::final_reply;
pub(crate) use self::reply::nonce_of;
pub use self::types::{
    Attachment, AttachmentContent, AttachmentError, Button, ButtonStyle, Capabilities, ChatId, CommandInput,
    CommandRequest, Form, ImageContent, JobReply, Place, Platform, RecipeView, Reply, ReplyAddress,
    ReplyImage, Standing, UserId,
};
pub use self::update::{JobUpdate, JobUpdateState, Preview};
use crate::commands::Commands;
pub use crate::store::JobOutcome;

/// One chat platform.
#[async_trait]
pub trait ChatAdapter: Send + Sync {
    /// The platform's name, as it stands in the job log.
    fn platform(&self) -> Platform;

    /// Rebuilds the way to an interaction from its stored address, also after a restart.
    ///
    /// # Errors
    /// When the address was not written by this adapter.
    fn responder(&self, address: &ReplyAddress) -> anyhow::Result<Arc<dyn Responder>>;

    /// Takes commands until `shutdown` is cancelled. Returning earlier is an error of the service.
    ///
    /// # Errors
    /// When the platform cannot be reached any more.
    async fn run(self: Arc<Self>, commands: Arc<Commands>, shutdown: CancellationToken)
    -> anyhow::Result<()>;
}

/// One interaction: the way back to the person who gave one command.
#[async_trait]
pub trait Responder: Send + Sync {
    /// The address to store, from which [`ChatAdapter::responder`] makes this responder again.
    fn address(&self) -> ReplyAddress;

    /// What the platform can do here.
    fn capabilities(&self) -> Capabilities;

    /// How a channel is written in a text, so that people know which one is meant and can go there. On a platform without
    /// anything like that it is the id.
    fn channel_mention(&self, channel: &ChatId) -> String {
        channel.0.clone()
    }

    /// Tells the platform, within its deadline, that an answer will come.
    async fn acknowledge(&self) -> Result<(), SendError>;

    /// Shows how far a job is. A later update replaces an earlier one.
    async fn update(&self, update: JobUpdate) -> Result<Sent, SendError>;

    /// Sends the last message. It may be called again after an error that hid a success, also by another process, and
    /// must not show the message twice: either the address names the message that is changed, or the platform is
    /// given [`Reply::nonce`].
    async fn finish(&self, reply: Reply) -> Result<Sent, SendError>;

    /// Takes the last message away again, as far as the platform allows. One that is gone already is a success.
    async fn remove(&self) -> Result<(), SendError>;
}

/// A message reached the platform.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sent {
    /// The address as it is from now on, when the platform has said something that has to be remembered, for example
    /// the number of the message. It is stored before anything else is sent there.
    pub address: Option<ReplyAddress>,
}

/// A message did not reach the platform.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It may work later.
    #[error("the message could not be sent now")]
    Retry {
        /// How long the platform wants to be left alone.
        after: Option<Duration>,
        /// The cause.
        source: anyhow::Error,
    },
    /// It will never work: the message, the chat or the person is gone.
    #[error("the place of the answer is gone")]
    Gone {
        /// The cause.
        source: anyhow::Error,
    },
}
