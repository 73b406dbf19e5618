//! What Discord knows: places, people, messages, interactions.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::gateway::Session;
use super::interaction::Interaction;
use super::message::Message;
use super::rate::{Fault, Rates};

/// The first moment of Discord's ids, in milliseconds of Unix time.
const EPOCH_MS: i64 = 1_420_070_400_000;

/// What the bot may do in a channel; the bits that are looked at here.
pub(crate) mod permission {
    pub(crate) const ADMINISTRATOR: u64 = 1 << 3;
    pub(crate) const MANAGE_GUILD: u64 = 1 << 5;
    pub(crate) const VIEW_CHANNEL: u64 = 1 << 10;
    pub(crate) const SEND_MESSAGES: u64 = 1 << 11;
    pub(crate) const EMBED_LINKS: u64 = 1 << 14;
    pub(crate) const ATTACH_FILES: u64 = 1 << 15;
    pub(crate) const READ_MESSAGE_HISTORY: u64 = 1 << 16;
    pub(crate) const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
    /// What the invitation of the bot asks for, and nothing more.
    pub(crate) const USUAL: u64 = VIEW_CHANNEL
        | SEND_MESSAGES
        | EMBED_LINKS
        | ATTACH_FILES
        | READ_MESSAGE_HISTORY
        | SEND_MESSAGES_IN_THREADS;
}

/// How strict and how fast this Discord is.
#[derive(Clone)]
pub(crate) struct Settings {
    /// The only token that is accepted.
    pub(crate) token: String,
    /// Bytes of a file that can be attached.
    pub(crate) max_upload_bytes: u64,
    /// An interaction has to be answered within this time.
    pub(crate) answer_within: Duration,
    /// An interaction's token lives as long as this.
    pub(crate) token_life: Duration,
    /// Limits of each route as Discord usually has them; otherwise only faults say "too many".
    pub(crate) has_limits: bool,
    /// A connection whose heart does not beat is closed. Not with a paused clock, which serenity does not look at.
    pub(crate) watches_heartbeats: bool,
    /// How often a heart has to beat.
    pub(crate) heartbeat: Duration,
    /// As many servers as this have the bot, without the two that have a name here.
    pub(crate) more_guilds: u64,
    /// How many connections the bot should open.
    pub(crate) shards: u64,
    /// Seconds between two of them.
    pub(crate) identify_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token: "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.abcdefghijklmnopqrstuvwxyz0123456789AB".to_owned(),
            max_upload_bytes: 10 * 1024 * 1024,
            answer_within: Duration::from_secs(3),
            token_life: Duration::from_secs(15 * 60),
            has_limits: false,
            watches_heartbeats: false,
            heartbeat: Duration::from_millis(41_250),
            more_guilds: 0,
            shards: 1,
            identify_every: Duration::from_secs(5),
        }
    }
}

/// A server.
#[derive(Clone, Debug)]
pub(crate) struct Guild {
    pub(crate) id: String,
    /// Its language.
    pub(crate) locale: &'static str,
    /// The bot was added to it.
    pub(crate) has_bot: bool,
}

/// A place where people write.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) guild: Option<Guild>,
    /// 0 a channel of a server, 1 a conversation with the bot, 3 a group of friends, 11 a thread.
    pub(crate) kind: u8,
    /// What the bot may do here.
    pub(crate) permissions: u64,
    pub(crate) is_age_restricted: bool,
    /// The channel that a thread belongs to.
    pub(crate) parent: Option<String>,
    /// Whom a conversation is with.
    pub(crate) recipient: Option<String>,
}

/// Somebody.
#[derive(Clone, Debug)]
pub(crate) struct Human {
    pub(crate) id: String,
    pub(crate) name: String,
    /// They take messages from people who are in the same server.
    pub(crate) takes_messages: bool,
}

/// A file that was uploaded.
#[derive(Clone, Debug)]
pub(crate) struct StoredFile {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) kind: String,
    pub(crate) serving: Serving,
}

