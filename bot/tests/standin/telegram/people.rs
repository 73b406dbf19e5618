//! What people do.

use std::time::Instant;

use serde_json::{Value, json};

use super::Telegram;
use super::world::{Chat, File, Media, Message, Person, Query, World, keyboard_rows};

impl Telegram {
    /// Somebody who has started the bot; their conversation with it has their id.
    pub(crate) fn person(&self, name: &str, language: &str) -> Person {
        let mut world = self.world();
        let id = 1000 + i64::from(world.number());
        let person = Person {
            id,
            name: name.to_owned(),
            language: language.to_owned(),
        };
        add_chat(&mut world, id, "private", name);
        person
    }

    /// A group with the bot in it.
    pub(crate) fn group(&self, title: &str) -> i64 {
        let mut world = self.world();
        let id = -1_000_000_000_000 - i64::from(world.number());
        add_chat(&mut world, id, "supergroup", title);
        id
    }

    /// Changes a chat: who may write there, which topics it has.
    pub(crate) fn change_chat(&self, chat: i64, change: impl FnOnce(&mut Chat)) {
        change(self.world().chats.get_mut(&chat).expect("a chat"));
    }

    /// Somebody writes a message. Returns its number.
    pub(crate) fn says(&self, person: &Person, chat: i64, text: &str) -> i32 {
        self.posts(
            person,
            chat,
            Message {
                text: text.to_owned(),
                ..Message::default()
            },
        )
    }

    /// Somebody writes in a topic.
    pub(crate) fn says_in_topic(&self, person: &Person, chat: i64, topic: i32, text: &str) -> i32 {
        self.posts(
            person,
            chat,
            Message {
                text: text.to_owned(),
                topic: Some(topic),
                ..Message::default()
            },
        )
    }

    /// Somebody answers a message.
    pub(crate) fn replies(&self, person: &Person, chat: i64, to: i32, text: &str) -> i32 {
        self.posts(
            person,
            chat,
            Message {
                text: text.to_owned(),
                answers: Some(to),
                ..Message::default()
            },
        )
    }

    /// Somebody sends a photo with a text below it.
    pub(crate) fn shows(&self, person: &Person, chat: i64, picture: Vec<u8>, text: &str) -> i32 {
        let file_id = self.world().keep_file(File::new("photo", "photo.jpg", picture));
        self.posts(
            person,
            chat,
            Message {
                text: text.to_owned(),
                media: Some(Media {
                    kind: "photo".to_owned(),
                    file_id,
                    is_covered: false,
                }),
                ..Message::default()
            },
        )
    }

    fn posts(&self, person: &Person, chat: i64, message: Message) -> i32 {
        let mut world = self.world();
        let entities = commands_in(&message.text);
        let message = Message {
            author: Some(person.clone()),
            entities,
            ..message
        };
        let id = world.post(chat, message);
        let told = world.message_json(chat, &world.messages[&(chat, id)]);
        world.push("message", told);
        drop(world);
        self.changed();
        id
    }

    /// Somebody presses the button with this label below a message. Returns the query.
    pub(crate) fn presses(&self, person: &Person, chat: i64, message: i32, label: &str) -> String {
        let mut world = self.world();
        let shown = world.messages[&(chat, message)].clone();
        let told = world.message_json(chat, &shown);
        let query = press(&mut world, person, &shown, label, json!({ "message": told }));
        drop(world);
        self.changed();
        query
    }

    /// The same below an inline message.
    pub(crate) fn presses_inline(&self, person: &Person, message: &str, label: &str) -> String {
        let mut world = self.world();
        let shown = world.inline[message].clone();
        let query = press(
            &mut world,
            person,
            &shown,
            label,
            json!({ "inline_message_id": message }),
        );
        drop(world);
        self.changed();
        query
    }

    /// Somebody types the bot's name and some words in any chat. Returns the query.
    pub(crate) fn types(&self, person: &Person, text: &str, offset: &str) -> String {
        let mut world = self.world();
        let id = format!("inline-query-{}", world.number());
        let query = Query {
            asked: Instant::now(),
            person: person.clone(),
            text: text.to_owned(),
            answer: None,
        };
        world.queries.insert(id.clone(), query);
        let told =
            json!({ "id": id, "from": person.json(), "query": text, "offset": offset, "chat_type": "group" });
        world.push("inline_query", told);
        drop(world);
        self.changed();
        id
    }

