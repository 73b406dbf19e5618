//! Who says something.

use teloxide::types::{Message, User};

use crate::adapters::telegram::PLATFORM;
use crate::chat::{Standing, UserId};
use crate::i18n::Locale;

/// Somebody who says something, as a person or in the name of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::adapters::telegram) struct Person {
    /// Under which id they are known: that of the chat in whose name they speak, or their own.
    pub(in crate::adapters::telegram) id: i64,
    /// The id to talk to them alone; nobody answers there when they speak in the name of a chat.
    pub(in crate::adapters::telegram) private_chat: i64,
    /// What people call them.
    pub(in crate::adapters::telegram) name: String,
    /// The language that their program speaks, as far as it is one of ours.
    pub(in crate::adapters::telegram) locale: Option<Locale>,
    /// An administrator of the chat who does not want to be known.
    pub(in crate::adapters::telegram) is_anonymous_administrator: bool,
}

impl Person {
    /// The person behind a button or an inline query.
    pub(in crate::adapters::telegram) fn of_user(user: &User) -> Self {
        let id = signed(user.id.0);
        Self {
            id,
            private_chat: id,
            name: user.full_name(),
            locale: user.language_code.as_deref().and_then(|code| code.parse().ok()),
            is_anonymous_administrator: false,
        }
    }

    /// Who has written a message; `None` for messages of other bots and of Telegram itself.
    pub(super) fn of_message(message: &Message) -> Option<Self> {
        let from = message.from.as_ref()?;
        if from.id.is_telegram() {
            return None;
        }
        let Some(chat) = &message.sender_chat else {
            return (!from.is_bot).then(|| Self::of_user(from));
        };
        Some(Self {
            id: chat.id.0,
            // Nobody reads what is said to the account that stands for everybody without a name.
            private_chat: signed(from.id.0),
            name: chat.title().unwrap_or_default().to_owned(),
            locale: None,
            is_anonymous_administrator: chat.id == message.chat.id,
        })
    }

    /// Their id, as the job log has it.
    pub(in crate::adapters::telegram) fn user(&self) -> UserId {
        UserId {
            platform: PLATFORM,
            id: self.id.to_string(),
        }
    }

    /// What Telegram says about them.
    pub(in crate::adapters::telegram) fn standing(&self, is_moderator: bool) -> Standing {
        Standing {
            name: Some(self.name.clone()).filter(|name| !name.is_empty()),
            is_moderator,
            ..Standing::default()
        }
    }
}

/// Telegram's ids have at most 52 bits.
fn signed(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}