/// What happens when a file is fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Serving {
    /// It comes.
    #[default]
    Plain,
    /// It is said to be elsewhere.
    Redirect(String),
    /// It is gone.
    Gone,
    /// More and more comes.
    Endless,
}

/// One request of the bot.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// When it came, since this Discord began.
    pub(crate) at: Duration,
    /// Method and path.
    pub(crate) line: String,
    /// The operation's name.
    pub(crate) operation: Option<String>,
    /// Its body, without files.
    pub(crate) body: Value,
    /// Names and sizes of the files in it.
    pub(crate) files: Vec<(String, usize)>,
    /// What it was answered with; `None` while it has not been, or when the connection was cut.
    pub(crate) status: Option<u16>,
    /// Discord's number of the refusal.
    pub(crate) code: Option<u32>,
}

/// Everything that Discord knows.
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) begun: Instant,
    begun_at: DateTime<Utc>,
    now: Option<Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>>,
    ids: u64,
    /// Where this Discord listens: `127.0.0.1:1234`, and for gateways.
    pub(crate) addresses: [String; 2],
    pub(crate) application: String,
    pub(crate) humans: BTreeMap<String, Human>,
    pub(crate) channels: BTreeMap<String, Channel>,
    pub(crate) messages: BTreeMap<u64, Message>,
    pub(crate) interactions: HashMap<String, Interaction>,
    pub(crate) files: HashMap<String, StoredFile>,
    /// What is registered everywhere, and in single servers.
    pub(crate) commands: BTreeMap<Option<String>, Vec<Value>>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) connections: usize,
    pub(crate) resumed: usize,
    pub(crate) last_identify: Option<Instant>,
    pub(crate) requests: Vec<Record>,
    /// What the bot did wrong.
    pub(crate) violations: Vec<String>,
    /// What this stand-in did wrong.
    pub(crate) own_faults: Vec<String>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) rates: Rates,
    pub(crate) transcript: Vec<String>,
    pub(crate) listener: Option<UnboundedSender<String>>,
}

impl World {
    pub(crate) fn new(settings: Settings, now: Option<Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>>) -> Self {
        let rates = Rates::new(settings.has_limits);
        let mut world = Self {
            settings,
            begun: Instant::now(),
            begun_at: Utc::now(),
            now,
            ids: 0,
            addresses: Default::default(),
            application: String::new(),
            humans: BTreeMap::new(),
            channels: BTreeMap::new(),
            messages: BTreeMap::new(),
            interactions: HashMap::new(),
            files: HashMap::new(),
            commands: BTreeMap::new(),
            sessions: Vec::new(),
            connections: 0,
            resumed: 0,
            last_identify: None,
            requests: Vec::new(),
            violations: Vec::new(),
            own_faults: Vec::new(),
            faults: Vec::new(),
            rates,
            transcript: Vec::new(),
            listener: None,
        };
        world.application = world.new_id();
        world.furnish();
        world
    }

    /// A server whose language is English and one whose language is Japanese, one without the bot, a group of friends.
    fn furnish(&mut self) {
        let mut guild = |locale, has_bot| Guild {
            id: self.new_id(),
            locale,
            has_bot,
        };
        let starry = guild("en-US", true);
        let school = guild("ja", true);
        let foreign = guild("en-US", false);
        self.add_channel("general", Some(&starry), 0);
        self.add_channel("adults", Some(&starry), 0).is_age_restricted = true;
        let parent = self.add_channel("general", Some(&starry), 0).id.clone();
        self.add_channel("thread", Some(&starry), 11).parent = Some(parent);
        self.add_channel("教室", Some(&school), 0);
        self.add_channel("elsewhere", Some(&foreign), 0);
        self.add_channel("friends", None, 3);
    }

