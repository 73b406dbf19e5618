//! One connection to the gateway: it breaks now and then, and its session goes on.

use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::Context as _;
use futures::{SinkExt as _, StreamExt as _};
use secrecy::ExposeSecret as _;
use serde::Deserialize as _;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;

use super::pause::{Pauses, random_part};
use super::protocol::{self, Closed, Frame, Hello, Ready, ShardId, op};
use super::{GatewayError, Means};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long the gateway may take to open a connection, and to say its first word.
const OPENED_WITHIN: Duration = Duration::from_secs(15);
/// How long a farewell may take.
const CLOSED_WITHIN: Duration = Duration::from_secs(1);
/// A connection that has worked so long has worked. Until then the pauses grow, so that connections that break at once
/// do not use up the sessions that may begin.
pub(super) const LASTED: Duration = Duration::from_secs(60);
/// A session that could not be gone on with so often is given up.
const MOST_RESUMES: u32 = 5;
/// The longest time before a new session, after Discord has ended one; its documentation asks for a random one.
const AFTER_INVALID: Duration = Duration::from_secs(4);

/// One connection, again and again.
pub(super) struct Shard {
    id: ShardId,
    means: Means,
    session: Option<Session>,
    pauses: Pauses,
    /// Connections in turn that have not worked.
    missed: u32,
}

/// What is needed to go on after a connection has broken, without missing anything.
struct Session {
    id: String,
    url: Option<String>,
    seq: u64,
}

/// Why a shard will not connect again.
#[derive(Debug)]
pub(super) enum Ended {
    /// The service stops.
    Stopped,
    /// All servers have to be divided in another way.
    Divide,
    /// Discord will not talk to this bot.
    Refused(GatewayError),
}

/// Why a connection has ended.
enum Broken {
    /// The service stops.
    Stopped,
    /// The gateway has closed it.
    Closed(Option<u16>),
    /// The session is not valid any more.
    Invalid,
    /// It is to be opened anew.
    Again,
}

impl Shard {
    pub(super) fn new(id: ShardId, means: Means) -> Self {
        Self {
            id,
            means,
            session: None,
            pauses: Pauses::default(),
            missed: 0,
        }
    }

    /// Connects until the service stops or Discord says that it is of no use.
    pub(super) async fn run(mut self, shutdown: &CancellationToken) -> Ended {
        let shard = self.id.number;
        let mut longer = Duration::ZERO;
        loop {
            let pause = self.pauses.next() + std::mem::take(&mut longer);
            let ready = async {
                tokio::time::sleep(pause).await;
                if self.session.is_none() {
                    self.means.gate.pass(shard).await;
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => return Ended::Stopped,
                () = ready => {}
            }
            self.missed = self.missed.saturating_add(1);
            let broken = self.connect(shutdown).await;
            let code = match broken {
                Ok(Broken::Stopped) => return Ended::Stopped,
                Ok(Broken::Closed(code)) => code,
                Ok(Broken::Again) => None,
                Ok(Broken::Invalid) => {
                    self.session = None;
                    longer = Duration::from_secs(1) + AFTER_INVALID.mul_f64(random_part());
                    None
                }
                Err(error) => {
                    let error = format_args!("{error:#}");
                    tracing::warn!(shard, %error, "the connection to Discord's gateway has failed");
                    None
                }
            };
            match Closed::of(code) {
                Closed::Resume => {}
                Closed::Begin => self.session = None,
                Closed::Divide => return Ended::Divide,
                Closed::TokenRefused => return Ended::Refused(GatewayError::TokenRefused),
                Closed::NotAllowed => {
                    let code = code.unwrap_or_default();
                    return Ended::Refused(GatewayError::NotAllowed { code });
                }
            }
            if self.missed > MOST_RESUMES {
                self.session = None;
            }
            tracing::info!(shard, code, "connecting to Discord's gateway again");
        }
    }

    /// Opens a connection and listens until it breaks.
    async fn connect(&mut self, shutdown: &CancellationToken) -> anyhow::Result<Broken> {
        let url = self.session.as_ref().and_then(|session| session.url.as_deref());
        let url = protocol::address(url.unwrap_or(&self.means.url));
        let opening = async {
            let (mut socket, _) = connect_async(&url).await.context("no connection")?;
            let hello = loop {
                let message = socket.next().await.context("it was closed at once")??;
                if let Some(frame) = read(&message)
                    && frame.op == op::HELLO
                {
                    break Hello::deserialize(frame.d).context("its first word is not understood")?;
                }
            };
            anyhow::Ok((socket, hello))
        };
        let opened = tokio::select! {
            () = shutdown.cancelled() => return Ok(Broken::Stopped),
            opened = timeout(OPENED_WITHIN, opening) => opened,
        };
        let (mut socket, hello) = opened.context("it takes too long")??;
        let token = self.means.token.expose_secret();
        let first = match &self.session {
            Some(session) => protocol::resume(token, &session.id, session.seq),
            None => protocol::identify(token, self.id),
        };
        send(&mut socket, &first).await?;
        let listening = Listening {
            shard: self,
            works_since: None,
            is_heard: true,
        };
        listening.run(socket, &hello, shutdown).await
    }
}

/// One open connection.
struct Listening<'a> {
    shard: &'a mut Shard,
    /// Since when it is counted among the connections that work.
    works_since: Option<Instant>,
    /// The gateway has answered the last heartbeat.
    is_heard: bool,
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        if let Some(since) = self.works_since {
            self.shard.means.connected.dec();
            if since.elapsed() >= LASTED {
                self.shard.pauses.worked();
            }
        }
    }
}

