//! The pictures that come with messages.

use std::sync::Arc;

use teloxide::types::{FileMeta, Message};

use crate::adapters::telegram::Shared;
use crate::adapters::telegram::files::TelegramFile;
use crate::chat::Attachment;

/// A picture that Telegram has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    file_id: String,
    name: String,
    bytes: Option<u64>,
}

impl Picture {
    /// The picture in a message: a photo in its largest size, a file that says it is a picture, or a sticker that does not
    /// move.
    pub(super) fn of(message: &Message) -> Option<Self> {
        if let Some(sizes) = message.photo() {
            let largest = sizes
                .iter()
                .max_by_key(|size| u64::from(size.width) * u64::from(size.height))?;
            return Some(Self::new(&largest.file, "photo.jpg"));
        }
        if let Some(document) = message.document() {
            let mime = document.mime_type.as_ref();
            let is_picture = mime.is_some_and(|mime| mime.type_() == "image");
            let name = document.file_name.as_deref().unwrap_or("picture");
            return is_picture.then(|| Self::new(&document.file, name));
        }
        let sticker = message.sticker()?;
        let is_still = !sticker.flags.is_animated && !sticker.flags.is_video;
        is_still.then(|| Self::new(&sticker.file, "sticker.webp"))
    }

    fn new(file: &FileMeta, name: &str) -> Self {
        Self {
            file_id: file.id.0.clone(),
            name: name.to_owned(),
            // The library's number for a size that was not told.
            bytes: Some(u64::from(file.size)).filter(|bytes| *bytes < u64::from(u32::MAX)),
        }
    }

    /// The picture, to be read when a command wants it.
    pub(super) fn attachment(self, shared: &Arc<Shared>) -> Attachment {
        Attachment {
            file_name: self.name,
            content: Arc::new(TelegramFile::new(shared, self.file_id, self.bytes)),
        }
    }
}
