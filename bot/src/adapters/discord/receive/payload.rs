//! What Discord says of an interaction, as far as the bot needs it.
//!
//! serenity's own types are not used for this: they are read as a whole, and a part that is unknown to them makes the
//! whole unreadable. Here what is missing or new is left out.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serenity::model::id::{ApplicationId, ChannelId, GuildId, InteractionId, MessageId, UserId};
use serenity::model::permissions::Permissions;

/// Kinds of interactions.
pub(super) mod kind {
    pub(in super::super) const COMMAND: u8 = 2;
    pub(in super::super) const COMPONENT: u8 = 3;
    pub(in super::super) const AUTOCOMPLETE: u8 = 4;
    pub(in super::super) const MODAL: u8 = 5;
}

/// The least that is needed to answer an interaction.
#[derive(Deserialize)]
pub(super) struct Head {
    /// The interaction.
    pub(super) id: InteractionId,
    /// What allows to answer it.
    pub(super) token: String,
    /// The application that is meant.
    pub(super) application_id: ApplicationId,
    /// One of [`kind`].
    #[serde(rename = "type")]
    pub(super) kind: u8,
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Where an interaction happened, and whose it is.
#[derive(Debug, Deserialize)]
pub(super) struct Surroundings {
    pub(super) channel_id: ChannelId,
    #[serde(default)]
    pub(super) guild_id: Option<GuildId>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) channel: Option<Channel>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) member: Option<Member>,
    /// The person, where there is no member.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) user: Option<User>,
    /// What the bot may do there.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) app_permissions: Option<Permissions>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) locale: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) guild_locale: Option<String>,
    /// 0 is a server, 1 the conversation with the bot, 2 one of others.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) context: Option<u8>,
    /// Who has added the application, by the kind of installation: `0` is a server, `1` a person.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) authorizing_integration_owners: Option<BTreeMap<String, Value>>,
    /// In bytes.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) attachment_size_limit: Option<u64>,
    /// The message with the button that was pressed.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) message: Option<Pressed>,
}

/// The part of such a message that matters here.
#[derive(Debug, Deserialize)]
pub(super) struct Pressed {
    pub(super) id: MessageId,
}

/// A channel or a thread.
#[derive(Debug, Deserialize)]
pub(super) struct Channel {
    #[serde(rename = "type", default)]
    pub(super) kind: u8,
    /// The channel of a thread, or the category of a channel.
    #[serde(default)]
    pub(super) parent_id: Option<ChannelId>,
    /// It is for adults only.
    #[serde(default)]
    pub(super) nsfw: bool,
}

impl Channel {
    /// The channel whose thread this is.
    pub(super) fn thread_of(&self) -> Option<ChannelId> {
        /// Threads of announcements, and those that are public and private.
        const THREADS: [u8; 3] = [10, 11, 12];
        self.parent_id.filter(|_| THREADS.contains(&self.kind))
    }
}

/// A person in a server.
#[derive(Debug, Deserialize)]
pub(super) struct Member {
    #[serde(default)]
    pub(super) user: Option<User>,
    #[serde(default)]
    pub(super) nick: Option<String>,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    /// What the person may do in the channel.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) permissions: Option<Permissions>,
    /// The picture that the person shows in this server.
    #[serde(default)]
    pub(super) avatar: Option<String>,
}

/// A person.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct User {
    pub(super) id: UserId,
    #[serde(default)]
    pub(super) username: String,
    #[serde(default)]
    pub(super) global_name: Option<String>,
    /// The picture that the person shows.
    #[serde(default)]
    pub(super) avatar: Option<String>,
}

/// A command.
#[derive(Debug, Deserialize)]
pub(super) struct CommandData {
    pub(super) name: String,
    /// 1 is one that is typed, 2 one about a person, 3 one about a message.
    #[serde(rename = "type", default = "typed")]
    pub(super) kind: u8,
    #[serde(default)]
    pub(super) options: Vec<CommandOption>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) resolved: Option<Resolved>,
    /// What a command about a person or a message is about.
    #[serde(default)]
    pub(super) target_id: Option<String>,
    /// The server that the command was registered in; none for those that are everywhere.
    #[serde(default)]
    pub(super) guild_id: Option<GuildId>,
}

/// An option of a command, or the next word of its name.
#[derive(Debug, Deserialize)]
pub(super) struct CommandOption {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: u8,
    #[serde(default)]
    pub(super) value: Value,
    #[serde(default)]
    pub(super) options: Vec<CommandOption>,
    /// The person is typing it.
    #[serde(default)]
    pub(super) focused: bool,
}

/// What the ids in a command stand for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Resolved {
    #[serde(default)]
    pub(super) attachments: BTreeMap<String, File>,
    #[serde(default)]
    pub(super) messages: BTreeMap<String, Message>,
    #[serde(default)]
    pub(super) users: BTreeMap<String, User>,
    #[serde(default)]
    pub(super) members: BTreeMap<String, Member>,
}

/// A file of a message or of an option.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct File {
    #[serde(default)]
    pub(super) filename: String,
    /// In bytes; 0 when it is not known.
    #[serde(default)]
    pub(super) size: u64,
    pub(super) url: String,
    #[serde(default)]
    pub(super) content_type: Option<String>,
}

/// A message.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) author: Option<User>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) attachments: Option<Vec<File>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) embeds: Option<Vec<Embed>>,
    #[serde(default)]
    pub(super) components: Value,
}

/// A box in a message.
#[derive(Debug, Deserialize)]
pub(super) struct Embed {
    #[serde(default)]
    pub(super) image: Option<Linked>,
}

/// A picture in a box.
#[derive(Debug, Deserialize)]
pub(super) struct Linked {
    pub(super) url: String,
}

/// A button.
#[derive(Debug, Deserialize)]
pub(super) struct ComponentData {
    pub(super) custom_id: String,
}

/// A window that was filled in.
#[derive(Debug, Deserialize)]
pub(super) struct ModalData {
    pub(super) custom_id: String,
    #[serde(default)]
    pub(super) components: Value,
}

fn typed() -> u8 {
    1
}

/// What cannot be read counts as missing.
fn lenient<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// Every component with a name, at any depth, and the text in it: the fields of a window, the buttons of a message.
pub(super) fn named(components: &Value) -> Vec<(&str, Option<&str>)> {
    let mut found = Vec::new();
    let mut open = vec![components];
    while let Some(part) = open.pop() {
        match part {
            Value::Array(parts) => open.extend(parts.iter().rev()),
            Value::Object(fields) => {
                if let Some(Value::String(name)) = fields.get("custom_id") {
                    found.push((name.as_str(), fields.get("value").and_then(Value::as_str)));
                }
                open.extend(fields.values());
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_token_is_in_no_debug_output() {
        let head = json!({ "id": "1", "token": "interaction-token", "application_id": "10", "type": 2 });
        let head = Head::deserialize(head).expect("readable");
        assert_eq!(head.token, "interaction-token");
        insta::assert_snapshot!(format!("{head:?}"), @"Head { id: InteractionId(1), kind: 2, .. }");
    }
}
