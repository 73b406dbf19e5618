//! What the bot asks for.

mod answering;
mod changing;
mod sending;

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::Settings;
use super::markup::{self, Marked, units};
use super::world::{BOT, Message, USERNAME, World};

/// Why Telegram does not do something.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    pub(crate) description: String,
    pub(crate) parameters: Value,
    /// A bot that knows the rules would not have asked.
    pub(crate) is_violation: bool,
}

impl Refusal {
    /// Something that may happen to anybody.
    pub(crate) fn of(code: u16, description: &str) -> Self {
        Self {
            code,
            description: description.to_owned(),
            parameters: Value::Null,
            is_violation: false,
        }
    }

    /// Something that should not have been asked.
    pub(crate) fn violation(description: impl Into<String>) -> Self {
        Self {
            is_violation: true,
            ..Self::of(400, &format!("Bad Request: {}", description.into()))
        }
    }

    pub(crate) fn flood(after: Duration) -> Self {
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        Self {
            parameters: json!({ "retry_after": seconds }),
            ..Self::of(429, &format!("Too Many Requests: retry after {seconds}"))
        }
    }
}

/// One call.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) parameters: Map<String, Value>,
    pub(crate) files: HashMap<String, (String, Vec<u8>)>,
    pub(crate) settings: &'a Settings,
}

type Answered = Result<Value, Refusal>;

