//! What is needed of a message that Telegram has taken.
//!
//! Everything else is not even read: an answer in which something is new must not look like a message that was not sent.

use serde::Deserialize;

/// A message of the bot.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::adapters::telegram) struct SentMessage {
    /// Its number in the chat.
    #[serde(default)]
    pub(in crate::adapters::telegram) message_id: i32,
    #[serde(default)]
    photo: Vec<SentFile>,
    #[serde(default)]
    document: Option<SentFile>,
}

#[derive(Clone, Debug, Deserialize)]
struct SentFile {
    file_id: String,
}

impl SentMessage {
    /// Under which id Telegram has the picture of the message. Of a photo it has several sizes, the last is the largest.
    pub(in crate::adapters::telegram) fn file_id(&self) -> Option<&str> {
        let file = self.document.as_ref().or(self.photo.last())?;
        Some(&file.file_id)
    }
}
