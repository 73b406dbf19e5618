//! What each request does.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::description::Arguments;
use super::interaction::said;
use super::message::{Draft, Message, Parts};
use super::refusal::Refusal;
use super::world::{Channel, World, permission};

/// A request that is well formed.
pub(crate) struct Call {
    pub(crate) operation: String,
    pub(crate) arguments: Arguments,
    pub(crate) query: HashMap<String, String>,
    pub(crate) body: Value,
    pub(crate) files: Parts,
}

impl World {
    /// Does it. An answer of `null` has no body.
    pub(crate) fn perform(&mut self, call: &Call) -> Result<Value, Refusal> {
        let (arguments, body, files) = (&call.arguments, &call.body, &call.files);
        match call.operation.as_str() {
            "get_gateway" => Ok(json!({ "url": self.gateway_url() })),
            "get_bot_gateway" => Ok(self.gateway_json()),
            "get_my_user" => Ok(self.bot_json()),
            "get_my_application" | "get_my_oauth2_application" => Ok(self.application_json()),
            "bulk_set_application_commands" | "bulk_set_guild_application_commands" => {
                self.set_commands(arguments, body)
            }
            "list_application_commands" | "list_guild_application_commands" => {
                self.list_commands(arguments, is_yes(call.query.get("with_localizations")))
            }
            "create_interaction_response" => {
                let answer = self.answer_interaction(arguments, body, files)?;
                Ok(if is_yes(call.query.get("with_response")) {
                    answer
                } else {
                    Value::Null
                })
            }
            "execute_webhook" => self.follow_up(arguments, body, files),
            "get_original_webhook_message" | "get_webhook_message" => self.get_by_token(arguments),
            "update_original_webhook_message" | "update_webhook_message" => {
                self.edit_by_token(arguments, body, files)
            }
            "delete_original_webhook_message" | "delete_webhook_message" => self.delete_by_token(arguments),
            "create_dm" => self.open_direct_channel(body),
            "get_channel" => self.channel_of_bot(arguments).map(|channel| channel.json()),
            "create_message" => self.create_message(arguments, body, files),
            "get_message" => self
                .message_of_channel(arguments)
                .map(|message| message.json(self)),
            "update_message" => self.update_message(arguments, body, files),
            "delete_message" => self.delete_message(arguments),
            other => Err(Refusal::new(
                501,
                0,
                &format!("this stand-in does not do {other}"),
            )),
        }
    }

    pub(crate) fn gateway_url(&self) -> String {
        format!("ws://{}", self.addresses[1])
    }

