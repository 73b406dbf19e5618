//! What there is on Telegram: people, chats, messages, files.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use image::ImageReader;
use serde_json::{Value, json};

/// The bot's own id.
pub(crate) const BOT: i64 = 7_000_000_001;
/// The bot's name without `@`.
pub(crate) const USERNAME: &str = "ekaki_test_bot";

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) language: String,
}

impl Person {
    pub(crate) fn json(&self) -> Value {
        json!({ "id": self.id, "is_bot": false, "first_name": self.name, "username": self.name, "language_code": self.language })
    }
}

/// The bot, as others see it.
pub(crate) fn bot_json() -> Value {
    json!({ "id": BOT, "is_bot": true, "first_name": "Ekaki", "username": USERNAME })
}

#[derive(Clone, Debug)]
pub(crate) struct Chat {
    pub(crate) id: i64,
    pub(crate) kind: &'static str,
    pub(crate) title: String,
    /// Topics that exist; 1 is the general one.
    pub(crate) topics: Vec<i32>,
    /// Why the bot may not write there.
    pub(crate) closed: Option<&'static str>,
    pub(crate) migrated_to: Option<i64>,
    pub(crate) takes_reactions: bool,
    pub(crate) last_message: i32,
}

impl Chat {
    pub(crate) fn json(&self) -> Value {
        let name = if self.kind == "private" {
            "first_name"
        } else {
            "title"
        };
        let mut chat = json!({ "id": self.id, "type": self.kind });
        chat[name] = self.title.as_str().into();
        if !self.topics.is_empty() {
            chat["is_forum"] = true.into();
        }
        chat
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) id: i32,
    /// `None` for the bot.
    pub(crate) author: Option<Person>,
    pub(crate) text: String,
    pub(crate) entities: Vec<Value>,
    pub(crate) media: Option<Media>,
    pub(crate) keyboard: Option<Value>,
    pub(crate) asks: bool,
    pub(crate) topic: Option<i32>,
    pub(crate) answers: Option<i32>,
    pub(crate) album: Option<u32>,
    pub(crate) reaction: Option<String>,
    /// How often it was changed.
    pub(crate) changes: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Media {
    pub(crate) kind: String,
    pub(crate) file_id: String,
    pub(crate) is_covered: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// Width and height, of a picture.
    pub(crate) size: Option<(u32, u32)>,
    /// Its id means nothing any more, as for another bot.
    pub(crate) is_forgotten: bool,
}

impl File {
    pub(crate) fn new(kind: &str, name: &str, bytes: Vec<u8>) -> Self {
        let reader = ImageReader::new(std::io::Cursor::new(&bytes)).with_guessed_format();
        let size = reader.ok().and_then(|reader| reader.into_dimensions().ok());
        Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            bytes,
            size,
            is_forgotten: false,
        }
    }
}

/// A question of somebody's app that is still to be answered.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) asked: Instant,
    pub(crate) person: Person,
    pub(crate) text: String,
    pub(crate) answer: Option<Value>,
}

