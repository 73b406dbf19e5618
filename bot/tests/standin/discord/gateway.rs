//! The gateway: the connection over which Discord tells what people do.

use std::collections::VecDeque;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::rest::Shared;
use super::world::World;

/// All intents that there are; the privileged ones have to be allowed for an application.
const INTENTS: u64 = 0x0331_FFFF;
const PRIVILEGED: u64 = 1 << 1 | 1 << 8 | 1 << 15;
/// Longer messages come compressed, where the bot can read that.
const COMPRESSED_FROM_BYTES: usize = 512;
/// A bot must not say more.
const MAX_FRAME_BYTES: usize = 4096;
/// What is kept for a bot that comes back.
const KEPT: usize = 1000;

/// A bot that is known, whether it is connected or not.
pub(crate) struct Session {
    pub(crate) id: String,
    seq: u64,
    kept: VecDeque<(u64, Value)>,
    /// The connection, while there is one.
    connection: Option<UnboundedSender<Out>>,
    pub(crate) intents: u64,
    is_compressed: bool,
    pub(crate) shard: [u64; 2],
}

/// What goes to a bot.
pub(crate) enum Out {
    Payload(Value),
    /// Closes the connection with a code.
    Close(u16),
    /// Cuts it without a word.
    Cut,
}

/// What the gateway does for a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GatewayFault {
    /// Asks the bot to connect again.
    Reconnect,
    /// Says that the session is over; whether it can be gone on with.
    InvalidSession(bool),
    /// Closes the connection with a code.
    Close(u16),
    /// Cuts the connection.
    Cut,
}

impl Session {
    pub(crate) fn is_connected(&self) -> bool {
        self.connection
            .as_ref()
            .is_some_and(|connection| !connection.is_closed())
    }

    /// Tells an event, now or when the bot is back.
    fn tell(&mut self, event: &str, data: &Value) {
        self.seq += 1;
        let payload = json!({ "op": 0, "t": event, "s": self.seq, "d": data });
        self.kept.push_back((self.seq, payload.clone()));
        while self.kept.len() > KEPT {
            self.kept.pop_front();
        }
        self.send(Out::Payload(payload));
    }

    fn send(&self, out: Out) {
        if let Some(connection) = &self.connection {
            // A connection that has just been lost.
            let _ = connection.send(out);
        }
    }
}

impl World {
    /// Tells the bot of an event in a server, or elsewhere.
    pub(crate) fn dispatch(&mut self, event: &str, data: &Value, guild: Option<&str>) {
        let guild: u64 = guild.and_then(|id| id.parse().ok()).unwrap_or_default();
        let mine = |shard: [u64; 2]| (guild >> 22) % shard[1] == shard[0];
        for session in self.sessions.iter_mut().filter(|session| mine(session.shard)) {
            session.tell(event, data);
        }
    }

    /// Lets something happen to all connections.
    pub(crate) fn gateway_fault(&mut self, fault: GatewayFault) {
        for session in &self.sessions {
            session.send(match fault {
                GatewayFault::Reconnect => Out::Payload(json!({ "op": 7, "d": null, "s": null, "t": null })),
                GatewayFault::InvalidSession(resumable) => {
                    Out::Payload(json!({ "op": 9, "d": resumable, "s": null, "t": null }))
                }
                GatewayFault::Close(code) => Out::Close(code),
                GatewayFault::Cut => Out::Cut,
            });
        }
        // A session that cannot be gone on with is not known any more.
        if matches!(
            fault,
            GatewayFault::InvalidSession(false) | GatewayFault::Close(4007 | 4009)
        ) {
            self.sessions.clear();
        }
    }

    fn ready(&self, session: &str, shard: [u64; 2]) -> Value {
        let named = self
            .channels
            .values()
            .filter_map(|channel| channel.guild.as_ref());
        let mut ids: Vec<String> = named
            .filter(|guild| guild.has_bot)
            .map(|guild| guild.id.clone())
            .collect();
        ids.dedup();
        ids.extend((0..self.settings.more_guilds).map(|number| ((number + 1) << 22).to_string()));
        let mine = |id: &String| (id.parse::<u64>().unwrap_or_default() >> 22) % shard[1] == shard[0];
        let guilds: Vec<Value> = ids
            .iter()
            .filter(|id| mine(id))
            .map(|id| json!({ "id": id, "unavailable": true }))
            .collect();
        let mut user = self.bot_json();
        user["verified"] = json!(true);
        user["mfa_enabled"] = json!(true);
        json!({
            "v": 10, "user": user, "guilds": guilds, "session_id": session,
            "resume_gateway_url": format!("{}/resume", self.gateway_url()), "session_type": "normal", "shard": shard,
            "application": { "id": self.application, "flags": 1 << 23 }, "private_channels": [], "relationships": [],
            "presences": [], "user_settings": {}, "geo_ordered_rtc_regions": [], "_trace": []
        })
    }
}

