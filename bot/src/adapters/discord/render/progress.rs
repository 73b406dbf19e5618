//! How far a job is.

use serenity::builder::CreateEmbed;

use super::{Message, buttons, escaped};
use crate::adapters::discord::rest::File;
use crate::chat::{JobUpdate, Preview};

const COLOUR: u32 = 0x58_65_f2;

/// News about a job: a line of text while it waits, then the picture in the making.
pub(in super::super) fn progress(update: &JobUpdate, preview: Option<&Preview>) -> Message {
    let text = escaped(&update.text);
    let rows = buttons::rows(&update.buttons);
    let Some(preview) = preview else {
        return Message {
            content: text,
            rows,
            ..Message::default()
        };
    };
    let name = "preview.jpg".to_owned();
    let embed = CreateEmbed::new()
        .description(text)
        .colour(COLOUR)
        .image(format!("attachment://{name}"));
    Message {
        content: String::new(),
        embeds: vec![embed],
        rows,
        files: vec![File {
            name,
            bytes: preview.jpeg.clone(),
        }],
    }
}
