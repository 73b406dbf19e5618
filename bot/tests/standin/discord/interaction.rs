//! Interactions: what the bot may answer, how, and until when.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::description::Arguments;
use super::message::{Draft, EPHEMERAL, LOADING, Message, Parts};
use super::refusal::Refusal;
use super::world::{Channel, Human, World};

/// As many messages can be added to an answer where only the person has installed the application.
const MAX_FOLLOW_UPS: usize = 5;

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A command was given, from its text or from a menu.
    Command = 2,
    /// A button was pressed.
    Component = 3,
    /// Something is being typed.
    Autocomplete = 4,
    /// A window was filled in.
    Modal = 5,
}

/// How the bot has answered first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A message.
    Message = 4,
    /// A message will come.
    Thinking = 5,
    /// Nothing that can be seen, for now.
    Quiet = 6,
    /// The message with the button changes.
    Change = 7,
    /// Proposals for what is being typed.
    Choices = 8,
    /// A window.
    Modal = 9,
}

/// One interaction.
#[derive(Clone, Debug)]
pub(crate) struct Interaction {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) kind: Kind,
    pub(crate) human: Human,
    /// The name of the channel.
    pub(crate) channel: String,
    /// The message with the button.
    pub(crate) message: Option<u64>,
    /// The interaction that was answered with the window that was filled in.
    pub(crate) opened_by: Option<String>,
    pub(crate) born: Instant,
    pub(crate) answer: Option<Answer>,
    /// How long the first answer took.
    pub(crate) answered_after: Option<std::time::Duration>,
    pub(crate) original: Option<u64>,
    pub(crate) follow_ups: Vec<u64>,
    /// The window that the person was shown.
    pub(crate) modal: Option<Value>,
    pub(crate) choices: Option<Vec<String>>,
    /// The bot has been told that the token does not work any more.
    pub(crate) is_known_dead: bool,
}

impl Interaction {
    /// What a message says about the interaction that it answers.
    pub(crate) fn metadata(&self, world: &World) -> Value {
        let mut metadata = json!({
            "id": self.id, "type": self.kind as u8, "user": world.user_json(&self.human.id, &self.human.name),
            "authorizing_integration_owners": owners(world.channels.get(&self.channel), &self.human)
        });
        if self.kind == Kind::Component {
            let message = self
                .message
                .map_or_else(|| self.id.clone(), |message| message.to_string());
            metadata["interacted_message_id"] = json!(message);
        }
        let opened_by = self.opened_by.as_ref().and_then(|id| world.interactions.get(id));
        if self.kind == Kind::Modal {
            // A window that nobody was shown is said to come from a command.
            let mut trigger = metadata.clone();
            trigger["type"] = json!(Kind::Command as u8);
            metadata["triggering_interaction_metadata"] = opened_by.map_or(trigger, |by| by.metadata(world));
        }
        metadata
    }
}

/// Who has installed the application that answers there.
pub(crate) fn owners(channel: Option<&Channel>, human: &Human) -> Value {
    let guild = channel.and_then(|channel| channel.guild.as_ref());
    match guild {
        Some(guild) if guild.has_bot => json!({ "0": guild.id }),
        None if channel.is_some_and(Channel::has_bot) => json!({ "0": "0", "1": human.id }),
        _ => json!({ "1": human.id }),
    }
}

