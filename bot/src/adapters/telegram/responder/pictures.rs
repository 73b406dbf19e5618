//! Pictures on their way: by the id under which Telegram has them already, or as an upload.

use serde_json::Value;

use super::super::api::{ApiError, Call, FilePart, SentMessage};
use super::super::render::{self, Kind, Part, Rich, input_media};
use super::state::State;
use crate::chat::{ImageContent, ReplyImage};

/// A picture as a call names it.
struct Media {
    name: String,
    upload: Option<FilePart>,
}

/// How pictures get into the chat.
enum Way<'a> {
    /// The message of the job turns into one.
    Change(Caption<'a>),
    /// One is a message of its own.
    Send(Caption<'a>),
    /// Several are an album.
    Album,
}

/// What stands below a picture.
#[derive(Clone, Copy)]
pub(super) struct Caption<'a> {
    /// The text.
    pub(super) text: &'a Rich,
    /// The buttons.
    pub(super) keyboard: Option<&'a Value>,
}

impl State {
    /// Turns the message of the job into this picture.
    pub(super) async fn place_picture(
        &self,
        kind: Kind,
        image: &ReplyImage,
        caption: Caption<'_>,
    ) -> Result<(), ApiError> {
        let images = std::slice::from_ref(image);
        self.deliver(kind, images, &Way::Change(caption))
            .await
            .map(|_| ())
    }

    /// Sends a picture as a message of its own.
    pub(super) async fn send_picture(
        &self,
        kind: Kind,
        image: &ReplyImage,
        caption: Caption<'_>,
    ) -> Result<(), ApiError> {
        let images = std::slice::from_ref(image);
        self.deliver(kind, images, &Way::Send(caption)).await.map(|_| ())
    }

    /// Sends pictures without a text, as an album when there are several. Returns their messages.
    pub(super) async fn send_part(&self, part: &Part) -> Result<Vec<SentMessage>, ApiError> {
        let nothing = Caption {
            text: &Rich::default(),
            keyboard: None,
        };
        let way = if part.images.len() == 1 {
            Way::Send(nothing)
        } else {
            Way::Album
        };
        self.deliver(part.kind, &part.images, &way).await
    }

    /// Says in the chat that a picture is on its way. Nothing depends on it.
    pub(super) async fn show_action(&self, kind: Kind) {
        let address = self.address();
        let call = Call::new("sendChatAction")
            .with_some("chat_id", address.chat)
            .with_some("message_thread_id", address.topic)
            .with("action", kind.action());
        let _: Result<Value, ApiError> = self.api().call(call).await;
    }

    /// Brings pictures into the chat, and once more as uploads when Telegram does not know an id any more. The ids of
    /// what was uploaded are remembered.
    async fn deliver(
        &self,
        kind: Kind,
        images: &[ReplyImage],
        way: &Way<'_>,
    ) -> Result<Vec<SentMessage>, ApiError> {
        let mut media = Vec::new();
        for (index, image) in images.iter().enumerate() {
            media.push(self.media(kind, image, index).await?);
        }
        let mut delivered = self.call_with(kind, images, &media, way).await;
        if let Err(ApiError::FileUnknown(_)) = delivered {
            media.clear();
            for (index, image) in images.iter().enumerate() {
                if let Some(hash) = hash_of(image) {
                    self.shared.forget_file(kind, hash).await;
                }
                media.push(fresh(image, index).await?);
            }
            delivered = self.call_with(kind, images, &media, way).await;
        }
        let delivered = delivered?;
        for ((image, media), message) in images.iter().zip(&media).zip(&delivered) {
            if let (Some(hash), Some(_), Some(id)) = (hash_of(image), &media.upload, message.file_id()) {
                self.shared.keep_file(kind, hash, id).await;
            }
        }
        Ok(delivered)
    }

    async fn call_with(
        &self,
        kind: Kind,
        images: &[ReplyImage],
        media: &[Media],
        way: &Way<'_>,
    ) -> Result<Vec<SentMessage>, ApiError> {
        let mut inputs: Vec<Value> = images
            .iter()
            .zip(media)
            .map(|(image, media)| input_media(kind, image, &media.name))
            .collect();
        let with_uploads = |call: Call| {
            let uploads = media.iter().enumerate();
            uploads.fold(call, |call, (index, media)| match &media.upload {
                Some(file) => call.file(format!("picture{index}"), file.clone()),
                None => call,
            })
        };
        let message: SentMessage = match way {
            Way::Album => {
                let call = Call::new("sendMediaGroup").with("media", inputs);
                return self.say(&with_uploads(call)).await;
            }
            Way::Change(caption) => {
                let mut input = inputs.pop().unwrap_or_default();
                input["caption"] = caption.text.html(render::MAX_CAPTION).into();
                input["parse_mode"] = "HTML".into();
                let call = Call::new("editMessageMedia")
                    .with("media", input)
                    .with_some("reply_markup", caption.keyboard.cloned());
                self.alter(with_uploads(call)).await?
            }
            Way::Send(caption) => {
                let input = inputs.pop().unwrap_or_default();
                self.say(&with_uploads(send_call(kind, input, caption))).await?
            }
        };
        Ok(vec![message])
    }

    async fn media(&self, kind: Kind, image: &ReplyImage, index: usize) -> Result<Media, ApiError> {
        if let Some(hash) = hash_of(image)
            && let Some(id) = self.shared.known_file(kind, hash).await
        {
            return Ok(Media {
                name: id,
                upload: None,
            });
        }
        fresh(image, index).await
    }
}

async fn fresh(image: &ReplyImage, index: usize) -> Result<Media, ApiError> {
    let file = render::load(image).await;
    Ok(Media {
        name: format!("attach://picture{index}"),
        upload: Some(file.map_err(|error| ApiError::FileMissing(format!("{error:#}")))?),
    })
}

/// A call that sends one picture. What is told of it inside a list stands here beside it.
fn send_call(kind: Kind, input: Value, caption: &Caption<'_>) -> Call {
    let mut call = Call::new(kind.method());
    if let Value::Object(told) = input {
        for (name, value) in told {
            call = match name.as_str() {
                "type" => call,
                "media" => call.with(kind.name(), value),
                _ => call.with(&name, value),
            };
        }
    }
    let text = caption.text.html(render::MAX_CAPTION);
    if !text.is_empty() {
        call = call.with("caption", text).with("parse_mode", "HTML");
    }
    call.with_some("reply_markup", caption.keyboard.cloned())
}

/// What a picture is known by. One that is in no store is not met again.
pub(super) fn hash_of(image: &ReplyImage) -> Option<&str> {
    match &image.content {
        ImageContent::Stored { hash, .. } => Some(hash),
        ImageContent::Bytes(_) => None,
    }
}
