//! What people do. Discord's own programs let nobody send what the registered commands do not allow, and neither does
//! this.

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::Discord;
use super::commands::kind_of;
use super::interaction::{Answer, Interaction, Kind, inputs_of, owners};
use super::message::Message;
use super::world::{Channel, Human, Serving, StoredFile, World, permission};

/// Somebody who writes in a place.
#[derive(Clone)]
pub(crate) struct Person {
    discord: Discord,
    name: String,
    place: String,
    locale: String,
    roles: Vec<String>,
    permissions: u64,
}

/// The value of an option.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    /// A text, a number, a truth value, the name of a person or a channel, or the id of a role.
    Value(Value),
    /// A file.
    File(Upload),
}

impl<T: Into<Value>> From<T> for Given {
    fn from(value: T) -> Self {
        Self::Value(value.into())
    }
}

/// A file that somebody attaches.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// What happens when it is fetched.
    pub(crate) serving: Serving,
    /// Another address than its own is told.
    pub(crate) url: Option<String>,
    /// Another size than its own is told.
    pub(crate) told_bytes: Option<u64>,
}

impl Upload {
    pub(crate) fn new(name: &str, bytes: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            bytes,
            serving: Serving::Plain,
            url: None,
            told_bytes: None,
        }
    }
}

/// What somebody has used to do something.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// The message with the button.
    message: Option<u64>,
    /// The interaction that was answered with a window.
    opened_by: Option<String>,
}

/// Something that somebody has done, and what came of it.
#[derive(Clone)]
pub(crate) struct Asked {
    discord: Discord,
    /// The interaction's id.
    pub(crate) id: String,
}

impl Person {
    pub(super) fn new(discord: &Discord, name: &str) -> Self {
        Self {
            discord: discord.clone(),
            name: name.to_owned(),
            place: "general".to_owned(),
            locale: "en-US".to_owned(),
            roles: Vec::new(),
            permissions: permission::USUAL,
        }
    }

    /// In another place. `direct` is the conversation with the bot.
    pub(crate) fn at(self, place: &str) -> Self {
        let place = match place {
            "direct" => {
                let mut world = self.discord.world();
                let human = world.human(&self.name);
                world.direct_channel(&human).name
            }
            place => place.to_owned(),
        };
        Self { place, ..self }
    }

    /// With Discord in another language.
    pub(crate) fn speaking(self, locale: &str) -> Self {
        Self {
            locale: locale.to_owned(),
            ..self
        }
    }

    /// With a role in the server.
    pub(crate) fn with_role(mut self, role: u64) -> Self {
        self.roles.push(role.to_string());
        self
    }

    /// With more permissions in the server.
    pub(crate) fn who_may(self, permissions: u64) -> Self {
        Self {
            permissions: self.permissions | permissions,
            ..self
        }
    }

    /// Gives a command, as Discord's program does: `admin limit show`, and its options.
    pub(crate) async fn slash<const N: usize>(&self, command: &str, options: [(&str, Given); N]) -> Asked {
        let line = told(command, &options);
        let data = self
            .discord
            .change(|world| self.command_data(world, command, &options, None));
        let data = data.unwrap_or_else(|why| panic!("Discord does not let {} send {line}: {why}", self.name));
        self.deliver(Kind::Command, data, Origin::default(), &line).await
    }

    /// Why Discord does not let the person give a command, if it does not.
    pub(crate) fn refused(&self, command: &str, options: &[(&str, Given)]) -> Option<String> {
        let data = self
            .discord
            .change(|world| self.command_data(world, command, options, None));
        data.err()
    }

    /// Types a part of an option's value, and is shown proposals.
    pub(crate) async fn type_in(&self, command: &str, option: &str, text: &str) -> Vec<String> {
        let options = [(option, Given::from(text))];
        let data = self
            .discord
            .change(|world| self.command_data(world, command, &options, Some(option)));
        let data = data.unwrap_or_else(|why| panic!("nothing is proposed for {option}: {why}"));
        let line = format!("/{command} {option}: {text}…");
        let asked = self
            .deliver(Kind::Autocomplete, data, Origin::default(), &line)
            .await;
        asked
            .discord
            .until("proposals", |world| world.interactions[&asked.id].choices.clone())
            .await
    }