    fn gateway_json(&self) -> Value {
        json!({
            "url": self.gateway_url(), "shards": self.settings.shards,
            "session_start_limit": { "total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1 }
        })
    }

    fn application_json(&self) -> Value {
        let owner = self.user_json("1", "owner");
        json!({
            "id": self.application, "name": "Ekaki", "icon": null, "description": "", "type": null,
            "verify_key": "0".repeat(64), "flags": 1 << 23, "flags_new": (1 << 23).to_string(), "redirect_uris": [],
            "interactions_endpoint_url": null, "role_connections_verification_url": null, "owner": owner,
            "approximate_guild_count": 2, "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0, "explicit_content_filter": 0, "team": null,
            "eligible_oauth2_scopes": [], "bot": self.bot_json(), "bot_public": true, "bot_require_code_grant": false,
            "integration_types_config": { "0": {}, "1": {} }
        })
    }

    fn open_direct_channel(&mut self, body: &Value) -> Result<Value, Refusal> {
        let id = body["recipient_id"]
            .as_str()
            .map_or_else(|| body["recipient_id"].to_string(), ToOwned::to_owned);
        let Some(human) = self.human_by_id(&id).cloned() else {
            return Err(Refusal::new(400, 50033, "Invalid Recipient(s)"));
        };
        let channel = self.direct_channel(&human);
        let mut json = channel.json();
        json["recipients"] = json!([self.user_json(&human.id, &human.name)]);
        Ok(json)
    }

    /// A channel that the bot can see.
    fn channel_of_bot(&self, arguments: &Arguments) -> Result<Channel, Refusal> {
        let channel = self.channel_by_id(&arguments["channel_id"]);
        let channel = channel.ok_or_else(|| Refusal::new(404, 10003, "Unknown Channel"))?;
        if !channel.has_bot() || !channel.allows(permission::VIEW_CHANNEL) {
            return Err(Refusal::no_access());
        }
        Ok(channel.clone())
    }

    /// A message that the bot can see; those for one person are not among them.
    fn message_of_channel(&self, arguments: &Arguments) -> Result<Message, Refusal> {
        let channel = self.channel_of_bot(arguments)?;
        let message = arguments["message_id"]
            .parse()
            .ok()
            .and_then(|id: u64| self.messages.get(&id));
        let message = message.filter(|message| message.channel == channel.id && message.only_for.is_none());
        message.cloned().ok_or_else(Refusal::unknown_message)
    }

    fn create_message(
        &mut self,
        arguments: &Arguments,
        body: &Value,
        files: &Parts,
    ) -> Result<Value, Refusal> {
        let channel = self.channel_of_bot(arguments)?;
        let needed = if channel.kind == 11 {
            permission::SEND_MESSAGES_IN_THREADS
        } else {
            permission::SEND_MESSAGES
        };
        if channel.guild.is_some() && !channel.allows(needed) {
            return Err(Refusal::no_permission());
        }
        let recipient = channel.recipient.as_deref().and_then(|id| self.human_by_id(id));
        if recipient.is_some_and(|human| !human.takes_messages) {
            return Err(Refusal::new(403, 50007, "Cannot send messages to this user"));
        }
        let nonce = body["nonce"].as_str().map(ToOwned::to_owned);
        if nonce.is_none() || body["enforce_nonce"] != true {
            self.blame("a message without an enforced nonce: it may be seen twice");
        }
        let same =
            |message: &&Message| message.channel == channel.id && nonce.is_some() && message.nonce == nonce;
        if let Some(known) = self.messages.values().find(same) {
            return Ok(known.json(self));
        }
        if let Some(id) = body["message_reference"]["message_id"].as_str() {
            let is_there = id.parse().is_ok_and(|id: u64| self.messages.contains_key(&id));
            if !is_there && body["message_reference"]["fail_if_not_exists"] != false {
                return Err(Refusal::malformed("message_reference", "Unknown message"));
            }
        }
        let mut message = self.blank_message(&channel.id);
        message.nonce = nonce;
        let message = self.write(message, &Draft { body, files }, &channel)?;
        self.tell(said(&format!("ekaki in {}", channel.name), &message));
        Ok(message.json(self))
    }

    fn update_message(
        &mut self,
        arguments: &Arguments,
        body: &Value,
        files: &Parts,
    ) -> Result<Value, Refusal> {
        let message = self.message_of_channel(arguments)?;
        if message.author.is_some() {
            return Err(Refusal::new(
                403,
                50005,
                "Cannot edit a message authored by another user",
            ));
        }
        let channel = self.channel_of_bot(arguments)?;
        let was = message.lines();
        let message = self.write(message, &Draft { body, files }, &channel)?;
        if message.lines() != was {
            self.tell(said("ekaki changes its message", &message));
        }
        Ok(message.json(self))
    }

    fn delete_message(&mut self, arguments: &Arguments) -> Result<Value, Refusal> {
        let message = self.message_of_channel(arguments)?;
        if message.author.is_some() {
            return Err(Refusal::no_permission());
        }
        self.messages.remove(&message.id);
        self.tell("ekaki takes its message away");
        Ok(Value::Null)
    }
}

fn is_yes(value: Option<&String>) -> bool {
    value.is_some_and(|value| value == "true" || value == "1")
}
