//! Updates as Telegram sends them.
//!
//! Each kind is read by itself and not with the library's type for all of them: that one takes an update whose text is not at
//! hand any more for one of a kind that it does not know.

use serde::de::DeserializeOwned;
use serde_json::Value;
use teloxide::types::{CallbackQuery, ChatMemberUpdated, ChosenInlineResult, InlineQuery, Message};

/// Something that has happened.
#[derive(Debug)]
pub(super) enum Update {
    /// Somebody has written a message.
    Message(Box<Message>),
    /// Somebody has pressed a button.
    Button(Box<CallbackQuery>),
    /// Somebody types after the bot's name.
    Query(InlineQuery),
    /// Somebody has sent a result of that.
    Chosen(ChosenInlineResult),
    /// The bot was let into a chat or out of it.
    Membership(Box<ChatMemberUpdated>),
}

/// The kinds of updates that mean something here; Telegram keeps the others to itself.
pub(in crate::adapters::telegram) const KINDS: [&str; 5] = [
    "message",
    "callback_query",
    "inline_query",
    "chosen_inline_result",
    "my_chat_member",
];

/// The number of an update.
pub(in crate::adapters::telegram) fn update_id(update: &Value) -> Option<u64> {
    update.get("update_id")?.as_u64()
}

impl Update {
    /// Reads an update; `None` when it is of a kind that was not asked for.
    ///
    /// # Errors
    /// When something in it is not as it was when this release was made.
    pub(super) fn read(mut update: Value) -> serde_json::Result<Option<Self>> {
        let Some(kind) = KINDS.into_iter().find(|kind| update.get(kind).is_some()) else {
            return Ok(None);
        };
        let content = update.get_mut(kind).map(Value::take).unwrap_or_default();
        let update = match kind {
            "message" => Self::Message(of(content)?),
            "callback_query" => Self::Button(of(content)?),
            "inline_query" => Self::Query(of(content)?),
            "chosen_inline_result" => Self::Chosen(of(content)?),
            _ => Self::Membership(of(content)?),
        };
        Ok(Some(update))
    }

    /// What has to be done one after another: what happens in one chat. `None` when it may happen at any time.
    pub(super) fn row(&self) -> Option<String> {
        match self {
            Self::Message(message) => Some(message.chat.id.to_string()),
            Self::Button(query) => match (&query.message, &query.inline_message_id) {
                (Some(message), _) => Some(message.chat().id.to_string()),
                (None, inline) => inline.clone(),
            },
            Self::Chosen(chosen) => chosen.inline_message_id.clone(),
            Self::Query(_) | Self::Membership(_) => None,
        }
    }
}

fn of<T: DeserializeOwned>(content: Value) -> serde_json::Result<T> {
    serde_json::from_value(content)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(update: Value, expected: &str) {
        let id = update_id(&update);
        let row = match Update::read(update) {
            Ok(Some(update)) => update.row().unwrap_or_else(|| "any".to_owned()),
            Ok(None) => "nothing".to_owned(),
            Err(_) => "not understood".to_owned(),
        };
        assert_eq!(row, expected);
        assert_eq!(id, Some(9));
    }

    #[test]
    fn updates_of_a_chat_are_in_one_row() {
        let from = json!({ "id": 7, "is_bot": false, "first_name": "Hitori" });
        let chat = json!({ "id": -1001, "type": "supergroup", "title": "STARRY", "is_forum": true });
        let message =
            json!({ "message_id": 5, "date": 1_790_000_000, "chat": chat, "from": from, "text": "a cat" });
        check(json!({ "update_id": 9, "message": message }), "-1001");
        let pressed = json!({ "id": "1", "from": from, "chat_instance": "1", "data": "v1:again:1", "message": message });
        check(json!({ "update_id": 9, "callback_query": pressed }), "-1001");
        let gone = json!({ "message_id": 5, "date": 0, "chat": chat });
        let pressed =
            json!({ "id": "1", "from": from, "chat_instance": "1", "data": "v1:again:1", "message": gone });
        check(json!({ "update_id": 9, "callback_query": pressed }), "-1001");
        let pressed = json!({ "id": "1", "from": from, "chat_instance": "1", "inline_message_id": "AbC" });
        check(json!({ "update_id": 9, "callback_query": pressed }), "AbC");
        let chosen =
            json!({ "result_id": "i1:1:", "from": from, "query": "a cat", "inline_message_id": "AbC" });
        check(json!({ "update_id": 9, "chosen_inline_result": chosen }), "AbC");
        let query = json!({ "id": "1", "from": from, "query": "a cat", "offset": "", "chat_type": "sender" });
        check(json!({ "update_id": 9, "inline_query": query }), "any");
    }

    #[test]
    fn the_future_is_left_alone() {
        check(
            json!({ "update_id": 9, "telepathy": { "thought": "a cat" } }),
            "nothing",
        );
        check(
            json!({ "update_id": 9, "message": { "text": "a cat" } }),
            "not understood",
        );
    }
}
