//! Messages that somebody has sent with the help of the bot, in a chat that it does not know.
//!
//! Such a message takes no upload, and the bot can say nothing beside it: pictures are put down in the storage chat
//! first, and what only the person may read appears over the chat or goes to their conversation with the bot.

use serde_json::Value;

use super::super::api::{ApiError, Call};
use super::super::render::{self, Kind, Rich, input_media};
use super::pictures::hash_of;
use super::progress::NEWS_WITHIN;
use super::state::State;
use crate::chat::{Reply, ReplyImage, SendError};
use crate::i18n::messages::telegram as messages;
use crate::store::JobId;

impl State {
    /// Says in the caption how far a job is.
    pub(super) async fn tell_inline(
        &self,
        text: &Rich,
        keyboard: Option<Value>,
        job: JobId,
    ) -> Result<(), SendError> {
        let call = caption_call(text).with_some("reply_markup", keyboard);
        let altered = self.alter(call.only_news().within(NEWS_WITHIN)).await;
        self.heard(altered, job).await
    }

    /// The message becomes the first picture of the job, or says why there is none.
    pub(super) async fn end_inline(&self, reply: &Reply, job: JobId) -> Result<(), SendError> {
        let locale = self.locale_of(reply, Some(job)).await;
        let keyboard = render::of_reply(reply, locale);
        let text = render::reply_text(reply);
        let shown = match reply.images.first() {
            Some(picture) => match self.show_inline(picture, &text, keyboard.as_ref()).await {
                Err(error) if error.is_about_content() || matches!(error, ApiError::ChatClosed(_)) => {
                    tracing::warn!(%job, %error, "a picture cannot be shown in an inline message");
                    let text = Rich::plain(&messages::not_taken(locale, job));
                    self.alter::<Value>(caption_call(&text)).await.map(|_| ())
                }
                shown => shown,
            },
            None => {
                let call = caption_call(&text).with_some("reply_markup", keyboard);
                self.alter::<Value>(call).await.map(|_| ())
            }
        };
        match shown {
            Ok(()) | Err(ApiError::NotModified) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// A picture that only the person may see does not come into the inline message, which says so, but to their
    /// conversation with the bot.
    pub(super) async fn leave_inline(&self, job: JobId) -> Result<(), SendError> {
        let locale = self.locale(Some(job)).await;
        let call = caption_call(&Rich::plain(&messages::inline_private(locale, job)));
        match self.alter::<Value>(call).await {
            Ok(_) | Err(ApiError::NotModified | ApiError::MessageGone(_)) => {}
            Err(error) => return Err(error.into()),
        }
        self.go_to_conversation();
        Ok(())
    }

    async fn show_inline(
        &self,
        picture: &ReplyImage,
        text: &Rich,
        keyboard: Option<&Value>,
    ) -> Result<(), ApiError> {
        let shown = self.try_inline(picture, text, keyboard).await;
        let (Err(ApiError::FileUnknown(_)), Some(hash)) = (&shown, hash_of(picture)) else {
            return shown;
        };
        // The id is of another time.
        self.shared.forget_file(Kind::Photo, hash).await;
        self.try_inline(picture, text, keyboard).await
    }

    async fn try_inline(
        &self,
        picture: &ReplyImage,
        text: &Rich,
        keyboard: Option<&Value>,
    ) -> Result<(), ApiError> {
        let file = render::load(picture).await;
        let file = file.map_err(|error| ApiError::FileMissing(format!("{error:#}")))?;
        let hash = hash_of(picture).unwrap_or_default();
        let id = self.shared.store_file(Kind::Photo, hash, file).await?;
        let mut media = input_media(Kind::Photo, picture, &id);
        media["caption"] = text.html(render::MAX_CAPTION).into();
        media["parse_mode"] = "HTML".into();
        let call = Call::new("editMessageMedia")
            .with("media", media)
            .with_some("reply_markup", keyboard.cloned());
        self.alter::<Value>(call).await.map(|_| ())
    }

    /// Answers a command that was given with an inline message and started no job.
    pub(super) async fn answer_inline(&self, reply: &Reply) -> Result<(), SendError> {
        let is_plain = reply.images.is_empty() && reply.form.is_none();
        let is_short = reply.text.encode_utf16().count() <= render::MAX_ALERT;
        if is_plain && is_short && self.alert(&reply.text).await {
            return Ok(());
        }
        if !self.is_button() && is_plain {
            let call = caption_call(&Rich::plain(&reply.text));
            let altered: Result<Value, ApiError> = self.alter(call).await;
            return match altered {
                Ok(_) | Err(ApiError::NotModified) => Ok(()),
                Err(error) => Err(error.into()),
            };
        }
        self.go_to_conversation();
        match self.answer_here(reply).await {
            Err(SendError::Gone { source }) => {
                let locale = self.locale_of(reply, None).await;
                if self.alert(&messages::only_for_you(locale)).await {
                    return Ok(());
                }
                Err(SendError::Gone { source })
            }
            answered => answered,
        }
    }
}

fn caption_call(text: &Rich) -> Call {
    Call::new("editMessageCaption")
        .with("caption", text.html(render::MAX_CAPTION))
        .with("parse_mode", "HTML")
}
