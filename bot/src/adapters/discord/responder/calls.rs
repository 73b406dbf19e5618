//! The calls that show, change and remove messages.

use reqwest::Method;
use serde::Serialize;
use serde_json::json;
use serenity::model::id::{ApplicationId, ChannelId, MessageId};

use crate::adapters::discord::address::DiscordAddress;
use crate::adapters::discord::render::{EPHEMERAL, Manner, Message};
use crate::adapters::discord::rest::{Call, RestError};

const CALLBACK: &str = "/interactions/{interaction}/{token}/callback";
const FOLLOW_UPS: &str = "/webhooks/{application}/{token}";
const ORIGINAL: &str = "/webhooks/{application}/{token}/messages/@original";
const FOLLOW_UP: &str = "/webhooks/{application}/{token}/messages/{message}";
const MESSAGES: &str = "/channels/{channel}/messages";
const MESSAGE: &str = "/channels/{channel}/messages/{message}";
const DIRECT: &str = "/users/@me/channels";

/// The kinds of first answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A message.
    Message = 4,
    /// "Thinking…"
    Thinking = 5,
    /// A window.
    Window = 9,
}

/// "Thinking…" as the first answer.
pub(super) fn think(address: &DiscordAddress, is_private: bool) -> Result<Call, RestError> {
    let flags = if is_private { EPHEMERAL } else { 0 };
    respond(address, Kind::Thinking, &json!({ "flags": flags }))
}

/// The first answer.
pub(super) fn respond(
    address: &DiscordAddress,
    kind: Kind,
    data: &impl Serialize,
) -> Result<Call, RestError> {
    #[derive(Serialize)]
    struct Response<'a, D> {
        r#type: u8,
        data: &'a D,
    }
    let r#type = kind as u8;
    with_body(callback(address), &Response { r#type, data })
}

fn callback(address: &DiscordAddress) -> Call {
    let ids: [&dyn ToString; 2] = [&address.interaction, &address.token.expose()];
    Call::interaction(Method::POST, CALLBACK, &ids).with_query("with_response", "true")
}

/// Changes the first answer.
pub(super) fn edit_original(address: &DiscordAddress, message: &Message) -> Result<Call, RestError> {
    let (application, token) = webhook(address);
    let call = Call::interaction(Method::PATCH, ORIGINAL, &[&application, &token]);
    with_message(call, message, &Manner::default())
}

/// Takes the first answer away.
pub(super) fn delete_original(address: &DiscordAddress) -> Call {
    let (application, token) = webhook(address);
    Call::interaction(Method::DELETE, ORIGINAL, &[&application, &token])
}

/// Adds a message.
pub(super) fn follow_up(
    address: &DiscordAddress,
    message: &Message,
    is_private: bool,
) -> Result<Call, RestError> {
    let (application, token) = webhook(address);
    let call =
        Call::interaction(Method::POST, FOLLOW_UPS, &[&application, &token]).with_query("wait", "true");
    let manner = Manner {
        is_private,
        ..Manner::default()
    };
    with_message(call, message, &manner)
}

/// Changes a message that was added.
pub(super) fn edit_follow_up(
    address: &DiscordAddress,
    id: MessageId,
    message: &Message,
) -> Result<Call, RestError> {
    let (application, token) = webhook(address);
    let call = Call::interaction(Method::PATCH, FOLLOW_UP, &[&application, &token, &id]);
    with_message(call, message, &Manner::default())
}

/// Takes a message away that was added.
pub(super) fn delete_follow_up(address: &DiscordAddress, id: MessageId) -> Call {
    let (application, token) = webhook(address);
    Call::interaction(Method::DELETE, FOLLOW_UP, &[&application, &token, &id])
}

/// What stands in the path of such a call.
fn webhook(address: &DiscordAddress) -> (ApplicationId, &str) {
    (address.application, address.token.expose())
}

/// Posts a message as the bot.
pub(super) fn post(channel: ChannelId, message: &Message, manner: &Manner) -> Result<Call, RestError> {
    with_message(Call::bot(Method::POST, MESSAGES, &[&channel]), message, manner)
}

/// Changes a message as the bot.
pub(super) fn change(channel: ChannelId, id: MessageId, message: &Message) -> Result<Call, RestError> {
    let call = Call::bot(Method::PATCH, MESSAGE, &[&channel, &id]);
    with_message(call, message, &Manner::default())
}

/// Takes a message away as the bot.
pub(in crate::adapters::discord) fn delete(channel: ChannelId, id: MessageId) -> Call {
    Call::bot(Method::DELETE, MESSAGE, &[&channel, &id])
}

/// Opens the conversation with a person.
pub(super) fn open_direct(address: &DiscordAddress) -> Result<Call, RestError> {
    let call = Call::bot(Method::POST, DIRECT, &[]);
    with_body(call, &json!({ "recipient_id": address.user }))
}

fn with_message(call: Call, message: &Message, manner: &Manner) -> Result<Call, RestError> {
    let call = with_body(call, &message.body(manner))?;
    Ok(call.with_files(message.files.clone()))
}

fn with_body(call: Call, body: &impl Serialize) -> Result<Call, RestError> {
    let route = call.route();
    call.with_body(body)
        .map_err(|source| RestError::Content { route, source })
}
