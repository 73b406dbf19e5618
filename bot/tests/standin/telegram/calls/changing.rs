//! What becomes of messages.

use serde_json::Value;

use super::super::world::{Message, World};
use super::{Answered, Asked, Refusal};

impl Asked<'_> {
    pub(super) fn edit(&self, world: &mut World) -> Answered {
        let inline = self.get("inline_message_id").as_str().map(str::to_owned);
        let keyboard = self.keyboard()?;
        let (old, chat) = match &inline {
            Some(id) => (world.inline.get(id).cloned(), 0),
            None => {
                let (chat, _) = self.place(world, 1)?;
                let id = self.number("message_id").unwrap_or_default() as i32;
                (world.messages.get(&(chat, id)).cloned(), chat)
            }
        };
        let Some(old) = old else {
            let gone = if inline.is_some() {
                "MESSAGE_ID_INVALID"
            } else {
                "message to edit not found"
            };
            return Err(Refusal::of(400, &format!("Bad Request: {gone}")));
        };
        if old.author.is_some() && inline.is_none() {
            return Err(Refusal::violation("message can't be edited"));
        }
        let mut new = Message {
            keyboard,
            ..old.clone()
        };
        match self.method {
            "editMessageText" => {
                if old.media.is_some() {
                    return Err(Refusal::violation("there is no text in the message to edit"));
                }
                let marked = self.marked(&self.parameters, "text", 4096)?;
                (new.text, new.entities) = (marked.text, marked.entities);
            }
            "editMessageCaption" => {
                if old.media.is_none() {
                    return Err(Refusal::violation("there is no caption in the message to edit"));
                }
                let marked = self.marked(&self.parameters, "caption", 1024)?;
                (new.text, new.entities) = (marked.text, marked.entities);
            }
            "editMessageMedia" => {
                let item = self.get("media").as_object().cloned().unwrap_or_default();
                let kind = item
                    .get("type")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned();
                let marked = self.marked(&item, "caption", 1024)?;
                new.media = Some(self.media(world, &kind, &item, "media", inline.is_some())?);
                (new.text, new.entities) = (marked.text, marked.entities);
            }
            _ => {}
        }
        let is_same = (&new.text, &new.media, &new.keyboard) == (&old.text, &old.media, &old.keyboard);
        if is_same {
            return Err(Refusal::of(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
            ));
        }
        new.changes += 1;
        match inline {
            Some(id) => {
                world.inline.insert(id, new);
                Ok(true.into())
            }
            None => {
                world.messages.insert((chat, new.id), new.clone());
                Ok(world.message_json(chat, &new))
            }
        }
    }

    pub(super) fn delete(&self, world: &mut World) -> Answered {
        let (chat, _) = self.place(world, 0)?;
        let many = self
            .get("message_ids")
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_i64);
        let ids: Vec<i64> = many.chain(self.number("message_id")).collect();
        if self.settings.deletes_nothing {
            return Err(Refusal::of(400, "Bad Request: message can't be deleted"));
        }
        for id in ids {
            world.messages.remove(&(chat, id as i32));
        }
        Ok(true.into())
    }

    pub(super) fn react(&self, world: &mut World) -> Answered {
        let (chat, _) = self.place(world, 0)?;
        if !world.chats[&chat].takes_reactions {
            return Err(Refusal::of(400, "Bad Request: REACTION_INVALID"));
        }
        let id = self.number("message_id").unwrap_or_default() as i32;
        let reaction = self.get("reaction")[0]["emoji"].as_str().map(str::to_owned);
        match world.messages.get_mut(&(chat, id)) {
            None => Err(Refusal::of(400, "Bad Request: message to react not found")),
            Some(message) => {
                message.reaction = reaction;
                Ok(true.into())
            }
        }
    }
}