    /// Chooses a command from the menu of a message.
    pub(crate) async fn use_on_message(&self, command: &str, message: u64) -> Asked {
        let data = self.discord.change(|world| {
            let registered = self.registered(world, command, 3)?;
            let message = world.messages.get(&message).ok_or("no such message")?;
            let id = message.id.to_string();
            let resolved = json!({ "messages": { &id: message.json(world) } });
            Ok::<_, String>(json!({
                "id": registered["id"], "name": command, "type": 3, "target_id": id, "resolved": resolved
            }))
        });
        let data = data.unwrap_or_else(|why| panic!("{command}: {why}"));
        self.deliver(
            Kind::Command,
            data,
            Origin::default(),
            &format!("{command:?} on a message"),
        )
        .await
    }

    /// Chooses a command from the menu of a person.
    pub(crate) async fn use_on_person(&self, command: &str, other: &str) -> Asked {
        let data = self.discord.change(|world| {
            let registered = self.registered(world, command, 2)?;
            let resolved = self.resolved_person(world, other);
            let id = world.human(other).id;
            Ok::<_, String>(json!({
                "id": registered["id"], "name": command, "type": 2, "target_id": id, "resolved": resolved
            }))
        });
        let data = data.unwrap_or_else(|why| panic!("{command}: {why}"));
        self.deliver(
            Kind::Command,
            data,
            Origin::default(),
            &format!("{command:?} on {other}"),
        )
        .await
    }

    /// Presses a button of the newest message that has one with this id or these words on it.
    pub(crate) async fn press(&self, button: &str) -> Asked {
        let found = self.discord.change(|world| {
            let channel = self.channel(world).id;
            let visible = world.messages.values().rev().filter(|message| {
                message.channel == channel && message.only_for.as_ref().is_none_or(|name| name == &self.name)
            });
            let is_it = |(id, label): &(String, String)| id == button || label == button;
            let mut buttons = visible.filter_map(|message| {
                let (id, label) = message.buttons().into_iter().find(is_it)?;
                Some((message.id, id, label))
            });
            buttons.next()
        });
        let (message, id, label) =
            found.unwrap_or_else(|| panic!("there is no button {button:?}\n{}", self.discord.told()));
        let data = json!({ "custom_id": id, "component_type": 2 });
        self.deliver(
            Kind::Component,
            data,
            Origin {
                message: Some(message),
                opened_by: None,
            },
            &format!("presses [{label}]"),
        )
        .await
    }

    /// Fills in the window that came for something they did.
    pub(crate) async fn fill(&self, asked: &Asked, fields: &[&str]) -> Asked {
        let modal = asked.modal().await;
        let from = Origin {
            message: self.discord.change(|world| world.interactions[&asked.id].message),
            opened_by: Some(asked.id.clone()),
        };
        let inputs = inputs_of(&modal);
        assert_eq!(
            inputs.len(),
            fields.len(),
            "the window has as many fields: {modal}"
        );
        let mut rows = Vec::new();
        for (input, value) in inputs.iter().zip(fields) {
            let length = value.chars().count() as u64;
            let most = input["max_length"].as_u64().unwrap_or(4000);
            assert!(
                length <= most && (length > 0 || input["required"] == false),
                "Discord refuses {value:?}"
            );
            let component = json!({ "type": 4, "id": 1, "custom_id": input["custom_id"], "value": value });
            rows.push(json!({ "type": 1, "id": 2, "components": [component] }));
        }
        let data = json!({ "custom_id": modal["custom_id"], "components": rows });
        self.deliver(
            Kind::Modal,
            data,
            from,
            &format!("fills in: {}", fields.join(" / ")),
        )
        .await
    }

    /// Writes a message with files.
    pub(crate) fn write(&self, text: &str, files: impl IntoIterator<Item = Upload>) -> u64 {
        self.discord.change(|world| {
            let channel = self.channel(world);
            let mut message = world.blank_message(&channel.id);
            message.author = Some(world.human(&self.name).id);
            message.content = text.to_owned();
            message.attachments = files
                .into_iter()
                .map(|file| self.store(world, &channel, file))
                .collect();
            let id = message.id;
            world.messages.insert(id, message);
            id
        })
    }

