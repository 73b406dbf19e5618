//! How far a job is.

use std::time::Duration;

use serde_json::Value;

use super::super::api::{ApiError, Call, SentMessage};
use super::super::render;
use super::state::State;
use crate::chat::{JobUpdate, SendError};
use crate::store::JobId;

/// How long news may take: the end of the job waits for them.
pub(super) const NEWS_WITHIN: Duration = Duration::from_secs(8);

impl State {
    /// Says how far a job is, first in a new message, then in the same.
    pub(super) async fn tell(&self, update: &JobUpdate) -> Result<(), SendError> {
        if update.is_private {
            self.go_to_person();
        }
        let address = self.address();
        if address.is_unwatched {
            return Ok(());
        }
        let text = render::news(update);
        let keyboard = render::of_buttons(&update.buttons);
        if address.inline_message.is_some() {
            return self.tell_inline(&text, keyboard, update.job).await;
        }
        if address.message.is_none() {
            let call = text_call("sendMessage", &text).with_some("reply_markup", keyboard);
            return match self.say::<SentMessage>(&call).await {
                Ok(sent) => {
                    self.change(|address| address.message = Some(sent.message_id));
                    // The outbox may not wait any longer, and would not hear of it.
                    self.save(update.job).await;
                    Ok(())
                }
                Err(ApiError::ChatClosed(reason)) => self.explain_privacy(reason, Some(update.job)).await,
                Err(error) => Err(error.into()),
            };
        }
        let call = text_call("editMessageText", &text).with_some("reply_markup", keyboard);
        let altered: Result<Value, ApiError> = self.alter(call.only_news().within(NEWS_WITHIN)).await;
        self.heard(altered, update.job).await
    }

    /// What became of news. When somebody has taken the message away or blocked the bot, they want no more of them.
    pub(super) async fn heard(&self, altered: Result<Value, ApiError>, job: JobId) -> Result<(), SendError> {
        match altered {
            // The next news are told where the group is now.
            Ok(_) | Err(ApiError::NotModified | ApiError::Migrated { .. }) => Ok(()),
            Err(ApiError::ChatClosed(reason)) => self.explain_privacy(reason, Some(job)).await,
            Err(ApiError::MessageGone(reason)) => {
                tracing::debug!(%job, reason, "the message of a job was deleted");
                self.change(|address| address.is_unwatched = true);
                self.cancel_if_deleted(job).await;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Cancels a job whose message somebody has deleted, if the operator wants that.
    async fn cancel_if_deleted(&self, job: JobId) {
        if !self.shared.settings.cancel_deleted {
            return;
        }
        let Some(commands) = self.shared.commands.get() else {
            return;
        };
        if let Err(error) = commands.context().queue.cancel(job).await {
            tracing::warn!(%job, %error, "a job whose message was deleted is not cancelled");
        }
    }
}

/// A call that says a text.
pub(super) fn text_call(method: &'static str, text: &render::Rich) -> Call {
    Call::new(method)
        .with("text", text.html(render::MAX_TEXT))
        .with("parse_mode", "HTML")
        .with("link_preview_options", serde_json::json!({ "is_disabled": true }))
}
