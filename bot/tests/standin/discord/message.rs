//! Messages: what may be in one, and how it reads.

use std::collections::BTreeMap;
use std::io::Cursor;

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::world::{Channel, Serving, StoredFile, World, permission};

/// Only one person sees the message.
pub(crate) const EPHEMERAL: u64 = 1 << 6;
/// Nothing but "is thinking" can be seen so far.
pub(crate) const LOADING: u64 = 1 << 7;
const SUPPRESS_EMBEDS: u64 = 1 << 2;
const SILENT: u64 = 1 << 12;
/// The newer kind of message, which is made of components only.
const COMPONENTS_V2: u64 = 1 << 15;

const MAX_TEXT_CHARS: usize = 2000;
const MAX_EMBED_CHARS: usize = 6000;
const MAX_FILES: usize = 10;
const MAX_ROWS: usize = 5;
const MAX_REQUEST_BYTES: usize = 25 * 1024 * 1024;

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) channel: String,
    /// The person whose message it is; `None` for the bot's.
    pub(crate) author: Option<String>,
    pub(crate) content: String,
    pub(crate) embeds: Vec<Value>,
    pub(crate) components: Vec<Value>,
    pub(crate) attachments: Vec<Value>,
    pub(crate) flags: u64,
    /// The only person who sees it.
    pub(crate) only_for: Option<String>,
    /// The interaction that it answers.
    pub(crate) interaction: Option<String>,
    pub(crate) nonce: Option<String>,
    /// Whom it rang.
    pub(crate) rings: Vec<String>,
    pub(crate) timestamp: String,
    is_edited: bool,
}

/// A file in a request.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) kind: Option<String>,
}

/// The files in a request by the numbers in their names, `files[0]`.
pub(crate) type Parts = BTreeMap<String, Part>;

/// What a request wants a message to be.
pub(crate) struct Draft<'a> {
    pub(crate) body: &'a Value,
    pub(crate) files: &'a Parts,
}

impl Message {
    pub(crate) fn is_loading(&self) -> bool {
        self.flags & LOADING != 0
    }

    /// The ids of its buttons that can be pressed, with what stands on them.
    pub(crate) fn buttons(&self) -> Vec<(String, String)> {
        let rows = self
            .components
            .iter()
            .filter_map(|row| row["components"].as_array());
        let enabled = rows.flatten().filter(|component| component["disabled"] != true);
        let with_id = enabled.filter_map(|component| {
            let id = component["custom_id"].as_str()?;
            Some((id.to_owned(), label_of(component)))
        });
        with_id.collect()
    }

    /// How it reads.
    pub(crate) fn lines(&self) -> Vec<String> {
        if self.is_loading() {
            return vec!["is thinking…".to_owned()];
        }
        let mut lines: Vec<String> = self.content.lines().map(ToOwned::to_owned).collect();
        let mut framed = Vec::new();
        for embed in &self.embeds {
            let before = lines.len();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            lines.extend(embed["title"].as_str().map(|title| format!("| # {title}")));
            lines.extend(
                text(&embed["description"])
                    .lines()
                    .map(|line| format!("| {line}")),
            );
            for field in embed["fields"].as_array().into_iter().flatten() {
                lines.push(format!(
                    "| {}: {}",
                    text(&field["name"]),
                    text(&field["value"]).replace('\n', "⏎")
                ));
            }
            for place in ["image", "thumbnail"] {
                let Some(url) = embed[place]["url"].as_str() else {
                    continue;
                };
                let shown = self
                    .attachments
                    .iter()
                    .find(|attachment| attachment["url"] == url);
                lines.push(format!(
                    "| {}",
                    shown.map_or_else(|| format!("[{url}]"), describe_file)
                ));
                framed.extend(shown.map(|attachment| attachment["id"].clone()));
            }
            lines.extend(
                embed["footer"]["text"]
                    .as_str()
                    .map(|footer| format!("| {footer}")),
            );
            if lines.len() == before {
                lines.push("| (nothing)".to_owned());
            }
        }
        let others = self
            .attachments
            .iter()
            .filter(|attachment| !framed.contains(&attachment["id"]));
        lines.extend(others.map(describe_file));
        for row in &self.components {
            let row = row["components"].as_array().into_iter().flatten();
            let labels: Vec<String> = row
                .map(|component| format!("[{}]", label_of(component)))
                .collect();
            lines.push(labels.join(" "));
        }
        lines
    }

    /// `line` and the lines below it, indented.
    pub(crate) fn told(&self, who: &str) -> String {
        format!("{who}{}", self.lines().join("\n  "))
    }

