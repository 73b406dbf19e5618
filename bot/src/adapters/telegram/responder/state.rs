//! What is known about one way back, and the calls that go there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;

use super::super::Shared;
use super::super::address::TelegramAddress;
use super::super::api::{Api, ApiError, Call};
use super::Opening;
use crate::chat::{Reply, ReplyAddress};
use crate::i18n::Locale;
use crate::store::JobId;

/// How often a call is made anew with what Telegram has said about the place.
const CORRECTIONS: usize = 3;

/// One way back.
#[derive(Debug)]
pub(super) struct State {
    pub(super) shared: Arc<Shared>,
    known: Mutex<Known>,
    turn: Arc<tokio::sync::Mutex<()>>,
    /// What people call whoever has pressed a button; `None` when it began with something else.
    presser: Option<String>,
}

/// What changes while something is said.
#[derive(Debug)]
struct Known {
    address: TelegramAddress,
    /// The address that whoever sends something here knows of. What nobody waited for any longer has not been told.
    told: TelegramAddress,
    /// The button's query, until it is answered.
    query: Option<String>,
    /// The reply that was sent last.
    nonce: Option<String>,
}

impl State {
    pub(super) fn new(shared: &Arc<Shared>, address: TelegramAddress, opening: &Opening) -> Self {
        let (query, presser) = match opening {
            Opening::Button { query, name } => (Some(query.clone()), Some(name.clone())),
            Opening::Message | Opening::Silent => (None, None),
        };
        Self {
            shared: Arc::clone(shared),
            presser,
            known: Mutex::new(Known {
                told: address.clone(),
                address,
                query,
                nonce: None,
            }),
            turn: Arc::default(),
        }
    }

    /// Waits until nothing else is being said here.
    pub(super) async fn turn(&self) -> tokio::sync::OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    pub(super) fn api(&self) -> &Api {
        &self.shared.api
    }

    pub(super) fn address(&self) -> TelegramAddress {
        self.lock().address.clone()
    }

    /// Remembers something about the place, for all that is said from now on.
    pub(super) fn change(&self, change: impl FnOnce(&mut TelegramAddress)) {
        change(&mut self.lock().address);
    }

    /// The address, unless it was told before.
    pub(super) fn take_news_of_address(&self) -> Option<ReplyAddress> {
        let mut known = self.lock();
        if known.told == known.address {
            return None;
        }
        known.told = known.address.clone();
        Some(known.told.write())
    }

    /// Whether it began with a button.
    pub(super) fn is_button(&self) -> bool {
        self.presser.is_some()
    }

    /// What people call whoever has pressed the button that it began with.
    pub(super) fn presser(&self) -> Option<&str> {
        self.presser.as_deref()
    }

    /// The query of the button, for whoever answers it first.
    pub(super) fn take_query(&self) -> Option<String> {
        self.lock().query.take()
    }

    /// Whether this was sent before, by a try whose success nobody heard of.
    pub(super) fn has_said(&self, reply: &Reply) -> bool {
        reply.nonce.is_some() && self.lock().nonce == reply.nonce
    }

    pub(super) fn said(&self, nonce: Option<String>) {
        self.lock().nonce = nonce;
    }

    /// The language of what stands beside a reply: its own, if it says which.
    pub(super) async fn locale_of(&self, reply: &Reply, job: Option<JobId>) -> Locale {
        match reply.locale {
            Some(locale) => locale,
            None => self.locale(job).await,
        }
    }

    /// The language of texts that are not in a reply: the one in which the job is told of, or the person's.
    pub(super) async fn locale(&self, job: Option<JobId>) -> Locale {
        if let Some(job) = job
            && let Ok(Some(row)) = self.shared.deps.store.jobs().get(job).await
        {
            return row.locale;
        }
        let language = self.address().language;
        language.parse().unwrap_or(self.shared.deps.default_locale.get())
    }

    /// Writes the address into the job log before anything else is sent there: the process may end at any time.
    pub(super) async fn save(&self, job: JobId) {
        let address = self.address().write();
        if let Err(error) = self
            .shared
            .deps
            .store
            .jobs()
            .set_reply_address(job, &address)
            .await
        {
            tracing::error!(%job, %error, "number of a message not written down");
        }
    }

    /// Says something new. A topic that is gone and a group that has moved are followed.
    pub(super) async fn say<T: DeserializeOwned>(&self, call: &Call) -> Result<T, ApiError> {
        let mut said = self.api().call(here(call.clone(), &self.address())).await;
        for _ in 0..CORRECTIONS {
            match &said {
                Err(error) if self.follow(error) => {}
                _ => break,
            }
            said = self.api().call(here(call.clone(), &self.address())).await;
        }
        said
    }

    /// Changes the message that shows the job.
    pub(super) async fn alter<T: DeserializeOwned>(&self, call: Call) -> Result<T, ApiError> {
        let address = self.address();
        let call = match &address.inline_message {
            Some(message) => call.with("inline_message_id", message.as_str()),
            None => call
                .with_some("chat_id", address.chat)
                .with_some("message_id", address.message),
        };
        match self.api().call(call).await {
            // What was said in the group before cannot be changed from the new one, but something new can be said there.
            Err(error @ ApiError::Migrated { .. }) => {
                self.follow(&error);
                Err(error)
            }
            altered => altered,
        }
    }

    /// Learns from a refusal where the place is now. Returns whether there is a point in another try.
    fn follow(&self, error: &ApiError) -> bool {
        let mut known = self.lock();
        let address = &mut known.address;
        match error {
            ApiError::Migrated { to } => {
                address.chat = Some(*to);
                (address.topic, address.command, address.message) = (None, None, None);
                address.extras.clear();
                true
            }
            ApiError::TopicGone(_) => address.topic.take().is_some(),
            ApiError::MessageGone(_) => address.command.take().is_some(),
            _ => false,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that says something at this address. In a group it answers the command, so that everybody sees whose it is.
fn here(call: Call, address: &TelegramAddress) -> Call {
    let command = address.command.filter(|_| address.is_group());
    let answers = command
        .map(|message| serde_json::json!({ "message_id": message, "allow_sending_without_reply": true }));
    call.with_some("chat_id", address.chat)
        .with_some("message_thread_id", address.topic)
        .with_some("reply_parameters", answers)
}