impl Asked<'_> {
    fn get(&self, name: &str) -> &Value {
        self.parameters.get(name).unwrap_or(&Value::Null)
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.get(name).as_i64()
    }

    fn text(&self, name: &str) -> &str {
        self.get(name).as_str().unwrap_or_default()
    }

    /// Does what is asked.
    pub(crate) fn run(&self, world: &mut World) -> Answered {
        match self.method {
            "getMe" => Ok(json!({
                "id": BOT, "is_bot": true, "first_name": "Ekaki", "username": USERNAME,
                "can_join_groups": true, "can_read_all_group_messages": false,
                "supports_inline_queries": true, "can_connect_to_business": false,
                "has_main_web_app": false,
            })),
            "getWebhookInfo" => Ok(
                json!({ "url": "", "has_custom_certificate": false, "pending_update_count": world.updates.len() }),
            ),
            "setWebhook" | "deleteWebhook" => Ok(true.into()),
            "setMyCommands" => self.set_commands(world),
            "getMyCommands" => {
                let known = world.commands.get(&self.scope()).cloned();
                Ok(known.unwrap_or_else(|| json!([])))
            }
            "deleteMyCommands" => {
                world.commands.remove(&self.scope());
                Ok(true.into())
            }
            "sendMessage" => self.send_message(world),
            "sendPhoto" => self.send_one(world, "photo"),
            "sendDocument" => self.send_one(world, "document"),
            "sendMediaGroup" => self.send_album(world),
            "sendChatAction" => {
                self.place(world, 0)?;
                Ok(true.into())
            }
            "sendMessageDraft" => {
                let (chat, _) = self.place(world, 0)?;
                if chat < 0 {
                    return Err(Refusal::violation("drafts are for private chats"));
                }
                Ok(true.into())
            }
            "editMessageText" | "editMessageCaption" | "editMessageMedia" | "editMessageReplyMarkup" => {
                self.edit(world)
            }
            "deleteMessage" | "deleteMessages" => self.delete(world),
            "setMessageReaction" => self.react(world),
            "answerCallbackQuery" | "answerInlineQuery" => self.answer_query(world),
            "getFile" => self.get_file(world),
            "getChat" => {
                let (chat, _) = self.place(world, 0)?;
                let mut told = world.chats[&chat].json();
                told["accent_color_id"] = 0.into();
                told["max_reaction_count"] = 11.into();
                Ok(told)
            }
            "getChatMember" => Ok(
                json!({ "status": "member", "user": { "id": self.number("user_id"), "is_bot": false, "first_name": "somebody" } }),
            ),
            "getChatAdministrators" => Ok(json!([])),
            other => Err(Refusal::violation(format!("the stand-in does not know {other}"))),
        }
    }

    fn scope(&self) -> String {
        format!("{} {}", self.get("scope"), self.text("language_code"))
    }

    fn set_commands(&self, world: &mut World) -> Answered {
        for command in self.get("commands").as_array().into_iter().flatten() {
            let name = command["command"].as_str().unwrap_or_default();
            let is_right = |character: char| matches!(character, 'a'..='z' | '0'..='9' | '_');
            if name.is_empty() || name.len() > 32 || !name.chars().all(is_right) {
                return Err(Refusal::violation("BOT_COMMAND_INVALID"));
            }
        }
        world.commands.insert(self.scope(), self.get("commands").clone());
        Ok(true.into())
    }

    /// The chat, its topic, and whether as many messages may be said there.
    fn place(&self, world: &mut World, messages: usize) -> Result<(i64, Option<i32>), Refusal> {
        let chat = match self.get("chat_id") {
            Value::Number(number) => number.as_i64().unwrap_or_default(),
            named => {
                let found = world
                    .chats
                    .values()
                    .find(|chat| named.as_str() == Some(&format!("@{}", chat.title)));
                found.map(|chat| chat.id).unwrap_or_default()
            }
        };
        let Some(known) = world.chats.get(&chat) else {
            return Err(Refusal::of(400, "Bad Request: chat not found"));
        };
        if let Some(to) = known.migrated_to {
            return Err(Refusal {
                parameters: json!({ "migrate_to_chat_id": to }),
                ..Refusal::of(400, "Bad Request: group chat was upgraded to a supergroup chat")
            });
        }
        if let Some(closed) = known.closed {
            return Err(Refusal::of(403, closed));
        }
        let topic = self.number("message_thread_id").map(|topic| topic as i32);
        if topic == Some(1) {
            return Err(Refusal::violation("the general topic is not named"));
        }
        if topic.is_some_and(|topic| !known.topics.contains(&topic)) {
            return Err(Refusal::of(400, "Bad Request: message thread not found"));
        }
        self.check_flood(world, chat, messages)?;
        Ok((chat, topic))
    }

    fn check_flood(&self, world: &mut World, chat: i64, messages: usize) -> Result<(), Refusal> {
        let now = Instant::now();
        let Some(limits) = &self.settings.flood else {
            return Ok(());
        };
        let said = world.said.entry(chat).or_default();
        while said
            .front()
            .is_some_and(|first| now - *first > limits.group_window)
        {
            said.pop_front();
        }
        let quickest = limits.per_chat * (limits.burst as u32);
        let burst = said.iter().rev().nth(limits.burst.saturating_sub(1));
        let too_quick = burst.is_some_and(|first| now - *first + limits.per_chat < quickest);
        let too_many = chat < 0 && said.len() + messages > limits.group_messages;
        if messages > 0 && (too_quick || too_many) {
            let after = if too_many {
                limits.group_window
            } else {
                limits.per_chat
            };
            world.quiet.insert(chat, now + after);
            return Err(Refusal {
                is_violation: true,
                ..Refusal::flood(after)
            });
        }
        said.extend(std::iter::repeat_n(now, messages));
        Ok(())
    }

    fn marked(&self, source: &Map<String, Value>, name: &str, most: usize) -> Result<Marked, Refusal> {
        let text = source.get(name).and_then(Value::as_str).unwrap_or_default();
        let marked = match source.get("parse_mode").and_then(Value::as_str) {
            Some("HTML") => markup::read(text)
                .map_err(|error| Refusal::violation(format!("can't parse entities: {error}")))?,
            Some(other) => return Err(Refusal::violation(format!("the stand-in does not read {other}"))),
            None => Marked {
                text: text.trim().to_owned(),
                entities: Vec::new(),
            },
        };
        if units(&marked.text) > most {
            return Err(Refusal::violation(format!(
                "{name} is too long: {}",
                units(&marked.text)
            )));
        }
        Ok(marked)
    }

    fn keyboard(&self) -> Result<Option<Value>, Refusal> {
        let markup = self.get("reply_markup");
        let mut data = HashSet::new();
        let rows = markup["inline_keyboard"].as_array().into_iter().flatten();
        for button in rows.flat_map(|row| row.as_array().into_iter().flatten()) {
            let actions = button.as_object().into_iter().flatten();
            let actions = actions
                .filter(|(name, _)| !matches!(name.as_str(), "text" | "style" | "icon_custom_emoji_id"));
            if actions.count() != 1 {
                return Err(Refusal::violation("a button does one thing"));
            }
            if let Some(carried) = button["callback_data"].as_str()
                && !data.insert(carried.to_owned())
            {
                return Err(Refusal::violation(format!("two buttons carry {carried}")));
            }
        }
        Ok((!markup["inline_keyboard"].is_null()).then(|| markup.clone()))
    }

    fn message(&self, topic: Option<i32>) -> Result<Message, Refusal> {
        let answers = self.get("reply_parameters")["message_id"].as_i64();
        Ok(Message {
            keyboard: self.keyboard()?,
            asks: self.get("reply_markup")["force_reply"].as_bool() == Some(true),
            topic,
            answers: answers.map(|id| id as i32),
            ..Message::default()
        })
    }
}
