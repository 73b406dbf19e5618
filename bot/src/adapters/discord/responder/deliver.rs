//! Brings a message to the person, by the first way that works.

use serde::Deserialize;
use serenity::model::id::{ChannelId, MessageId};
use serenity::model::permissions::Permissions;

use super::Conversation;
use super::calls::{self, Kind};
use super::open::{TRY_WITHIN, Tries};
use super::way::{Wanted, Way, ways};
use crate::adapters::discord::address::{Answered, BotAccess, DiscordAddress};
use crate::adapters::discord::render::{Manner, Message, escaped, window};
use crate::adapters::discord::rest::{Answer, Call, Meaning, RestError};
use crate::chat::Form;
use crate::i18n::messages::discord as texts;
use crate::store::JobId;

/// Something to be shown.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) message: Message,
    /// Only the person may see it.
    pub(super) is_private: bool,
    /// It must arrive; news that cannot be shown are not.
    pub(super) is_last: bool,
    /// Nothing can be left out of it any more.
    pub(super) is_barest: bool,
    /// The same for every try.
    pub(super) nonce: Option<String>,
    /// What it is about.
    pub(super) job: Option<JobId>,
}

/// The part of a message that matters here.
#[derive(Debug, Deserialize)]
struct Shown {
    id: MessageId,
}

/// The part of a channel that matters here.
#[derive(Debug, Deserialize)]
struct Opened {
    id: ChannelId,
}

/// The answer to a first answer.
#[derive(Debug, Deserialize)]
pub(super) struct Response {
    interaction: Responded,
}

#[derive(Debug, Deserialize)]
struct Responded {
    response_message_id: Option<MessageId>,
    response_message_ephemeral: Option<bool>,
}

impl Conversation {
    /// Shows a message by the first way that works. A way that is found closed is not tried again.
    ///
    /// # Errors
    /// When all ways are closed, the first one that is open wants it later, or Discord does not take the message and
    /// something can be left out of it.
    pub(super) async fn deliver(&self, letter: &Letter) -> Result<(), RestError> {
        let mut closed = Vec::new();
        let mut last_error = RestError::NoWay;
        loop {
            let address = self.address();
            let wanted = Wanted {
                is_private: letter.is_private,
                is_last: letter.is_last,
                has_token: address.has_token(self.shared.clock.now()),
            };
            let open = ways(&address, wanted);
            let Some(way) = open.into_iter().find(|way| !closed.contains(way)) else {
                return Err(last_error);
            };
            let Err(error) = self.take(way, &address, letter).await else {
                return Ok(());
            };
            match error.meaning() {
                Meaning::Later(_) => return Err(error),
                Meaning::TooLarge | Meaning::Malformed if !letter.is_barest => return Err(error),
                Meaning::AcknowledgedBefore => self.change(|address| {
                    address.answer = Answered::Original { message: None };
                }),
                Meaning::TokenDead => self.change(|address| address.is_token_dead = true),
                Meaning::MessageGone
                | Meaning::PlaceClosed
                | Meaning::PersonClosed
                | Meaning::TooLarge
                | Meaning::Malformed => {}
            }
            tracing::debug!(?way, %error, "a way to the person is closed");
            closed.push(way);
            last_error = error;
        }
    }

    async fn take(&self, way: Way, address: &DiscordAddress, letter: &Letter) -> Result<(), RestError> {
        let message = &letter.message;
        match way {
            Way::Respond { is_private } => {
                let manner = Manner {
                    is_private,
                    ..Manner::default()
                };
                let call = calls::respond(address, Kind::Message, &message.body(&manner))?;
                let call = call.within(TRY_WITHIN).with_files(message.files.clone());
                let answer = self.send(call).await?;
                self.responded(&answer, is_private);
                Ok(())
            }
            Way::EditOriginal => {
                let answer = self.send(calls::edit_original(address, message)?).await?;
                if let Ok(Shown { id }) = answer.read() {
                    self.change(|address| address.answer = Answered::Original { message: Some(id) });
                }
                Ok(())
            }
            Way::Replace => {
                self.without_original(address).await?;
                self.follow_up(address, message, true).await
            }
            Way::FollowUp { is_private } => self.follow_up(address, message, is_private).await,
            Way::EditFollowUp(id) => {
                let call = calls::edit_follow_up(address, id, message)?;
                self.send(call).await.map(drop)
            }
            Way::Change { channel, message: id } => {
                let call = calls::change(channel, id, message)?;
                self.send(call).await.map(drop)
            }
            Way::Post => {
                let manner = Manner {
                    mentions: Some(address.user),
                    answers: answered_message(address),
                    ..nonce_of(letter)
                };
                self.post(address.channel, message, &manner).await
            }
            Way::Direct => self.post_direct(address, letter).await,
            Way::Point => self.point(address, letter).await,
        }
    }

    /// Opens a window as the first answer. `false` when it is too late for that.
    pub(super) async fn ask(&self, form: &Form) -> Result<bool, RestError> {
        let address = self.address();
        if !address.has_token(self.shared.clock.now()) {
            return Ok(false);
        }
        let tries = Tries::since(self.begun);
        let mut is_unsure = false;
        loop {
            let call = calls::respond(&address, Kind::Window, &window(form))?;
            match self.send(call.within(tries.within())).await {
                Ok(_) => return Ok(self.asked()),
                Err(error) if error.meaning() == Meaning::AcknowledgedBefore => {
                    // An earlier try has opened it, or something else was said meanwhile.
                    return if is_unsure { Ok(self.asked()) } else { Ok(false) };
                }
                Err(error) if error.meaning() == Meaning::TokenDead => return Ok(false),
                Err(error) => {
                    is_unsure |= error.may_have_worked();
                    tries.again(error).await?;
                }
            }
        }
    }