/// Everything.
pub(crate) struct World {
    pub(crate) chats: BTreeMap<i64, Chat>,
    pub(crate) messages: BTreeMap<(i64, i32), Message>,
    pub(crate) inline: BTreeMap<String, Message>,
    pub(crate) files: HashMap<String, File>,
    pub(crate) updates: VecDeque<Value>,
    pub(crate) last_update: i64,
    pub(crate) queries: HashMap<String, Query>,
    pub(crate) commands: BTreeMap<String, Value>,
    pub(crate) counter: u32,
    pub(crate) violations: Vec<String>,
    /// Each call in one line.
    pub(crate) calls: Vec<String>,
    pub(crate) quiet: HashMap<i64, Instant>,
    /// When something was said in a chat.
    pub(crate) said: HashMap<i64, VecDeque<Instant>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            chats: BTreeMap::new(),
            messages: BTreeMap::new(),
            inline: BTreeMap::new(),
            files: HashMap::new(),
            updates: VecDeque::new(),
            last_update: 100,
            queries: HashMap::new(),
            commands: BTreeMap::new(),
            counter: 0,
            violations: Vec::new(),
            calls: Vec::new(),
            quiet: HashMap::new(),
            said: HashMap::new(),
        }
    }

    /// A number that nothing else has.
    pub(crate) fn number(&mut self) -> u32 {
        self.counter += 1;
        self.counter
    }

    pub(crate) fn keep_file(&mut self, file: File) -> String {
        let id = format!("{}-{}", file.kind, self.number());
        self.files.insert(id.clone(), file);
        id
    }

    /// Puts a message into a chat.
    pub(crate) fn post(&mut self, chat: i64, mut message: Message) -> i32 {
        let chat = self.chats.get_mut(&chat).expect("a chat");
        chat.last_message += 1;
        message.id = chat.last_message;
        let key = (chat.id, message.id);
        self.messages.insert(key, message);
        key.1
    }

    /// Tells the bot something.
    pub(crate) fn push(&mut self, kind: &str, content: Value) -> i64 {
        self.last_update += 1;
        let mut update = json!({ "update_id": self.last_update });
        update[kind] = content;
        self.updates.push_back(update);
        self.last_update
    }

    /// Whether the bot may not be heard there now, and for how long.
    pub(crate) fn quiet_left(&self, chat: i64) -> Option<Duration> {
        let until = self.quiet.get(&chat)?;
        until.checked_duration_since(Instant::now())
    }

    /// A message as Telegram tells it.
    pub(crate) fn message_json(&self, chat: i64, message: &Message) -> Value {
        let author = message.author.as_ref().map_or_else(bot_json, Person::json);
        let mut told = json!({
            "message_id": message.id,
            "date": 1_790_000_000,
            "chat": self.chats.get(&chat).map(Chat::json),
            "from": author,
        });
        let (text, entities) = match &message.media {
            None => ("text", "entities"),
            Some(media) => {
                told[media.kind.as_str()] = self.media_json(media);
                ("caption", "caption_entities")
            }
        };
        if !message.text.is_empty() {
            told[text] = message.text.as_str().into();
        }
        if !message.entities.is_empty() {
            told[entities] = message.entities.clone().into();
        }
        if let Some(keyboard) = &message.keyboard {
            told["reply_markup"] = keyboard.clone();
        }
        if let Some(topic) = message.topic {
            told["message_thread_id"] = topic.into();
            told["is_topic_message"] = true.into();
        }
        let answered = message.answers.and_then(|id| self.messages.get(&(chat, id)));
        if let Some(answered) = answered {
            told["reply_to_message"] = self.message_json(chat, answered);
        }
        told
    }

    fn media_json(&self, media: &Media) -> Value {
        let file = &self.files[&media.file_id];
        let bytes = file.bytes.len();
        if media.kind == "photo" {
            let (width, height) = file.size.unwrap_or((1, 1));
            let size = |id: &str, width: u32, height: u32| json!({ "file_id": id, "file_unique_id": format!("u-{id}"), "width": width, "height": height, "file_size": bytes });
            let small = format!("{}-small", media.file_id);
            return json!([
                size(&small, width.div_ceil(2), height.div_ceil(2)),
                size(&media.file_id, width, height)
            ]);
        }
        json!({ "file_id": media.file_id, "file_unique_id": format!("u-{}", media.file_id), "file_name": file.name, "file_size": bytes, "mime_type": "image/png" })
    }

    /// A message in one line, as people see it.
    pub(crate) fn line(&self, message: &Message) -> String {
        let author = message
            .author
            .as_ref()
            .map_or("ekaki", |person| person.name.as_str());
        let mut line = format!("#{} {author}", message.id);
        if let Some(answers) = message.answers {
            line += &format!(" to #{answers}");
        }
        line += ":";
        if let Some(media) = &message.media {
            let file = &self.files[&media.file_id];
            let size = file
                .size
                .map_or_else(String::new, |(width, height)| format!(" {width}x{height}"));
            let cover = if media.is_covered { ", covered" } else { "" };
            let album = message.album.map_or("", |_| ", in an album");
            let name = if media.kind == "document" {
                format!(" {}", file.name)
            } else {
                String::new()
            };
            line += &format!(" <{}{name}{size}{cover}{album}>", media.kind);
        }
        if !message.text.is_empty() {
            line += &format!(" {}", message.text.replace('\n', "\n   "));
        }
        if let Some(reaction) = &message.reaction {
            line += &format!(" ({reaction})");
        }
        if message.asks {
            line += " (waits for an answer)";
        }
        for row in keyboard_rows(message) {
            let labels: Vec<String> = row.iter().map(label).collect();
            line += &format!("\n   {}", labels.join(" "));
        }
        line
    }
}

/// The buttons of a message.
pub(crate) fn keyboard_rows(message: &Message) -> Vec<Vec<Value>> {
    let rows = message
        .keyboard
        .as_ref()
        .and_then(|keyboard| keyboard["inline_keyboard"].as_array());
    let rows = rows.into_iter().flatten();
    rows.map(|row| row.as_array().cloned().unwrap_or_default())
        .collect()
}

fn label(button: &Value) -> String {
    let text = button["text"].as_str().unwrap_or_default();
    let copied = button["copy_text"]["text"].as_str();
    match (button["url"].as_str(), copied) {
        (Some(url), _) => format!("[{text} → {url}]"),
        (_, Some(copied)) => format!(
            "[{text} = {}…]",
            copied.replace('\n', " ").chars().take(16).collect::<String>()
        ),
        _ => format!("[{text}]"),
    }
}