impl World {
    /// The first answer.
    pub(crate) fn answer_interaction(
        &mut self,
        arguments: &Arguments,
        body: &Value,
        files: &Parts,
    ) -> Result<Value, Refusal> {
        let id = &arguments["interaction_id"];
        let found = self
            .interactions
            .get(id)
            .filter(|known| known.token == arguments["interaction_token"]);
        let Some(interaction) = found.cloned() else {
            return Err(Refusal::unknown_interaction());
        };
        self.blame_for_dead(&interaction);
        if interaction.answer.is_some() {
            return Err(Refusal::new(
                400,
                40060,
                "Interaction has already been acknowledged.",
            ));
        }
        if interaction.born.elapsed() > self.settings.answer_within {
            self.kill_token(id);
            return Err(Refusal::unknown_interaction());
        }
        let data = body
            .get("data")
            .filter(|data| !data.is_null())
            .cloned()
            .unwrap_or_else(|| json!({}));
        let answer = kind_of_answer(&interaction, body)?;
        let message = self.first_message(&interaction, answer, &Draft { body: &data, files })?;
        if answer == Answer::Modal {
            check_modal(&data)?;
        }
        let changed = self.interactions.get_mut(id).expect("it was there");
        changed.answer = Some(answer);
        changed.answered_after = Some(interaction.born.elapsed());
        changed.original = message.as_ref().map(|message| message.id).or(match answer {
            Answer::Quiet | Answer::Change => interaction.message,
            _ => None,
        });
        changed.modal = (answer == Answer::Modal).then(|| data.clone());
        changed.choices = (answer == Answer::Choices).then(|| choices_of(&data));
        self.tell_answer(&interaction, answer, &data, message.as_ref());
        Ok(self.answer_json(&interaction, answer, message.as_ref()))
    }

    fn first_message(
        &mut self,
        interaction: &Interaction,
        answer: Answer,
        draft: &Draft<'_>,
    ) -> Result<Option<Message>, Refusal> {
        let channel = self.channel_of(interaction)?;
        match answer {
            Answer::Message => {
                let message = self.blank_answer(interaction, draft.body);
                self.write(message, draft, &channel).map(Some)
            }
            Answer::Thinking => {
                if draft.body["flags"].as_u64().unwrap_or_default() & !EPHEMERAL != 0 {
                    return Err(Refusal::malformed(
                        "flags",
                        "only the one for private messages can be set",
                    ));
                }
                let mut message = self.blank_answer(interaction, draft.body);
                message.flags |= LOADING;
                self.messages.insert(message.id, message.clone());
                Ok(Some(message))
            }
            Answer::Change => {
                let old = interaction.message.and_then(|id| self.messages.get(&id)).cloned();
                let old = old.ok_or_else(Refusal::unknown_message)?;
                self.write(old, draft, &channel).map(Some)
            }
            Answer::Quiet | Answer::Choices | Answer::Modal => Ok(None),
        }
    }

    fn blank_answer(&mut self, interaction: &Interaction, body: &Value) -> Message {
        let channel = self.channels[&interaction.channel].id.clone();
        let mut message = self.blank_message(&channel);
        message.interaction = Some(interaction.id.clone());
        if body["flags"].as_u64().unwrap_or_default() & EPHEMERAL != 0 {
            message.flags |= EPHEMERAL;
            message.only_for = Some(interaction.human.name.clone());
        }
        message
    }

    fn channel_of(&self, interaction: &Interaction) -> Result<Channel, Refusal> {
        let channel = self.channels.get(&interaction.channel);
        channel
            .cloned()
            .ok_or_else(|| Refusal::new(404, 10003, "Unknown Channel"))
    }

    fn tell_answer(
        &mut self,
        interaction: &Interaction,
        answer: Answer,
        data: &Value,
        message: Option<&Message>,
    ) {
        let line = match answer {
            Answer::Message | Answer::Thinking => message.map(|message| said("ekaki", message)),
            Answer::Change => message.map(|message| said("ekaki changes its message", message)),
            Answer::Modal => Some(modal_line(interaction, data)),
            Answer::Choices => Some(format!("ekaki proposes: {}", choices_of(data).join(", "))),
            Answer::Quiet => None,
        };
        if let Some(line) = line {
            self.tell(line);
        }
    }

    fn answer_json(&self, interaction: &Interaction, answer: Answer, message: Option<&Message>) -> Value {
        let mut told = json!({ "id": interaction.id, "type": interaction.kind as u8 });
        let Some(message) = message else {
            return json!({ "interaction": told });
        };
        told["response_message_id"] = json!(message.id.to_string());
        told["response_message_loading"] = json!(message.is_loading());
        told["response_message_ephemeral"] = json!(message.only_for.is_some());
        let kind = if answer == Answer::Change { 7 } else { 4 };
        json!({ "interaction": told, "resource": { "type": kind, "message": message.json(self) } })
    }