    /// Makes a channel, or finds the one with this name.
    pub(crate) fn add_channel(&mut self, name: &str, guild: Option<&Guild>, kind: u8) -> &mut Channel {
        let id = self.lasting_id(0x10_0000 + self.channels.len() as u64);
        self.channels.entry(name.to_owned()).or_insert_with(|| Channel {
            id,
            name: name.to_owned(),
            guild: guild.cloned(),
            kind,
            permissions: permission::USUAL,
            is_age_restricted: false,
            parent: None,
            recipient: None,
        })
    }

    /// The time of day, which moves with tokio's clock.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        if let Some(now) = &self.now {
            return now();
        }
        let passed = TimeDelta::from_std(self.begun.elapsed()).unwrap_or_default();
        self.begun_at + passed
    }

    /// A new id, which tells the time.
    pub(crate) fn new_id(&mut self) -> String {
        self.ids += 1;
        let passed_ms = u64::try_from(self.now().timestamp_millis() - EPOCH_MS).unwrap_or_default();
        ((passed_ms << 22) | (self.ids & 0x3F_FFFF)).to_string()
    }

    /// An id that is the same in every run of a test, for what people read the id of.
    fn lasting_id(&self, number: u64) -> String {
        let begun = self.application.parse::<u64>().unwrap_or_default() >> 22;
        ((begun << 22) | (0x20_0000 + number)).to_string()
    }

    /// Somebody of this name.
    pub(crate) fn human(&mut self, name: &str) -> Human {
        let id = self.lasting_id(self.humans.len() as u64);
        let human = self.humans.entry(name.to_owned()).or_insert_with(|| Human {
            id,
            name: name.to_owned(),
            takes_messages: true,
        });
        human.clone()
    }

    pub(crate) fn human_by_id(&self, id: &str) -> Option<&Human> {
        self.humans.values().find(|human| human.id == id)
    }

    /// The conversation of somebody with the bot.
    pub(crate) fn direct_channel(&mut self, human: &Human) -> Channel {
        let channel = self.add_channel(&format!("direct with {}", human.name), None, 1);
        channel.recipient = Some(human.id.clone());
        channel.clone()
    }

    pub(crate) fn channel_by_id(&self, id: &str) -> Option<&Channel> {
        self.channels.values().find(|channel| channel.id == id)
    }

    /// Writes a line of the transcript.
    pub(crate) fn tell(&mut self, line: impl Into<String>) {
        let line = line.into();
        if let Some(listener) = &self.listener {
            // A test that is over does not read any more.
            let _ = listener.send(line.clone());
        }
        self.transcript.push(line);
    }

    /// The bot did something that it must not do.
    pub(crate) fn blame(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }

    /// A person as Discord describes them.
    pub(crate) fn user_json(&self, id: &str, name: &str) -> Value {
        let is_bot = id == self.application;
        json!({
            "id": id, "username": name, "global_name": (!is_bot).then_some(name), "avatar": (!is_bot).then_some("0123456789abcdef0123456789abcdef"), "discriminator": "0",
            "public_flags": 0, "flags": 0, "bot": is_bot, "banner": null, "accent_color": null,
            "avatar_decoration_data": null, "collectibles": null, "primary_guild": null
        })
    }

    /// The bot as Discord describes it.
    pub(crate) fn bot_json(&self) -> Value {
        self.user_json(&self.application, "ekaki")
    }
}

impl Channel {
    /// A channel as Discord describes it.
    pub(crate) fn json(&self) -> Value {
        let mut json = json!({ "id": self.id, "type": self.kind, "flags": 0, "last_message_id": null });
        if let Some(guild) = &self.guild {
            json["guild_id"] = json!(guild.id);
            json["name"] = json!(self.name);
            json["nsfw"] = json!(self.is_age_restricted);
            json["parent_id"] = json!(self.parent);
            json["permissions"] = json!(self.permissions.to_string());
        }
        json
    }

    pub(crate) fn allows(&self, permission: u64) -> bool {
        self.permissions & permission == permission
    }

    /// The bot can write here with its own token.
    pub(crate) fn has_bot(&self) -> bool {
        match &self.guild {
            Some(guild) => guild.has_bot,
            None => self.kind == 1,
        }
    }
}
