//! Where an answer goes, as it stands in the job log.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::chat::ReplyAddress;
use crate::i18n::Locale;

/// The topic that every forum has. Telegram names it in what it tells and refuses it in what it is told.
const GENERAL: i32 = 1;

/// Where an answer goes, and what has become of it so far.
///
/// What a later release adds has a default, so that the address of a job survives an update of the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TelegramAddress {
    /// Id of the person who asked; also that of the conversation with them.
    pub(super) user: i64,
    /// The person's language, as far as Telegram knows it, as a tag.
    #[serde(default)]
    pub(super) language: String,
    /// The chat; `None` when the answer is an inline message, whose chat the bot does not know.
    #[serde(default)]
    pub(super) chat: Option<i64>,
    /// The topic of the chat; `None` for the general one.
    #[serde(default)]
    pub(super) topic: Option<i32>,
    /// The message with the command, or the one whose button was pressed.
    #[serde(default)]
    pub(super) command: Option<i32>,
    /// That message got a reaction, which says at the end that the job is done.
    #[serde(default)]
    pub(super) has_reaction: bool,
    /// The message that shows the job, which is changed until it is the last one.
    #[serde(default)]
    pub(super) message: Option<i32>,
    /// The person has taken that message away: nothing but the end is told.
    #[serde(default)]
    pub(super) is_unwatched: bool,
    /// What was sent beside that message: albums and files.
    #[serde(default)]
    pub(super) extras: Vec<i32>,
    /// How many albums and files are sent already.
    #[serde(default)]
    pub(super) parts_sent: usize,
    /// Telegram's name of the inline message that shows the job.
    #[serde(default)]
    pub(super) inline_message: Option<String>,
    /// The chat in which the command was given, when its answer had to go to the person alone.
    #[serde(default)]
    pub(super) asked_in: Option<AskedIn>,
}

/// Where a command was given whose answer went elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AskedIn {
    /// The chat.
    pub(super) chat: i64,
    /// Its topic.
    #[serde(default)]
    pub(super) topic: Option<i32>,
    /// The message with the command.
    #[serde(default)]
    pub(super) command: Option<i32>,
    /// It was said there that the person has to start the bot first.
    #[serde(default)]
    pub(super) is_told: bool,
}

impl TelegramAddress {
    /// A message in a chat; `topic` as Telegram tells it.
    pub(super) fn in_chat(user: i64, chat: i64, topic: Option<i32>) -> Self {
        Self {
            chat: Some(chat),
            topic: topic.filter(|topic| *topic != GENERAL),
            ..Self::of(user)
        }
    }

    /// A message that somebody sent with the help of the bot, in a chat that the bot does not know.
    pub(super) fn inline(user: i64, inline_message: impl Into<String>) -> Self {
        Self {
            inline_message: Some(inline_message.into()),
            ..Self::of(user)
        }
    }

    fn of(user: i64) -> Self {
        Self {
            user,
            language: String::new(),
            chat: None,
            topic: None,
            command: None,
            has_reaction: false,
            message: None,
            is_unwatched: false,
            extras: Vec::new(),
            parts_sent: 0,
            inline_message: None,
            asked_in: None,
        }
    }

    /// The same in answer to this message.
    pub(super) fn with_command(self, message: i32) -> Self {
        Self {
            command: Some(message),
            ..self
        }
    }

    /// The same for a person with this language.
    pub(super) fn in_language(self, locale: Locale) -> Self {
        Self {
            language: locale.tag().to_owned(),
            ..self
        }
    }

    /// Reads what the job log has.
    ///
    /// # Errors
    /// When it was not written here.
    pub(super) fn read(address: &ReplyAddress) -> anyhow::Result<Self> {
        Self::deserialize(&address.0).context("the reply address is not one of Telegram")
    }

    /// What the job log keeps.
    pub(super) fn write(&self) -> ReplyAddress {
        // Numbers, texts and lists of them always become JSON.
        ReplyAddress(serde_json::to_value(self).unwrap_or_default())
    }

    /// Whether both belong to the same command, whatever has become of its answer.
    pub(super) fn is_of_command_of(&self, other: &Self) -> bool {
        if self.inline_message.is_some() {
            return self.inline_message == other.inline_message;
        }
        let asked = other.asked_in.as_ref();
        let other = asked.map_or((other.chat, other.command), |asked| {
            (Some(asked.chat), asked.command)
        });
        self.command.is_some() && (self.chat, self.command) == other
    }

    /// Whether others read what is said there. Telegram's ids of groups are negative.
    pub(super) fn is_group(&self) -> bool {
        self.chat.is_some_and(|chat| chat < 0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_is_read_as_it_was_written() {
        let address = TelegramAddress {
            message: Some(8),
            extras: vec![9, 10],
            parts_sent: 1,
            asked_in: Some(AskedIn {
                chat: -5,
                topic: Some(3),
                command: Some(2),
                is_told: true,
            }),
            ..TelegramAddress::in_chat(7, -100, Some(5))
                .with_command(6)
                .in_language(Locale::EN)
        };
        assert_eq!(
            TelegramAddress::read(&address.write()).expect("an address"),
            address
        );
    }

    #[test]
    fn the_shortest_address_is_enough() {
        let read = TelegramAddress::read(&ReplyAddress(json!({ "user": 7, "chat": 7 })));
        assert_eq!(read.expect("an address"), TelegramAddress::in_chat(7, 7, None));
        let read = TelegramAddress::read(&ReplyAddress(json!({ "message": "web" })));
        assert!(read.is_err());
    }

    #[test]
    fn a_repeated_command_is_known() {
        let check = |one: &TelegramAddress, other: &TelegramAddress, expected: bool| {
            assert_eq!(one.is_of_command_of(other), expected);
        };
        let command = TelegramAddress::in_chat(7, -100, None).with_command(6);
        let answered = TelegramAddress {
            message: Some(8),
            ..command.clone()
        };
        check(&command, &answered, true);
        check(&command, &answered.clone().with_command(9), false);
        check(
            &TelegramAddress::in_chat(7, -200, None).with_command(6),
            &answered,
            false,
        );
        let in_private = TelegramAddress {
            asked_in: Some(AskedIn {
                chat: -100,
                topic: None,
                command: Some(6),
                is_told: false,
            }),
            ..TelegramAddress::in_chat(7, 7, None)
        };
        check(&command, &in_private, true);
        let inline = TelegramAddress::inline(7, "a");
        check(&inline, &inline, true);
        check(&inline, &TelegramAddress::inline(7, "b"), false);
    }

    #[test]
    fn the_general_topic_has_no_number() {
        assert_eq!(TelegramAddress::in_chat(7, -100, Some(1)).topic, None);
        assert_eq!(TelegramAddress::in_chat(7, -100, Some(2)).topic, Some(2));
    }
}
