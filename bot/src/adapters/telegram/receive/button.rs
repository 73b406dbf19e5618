//! Buttons.

use std::sync::Arc;

use teloxide::types::CallbackQuery;

use super::message::{place_in_group, place_of};
use super::text::topic_of;
use super::{Person, Receiver};
use crate::adapters::telegram::address::TelegramAddress;
use crate::adapters::telegram::inline::{self, Offered};
use crate::adapters::telegram::responder::{Opening, TelegramResponder};
use crate::chat::{CommandInput, CommandRequest, Place};

/// Does what a button stands for.
pub(super) async fn handle(receiver: &Arc<Receiver>, query: &CallbackQuery) {
    let person = Person::of_user(&query.from);
    let data = query.data.clone().unwrap_or_default();
    if let Some(inline_message) = &query.inline_message_id
        && let Ok(offered) = data.parse::<Offered>()
    {
        let pressed = inline::Pressed {
            person,
            query: query.id.0.clone(),
            inline_message: inline_message.clone(),
        };
        return receiver.inline.pressed(receiver, pressed, offered).await;
    }
    let Some((place, address)) = where_it_stands(query, &person) else {
        return tracing::debug!("a button stands nowhere");
    };
    let shared = &receiver.shared;
    let locale = person.locale.unwrap_or(shared.deps.default_locale.get());
    let is_moderator = match address.chat.filter(|_| place.server.is_some()) {
        Some(chat) => receiver.administrators.has(shared, chat, person.id).await,
        None => false,
    };
    let opening = Opening::Button {
        query: query.id.0.clone(),
        name: person.name.clone(),
    };
    let address = address.in_language(locale);
    let request = CommandRequest {
        user: person.user(),
        standing: person.standing(is_moderator),
        place,
        locale,
        input: CommandInput::Button(data),
        attachments: Vec::new(),
        key: Some(format!("b{}", query.id.0)),
        responder: Arc::new(TelegramResponder::new(shared, address, opening)),
    };
    receiver.commands.handle(request).await;
}

/// Where the message with the button is, and where the answer goes.
fn where_it_stands(query: &CallbackQuery, person: &Person) -> Option<(Place, TelegramAddress)> {
    if let Some(inline_message) = &query.inline_message_id {
        let address = TelegramAddress::inline(person.private_chat, inline_message.clone());
        return Some((inline::place_of(inline_message), address));
    }
    let message = query.message.as_ref()?;
    let chat = message.chat();
    // Telegram says no more about a message that is old.
    let regular = message.regular_message();
    let topic = regular.and_then(topic_of);
    let place = match regular {
        Some(regular) => place_of(regular, topic),
        None if chat.is_private() => Place::direct(chat.id.to_string()),
        None => place_in_group(chat.id.0, None),
    };
    let address =
        TelegramAddress::in_chat(person.private_chat, chat.id.0, topic).with_command(message.id().0);
    Some((place, address))
}
