//! A result that somebody has sent into a chat becomes a job.

use std::sync::Arc;

use serde_json::Value;
use teloxide::types::ChosenInlineResult;

use super::Inline;
use super::offer::Offered;
use crate::adapters::telegram::address::TelegramAddress;
use crate::adapters::telegram::api::Call;
use crate::adapters::telegram::receive::{Person, Receiver};
use crate::adapters::telegram::responder::{Opening, TelegramResponder};
use crate::chat::{CommandInput, CommandRequest, Place};
use crate::i18n::messages::telegram as texts;

/// A button below a result was pressed.
#[derive(Clone, Debug)]
pub(in crate::adapters::telegram) struct Pressed {
    /// By whom.
    pub(in crate::adapters::telegram) person: Person,
    /// Telegram's id of that.
    pub(in crate::adapters::telegram) query: String,
    /// Telegram's name of the message.
    pub(in crate::adapters::telegram) inline_message: String,
}

/// The place of an inline message. Who can press its buttons can see it, and nothing else is known about the chat, so the
/// message is the place: what others may do with a picture in their own chat, they may do with this one.
pub(in crate::adapters::telegram) fn place_of(inline_message: &str) -> Place {
    Place::direct(format!("inline/{inline_message}"))
}

/// Telegram tells that a result was sent. It may tell it late or twice.
pub(super) async fn chosen(receiver: &Arc<Receiver>, chosen: &ChosenInlineResult) {
    let Ok(offered) = chosen.result_id.parse::<Offered>() else {
        // A finished picture, or something to read.
        return;
    };
    let Some(inline_message) = &chosen.inline_message_id else {
        return tracing::debug!("a result was sent without its button, so it cannot be changed");
    };
    let start = Start {
        person: Person::of_user(&chosen.from),
        inline_message: inline_message.clone(),
        opening: Opening::Silent,
        command: offered.variant.command(chosen.query.trim()),
    };
    start.begin(receiver).await;
}

/// Somebody has pressed the button, because Telegram does not tell that a result was sent, or not fast enough.
pub(super) async fn pressed(inline: &Inline, receiver: &Arc<Receiver>, pressed: Pressed, offered: Offered) {
    let Pressed {
        person,
        query,
        inline_message,
    } = pressed;
    let platform_says = person.locale.unwrap_or(receiver.shared.deps.default_locale.get());
    let now = receiver.commands.context().clock.now();
    let offer = inline.offers.get(&receiver.shared, &offered.offer, now).await;
    let is_theirs = |user: &str| user == person.user().id;
    let command = match offer {
        Some(offer) if is_theirs(&offer.user) => offered.variant.command(&offer.prompt),
        offer => {
            let locale = receiver.commands.locale_of(&person.user(), platform_says).await;
            let text = match offer {
                Some(_) => texts::inline_not_yours(locale),
                None => texts::inline_too_old(locale, &receiver.me.username),
            };
            return alert(receiver, &query, &text).await;
        }
    };
    let name = person.name.clone();
    let start = Start {
        person,
        inline_message,
        opening: Opening::Button { query, name },
        command,
    };
    start.begin(receiver).await;
}

/// Answers a button with a window.
async fn alert(receiver: &Receiver, query: &str, text: &str) {
    let call = Call::new("answerCallbackQuery")
        .with("callback_query_id", query)
        .with("text", text)
        .with("show_alert", true);
    if let Err(error) = receiver.shared.api.call::<Value>(call).await {
        tracing::debug!(%error, "a button is not answered");
    }
}

/// A job to begin in an inline message.
struct Start {
    person: Person,
    inline_message: String,
    opening: Opening,
    command: String,
}

impl Start {
    async fn begin(self, receiver: &Arc<Receiver>) {
        let address = TelegramAddress::inline(self.person.private_chat, self.inline_message.clone());
        let request = CommandRequest {
            // However often it is told, and whoever tells it: one message is one job.
            key: Some(format!("i{}", self.inline_message)),
            place: place_of(&self.inline_message),
            ..request(receiver, &self.person, address, self.opening, self.command)
        };
        receiver.commands.handle(request).await;
    }
}

/// A command that is given in a chat that the bot does not know.
pub(super) fn request(
    receiver: &Receiver,
    person: &Person,
    address: TelegramAddress,
    opening: Opening,
    command: String,
) -> CommandRequest {
    let shared = &receiver.shared;
    let locale = person.locale.unwrap_or(shared.deps.default_locale.get());
    let address = address.in_language(locale);
    CommandRequest {
        user: person.user(),
        standing: person.standing(false),
        place: Place::direct(person.private_chat.to_string()),
        locale,
        input: CommandInput::Text(command),
        attachments: Vec::new(),
        key: None,
        responder: Arc::new(TelegramResponder::new(shared, address, opening)),
    }
}
