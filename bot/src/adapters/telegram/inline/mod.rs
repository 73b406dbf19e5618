//! Inline mode: `@bot a cat` in the line of any chat.
//!
//! A query is answered at once with pictures that stand for the one to come. Whoever sends one of them into a chat sends a
//! message that the bot may change, and from then on it is a job like any other. That somebody has sent it, Telegram says
//! only when the bot's owner has switched that on; the button below the message does it in any case.

mod offer;
mod placeholder;
mod query;
mod results;
mod start;

use std::sync::Arc;

use teloxide::types::{ChosenInlineResult, InlineQuery};

pub(super) use self::offer::Offered;
use self::offer::Offers;
use self::placeholder::Placeholders;
pub(super) use self::start::{Pressed, place_of};
use super::Shared;
use super::receive::Receiver;

/// The payload of the link in the answers to queries: it leads to an explanation.
pub(super) const INLINE_PAYLOAD: &str = "inline";

/// What inline mode remembers.
#[derive(Debug, Default)]
pub(super) struct Inline {
    offers: Offers,
    placeholders: Placeholders,
}

impl Inline {
    /// Brings the pictures to Telegram that stand for those to come. Without them, nothing can be drawn in other chats.
    pub(super) async fn prepare(&self, shared: &Arc<Shared>) {
        self.placeholders.prepare(shared).await;
    }

    /// Answers a query.
    pub(super) async fn answer(&self, receiver: &Arc<Receiver>, query: &InlineQuery) {
        query::answer(self, receiver, query).await;
    }

    /// Somebody has sent a result into a chat.
    pub(super) async fn chosen(&self, receiver: &Arc<Receiver>, chosen: &ChosenInlineResult) {
        start::chosen(receiver, chosen).await;
    }

    /// Somebody has pressed the button below a result.
    pub(super) async fn pressed(&self, receiver: &Arc<Receiver>, pressed: Pressed, offered: Offered) {
        start::pressed(self, receiver, pressed, offered).await;
    }
}
