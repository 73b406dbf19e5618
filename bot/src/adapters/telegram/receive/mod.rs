//! What Telegram tells the bot becomes commands.

mod administrators;
mod button;
mod message;
mod person;
mod picture;
mod say;
mod text;
mod update;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;
use teloxide::types::ChatMemberUpdated;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use self::administrators::Administrators;
pub(super) use self::person::Person;
use self::update::Update;
pub(super) use self::update::{KINDS, update_id};
use super::inline::Inline;
use super::recent::Recent;
use super::{Me, Shared};
use crate::commands::Commands;

/// How long further updates wait for those that came before. Usually a command is in the job log long before; an answer that
/// has to wait because a chat wants quiet must not keep everybody else waiting.
const HAND_OVER_WITHIN: Duration = Duration::from_millis(100);

/// The same for the updates of one chat, which are to be done one after another.
const ORDER_WITHIN: Duration = Duration::from_secs(1);

/// How long commands under way may take at the end.
const GRACE: Duration = Duration::from_secs(5);

/// Updates that are remembered, in case Telegram tells of one twice.
const SEEN: usize = 4096;

/// Albums that are remembered: each of their pictures is a message of its own.
const ALBUMS: usize = 256;

/// Does what updates ask for.
pub(super) struct Receiver {
    pub(super) shared: Arc<Shared>,
    pub(super) commands: Arc<Commands>,
    pub(super) me: Me,
    pub(super) inline: Inline,
    /// Updates under way.
    pub(super) tasks: TaskTracker,
    administrators: Administrators,
    albums: Recent<String>,
    seen: Recent<u64>,
}

impl Receiver {
    /// A receiver for this bot.
    pub(super) fn new(shared: &Arc<Shared>, commands: Arc<Commands>, me: Me) -> Self {
        Self {
            shared: Arc::clone(shared),
            commands,
            me,
            inline: Inline::default(),
            tasks: TaskTracker::new(),
            administrators: Administrators::default(),
            albums: Recent::new(ALBUMS),
            seen: Recent::new(SEEN),
        }
    }

    /// Takes updates in their order. When it returns, they are handed over, or have been under way for a while: then
    /// Telegram may forget them.
    pub(super) async fn take(self: &Arc<Self>, updates: Vec<Value>) {
        let mut rows: HashMap<String, Vec<Update>> = HashMap::new();
        for update in updates {
            let Some(id) = update_id(&update) else {
                tracing::warn!("an update has no number");
                continue;
            };
            if !self.seen.insert(id, ()) {
                tracing::debug!(update = id, "an update came twice");
                continue;
            }
            match Update::read(update) {
                Ok(Some(update)) => {
                    let row = update.row().unwrap_or_else(|| format!("update {id}"));
                    rows.entry(row).or_default().push(update);
                }
                Ok(None) => tracing::debug!(update = id, "an update is of no kind that was asked for"),
                Err(error) => tracing::warn!(update = id, %error, "an update is not understood"),
            }
        }
        let rows = rows.into_values().map(|updates| {
            let receiver = Arc::clone(self);
            self.tasks.spawn(receiver.take_row(updates))
        });
        // What is not ready by then goes on by itself.
        let _ = timeout(HAND_OVER_WITHIN, join_all(rows)).await;
    }

    /// The updates of one chat, one after another.
    async fn take_row(self: Arc<Self>, updates: Vec<Update>) {
        for update in updates {
            let receiver = Arc::clone(&self);
            let handling = self.tasks.spawn(async move { receiver.handle(update).await });
            if let Ok(Err(error)) = timeout(ORDER_WITHIN, handling).await {
                tracing::error!(%error, "an update could not be handled");
            }
        }
    }

    async fn handle(self: &Arc<Self>, update: Update) {
        match update {
            Update::Message(message) => message::handle(self, &message).await,
            Update::Button(query) => button::handle(self, &query).await,
            Update::Query(query) => self.inline.answer(self, &query).await,
            Update::Chosen(chosen) => self.inline.chosen(self, &chosen).await,
            Update::Membership(change) => note_membership(&change),
        }
    }

    /// Waits, but not for ever, until what is under way is done.
    pub(super) async fn close(&self) {
        self.tasks.close();
        if timeout(GRACE, self.tasks.wait()).await.is_err() {
            tracing::warn!("some commands were not answered before the end");
        }
    }
}

/// Somebody let the bot into a chat or out of it. What is said there later is refused by Telegram, and ends there.
fn note_membership(change: &ChatMemberUpdated) {
    let status = change.new_chat_member.kind.status();
    tracing::info!(
        chat = change.chat.id.0,
        is_private = change.chat.is_private(),
        ?status,
        "the bot's place in a chat has changed"
    );
}
