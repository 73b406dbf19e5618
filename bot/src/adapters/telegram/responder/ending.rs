//! The last message about a job.

use image::{Rgb, RgbImage};
use inference::images::encode_jpeg;
use serde_json::{Value, json};

use super::super::api::{ApiError, Call, FilePart, SentMessage};
use super::super::render::{self, Kind, Plan, Rich};
use super::pictures::Caption;
use super::progress::text_call;
use super::state::State;
use crate::chat::{Reply, SendError};
use crate::i18n::Locale;
use crate::i18n::messages::telegram as messages;
use crate::store::{JobId, JobOutcome};

/// Side of the picture that takes the place of one that Telegram does not delete any more, in pixels.
const BLANK_SIDE: u32 = 64;
/// Its grey.
const BLANK_GREY: u8 = 128;
const BLANK_JPEG_QUALITY: u8 = 60;

/// What stands below the last message, and how.
struct Ending<'a> {
    reply: &'a Reply,
    job: JobId,
    locale: Locale,
    plan: Plan,
    keyboard: Option<Value>,
    text: Rich,
}

impl State {
    /// Turns the message about a job into its last one. Where there is none yet, a message is sent first that says
    /// nothing: only changes may be made again when an answer was lost.
    pub(super) async fn end(&self, reply: &Reply, job: JobId) -> Result<(), SendError> {
        if reply.is_private {
            self.go_to_person();
        }
        if self.address().inline_message.is_some() {
            if !reply.is_private || reply.images.is_empty() {
                return self.end_inline(reply, job).await;
            }
            self.leave_inline(job).await?;
        }
        let may_send_again = !self.shared.settings.cancel_deleted;
        if self.address().is_unwatched && self.address().asked_in.is_none() && !may_send_again {
            return Err(ApiError::MessageGone("somebody has deleted it".to_owned()).into());
        }
        let locale = self.locale_of(reply, Some(job)).await;
        let mut ending = Ending {
            reply,
            job,
            locale,
            plan: Plan::of(reply, self.shared.settings.send_originals),
            keyboard: render::of_reply(reply, locale),
            text: render::reply_text(reply),
        };
        let mut is_sent_again = false;
        loop {
            match self.try_end(&ending).await {
                Ok(()) => {
                    if reply
                        .job
                        .as_ref()
                        .is_some_and(|job| job.outcome == JobOutcome::Done)
                    {
                        self.react_to_end().await;
                    }
                    return Ok(());
                }
                // The number of the message is forgotten already.
                Err(ApiError::Migrated { .. }) if !is_sent_again => is_sent_again = true,
                Err(ApiError::ChatClosed(reason)) => return self.explain_privacy(reason, Some(job)).await,
                Err(ApiError::MessageGone(reason)) if may_send_again && !is_sent_again => {
                    tracing::debug!(%job, reason, "the message of a job was deleted; its end is a new one");
                    is_sent_again = true;
                    self.change(|address| address.message = None);
                }
                Err(error) if error.is_about_content() && ending.weaken() => {
                    tracing::warn!(%job, %error, "Telegram does not take the end of a job like this");
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn try_end(&self, ending: &Ending<'_>) -> Result<(), ApiError> {
        if self.address().message.is_none() {
            let call = text_call("sendMessage", &Rich::plain(&messages::coming(ending.locale)));
            let sent: SentMessage = self.say(&call).await?;
            self.change(|address| address.message = Some(sent.message_id));
            self.save(ending.job).await;
        }
        let already = self.address().parts_sent;
        for part in ending.plan.parts.iter().skip(already) {
            self.show_action(part.kind).await;
            let sent = self.send_part(part).await?;
            self.change(|address| {
                address.parts_sent += 1;
                address
                    .extras
                    .extend(sent.iter().map(|message| message.message_id));
            });
            self.save(ending.job).await;
        }
        let placed = match &ending.plan.main {
            Some((kind, image)) => {
                self.show_action(*kind).await;
                let caption = Caption {
                    text: &ending.text(),
                    keyboard: ending.keyboard.as_ref(),
                };
                self.place_picture(*kind, image, caption).await
            }
            None => {
                let call = text_call("editMessageText", &ending.text())
                    .with_some("reply_markup", ending.keyboard.clone());
                self.alter::<Value>(call).await.map(|_| ())
            }
        };
        match placed {
            Err(ApiError::NotModified) => Ok(()),
            placed => placed,
        }
    }

    /// Takes everything about a job away.
    pub(super) async fn remove(&self) -> Result<(), SendError> {
        let address = self.address();
        if address.inline_message.is_some() {
            return Ok(self.blank_inline().await?);
        }
        let messages: Vec<i32> = address.message.into_iter().chain(address.extras).collect();
        if messages.is_empty() {
            return Ok(());
        }
        let call = Call::new("deleteMessages")
            .with_some("chat_id", address.chat)
            .with("message_ids", messages);
        match self.api().call::<Value>(call).await {
            Ok(_) => Ok(()),
            // After two days Telegram deletes nothing any more, but it changes everything.
            Err(error) if error.is_about_content() => {
                tracing::debug!(%error, "a message is not deleted");
                self.blank(blank_picture()?).await
            }
            Err(ApiError::MessageGone(_)) => self.blank(blank_picture()?).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Puts something grey in the place of every picture.
    async fn blank(&self, picture: FilePart) -> Result<(), SendError> {
        let address = self.address();
        for message in address.message.into_iter().chain(address.extras) {
            let call = Call::new("editMessageMedia")
                .with_some("chat_id", address.chat)
                .with("message_id", message)
                .with("media", json!({ "type": "photo", "media": "attach://picture" }))
                .file("picture", picture.clone());
            match self.api().call::<Value>(call).await {
                Ok(_) | Err(ApiError::NotModified | ApiError::MessageGone(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn blank_inline(&self) -> Result<(), ApiError> {
        let picture = blank_picture().map_err(|error| ApiError::FileMissing(error.to_string()))?;
        let id = self.shared.store_file(Kind::Photo, "blank", picture).await?;
        let call = Call::new("editMessageMedia").with("media", json!({ "type": "photo", "media": id }));
        match self.alter::<Value>(call).await {
            Ok(_) | Err(ApiError::NotModified | ApiError::MessageGone(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Ending<'_> {
    fn text(&self) -> Rich {
        self.plan
            .explained(self.text.clone(), self.locale, Some(self.job))
    }

    /// Asks less of Telegram: files instead of photos, then only words. Returns whether there was less to ask.
    fn weaken(&mut self) -> bool {
        if let Some(files) = self.plan.as_files() {
            self.plan = files;
            return true;
        }
        if self.keyboard.is_none() && self.plan == Plan::default() {
            return false;
        }
        if self.plan != Plan::default() || !self.reply.images.is_empty() {
            self.text = Rich::plain(&messages::not_taken(self.locale, self.job));
        }
        self.plan = Plan::default();
        self.keyboard = None;
        true
    }
}

fn blank_picture() -> Result<FilePart, SendError> {
    let grey = RgbImage::from_pixel(BLANK_SIDE, BLANK_SIDE, Rgb([BLANK_GREY; 3]));
    let jpeg = encode_jpeg(&grey, BLANK_JPEG_QUALITY, None);
    let jpeg = jpeg.map_err(|error| SendError::Gone { source: error.into() })?;
    Ok(FilePart {
        file_name: "blank.jpg".to_owned(),
        bytes: jpeg.into(),
    })
}
