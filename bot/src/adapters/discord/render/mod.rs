//! Messages as Discord shows them: a text, an embed with a picture, buttons.

mod buttons;
mod markdown;
mod progress;
mod reply;
#[cfg(test)]
mod tests;
mod window;

use serde::Serialize;
use serenity::builder::{CreateActionRow, CreateAllowedMentions, CreateEmbed};
use serenity::model::id::{MessageId, UserId};

pub(super) use self::markdown::escaped;
pub(super) use self::progress::progress;
pub(super) use self::reply::{only_text, reply};
pub(super) use self::window::window;
use super::rest::File;

/// Longest text of a message, in characters.
const MAX_CONTENT: usize = 2000;
/// Longest text of an embed, in characters.
const MAX_DESCRIPTION: usize = 4096;
/// Longest value of a field of an embed, in characters.
const MAX_FIELD: usize = 1024;
/// Longest text of all embeds of a message together, in characters.
const MAX_EMBEDS: usize = 6000;

/// The longest answer that can be shown; what does not fit into a message goes into a file beside it.
pub(super) const MAX_TEXT: usize = 100_000;

/// Only the person who gave the command sees the message.
pub(super) const EPHEMERAL: u64 = 1 << 6;

/// A message, ready to be sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Message {
    /// The text above everything else.
    pub(super) content: String,
    /// Boxes with text and a picture.
    pub(super) embeds: Vec<CreateEmbed>,
    /// Rows of buttons.
    pub(super) rows: Vec<CreateActionRow>,
    /// What is attached.
    pub(super) files: Vec<File>,
}

/// What is said about a message beside what is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Manner {
    /// Only the person sees it.
    pub(super) is_private: bool,
    /// The person is told that it is there.
    pub(super) mentions: Option<UserId>,
    /// The message that it answers.
    pub(super) answers: Option<MessageId>,
    /// Discord shows messages with the same number once.
    pub(super) nonce: Option<String>,
}

/// A message as it goes over the wire. Every part of it is there, so that it replaces what was shown before.
#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    content: String,
    embeds: &'a [CreateEmbed],
    components: &'a [CreateActionRow],
    attachments: Vec<Attached<'a>>,
    allowed_mentions: CreateAllowedMentions,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_reference: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enforce_nonce: Option<bool>,
}

#[derive(Debug, Serialize)]
struct Attached<'a> {
    id: usize,
    filename: &'a str,
}

#[derive(Debug, Serialize)]
struct Reference {
    message_id: MessageId,
    fail_if_not_exists: bool,
}

impl Message {
    /// The message as it goes over the wire. Nobody but the person in `manner` is told of it.
    pub(super) fn body<'a>(&'a self, manner: &'a Manner) -> Body<'a> {
        let files = self.files.iter().enumerate();
        let mention = manner.mentions.map(|person| format!("<@{person}>"));
        let lines = mention.into_iter().chain(Some(self.content.clone()));
        let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
        Body {
            content: markdown::cut(&lines.join(" "), MAX_CONTENT),
            embeds: &self.embeds,
            components: &self.rows,
            attachments: files
                .map(|(id, file)| Attached {
                    id,
                    filename: &file.name,
                })
                .collect(),
            allowed_mentions: CreateAllowedMentions::new().users(manner.mentions),
            flags: manner.is_private.then_some(EPHEMERAL),
            message_reference: manner.answers.map(|message_id| Reference {
                message_id,
                fail_if_not_exists: false,
            }),
            nonce: manner.nonce.as_deref(),
            enforce_nonce: manner.nonce.is_some().then_some(true),
        }
    }
}