impl Listening<'_> {
    async fn run(
        mut self,
        mut socket: Socket,
        hello: &Hello,
        shutdown: &CancellationToken,
    ) -> anyhow::Result<Broken> {
        let every = Duration::from_millis(hello.heartbeat_interval.max(1));
        let mut beats = interval_at(Instant::now() + every.mul_f64(random_part()), every);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => {
                    close(&mut socket, protocol::CLOSE_FOR_GOOD).await;
                    return Ok(Broken::Stopped);
                }
                _ = beats.tick() => {
                    if !self.is_heard {
                        close(&mut socket, protocol::CLOSE_TO_RESUME).await;
                        anyhow::bail!("the gateway is silent");
                    }
                    self.beat(&mut socket).await?;
                    self.is_heard = false;
                }
                message = socket.next() => {
                    let Some(message) = message else { return Ok(Broken::Closed(None)) };
                    let message = message.context("the connection broke")?;
                    if let ControlFlow::Break(broken) = self.take(&mut socket, &message).await? {
                        return Ok(broken);
                    }
                }
            }
        }
    }

    async fn take(&mut self, socket: &mut Socket, message: &Message) -> anyhow::Result<ControlFlow<Broken>> {
        if let Message::Close(frame) = message {
            let code = frame.as_ref().map(|frame| frame.code.into());
            return Ok(ControlFlow::Break(Broken::Closed(code)));
        }
        let Some(frame) = read(message) else {
            return Ok(ControlFlow::Continue(()));
        };
        match frame.op {
            op::DISPATCH => self.dispatch(frame),
            op::HEARTBEAT => self.beat(socket).await?,
            op::HEARTBEAT_ACK => self.is_heard = true,
            op::RECONNECT => {
                close(socket, protocol::CLOSE_TO_RESUME).await;
                return Ok(ControlFlow::Break(Broken::Again));
            }
            op::INVALID_SESSION => {
                close(socket, protocol::CLOSE_TO_RESUME).await;
                return Ok(ControlFlow::Break(match frame.d {
                    Value::Bool(true) => Broken::Again,
                    _ => Broken::Invalid,
                }));
            }
            _ => {}
        }
        Ok(ControlFlow::Continue(()))
    }

    fn dispatch(&mut self, frame: Frame) {
        if let (Some(session), Some(seq)) = (&mut self.shard.session, frame.s) {
            session.seq = seq;
        }
        let shard = self.shard.id.number;
        match frame.t.as_deref() {
            Some("READY") => match Ready::deserialize(frame.d) {
                Ok(ready) => {
                    self.shard.session = Some(Session {
                        id: ready.session_id,
                        url: ready.resume_gateway_url,
                        seq: frame.s.unwrap_or_default(),
                    });
                    self.works();
                    tracing::info!(shard, of = self.shard.id.total, "connected to Discord's gateway");
                }
                Err(error) => tracing::warn!(shard, %error, "the begin of a session is not understood"),
            },
            Some("RESUMED") => {
                self.works();
                tracing::info!(shard, "connected to Discord's gateway again");
            }
            Some("INTERACTION_CREATE") => (self.means().on_interaction)(frame.d),
            _ => {}
        }
    }

    fn means(&self) -> &Means {
        &self.shard.means
    }

    fn works(&mut self) {
        self.shard.missed = 0;
        if self.works_since.is_none() {
            self.works_since = Some(Instant::now());
            self.means().connected.inc();
        }
    }

    async fn beat(&self, socket: &mut Socket) -> anyhow::Result<()> {
        let seq = self.shard.session.as_ref().map(|session| session.seq);
        send(socket, &protocol::heartbeat(seq)).await
    }
}

/// A message of the gateway; `None` for what is none, which is left alone.
fn read(message: &Message) -> Option<Frame> {
    let Message::Text(text) = message else { return None };
    match serde_json::from_str(text) {
        Ok(frame) => Some(frame),
        Err(error) => {
            // The text itself may be what somebody has written, and is not logged.
            tracing::warn!(%error, "a message of Discord's gateway is not understood");
            None
        }
    }
}

async fn send(socket: &mut Socket, payload: &Value) -> anyhow::Result<()> {
    let sent = socket.send(Message::Text(payload.to_string())).await;
    sent.context("the gateway cannot be spoken to")
}

/// Says farewell, if the connection still allows it.
async fn close(socket: &mut Socket, code: u16) {
    let frame = CloseFrame {
        code: CloseCode::from(code),
        reason: "".into(),
    };
    // The connection is given up anyway.
    let _ = timeout(CLOSED_WITHIN, socket.close(Some(frame))).await;
}