    pub(crate) fn json(&self, world: &World) -> Value {
        let author = match &self.author {
            Some(id) => {
                let name = world.human_by_id(id).map(|human| human.name.clone());
                world.user_json(id, &name.unwrap_or_default())
            }
            None => world.bot_json(),
        };
        let mut json = json!({
            "id": self.id.to_string(), "type": 0, "channel_id": self.channel, "author": author,
            "content": self.content, "embeds": self.embeds, "components": self.components,
            "attachments": self.attachments, "flags": self.flags, "timestamp": self.timestamp,
            "edited_timestamp": self.is_edited.then_some(&self.timestamp), "mentions": [], "mention_roles": [],
            "mention_everyone": false, "pinned": false, "tts": false
        });
        if let Some(interaction) = self
            .interaction
            .as_ref()
            .and_then(|id| world.interactions.get(id))
        {
            json["webhook_id"] = json!(world.application);
            json["application_id"] = json!(world.application);
            json["interaction_metadata"] = interaction.metadata(world);
        }
        json
    }
}

fn label_of(component: &Value) -> String {
    let emoji = component["emoji"]["name"].as_str();
    let label = component["label"].as_str();
    let parts: Vec<&str> = emoji.into_iter().chain(label).collect();
    parts.join(" ")
}

/// An attachment as the transcript has it.
fn describe_file(attachment: &Value) -> String {
    let name = attachment["filename"].as_str().unwrap_or_default();
    let is_covered = attachment["is_spoiler"] == true || name.starts_with("SPOILER_");
    let covered = if is_covered { ", covered" } else { "" };
    match (attachment["width"].as_u64(), attachment["height"].as_u64()) {
        (Some(width), Some(height)) => format!("[picture {name} {width}x{height}{covered}]"),
        _ => format!("[file {name}{covered}]"),
    }
}

impl World {
    /// An empty message, before anything is in it.
    pub(crate) fn blank_message(&mut self, channel: &str) -> Message {
        Message {
            id: self.new_id().parse().unwrap_or_default(),
            channel: channel.to_owned(),
            author: None,
            content: String::new(),
            embeds: Vec::new(),
            components: Vec::new(),
            attachments: Vec::new(),
            flags: 0,
            only_for: None,
            interaction: None,
            nonce: None,
            rings: Vec::new(),
            timestamp: self.now().to_rfc3339(),
            is_edited: false,
        }
    }

    /// Puts what a request says into a message. The message is not changed when the request is refused.
    pub(crate) fn write(
        &mut self,
        mut message: Message,
        draft: &Draft<'_>,
        channel: &Channel,
    ) -> Result<Message, Refusal> {
        let (body, files) = (draft.body, draft.files);
        let is_new = message.is_loading() || !self.messages.contains_key(&message.id);
        let flags = body["flags"].as_u64().unwrap_or_default();
        if flags & COMPONENTS_V2 != 0 {
            return Err(Refusal::malformed(
                "flags",
                "this stand-in knows only the older kind of message",
            ));
        }
        if is_new && flags & !(SUPPRESS_EMBEDS | SILENT | EPHEMERAL) != 0 {
            return Err(Refusal::malformed("flags", "these flags cannot be set"));
        }
        check_sizes(self, files)?;
        check_draft(draft, &message)?;
        message.attachments = self.attachments(draft, &message, channel)?;
        if let Some(content) = body.get("content") {
            message.content = content.as_str().unwrap_or_default().to_owned();
        }
        for (part, field) in [
            (&mut message.embeds, "embeds"),
            (&mut message.components, "components"),
        ] {
            if let Some(given) = body.get(field) {
                *part = given.as_array().cloned().unwrap_or_default();
            }
        }
        self.resolve_embeds(&mut message)?;
        number_components(&mut message.components);
        let is_empty = message.content.is_empty()
            && message.embeds.is_empty()
            && message.attachments.is_empty()
            && message.components.is_empty();
        if is_empty {
            return Err(Refusal::new(400, 50006, "Cannot send an empty message"));
        }
        if channel.guild.is_some() {
            check_permissions(&message, files, channel)?;
        }
        message.flags &= !LOADING;
        message.is_edited = !is_new;
        message.rings = self.rung_by(body, &message.content, is_new);
        self.messages.insert(message.id, message.clone());
        Ok(message)
    }