/// Takes connections until this Discord ends.
pub(crate) async fn serve(shared: Shared, listener: TcpListener) {
    let stop = shared.stop.clone();
    let serving = async {
        while let Ok((stream, _)) = listener.accept().await {
            let shared = shared.clone();
            tokio::spawn(async move {
                let stop = shared.stop.clone();
                stop.run_until_cancelled(connection(shared, stream)).await;
            });
        }
    };
    stop.run_until_cancelled(serving).await;
}

/// One connection.
struct Connection {
    shared: Shared,
    out: UnboundedSender<Out>,
    is_resume_address: bool,
    session: Option<String>,
    last_beat: Instant,
}

async fn connection(shared: Shared, stream: TcpStream) {
    let mut address = String::new();
    #[expect(clippy::result_large_err, reason = "the library's own type")]
    let look = |request: &Request, response: Response| {
        address = request.uri().to_string();
        Ok(response)
    };
    // Small messages one after the other are not to wait for each other.
    let _ = stream.set_nodelay(true);
    let Ok(socket) = accept_hdr_async(stream, look).await else {
        return;
    };
    if !address.contains("v=10") {
        shared
            .world()
            .blame(format!("a gateway of an unknown version: {address}"));
    }
    let (out, outgoing) = unbounded_channel();
    let heartbeat = {
        let mut world = shared.world();
        world.connections += 1;
        world.settings.heartbeat
    };
    let hello = json!({ "op": 10, "s": null, "t": null, "d": { "heartbeat_interval": heartbeat.as_millis(), "_trace": [] } });
    let _ = out.send(Out::Payload(hello));
    let mut connection = Connection {
        is_resume_address: address.starts_with("/resume"),
        shared,
        out,
        session: None,
        last_beat: Instant::now(),
    };
    connection.talk(socket, outgoing).await;
    connection.end();
}

impl Connection {
    async fn talk(&mut self, socket: WebSocketStream<TcpStream>, mut outgoing: UnboundedReceiver<Out>) {
        let (mut sink, mut source) = socket.split();
        let heartbeat = self.shared.world().settings.heartbeat;
        loop {
            let out = tokio::select! {
                out = outgoing.recv() => out.unwrap_or(Out::Cut),
                frame = source.next() => {
                    let Some(Ok(frame)) = frame else { return };
                    match self.hear(&frame) {
                        Some(code) => Out::Close(code),
                        None => continue,
                    }
                }
                () = sleep(heartbeat) => {
                    if !self.is_heart_dead(heartbeat) {
                        continue;
                    }
                    self.shared.world().blame("the heart of a connection does not beat");
                    Out::Close(4009)
                }
            };
            let sent = match out {
                Out::Payload(payload) => sink.send(self.frame(&payload)).await,
                Out::Cut => return,
                Out::Close(code) => {
                    let frame = CloseFrame {
                        code: CloseCode::from(code),
                        reason: "".into(),
                    };
                    let _ = sink.send(Frame::Close(Some(frame))).await;
                    return;
                }
            };
            if sent.is_err() {
                return;
            }
        }
    }

    fn is_heart_dead(&self, heartbeat: std::time::Duration) -> bool {
        let is_watched = self.shared.world().settings.watches_heartbeats;
        is_watched && self.last_beat.elapsed() > heartbeat * 2
    }

