//! Messages.

use std::sync::Arc;

use teloxide::types::Message;

use super::picture::Picture;
use super::say::{Saying, say};
use super::text::{Said, topic_of, understand};
use super::{Person, Receiver};
use crate::adapters::telegram::PLATFORM;
use crate::adapters::telegram::address::TelegramAddress;
use crate::adapters::telegram::inline::INLINE_PAYLOAD;
use crate::adapters::telegram::question::Question;
use crate::adapters::telegram::responder::{Opening, TelegramResponder};
use crate::chat::{ChatId, CommandInput, CommandRequest, Place};

/// Does what a message asks for.
pub(super) async fn handle(receiver: &Arc<Receiver>, message: &Message) {
    if let Some(new) = message.migrate_to_chat_id() {
        return moved(receiver, message.chat.id.0, new.0).await;
    }
    let Some(person) = Person::of_message(message) else {
        return;
    };
    let said = understand(message, &receiver.me);
    let input = match said {
        Said::Nothing => return,
        Said::Command(input) => input,
        Said::Bare => return answer_with(receiver, message, &person, &Saying::Ask(bare_question())).await,
        Said::Picture { album } => {
            let is_first = album.is_none_or(|album| receiver.albums.insert(album, ()));
            if is_first {
                answer_with(receiver, message, &person, &Saying::PictureNeedsWords).await;
            }
            return;
        }
        Said::Start(payload) => return started(receiver, message, &person, &payload).await,
    };
    if let Some(album) = message.media_group_id() {
        // The other pictures of the album have no words, and nothing needs to be said about that.
        receiver.albums.insert(album.0.clone(), ());
    }
    give(receiver, message, &person, input).await;
}

async fn give(receiver: &Arc<Receiver>, message: &Message, person: &Person, input: CommandInput) {
    let shared = &receiver.shared;
    let locale = person.locale.unwrap_or(shared.deps.default_locale.get());
    let (chat, topic) = (message.chat.id.0, topic_of(message));
    let address = TelegramAddress::in_chat(person.private_chat, chat, topic)
        .with_command(message.id.0)
        .in_language(locale);
    let is_moderator = is_moderator(receiver, message, person, &input).await;
    let picture = Picture::of(message).or_else(|| message.reply_to_message().and_then(Picture::of));
    let request = CommandRequest {
        user: person.user(),
        standing: person.standing(is_moderator),
        place: place_of(message, topic),
        locale,
        input,
        attachments: picture
            .map(|picture| picture.attachment(shared))
            .into_iter()
            .collect(),
        key: Some(format!("m{chat}:{}", message.id)),
        responder: Arc::new(TelegramResponder::new(shared, address, Opening::Message)),
    };
    receiver.commands.handle(request).await;
}

/// Who draws need not be known so well, and it happens most often: Telegram is asked for other commands only.
async fn is_moderator(receiver: &Receiver, message: &Message, person: &Person, input: &CommandInput) -> bool {
    if message.chat.is_private() {
        return false;
    }
    if person.is_anonymous_administrator {
        return true;
    }
    let is_about_others = match input {
        CommandInput::Text(text) => !text.starts_with("/draw"),
        CommandInput::Options { .. } | CommandInput::Button(_) => true,
    };
    let (shared, chat) = (&receiver.shared, message.chat.id.0);
    is_about_others && receiver.administrators.has(shared, chat, person.id).await
}

/// Where a message was written, as rules see it.
pub(super) fn place_of(message: &Message, topic: Option<i32>) -> Place {
    let chat = message.chat.id;
    if message.chat.is_private() {
        return Place::direct(chat.to_string());
    }
    place_in_group(chat.0, topic)
}

/// A group, or a topic of it.
pub(super) fn place_in_group(group: i64, topic: Option<i32>) -> Place {
    let chat = match topic {
        Some(topic) => format!("{group}/{topic}"),
        None => group.to_string(),
    };
    Place {
        server: Some(group.to_string()),
        parent: topic.map(|_| ChatId(group.to_string())),
        ..Place::direct(chat)
    }
}

/// Somebody opens the conversation, or comes by a link for a reason.
async fn started(receiver: &Arc<Receiver>, message: &Message, person: &Person, payload: &str) {
    let link = format!("https://t.me/{}?start={payload}", receiver.me.username);
    let saying = match Question::read(&link) {
        Some(question) => Saying::Ask(question),
        None if payload == INLINE_PAYLOAD => Saying::Inline,
        None => Saying::Hello,
    };
    answer_with(receiver, message, person, &saying).await;
}

/// A group has become a supergroup: what was set for it holds on.
async fn moved(receiver: &Receiver, old: i64, new: i64) {
    let (old, new) = (old.to_string(), new.to_string());
    let context = receiver.commands.context();
    let now = context.clock.now();
    match context.rules.move_server(&PLATFORM, &old, &new, now).await {
        Ok(()) => tracing::info!(old, new, "a group has another id now"),
        Err(error) => {
            tracing::error!(old, new, error = %format_args!("{error:#}"), "what was set for a group is lost");
        }
    }
}

async fn answer_with(receiver: &Receiver, message: &Message, person: &Person, saying: &Saying) {
    let shared = &receiver.shared;
    let platform_says = person.locale.unwrap_or(shared.deps.default_locale.get());
    let locale = receiver.commands.locale_of(&person.user(), platform_says).await;
    say(shared, &receiver.me, message, saying, locale).await;
}

/// What a menu's `/draw` asks for.
fn bare_question() -> Question {
    Question {
        command: "draw".to_owned(),
        field: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_a_place_in_its_group() {
        let check = |topic: Option<i32>, chat: &str, parent: Option<&str>| {
            let place = place_in_group(-1001, topic);
            assert_eq!(place.chat, ChatId(chat.to_owned()));
            assert_eq!(place.parent, parent.map(|parent| ChatId(parent.to_owned())));
            assert_eq!(place.server.as_deref(), Some("-1001"));
        };
        check(None, "-1001", None);
        check(Some(7), "-1001/7", Some("-1001"));
    }
}
