//! What only one person may read, although they asked where others read, too.

use serde_json::Value;

use super::super::address::AskedIn;
use super::super::api::{ApiError, Call, SentMessage};
use super::super::render::{self, Rich};
use super::progress::text_call;
use super::state::State;
use crate::chat::SendError;
use crate::i18n::Locale;
use crate::i18n::messages::telegram as messages;
use crate::store::JobId;

/// What the link to the conversation says to the bot.
const START: &str = "private";

impl State {
    /// From now on everything goes to the conversation with the person who asked.
    pub(super) fn go_to_person(&self) {
        self.change(|address| {
            if !address.is_group() {
                return;
            }
            address.asked_in = address.chat.map(|chat| AskedIn {
                chat,
                topic: address.topic,
                command: address.command,
                is_told: false,
            });
            address.chat = Some(address.user);
            (address.topic, address.command, address.message) = (None, None, None);
            address.has_reaction = false;
        });
    }

    /// The same from an inline message, whose chat the bot does not know.
    pub(super) fn go_to_conversation(&self) {
        self.change(|address| {
            address.inline_message = None;
            address.chat = Some(address.user);
            (address.topic, address.command, address.message) = (None, None, None);
        });
    }

    /// The person cannot be written to, so no more news are. When they asked in a group, they are told there how that can
    /// be changed, once.
    pub(super) async fn explain_privacy(&self, reason: String, job: Option<JobId>) -> Result<(), SendError> {
        self.change(|address| address.is_unwatched = true);
        let Some(asked) = self.address().asked_in else {
            return Err(ApiError::ChatClosed(reason).into());
        };
        if asked.is_told {
            return Ok(());
        }
        let locale = self.locale(job).await;
        let text = match job {
            Some(job) => messages::picture_only_for_you(locale, job),
            None => messages::only_for_you(locale),
        };
        let answers = asked
            .command
            .map(|message| serde_json::json!({ "message_id": message, "allow_sending_without_reply": true }));
        let call: Call = text_call("sendMessage", &Rich::plain(&text))
            .with("chat_id", asked.chat)
            .with_some("message_thread_id", asked.topic)
            .with_some("reply_parameters", answers)
            .with_some("reply_markup", self.start_button(locale));
        let sent: Result<SentMessage, ApiError> = self.api().call(call).await;
        sent.map_err(SendError::from)?;
        self.change(|address| {
            if let Some(asked) = &mut address.asked_in {
                asked.is_told = true;
            }
        });
        Ok(())
    }

    /// A button that leads to the conversation with the bot.
    fn start_button(&self, locale: Locale) -> Option<Value> {
        let bot = self.shared.me.get()?;
        let address = format!("https://t.me/{}?start={START}", bot.username);
        Some(render::link_button(&messages::open_chat(locale), &address))
    }
}