    /// Sends anything at all, as somebody does whose program is not Discord's.
    pub(crate) async fn deliver(&self, kind: Kind, data: Value, from: Origin, line: &str) -> Asked {
        self.discord.connected().await;
        let place = if self.place == "general" {
            String::new()
        } else {
            format!(" in {}", self.place)
        };
        let id = self.discord.change(|world| {
            if kind != Kind::Autocomplete {
                world.tell(format!("{}{place}: {line}", self.name));
            }
            let interaction = self.interaction(world, kind, from);
            let payload = self.payload(world, &interaction, &data);
            let (id, channel) = (interaction.id.clone(), self.channel(world));
            world.interactions.insert(id.clone(), interaction);
            let guild = channel.guild.map(|guild| guild.id);
            world.dispatch("INTERACTION_CREATE", &payload, guild.as_deref());
            id
        });
        Asked {
            discord: self.discord.clone(),
            id,
        }
    }

    fn channel(&self, world: &World) -> Channel {
        let channel = world.channels.get(&self.place);
        channel
            .unwrap_or_else(|| panic!("there is no place {}", self.place))
            .clone()
    }

    fn interaction(&self, world: &mut World, kind: Kind, from: Origin) -> Interaction {
        let id = world.new_id();
        Interaction {
            token: format!("token-of-{id}-{}", "x".repeat(100)),
            id,
            kind,
            human: world.human(&self.name),
            channel: self.place.clone(),
            message: from.message,
            opened_by: from.opened_by,
            born: Instant::now(),
            answer: None,
            answered_after: None,
            original: None,
            follow_ups: Vec::new(),
            modal: None,
            choices: None,
            is_known_dead: false,
        }
    }

    fn payload(&self, world: &World, interaction: &Interaction, data: &Value) -> Value {
        let (channel, human) = (self.channel(world), &interaction.human);
        let user = world.user_json(&human.id, &human.name);
        let mut payload = json!({
            "id": interaction.id, "application_id": world.application, "type": interaction.kind as u8, "data": data,
            "channel_id": channel.id, "channel": channel.json(), "token": interaction.token, "version": 1,
            "app_permissions": channel.permissions.to_string(), "locale": self.locale, "entitlements": [],
            "entitlement_sku_ids": [], "authorizing_integration_owners": owners(Some(&channel), human),
            "context": match (&channel.guild, channel.kind) { (Some(_), _) => 0, (None, 1) => 1, _ => 2 },
            "attachment_size_limit": world.settings.max_upload_bytes
        });
        if let Some(message) = interaction.message.and_then(|id| world.messages.get(&id)) {
            payload["message"] = message.json(world);
        }
        match &channel.guild {
            Some(guild) => {
                payload["guild_id"] = json!(guild.id);
                payload["guild_locale"] = json!(guild.locale);
                payload["guild"] = json!({ "id": guild.id, "locale": guild.locale, "features": [] });
                payload["member"] = member_json(&user, &self.roles, self.permissions);
            }
            None => payload["user"] = user,
        }
        payload
    }

    /// The registered command that the person sees under this name.
    fn registered(&self, world: &World, name: &str, kind: u64) -> Result<Value, String> {
        let channel = self.channel(world);
        let guild = channel.guild.as_ref().map(|guild| guild.id.clone());
        let everywhere = world.commands.get(&None).into_iter().flatten();
        let here = guild
            .and_then(|id| world.commands.get(&Some(id)))
            .into_iter()
            .flatten();
        let command = here
            .chain(everywhere)
            .find(|command| command["name"] == name && kind_of(command) == kind);
        let command = command.ok_or_else(|| format!("{name} is not registered"))?;
        let has =
            |list: &Value, number: u64| list.as_array().is_none_or(|list| list.contains(&json!(number)));
        let context = match (&channel.guild, channel.kind) {
            (Some(_), _) => 0,
            (None, 1) => 1,
            _ => 2,
        };
        let installation = u64::from(!channel.has_bot());
        if !has(&command["contexts"], context) || !has(&command["integration_types"], installation) {
            return Err(format!("{name} is not for {}", channel.name));
        }
        if command["nsfw"] == true && channel.guild.is_some() && !channel.is_age_restricted {
            return Err(format!("{name} is for adults"));
        }
        let needed = command["default_member_permissions"]
            .as_str()
            .and_then(|bits| bits.parse::<u64>().ok());
        let needed = needed.filter(|_| channel.guild.is_some()).unwrap_or_default();
        if self.permissions & (needed | permission::ADMINISTRATOR) == 0 && needed != 0 {
            return Err(format!("{name} is not for {}", self.name));
        }
        Ok(command.clone())
    }