    /// Somebody sends one of the results. Returns the message, if the bot can ever change it.
    pub(crate) fn chooses(&self, query: &str, result: usize) -> Option<String> {
        let mut world = self.world();
        let chosen = world.queries[query].answer.as_ref().expect("an answer")["results"][result].clone();
        let author = world.queries[query].person.clone();
        let text = [
            &chosen["caption"],
            &chosen["input_message_content"]["message_text"],
        ];
        let text = text.iter().find_map(|text| text.as_str()).unwrap_or_default();
        let marked = super::markup::read(text).expect("markup that was checked");
        let media = chosen["photo_file_id"].as_str().map(|file_id| Media {
            kind: "photo".to_owned(),
            file_id: file_id.to_owned(),
            is_covered: false,
        });
        let keyboard = chosen["reply_markup"].clone();
        let number = world.number();
        let id = format!("inline-message-{number}");
        let is_known = !keyboard.is_null();
        let message = Message {
            author: Some(author),
            text: marked.text,
            media,
            keyboard: is_known.then_some(keyboard),
            ..Message::default()
        };
        world.inline.insert(id.clone(), message);
        is_known.then_some(id)
    }

    /// Telegram tells the bot which result was chosen, if its owner wanted to hear that.
    pub(crate) fn tells_choice(&self, query: &str, result: usize, message: &str) {
        let mut world = self.world();
        let asked = world.queries[query].clone();
        let chosen = asked.answer.expect("an answer")["results"][result]["id"].clone();
        let told = json!({ "result_id": chosen, "from": asked.person.json(), "query": asked.text, "inline_message_id": message });
        world.push("chosen_inline_result", told);
        drop(world);
        self.changed();
    }

    /// Somebody deletes a message.
    pub(crate) fn deletes(&self, chat: i64, message: i32) {
        self.world().messages.remove(&(chat, message));
    }

    /// The group becomes a supergroup. Returns its new id.
    pub(crate) fn migrates(&self, group: i64) -> i64 {
        let mut world = self.world();
        let title = world.chats[&group].title.clone();
        let to = -1_000_000_000_000 - i64::from(world.number());
        add_chat(&mut world, to, "supergroup", &title);
        world.chats.get_mut(&group).expect("a group").migrated_to = Some(to);
        to
    }

    /// Telegram says the newest news again, under the same number.
    pub(crate) fn repeats(&self, update: Value) {
        self.world().updates.push_back(update);
        self.changed();
    }
}

fn add_chat(world: &mut World, id: i64, kind: &'static str, title: &str) {
    world.chats.insert(
        id,
        Chat {
            id,
            kind,
            title: title.to_owned(),
            topics: Vec::new(),
            closed: None,
            migrated_to: None,
            takes_reactions: true,
            last_message: 0,
        },
    );
}

fn press(world: &mut World, person: &Person, shown: &Message, label: &str, about: Value) -> String {
    let buttons = keyboard_rows(shown).into_iter().flatten();
    let mut found = buttons.filter(|button| button["text"].as_str().is_some_and(|text| text.contains(label)));
    let button = found
        .next()
        .unwrap_or_else(|| panic!("there is no button {label}"));
    let id = format!("query-{}", world.number());
    let query = Query {
        asked: Instant::now(),
        person: person.clone(),
        text: String::new(),
        answer: None,
    };
    world.queries.insert(id.clone(), query);
    let mut told = about;
    told["id"] = id.clone().into();
    told["from"] = person.json();
    told["chat_instance"] = "1".into();
    told["data"] = button["callback_data"].clone();
    world.push("callback_query", told);
    id
}

/// Commands in a text, as Telegram marks them.
fn commands_in(text: &str) -> Vec<Value> {
    let command = text
        .split_whitespace()
        .next()
        .filter(|word| word.starts_with('/'));
    let command = command
        .map(|word| json!({ "type": "bot_command", "offset": 0, "length": word.encode_utf16().count() }));
    command.into_iter().collect()
}