    fn frame(&self, payload: &Value) -> Frame {
        let text = payload.to_string();
        let world = self.shared.world();
        let session = world
            .sessions
            .iter()
            .find(|session| Some(&session.id) == self.session.as_ref());
        if text.len() < COMPRESSED_FROM_BYTES || !session.is_some_and(|session| session.is_compressed) {
            return Frame::Text(text);
        }
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).expect("memory");
        Frame::Binary(encoder.finish().expect("memory"))
    }

    /// What the bot says. Returns the code with which the connection is closed.
    fn hear(&mut self, frame: &Frame) -> Option<u16> {
        let Frame::Text(text) = frame else {
            return None;
        };
        if text.len() > MAX_FRAME_BYTES {
            return self.fault(4002, "too much at once");
        }
        let Ok(payload) = serde_json::from_str::<Value>(text) else {
            return self.fault(4002, "not JSON");
        };
        let data = &payload["d"];
        let result = match payload["op"].as_u64() {
            Some(1) => self.beat(data),
            Some(2) => self.identify(data),
            Some(6) => self.resume(data),
            Some(3 | 4 | 8) if self.session.is_some() => None,
            Some(3 | 4 | 8) => self.fault(4003, "not yet known"),
            _ => self.fault(4001, "an unknown operation"),
        };
        self.shared.notify();
        result
    }

    fn fault(&self, code: u16, why: &str) -> Option<u16> {
        self.shared.world().blame(format!("gateway {code}: {why}"));
        Some(code)
    }

    fn beat(&mut self, data: &Value) -> Option<u16> {
        self.last_beat = Instant::now();
        let _ = self
            .out
            .send(Out::Payload(json!({ "op": 11, "d": null, "s": null, "t": null })));
        let seq = data.as_u64().unwrap_or_default();
        let known = {
            let world = self.shared.world();
            let session = world
                .sessions
                .iter()
                .find(|session| Some(&session.id) == self.session.as_ref());
            session.map_or(0, |session| session.seq)
        };
        if self.session.is_some() && seq > known {
            self.fault(4007, "a number that is still to come")
        } else {
            None
        }
    }

    fn identify(&mut self, data: &Value) -> Option<u16> {
        let mut world = self.shared.world();
        let token = data["token"]
            .as_str()
            .unwrap_or_default()
            .trim_start_matches("Bot ")
            .to_owned();
        if token != world.settings.token {
            // Not a violation: that is how a wrong token is told.
            return Some(4004);
        }
        let shard: Vec<u64> = data["shard"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_u64)
            .collect();
        let shard: [u64; 2] = shard.try_into().unwrap_or([0, 1]);
        let intents = data["intents"].as_u64();
        let wrong = match intents {
            None => Some((4013, "no intents")),
            Some(intents) if intents & !INTENTS != 0 => Some((4013, "unknown intents")),
            Some(intents) if intents & PRIVILEGED != 0 => Some((4014, "privileged intents")),
            Some(_) if shard[0] >= shard[1] => Some((4010, "no such shard")),
            Some(_) if !data["properties"].is_object() => Some((4002, "no properties")),
            Some(_) => None,
        };
        if let Some((code, why)) = wrong {
            drop(world);
            return self.fault(code, why);
        }
        let every = world.settings.identify_every;
        if world.last_identify.is_some_and(|last| last.elapsed() < every) {
            world.blame("a session is begun too soon after the last one");
            let _ = self
                .out
                .send(Out::Payload(json!({ "op": 9, "d": false, "s": null, "t": null })));
            return None;
        }
        world.last_identify = Some(Instant::now());
        let id = format!("session-{}", world.new_id());
        let ready = world.ready(&id, shard);
        let mut session = Session {
            id: id.clone(),
            seq: 0,
            kept: VecDeque::new(),
            connection: Some(self.out.clone()),
            intents: intents.unwrap_or_default(),
            is_compressed: data["compress"] == true,
            shard,
        };
        self.session = Some(id);
        session.tell("READY", &ready);
        world.sessions.retain(|other| other.shard != shard);
        world.sessions.push(session);
        None
    }

    fn resume(&mut self, data: &Value) -> Option<u16> {
        let mut world = self.shared.world();
        if !self.is_resume_address {
            world.blame("resumed at another address than Discord gave for it");
        }
        let id = data["session_id"].as_str().unwrap_or_default().to_owned();
        let seq = data["seq"].as_u64().unwrap_or_default();
        let Some(session) = world.sessions.iter_mut().find(|session| session.id == id) else {
            let _ = self
                .out
                .send(Out::Payload(json!({ "op": 9, "d": false, "s": null, "t": null })));
            return None;
        };
        if seq > session.seq {
            drop(world);
            return self.fault(4007, "a number that is still to come");
        }
        session.connection = Some(self.out.clone());
        for (_, payload) in session.kept.iter().filter(|(number, _)| *number > seq) {
            let _ = self.out.send(Out::Payload(payload.clone()));
        }
        session.tell("RESUMED", &json!({ "_trace": [] }));
        self.session = Some(id);
        world.resumed += 1;
        None
    }

    /// The connection is over; the session is not.
    fn end(&self) {
        let mut world = self.shared.world();
        let mine = |session: &&mut Session| Some(&session.id) == self.session.as_ref();
        if let Some(session) = world.sessions.iter_mut().find(mine)
            && session
                .connection
                .as_ref()
                .is_some_and(|connection| connection.same_channel(&self.out))
        {
            session.connection = None;
        }
        drop(world);
        self.shared.notify();
    }
}