    fn command_data(
        &self,
        world: &mut World,
        name: &str,
        options: &[(&str, Given)],
        focused: Option<&str>,
    ) -> Result<Value, String> {
        let mut words = name.split(' ');
        let command = self.registered(world, words.next().unwrap_or_default(), 1)?;
        let (mut described, mut groups) = (command.clone(), Vec::new());
        for word in words {
            let inner = described["options"].as_array().into_iter().flatten();
            let found = inner
                .into_iter()
                .find(|inner| inner["name"] == word && matches!(inner["type"].as_u64(), Some(1 | 2)));
            described = found.cloned().ok_or_else(|| format!("there is no {name}"))?;
            groups.push((word, described["type"].clone()));
        }
        let mut resolved = json!({});
        let mut given = self.option_values(world, &described, options, focused, &mut resolved)?;
        for (word, kind) in groups.iter().rev() {
            given = vec![json!({ "name": word, "type": kind, "options": given })];
        }
        let mut data = json!({ "id": command["id"], "name": command["name"], "type": 1, "options": given });
        if resolved != json!({}) {
            data["resolved"] = resolved;
        }
        if let Some(guild) = command.get("guild_id") {
            data["guild_id"] = guild.clone();
        }
        Ok(data)
    }

    fn option_values(
        &self,
        world: &mut World,
        described: &Value,
        options: &[(&str, Given)],
        focused: Option<&str>,
        resolved: &mut Value,
    ) -> Result<Vec<Value>, String> {
        let known = described["options"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        if let Some((name, _)) = options
            .iter()
            .find(|(name, _)| !known.iter().any(|option| option["name"] == *name))
        {
            return Err(format!("there is no option {name}"));
        }
        let mut values = Vec::new();
        for option in known {
            let name = option["name"].as_str().unwrap_or_default();
            let Some((_, given)) = options.iter().find(|(given, _)| *given == name) else {
                if option["required"] == true && focused.is_none() {
                    return Err(format!("{name} is required"));
                }
                continue;
            };
            let value = match given {
                Given::File(upload) => {
                    let channel = self.channel(world);
                    let file = self.store(world, &channel, upload.clone());
                    let id = file["id"].clone();
                    resolved["attachments"][id.as_str().unwrap_or_default()] = file;
                    id
                }
                Given::Value(value) => self
                    .checked(world, option, value, resolved)
                    .map_err(|why| format!("{name}: {why}"))?,
            };
            let mut sent = json!({ "name": name, "type": option["type"], "value": value });
            if focused == Some(name) {
                if option["autocomplete"] != true {
                    return Err(format!("{name} proposes nothing"));
                }
                sent["focused"] = json!(true);
            }
            values.push(sent);
        }
        Ok(values)
    }

    fn checked(
        &self,
        world: &mut World,
        option: &Value,
        value: &Value,
        resolved: &mut Value,
    ) -> Result<Value, String> {
        let kind = option["type"].as_u64().unwrap_or_default();
        let fits = match kind {
            3 => value.is_string(),
            4 => value.is_i64() || value.is_u64(),
            5 => value.is_boolean(),
            6..=8 => value.is_string(),
            10 => value.is_number(),
            _ => false,
        };
        if !fits {
            return Err(format!("{value} is not of the type {kind}"));
        }
        let choices = option["choices"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        if !choices.is_empty() && !choices.iter().any(|choice| &choice["value"] == value) {
            return Err(format!("{value} cannot be chosen"));
        }
        let length = value.as_str().map_or(0, |text| text.chars().count() as u64);
        let beyond = |limit: &str, number: f64, sign: f64| {
            option[limit]
                .as_f64()
                .is_some_and(|limit| number * sign > limit * sign)
        };
        #[expect(clippy::cast_precision_loss, reason = "a length")]
        let length = length as f64;
        let number = value.as_f64();
        if kind == 3 && (beyond("max_length", length, 1.0) || beyond("min_length", length, -1.0))
            || number
                .is_some_and(|number| beyond("max_value", number, 1.0) || beyond("min_value", number, -1.0))
        {
            return Err(format!("{value} is out of bounds"));
        }
        let name = value.as_str().unwrap_or_default();
        match kind {
            6 => {
                for (part, all) in self
                    .resolved_person(world, name)
                    .as_object()
                    .into_iter()
                    .flatten()
                {
                    resolved[part] = all.clone();
                }
                Ok(json!(world.human(name).id))
            }
            7 => {
                let channel = world.channels.get(name).ok_or("no such channel")?;
                resolved["channels"][&channel.id] = channel.json();
                Ok(json!(channel.id))
            }
            8 => {
                resolved["roles"][name] = role_json(name);
                Ok(json!(name))
            }
            _ => Ok(value.clone()),
        }
    }

    fn resolved_person(&self, world: &mut World, name: &str) -> Value {
        let Human { id, name, .. } = world.human(name);
        let user = world.user_json(&id, &name);
        let mut member = member_json(&Value::Null, &[], permission::USUAL);
        if let Some(member) = member.as_object_mut() {
            member.retain(|part, _| !["user", "deaf", "mute"].contains(&part.as_str()));
        }
        let mut resolved = Map::new();
        resolved.insert("users".to_owned(), json!({ &id: user }));
        if self.channel(world).guild.is_some() {
            resolved.insert("members".to_owned(), json!({ &id: member }));
        }
        Value::Object(resolved)
    }

    fn store(&self, world: &mut World, channel: &Channel, upload: Upload) -> Value {
        let file = StoredFile {
            name: upload.name,
            bytes: upload.bytes,
            kind: "application/octet-stream".to_owned(),
            serving: upload.serving,
        };
        let mut json = world.store(file, &channel.id);
        if let Some(url) = upload.url {
            json["url"] = json!(url);
            json["proxy_url"] = json!(url);
        }
        if let Some(bytes) = upload.told_bytes {
            json["size"] = json!(bytes);
        }
        json
    }
}

impl Asked {
    /// How the bot has answered first.
    pub(crate) async fn answer(&self) -> Answer {
        self.discord
            .until("an answer", |world| world.interactions[&self.id].answer)
            .await
    }

    /// The window that the person is shown.
    pub(crate) async fn modal(&self) -> Value {
        self.discord
            .until("a window", |world| world.interactions[&self.id].modal.clone())
            .await
    }

    /// The message that answers it, once there is one and `is_it` says so.
    pub(crate) async fn message(&self, is_it: impl Fn(&Message) -> bool) -> Message {
        self.discord
            .until("a message", |world| {
                let interaction = &world.interactions[&self.id];
                let ids = interaction
                    .original
                    .into_iter()
                    .chain(interaction.follow_ups.iter().copied());
                let mut messages = ids.filter_map(|id| world.messages.get(&id));
                messages
                    .find(|message| !message.is_loading() && is_it(message))
                    .cloned()
            })
            .await
    }

    /// The message that has these words in it, as it reads.
    pub(crate) async fn reads(&self, words: &str) -> String {
        let message = self
            .message(|message| message.lines().iter().any(|line| line.contains(words)))
            .await;
        message.lines().join("\n")
    }
}

fn member_json(user: &Value, roles: &[String], permissions: u64) -> Value {
    json!({
        "user": user, "nick": null, "avatar": null, "banner": null, "roles": roles,
        "joined_at": "2024-01-01T00:00:00.000000+00:00", "premium_since": null, "deaf": false, "mute": false,
        "flags": 0, "pending": false, "permissions": permissions.to_string(), "communication_disabled_until": null
    })
}

/// A role, which has no name but its id here.
fn role_json(id: &str) -> Value {
    json!({
        "id": id, "name": format!("role {id}"), "color": 0, "colors": { "primary_color": 0 }, "hoist": false,
        "position": 1, "permissions": "0", "managed": false, "mentionable": false, "flags": 0
    })
}

fn told(command: &str, options: &[(&str, Given)]) -> String {
    let mut line = format!("/{command}");
    for (name, given) in options {
        line += &match given {
            Given::Value(Value::String(text)) => format!(" {name}: {text}"),
            Given::Value(value) => format!(" {name}: {value}"),
            Given::File(upload) => format!(" {name}: ({})", upload.name),
        };
    }
    line
}