    fn attachments(
        &mut self,
        draft: &Draft<'_>,
        message: &Message,
        channel: &Channel,
    ) -> Result<Vec<Value>, Refusal> {
        let listed = draft.body["attachments"].as_array();
        let listed_as = |id: &str| {
            let is_it = |attachment: &&Value| id_of(&attachment["id"]) == id;
            listed.into_iter().flatten().find(is_it)
        };
        let kept = message.attachments.iter().filter(|attachment| {
            listed.is_none()
                || attachment["id"]
                    .as_str()
                    .is_some_and(|id| listed_as(id).is_some())
        });
        let mut attachments: Vec<Value> = kept.cloned().collect();
        for (number, part) in draft.files {
            let said = listed_as(number);
            if listed.is_some() && said.is_none() {
                return Err(Refusal::malformed(
                    "attachments",
                    "a file is not listed, so Discord would drop it",
                ));
            }
            let said = said.cloned().unwrap_or_default();
            let name = said["filename"].as_str().unwrap_or(&part.name);
            let mut attachment = self.store(
                StoredFile {
                    name: clean(name),
                    bytes: part.bytes.clone(),
                    kind: part
                        .kind
                        .clone()
                        .unwrap_or_else(|| "application/octet-stream".to_owned()),
                    serving: Serving::Plain,
                },
                &channel.id,
            );
            for note in ["description", "is_spoiler"] {
                if let Some(note_said) = said.get(note).filter(|said| !said.is_null()) {
                    attachment[note] = note_said.clone();
                }
            }
            attachments.push(attachment);
        }
        if attachments.len() > MAX_FILES {
            return Err(Refusal::malformed("attachments", "more than 10 files"));
        }
        Ok(attachments)
    }

    /// Keeps a file, and describes it.
    pub(crate) fn store(&mut self, file: StoredFile, channel: &str) -> Value {
        let id = self.new_id();
        let url = format!(
            "http://{}/attachments/{channel}/{id}/{}?ex=0&is=0&hm=0&",
            self.addresses[0], file.name
        );
        let mut json = json!({ "id": id, "filename": file.name, "size": file.bytes.len(), "url": url, "proxy_url": url });
        let reader = image::ImageReader::new(Cursor::new(&file.bytes)).with_guessed_format();
        if let Ok(reader) = reader
            && let Some(format) = reader.format()
            && let Ok((width, height)) = reader.into_dimensions()
        {
            json["content_type"] = json!(format.to_mime_type());
            json["width"] = json!(width);
            json["height"] = json!(height);
        } else {
            json["content_type"] = json!(file.kind);
        }
        self.files.insert(id, file);
        json
    }

    /// `attachment://name` becomes the address of that file.
    fn resolve_embeds(&mut self, message: &mut Message) -> Result<(), Refusal> {
        for embed in &mut message.embeds {
            embed["type"] = json!("rich");
            for (part, field) in [
                ("image", "url"),
                ("thumbnail", "url"),
                ("footer", "icon_url"),
                ("author", "icon_url"),
            ] {
                let Some(url) = embed[part][field].as_str() else {
                    continue;
                };
                let Some(name) = url.strip_prefix("attachment://") else {
                    continue;
                };
                let found = message
                    .attachments
                    .iter()
                    .find(|attachment| attachment["filename"] == name);
                let Some(attachment) = found else {
                    return Err(Refusal::malformed(
                        "embeds",
                        &format!("nothing is attached as {name}"),
                    ));
                };
                if attachment["is_spoiler"] == true || name.starts_with("SPOILER_") {
                    self.violations
                        .push(format!("the embed uncovers {name}, which should be covered"));
                }
                embed[part][field] = attachment["url"].clone();
            }
            let parts = embed
                .as_object_mut()
                .into_iter()
                .flat_map(|embed| embed.iter_mut());
            for (_, value) in parts.filter(|(_, value)| value.is_object()) {
                drop_nulls(value);
            }
            drop_nulls(embed);
        }
        Ok(())
    }