    /// The interaction whose token is used after the first answer.
    fn by_token(&mut self, arguments: &Arguments) -> Result<Interaction, Refusal> {
        let token = &arguments["webhook_token"];
        let found = self.interactions.values().find(|known| &known.token == token);
        let known = found
            .filter(|_| arguments["webhook_id"] == self.application)
            .cloned();
        let Some(interaction) = known else {
            return Err(Refusal::new(404, 10015, "Unknown Webhook"));
        };
        self.blame_for_dead(&interaction);
        if interaction.answer.is_none() {
            self.kill_token(&interaction.id);
            return Err(Refusal::new(404, 10015, "Unknown Webhook"));
        }
        if interaction.born.elapsed() > self.settings.token_life {
            self.kill_token(&interaction.id);
            return Err(Refusal::new(401, 50027, "Invalid Webhook Token"));
        }
        Ok(interaction)
    }

    fn blame_for_dead(&mut self, interaction: &Interaction) {
        if interaction.is_known_dead {
            self.blame("a token is used that Discord has said to be of no use any more");
        }
    }

    pub(crate) fn kill_token(&mut self, id: &str) {
        if let Some(interaction) = self.interactions.get_mut(id) {
            interaction.is_known_dead = true;
        }
    }

    fn message_by_token(&self, interaction: &Interaction, arguments: &Arguments) -> Result<Message, Refusal> {
        let id = match arguments.get("message_id") {
            Some(id) => id.parse().ok(),
            None => interaction.original,
        };
        let its = |id: &u64| interaction.original == Some(*id) || interaction.follow_ups.contains(id);
        let message = id.filter(its).and_then(|id| self.messages.get(&id));
        message.cloned().ok_or_else(Refusal::unknown_message)
    }

    pub(crate) fn get_by_token(&mut self, arguments: &Arguments) -> Result<Value, Refusal> {
        let interaction = self.by_token(arguments)?;
        Ok(self.message_by_token(&interaction, arguments)?.json(self))
    }

    pub(crate) fn edit_by_token(
        &mut self,
        arguments: &Arguments,
        body: &Value,
        files: &Parts,
    ) -> Result<Value, Refusal> {
        let interaction = self.by_token(arguments)?;
        let old = self.message_by_token(&interaction, arguments)?;
        let channel = self.channel_of(&interaction)?;
        let was = old.lines();
        let message = self.write(old, &Draft { body, files }, &channel)?;
        if message.lines() != was {
            self.tell(said("ekaki changes its message", &message));
        }
        Ok(message.json(self))
    }

    pub(crate) fn delete_by_token(&mut self, arguments: &Arguments) -> Result<Value, Refusal> {
        let interaction = self.by_token(arguments)?;
        let message = self.message_by_token(&interaction, arguments)?;
        self.messages.remove(&message.id);
        self.tell("ekaki takes its message away");
        Ok(Value::Null)
    }

    /// A message that is added, or the one that was promised.
    pub(crate) fn follow_up(
        &mut self,
        arguments: &Arguments,
        body: &Value,
        files: &Parts,
    ) -> Result<Value, Refusal> {
        let interaction = self.by_token(arguments)?;
        if interaction.answer == Some(Answer::Choices) {
            return Err(Refusal::new(404, 10015, "Unknown Webhook"));
        }
        let channel = self.channel_of(&interaction)?;
        let draft = Draft { body, files };
        let original = interaction
            .original
            .and_then(|id| self.messages.get(&id))
            .cloned();
        if let Some(promised) = original.filter(Message::is_loading) {
            // Whether it is private was said when it was promised.
            let wants = body["flags"].as_u64().unwrap_or_default() & EPHEMERAL != 0;
            if wants && promised.only_for.is_none() {
                self.blame("a private text takes the place of a public promise, so everybody sees it");
            }
            let message = self.write(promised, &draft, &channel)?;
            self.tell(said("ekaki changes its message", &message));
            return Ok(message.json(self));
        }
        if is_guest_in(&channel) && interaction.follow_ups.len() >= MAX_FOLLOW_UPS {
            return Err(Refusal::new(
                400,
                40094,
                "Maximum number of follow-up messages reached",
            ));
        }
        let message = self.blank_answer(&interaction, body);
        let message = self.write(message, &draft, &channel)?;
        let changed = self.interactions.get_mut(&interaction.id).expect("it was there");
        changed.follow_ups.push(message.id);
        self.tell(said("ekaki", &message));
        Ok(message.json(self))
    }
}