    fn asked(&self) -> bool {
        self.change(|address| address.answer = Answered::Quietly);
        true
    }

    /// The first answer was taken.
    pub(super) fn responded(&self, answer: &Answer, is_private: bool) {
        let response = answer
            .read::<Response>()
            .ok()
            .map(|response| response.interaction);
        let message = response
            .as_ref()
            .and_then(|response| response.response_message_id);
        let is_hidden = response.and_then(|response| response.response_message_ephemeral);
        self.change(|address| {
            address.answer = Answered::Original { message };
            // Where people may not use what they bring along, Discord shows it to them alone.
            address.is_private = is_hidden.unwrap_or(is_private);
        });
    }

    /// Takes away what was announced to everybody.
    async fn without_original(&self, address: &DiscordAddress) -> Result<(), RestError> {
        match self.send(calls::delete_original(address)).await {
            Err(error) if error.meaning() != Meaning::MessageGone => return Err(error),
            _ => self.change(|address| address.answer = Answered::Quietly),
        }
        Ok(())
    }

    async fn follow_up(
        &self,
        address: &DiscordAddress,
        message: &Message,
        is_private: bool,
    ) -> Result<(), RestError> {
        let answer = self.send(calls::follow_up(address, message, is_private)?).await?;
        self.change(|address| address.follow_ups += 1);
        // It was sent, whatever the answer says.
        if let Ok(Shown { id: message }) = answer.read() {
            self.change(|address| address.answer = Answered::FollowUp { message, is_private });
        }
        Ok(())
    }

    async fn post(&self, channel: ChannelId, message: &Message, manner: &Manner) -> Result<(), RestError> {
        let answer = self.send(calls::post(channel, message, manner)?).await?;
        if let Ok(Shown { id: message }) = answer.read() {
            self.change(|address| address.answer = Answered::Own { channel, message });
        }
        Ok(())
    }

    async fn post_direct(&self, address: &DiscordAddress, letter: &Letter) -> Result<(), RestError> {
        let Opened { id } = self.send(calls::open_direct(address)?).await?.read()?;
        let from = texts::from_elsewhere(address.locale, &format!("<#{}>", address.channel));
        let lines = [from, letter.message.content.clone()];
        let lines: Vec<String> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        let message = Message {
            content: lines.join("\n"),
            ..letter.message.clone()
        };
        self.post(id, &message, &nonce_of(letter)).await
    }

    /// Says where the answer can be had. It is not remembered as the message: what is private must not come into it.
    async fn point(&self, address: &DiscordAddress, letter: &Letter) -> Result<(), RestError> {
        let locale = address.public_locale.unwrap_or(address.locale);
        let message = Message {
            content: escaped(&texts::not_delivered(locale, letter.job)),
            ..Message::default()
        };
        let manner = Manner {
            mentions: Some(address.user),
            ..nonce_of(letter)
        };
        let call = calls::post(address.channel, &message, &manner)?;
        self.send(call).await.map(drop)
    }

    /// Takes the message away. One that is gone already is a success.
    pub(super) async fn take_away(&self) -> Result<(), RestError> {
        let address = self.address();
        let has_token = address.has_token(self.shared.clock.now());
        let (by_token, by_bot) = removals(&address);
        let by_token = by_token.filter(|_| has_token);
        if by_token.is_none() && by_bot.is_none() {
            let is_there = !matches!(address.answer, Answered::Nothing | Answered::Quietly);
            return if is_there { Err(RestError::NoWay) } else { Ok(()) };
        }
        let mut last_error = RestError::NoWay;
        for call in by_token.into_iter().chain(by_bot) {
            match self.send(call).await {
                Ok(_) => return Ok(()),
                Err(error) => match error.meaning() {
                    Meaning::MessageGone => return Ok(()),
                    Meaning::TokenDead => {
                        self.change(|address| address.is_token_dead = true);
                        last_error = error;
                    }
                    _ => return Err(error),
                },
            }
        }
        Err(last_error)
    }

    pub(super) async fn send(&self, call: Call) -> Result<Answer, RestError> {
        self.shared.rest.send(call).await
    }
}

/// The calls that take the message away: by the interaction's token, and by the bot itself.
fn removals(address: &DiscordAddress) -> (Option<Call>, Option<Call>) {
    let by_bot = |message: Option<MessageId>, is_private: bool| {
        let message = message.filter(|_| !is_private && address.access != BotAccess::None)?;
        Some(calls::delete(address.channel, message))
    };
    match address.answer {
        Answered::Nothing | Answered::Quietly => (None, None),
        Answered::Original { message } => (
            Some(calls::delete_original(address)),
            by_bot(message, address.is_private),
        ),
        Answered::FollowUp { message, is_private } => (
            Some(calls::delete_follow_up(address, message)),
            by_bot(Some(message), is_private),
        ),
        Answered::Own { channel, message } => (None, Some(calls::delete(channel, message))),
    }
}

/// The message that a new one is shown as the answer to. Without the right to read what was said before, Discord
/// would not take it.
fn answered_message(address: &DiscordAddress) -> Option<MessageId> {
    let is_readable = address.permissions.contains(Permissions::READ_MESSAGE_HISTORY);
    match address.answer {
        Answered::Original { message } => message.filter(|_| is_readable && !address.is_private),
        _ => None,
    }
}

fn nonce_of(letter: &Letter) -> Manner {
    Manner {
        nonce: letter.nonce.clone(),
        ..Manner::default()
    }
}