    /// Who hears a new message, because it names them and is allowed to ring.
    fn rung_by(&mut self, body: &Value, content: &str, is_new: bool) -> Vec<String> {
        let allowed = &body["allowed_mentions"];
        let parse: Vec<&str> = allowed["parse"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let may_ring = |kind: &str| allowed.is_null() || parse.contains(&kind);
        if (content.contains("@everyone") || content.contains("@here")) && may_ring("everyone") {
            self.blame(format!("everybody would be rung by {content:?}"));
        }
        if content.contains("<@&") && may_ring("roles") {
            self.blame(format!("a role would be rung by {content:?}"));
        }
        let named = self
            .humans
            .values()
            .filter(|human| content.contains(&format!("<@{}>", human.id)));
        let listed = |id: &str| {
            let users = allowed["users"].as_array().into_iter().flatten();
            users.into_iter().any(|user| id_of(user) == id)
        };
        let rung = named.filter(|human| is_new && (may_ring("users") || listed(&human.id)));
        rung.map(|human| human.name.clone()).collect()
    }
}

/// Snowflakes are texts or numbers.
fn id_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn clean(name: &str) -> String {
    let keep = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    name.chars()
        .map(|character| if keep(character) { character } else { '_' })
        .collect()
}

fn check_sizes(world: &World, files: &Parts) -> Result<(), Refusal> {
    let too_large = |part: &Part| part.bytes.len() as u64 > world.settings.max_upload_bytes;
    let total: usize = files.values().map(|part| part.bytes.len()).sum();
    if files.values().any(too_large) || total > MAX_REQUEST_BYTES {
        return Err(Refusal::new(413, 40005, "Request entity too large"));
    }
    Ok(())
}

fn check_permissions(message: &Message, files: &Parts, channel: &Channel) -> Result<(), Refusal> {
    let lacks = |needed: bool, permission: u64| needed && !channel.allows(permission);
    if lacks(!files.is_empty(), permission::ATTACH_FILES)
        || lacks(!message.embeds.is_empty(), permission::EMBED_LINKS)
    {
        return Err(Refusal::no_permission());
    }
    Ok(())
}

/// The limits that the description does not tell.
fn check_draft(draft: &Draft<'_>, message: &Message) -> Result<(), Refusal> {
    let body = draft.body;
    if body["content"]
        .as_str()
        .is_some_and(|text| text.chars().count() > MAX_TEXT_CHARS)
    {
        return Err(Refusal::malformed("content", "must be 2000 or fewer in length"));
    }
    let embeds = body["embeds"].as_array().map(Vec::as_slice).unwrap_or_default();
    if embeds.iter().map(embed_chars).sum::<usize>() > MAX_EMBED_CHARS {
        return Err(Refusal::malformed("embeds", "more than 6000 characters"));
    }
    let empty = |embed: &&Value| {
        embed["fields"].as_array().into_iter().flatten().any(|field| {
            ["name", "value"]
                .iter()
                .any(|part| field[part].as_str().is_none_or(|text| text.trim().is_empty()))
        })
    };
    if embeds.iter().any(|embed| empty(&embed)) {
        return Err(Refusal::malformed("embeds", "a field is empty"));
    }
    check_components(
        body["components"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default(),
    )?;
    for attachment in body["attachments"].as_array().into_iter().flatten() {
        let id = id_of(&attachment["id"]);
        let is_known = message.attachments.iter().any(|known| known["id"] == id);
        if !is_known && !draft.files.contains_key(&id) {
            return Err(Refusal::malformed(
                "attachments",
                &format!("there is no file {id}"),
            ));
        }
    }
    Ok(())
}

fn embed_chars(embed: &Value) -> usize {
    let chars = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
    let fields = embed["fields"].as_array().into_iter().flatten();
    let fields: usize = fields
        .map(|field| chars(&field["name"]) + chars(&field["value"]))
        .sum();
    let texts = [
        &embed["title"],
        &embed["description"],
        &embed["footer"]["text"],
        &embed["author"]["name"],
    ];
    fields + texts.into_iter().map(chars).sum::<usize>()
}

/// Rows of up to five buttons, or of one menu; no id twice.
fn check_components(rows: &[Value]) -> Result<(), Refusal> {
    let wrong = |why: &str| Err(Refusal::malformed("components", why));
    if rows.len() > MAX_ROWS || rows.iter().any(|row| row["type"] != 1) {
        return wrong("more than 5 rows, or something else than rows");
    }
    let mut ids = Vec::new();
    for row in rows {
        let components = row["components"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let are_buttons = components.iter().all(|component| component["type"] == 2);
        if components.is_empty() || components.len() > if are_buttons { 5 } else { 1 } {
            return wrong("a row is empty or too wide");
        }
        for component in components {
            let (id, url) = (component["custom_id"].as_str(), component["url"].as_str());
            if component["type"] == 2 && id.is_some() == url.is_some() {
                return wrong("a button has an id or an address, and not both");
            }
            let has_face = component["label"].as_str().is_some_and(|label| !label.is_empty());
            if component["type"] == 2 && !has_face && component["emoji"].is_null() {
                return wrong("a button has neither a label nor an emoji");
            }
            ids.extend(id);
        }
    }
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() < all {
        wrong("an id is used twice")
    } else {
        Ok(())
    }
}

/// What is said to be nothing is left out.
fn drop_nulls(value: &mut Value) {
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
}

fn number_components(rows: &mut [Value]) {
    let mut next = 1;
    for row in rows {
        row["id"] = json!(next);
        next += 1;
        for component in row["components"].as_array_mut().into_iter().flatten() {
            component["id"] = json!(next);
            next += 1;
            drop_nulls(component);
        }
    }
}