/// The application is here only because the person has brought it along.
fn is_guest_in(channel: &Channel) -> bool {
    !channel.has_bot()
}

/// A message as a line of the transcript.
pub(crate) fn said(who: &str, message: &Message) -> String {
    let privacy = message.only_for.as_ref().map(|name| format!(" (to {name} only)"));
    let rings = match message.rings.as_slice() {
        [] => String::new(),
        names => format!(" (rings {})", names.join(", ")),
    };
    let privacy = privacy.unwrap_or_default();
    if message.is_loading() {
        return format!("{who} is thinking…{privacy}");
    }
    message.told(&format!("{who}{privacy}{rings}: "))
}

fn kind_of_answer(interaction: &Interaction, body: &Value) -> Result<Answer, Refusal> {
    let answer = match body["type"].as_u64() {
        Some(4) => Answer::Message,
        Some(5) => Answer::Thinking,
        Some(6) => Answer::Quiet,
        Some(7) => Answer::Change,
        Some(8) => Answer::Choices,
        Some(9) => Answer::Modal,
        _ => return Err(Refusal::malformed("type", "an unknown kind of answer")),
    };
    let has_message = interaction.message.is_some();
    let fits = match (interaction.kind, answer) {
        (_, Answer::Message | Answer::Thinking) => interaction.kind != Kind::Autocomplete,
        (Kind::Component, Answer::Quiet | Answer::Change | Answer::Modal) => true,
        (Kind::Modal, Answer::Quiet | Answer::Change) => has_message,
        (Kind::Command, Answer::Modal) | (Kind::Autocomplete, Answer::Choices) => true,
        _ => false,
    };
    if fits {
        Ok(answer)
    } else {
        Err(Refusal::malformed(
            "type",
            "not an answer to this kind of interaction",
        ))
    }
}

fn choices_of(data: &Value) -> Vec<String> {
    let choices = data["choices"].as_array().into_iter().flatten();
    choices
        .filter_map(|choice| choice["name"].as_str())
        .map(ToOwned::to_owned)
        .collect()
}

/// Limits of windows that the description leaves open.
fn check_modal(data: &Value) -> Result<(), Refusal> {
    let inputs = inputs_of(data);
    if data["custom_id"].as_str().is_none_or(str::is_empty) || inputs.is_empty() {
        return Err(Refusal::malformed(
            "data",
            "a window needs an id and something to fill in",
        ));
    }
    for input in inputs {
        let most = input["max_length"].as_u64().unwrap_or(4000);
        let value = input["value"].as_str().unwrap_or_default();
        if value.chars().count() as u64 > most {
            return Err(Refusal::malformed("value", "longer than the window allows"));
        }
    }
    Ok(())
}

/// What can be filled in, in rows or labels.
pub(crate) fn inputs_of(modal: &Value) -> Vec<&Value> {
    let rows = modal["components"].as_array().into_iter().flatten();
    let inside = rows.flat_map(|row| {
        let many = row["components"].as_array().into_iter().flatten();
        many.chain(row.get("component"))
    });
    inside.collect()
}

fn modal_line(interaction: &Interaction, modal: &Value) -> String {
    let title = modal["title"].as_str().unwrap_or_default();
    let mut line = format!("ekaki asks {}: {title}", interaction.human.name);
    let rows = modal["components"].as_array().into_iter().flatten();
    for row in rows {
        let input = row
            .get("component")
            .or_else(|| row["components"].get(0))
            .cloned()
            .unwrap_or_default();
        let label = row["label"]
            .as_str()
            .or(input["label"].as_str())
            .unwrap_or_default();
        line += &format!("\n  {label}: {:?}", input["value"].as_str().unwrap_or_default());
    }
    line
}
