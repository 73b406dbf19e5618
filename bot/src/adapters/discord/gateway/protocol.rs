//! What goes over the WebSocket, as far as the bot needs it.

use serde::Deserialize;
use serde_json::{Value, json};

/// Version of the gateway that is spoken.
const VERSION: u8 = 10;
/// No kind of event has to be asked for: commands and buttons come without.
const INTENTS: u32 = 0;
/// How the library names itself to Discord.
const LIBRARY: &str = "ekaki";

/// The bot ends the session, and does not want to go on with it.
pub(super) const CLOSE_FOR_GOOD: u16 = 1000;
/// The bot ends the connection, and wants to go on with the session.
pub(super) const CLOSE_TO_RESUME: u16 = 4900;

/// One message of the gateway.
#[derive(Debug, Deserialize)]
pub(super) struct Frame {
    /// What kind of message it is.
    pub(super) op: u8,
    /// What it says.
    #[serde(default)]
    pub(super) d: Value,
    /// The number of the event.
    #[serde(default)]
    pub(super) s: Option<u64>,
    /// The name of the event.
    #[serde(default)]
    pub(super) t: Option<String>,
}

/// Kinds of messages.
pub(super) mod op {
    pub(in super::super) const DISPATCH: u8 = 0;
    pub(in super::super) const HEARTBEAT: u8 = 1;
    pub(in super::super) const IDENTIFY: u8 = 2;
    pub(in super::super) const RESUME: u8 = 6;
    pub(in super::super) const RECONNECT: u8 = 7;
    pub(in super::super) const INVALID_SESSION: u8 = 9;
    pub(in super::super) const HELLO: u8 = 10;
    pub(in super::super) const HEARTBEAT_ACK: u8 = 11;
}

/// The first message of the gateway.
#[derive(Debug, Deserialize)]
pub(super) struct Hello {
    /// How often it wants to hear of the bot, in milliseconds.
    pub(super) heartbeat_interval: u64,
}

/// A session has begun.
#[derive(Debug, Deserialize)]
pub(super) struct Ready {
    /// Its name.
    pub(super) session_id: String,
    /// Where it is gone on with.
    pub(super) resume_gateway_url: Option<String>,
}

/// Which part of all servers a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ShardId {
    /// Its number, counted from 0.
    pub(super) number: u32,
    /// How many parts there are.
    pub(super) total: u32,
}

/// The address of the gateway with what it has to know at once.
pub(super) fn address(url: &str) -> String {
    format!("{}/?v={VERSION}&encoding=json", url.trim_end_matches('/'))
}

/// Begins a session.
pub(super) fn identify(token: &str, shard: ShardId) -> Value {
    json!({
        "op": op::IDENTIFY,
        "d": {
            "token": token,
            "intents": INTENTS,
            "shard": [shard.number, shard.total],
            "properties": { "os": "any", "browser": LIBRARY, "device": LIBRARY },
        },
    })
}

/// Goes on with a session, from the event after `seq`.
pub(super) fn resume(token: &str, session: &str, seq: u64) -> Value {
    json!({ "op": op::RESUME, "d": { "token": token, "session_id": session, "seq": seq } })
}

/// Shows that the bot is there.
pub(super) fn heartbeat(seq: Option<u64>) -> Value {
    json!({ "op": op::HEARTBEAT, "d": seq })
}

/// What it means that the gateway has closed a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// The session goes on in a new connection.
    Resume,
    /// A new session has to begin.
    Begin,
    /// The servers have to be divided in another way.
    Divide,
    /// The token is not accepted.
    TokenRefused,
    /// The bot asks for something that it will never get.
    NotAllowed,
}

impl Closed {
    /// The meaning of a close code; without one the connection just broke.
    pub(super) fn of(code: Option<u16>) -> Self {
        match code {
            Some(4004) => Self::TokenRefused,
            Some(4010 | 4011) => Self::Divide,
            Some(4012..=4014) => Self::NotAllowed,
            Some(4003 | 4007 | 4009) => Self::Begin,
            _ => Self::Resume,
        }
    }
}
