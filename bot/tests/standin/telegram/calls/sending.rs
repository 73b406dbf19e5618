//! New messages.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::super::world::{File, Media, Message, World, keyboard_rows};
use super::{Answered, Asked, Refusal};

impl Asked<'_> {
    pub(super) fn send_message(&self, world: &mut World) -> Answered {
        let marked = self.marked(&self.parameters, "text", 4096)?;
        if marked.text.is_empty() {
            return Err(Refusal::violation("message text is empty"));
        }
        let (chat, topic) = self.place(world, 1)?;
        let message = Message {
            text: marked.text,
            entities: marked.entities,
            ..self.message(topic)?
        };
        Ok(sent(world, chat, message))
    }

    pub(super) fn send_one(&self, world: &mut World, kind: &str) -> Answered {
        let marked = self.marked(&self.parameters, "caption", 1024)?;
        let mut message = self.message(None)?;
        let media = self.media(world, kind, &self.parameters, kind, false)?;
        let (chat, topic) = self.place(world, 1)?;
        message = Message {
            text: marked.text,
            entities: marked.entities,
            media: Some(media),
            topic,
            ..message
        };
        Ok(sent(world, chat, message))
    }

    pub(super) fn send_album(&self, world: &mut World) -> Answered {
        let items: Vec<Map<String, Value>> = self
            .get("media")
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|item| item.as_object().cloned())
            .collect();
        if !(2..=10).contains(&items.len()) {
            return Err(Refusal::violation("an album has 2 to 10 pictures"));
        }
        let kinds: HashSet<&str> = items
            .iter()
            .filter_map(|item| item.get("type")?.as_str())
            .collect();
        if kinds.len() > 1 {
            return Err(Refusal::violation("an album has pictures or files"));
        }
        let (chat, topic) = self.place(world, items.len())?;
        let album = world.number();
        let mut messages = Vec::new();
        for item in &items {
            let kind = item.get("type").and_then(Value::as_str).unwrap_or_default();
            let marked = self.marked(item, "caption", 1024)?;
            let media = self.media(world, kind, item, "media", false)?;
            messages.push(Message {
                text: marked.text,
                media: Some(media),
                album: Some(album),
                ..self.message(topic)?
            });
        }
        Ok(messages
            .into_iter()
            .map(|message| sent(world, chat, message))
            .collect())
    }

    /// The picture that a parameter names.
    pub(super) fn media(
        &self,
        world: &mut World,
        kind: &str,
        source: &Map<String, Value>,
        field: &str,
        is_inline: bool,
    ) -> Result<Media, Refusal> {
        let name = source.get(field).and_then(Value::as_str).unwrap_or_default();
        let file_id = match name.strip_prefix("attach://") {
            Some(_) if is_inline => {
                return Err(Refusal::violation("an inline message takes no upload"));
            }
            Some(part) => {
                let (file_name, bytes) = self
                    .files
                    .get(part)
                    .ok_or_else(|| Refusal::violation(format!("there is no file {part}")))?;
                let file = File::new(kind, file_name, bytes.clone());
                check_file(&file)?;
                world.keep_file(file)
            }
            None => {
                let known = world.files.get(name).filter(|file| !file.is_forgotten);
                match known {
                    None => {
                        return Err(Refusal::of(
                            400,
                            "Bad Request: wrong file identifier/HTTP URL specified",
                        ));
                    }
                    Some(file) if file.kind != kind => {
                        return Err(Refusal::violation(format!(
                            "can't use a {} as a {kind}",
                            file.kind
                        )));
                    }
                    Some(_) => name.to_owned(),
                }
            }
        };
        Ok(Media {
            kind: kind.to_owned(),
            file_id,
            is_covered: source.get("has_spoiler") == Some(&Value::Bool(true)),
        })
    }
}

fn check_file(file: &File) -> Result<(), Refusal> {
    let most = if file.kind == "photo" {
        10_000_000
    } else {
        50_000_000
    };
    if file.bytes.is_empty() || file.bytes.len() > most {
        return Err(Refusal {
            is_violation: true,
            ..Refusal::of(413, "Request Entity Too Large")
        });
    }
    if file.kind == "photo" {
        let (width, height) = file
            .size
            .ok_or_else(|| Refusal::of(400, "Bad Request: IMAGE_PROCESS_FAILED"))?;
        if width + height > 10_000 || width.max(height) > 20 * width.min(height) {
            return Err(Refusal::violation("PHOTO_INVALID_DIMENSIONS"));
        }
    }
    Ok(())
}

fn sent(world: &mut World, chat: i64, message: Message) -> Value {
    debug_assert!(
        keyboard_rows(&message).iter().all(|row| row.len() <= 8),
        "a row has at most 8 buttons"
    );
    let id = world.post(chat, message);
    world.message_json(chat, &world.messages[&(chat, id)])
}
