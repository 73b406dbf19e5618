use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_async};
use tokio_util::sync::CancellationToken;

use super::gate::Gate;
use super::pause::Pauses;
use super::protocol::{Closed, ShardId};
use super::shard::{Ended, Shard};
use super::{GatewayError, Means, listen};
use crate::adapters::discord::rest::tests::server::Server;
use crate::metrics::Connections;
use crate::queue::Clock;

/// A gateway with one shard that listens to it.
struct Scene {
    listener: TcpListener,
    url: String,
    heard: mpsc::UnboundedReceiver<Value>,
    connected: Connections,
    shutdown: CancellationToken,
    shard: JoinHandle<Ended>,
}

/// The gateway's end of one connection.
struct Peer(WebSocketStream<TcpStream>);

impl Scene {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("ws://{}", listener.local_addr().expect("an address"));
        let (on_interaction, heard) = mpsc::unbounded_channel();
        let means = Means {
            url: url.clone(),
            token: "a.b.c".to_owned().into(),
            gate: Arc::new(Gate::new(1)),
            connected: Connections::default(),
            on_interaction: Arc::new(move |interaction| on_interaction.send(interaction).expect("heard")),
        };
        let (connected, shutdown) = (means.connected.clone(), CancellationToken::new());
        let (shard, stop) = (
            Shard::new(ShardId { number: 0, total: 1 }, means),
            shutdown.clone(),
        );
        Self {
            listener,
            url,
            heard,
            connected,
            shutdown,
            shard: tokio::spawn(async move { shard.run(&stop).await }),
        }
    }

    async fn accept(&self) -> Peer {
        let (stream, _) = self.listener.accept().await.expect("a connection");
        let mut peer = Peer(accept_async(stream).await.expect("a WebSocket"));
        peer.send(json!({ "op": 10, "d": { "heartbeat_interval": 3_600_000 } }))
            .await;
        peer
    }

    /// Until the last connection works.
    async fn until_connected(&self) {
        while self.connected.count() == 0 {
            tokio::task::yield_now().await;
        }
    }

    /// A connection whose session has begun.
    async fn ready(&self) -> Peer {
        let mut peer = self.accept().await;
        assert_eq!(peer.next().await["op"], 2, "it identifies");
        let ready = json!({ "session_id": "s1", "resume_gateway_url": format!("{}/again", self.url) });
        peer.dispatch(1, "READY", ready).await;
        peer
    }
}

impl Peer {
    async fn send(&mut self, message: Value) {
        self.0
            .send(Message::Text(message.to_string()))
            .await
            .expect("sent");
    }

    async fn dispatch(&mut self, seq: u64, name: &str, data: Value) {
        self.send(json!({ "op": 0, "s": seq, "t": name, "d": data }))
            .await;
    }

    async fn close(&mut self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        self.0.close(Some(frame)).await.expect("closed");
    }

    /// What the bot says next beside heartbeats, which are answered.
    async fn next(&mut self) -> Value {
        loop {
            let said = self.next_of_all().await;
            if said["op"] != 1 {
                return said;
            }
            self.send(json!({ "op": 11 })).await;
        }
    }

    /// What the bot says next; its close code in the place of a message.
    async fn next_of_all(&mut self) -> Value {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
                Some(Ok(Message::Close(frame))) => {
                    return json!({ "closed": frame.map(|frame| u16::from(frame.code)) });
                }
                Some(Ok(_)) => {}
                broken => return json!({ "broken": format!("{broken:?}") }),
            }
        }
    }
}

fn resumed_from(seq: u64) -> Value {
    json!({ "op": 6, "d": { "token": "a.b.c", "session_id": "s1", "seq": seq } })
}

#[tokio::test]
async fn a_session_begins_and_ends_well() {
    let mut scene = Scene::new().await;
    let mut peer = scene.accept().await;
    insta::assert_snapshot!(peer.next().await, @r#"{"d":{"intents":0,"properties":{"browser":"ekaki","device":"ekaki","os":"any"},"shard":[0,1],"token":"a.b.c"},"op":2}"#);
    assert_eq!(scene.connected.count(), 0);
    peer.dispatch(1, "READY", json!({ "session_id": "s1" })).await;
    peer.send(json!("nonsense")).await;
    peer.dispatch(2, "SOMETHING_NEW", json!({ "unknown": true }))
        .await;
    peer.dispatch(3, "INTERACTION_CREATE", json!({ "id": "7" })).await;
    assert_eq!(scene.heard.recv().await, Some(json!({ "id": "7" })));
    assert_eq!(scene.connected.count(), 1);
    peer.send(json!({ "op": 1, "d": null })).await;
    assert_eq!(
        peer.next_of_all().await,
        json!({ "op": 1, "d": 3 }),
        "it answers at once"
    );
    scene.shutdown.cancel();
    assert_eq!(peer.next().await, json!({ "closed": 1000 }));
    assert!(matches!(scene.shard.await, Ok(Ended::Stopped)));
    assert_eq!(scene.connected.count(), 0);
}

#[tokio::test]
async fn a_session_goes_on_after_the_connection_has_broken() {
    let mut scene = Scene::new().await;
    let mut peer = scene.ready().await;
    tokio::time::pause();
    peer.dispatch(2, "INTERACTION_CREATE", json!(2)).await;
    assert_eq!(scene.heard.recv().await, Some(json!(2)));
    drop(peer);

    let mut peer = scene.accept().await;
    assert_eq!(peer.next().await, resumed_from(2));
    peer.dispatch(3, "INTERACTION_CREATE", json!(3)).await;
    peer.dispatch(4, "RESUMED", json!({})).await;
    assert_eq!(scene.heard.recv().await, Some(json!(3)), "nothing is missed");
    peer.send(json!({ "op": 7, "d": null })).await;
    assert_eq!(
        peer.next().await,
        json!({ "closed": 4900 }),
        "so that the session lives on"
    );

    let mut peer = scene.accept().await;
    assert_eq!(peer.next().await, resumed_from(4));
    peer.send(json!({ "op": 9, "d": true })).await;

    let mut peer = scene.accept().await;
    assert_eq!(peer.next().await, resumed_from(4));
    peer.dispatch(5, "RESUMED", json!({})).await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    peer.send(json!({ "op": 9, "d": false })).await;
    let before = Instant::now();

    let mut peer = scene.accept().await;
    assert_eq!(peer.next().await["op"], 2, "a new one begins");
    assert!(before.elapsed() >= Duration::from_secs(1), "after a while");
}

#[tokio::test]
async fn a_silent_gateway_is_left() {
    let scene = Scene::new().await;
    let mut peer = scene.ready().await;
    tokio::time::pause();
    assert_eq!(peer.next_of_all().await, json!({ "op": 1, "d": 1 }));
    peer.send(json!({ "op": 11 })).await;
    assert_eq!(peer.next_of_all().await, json!({ "op": 1, "d": 1 }));
    assert_eq!(
        peer.next().await,
        json!({ "closed": 4900 }),
        "it was not answered"
    );
    let mut peer = scene.accept().await;
    assert_eq!(peer.next().await, resumed_from(1));
}

#[tokio::test]
async fn a_session_that_nobody_takes_up_is_given_up() {
    let scene = Scene::new().await;
    drop(scene.ready().await);
    tokio::time::pause();
    for _ in 0..6 {
        let mut peer = scene.accept().await;
        assert_eq!(peer.next().await, resumed_from(1));
        peer.close(4000).await;
    }
    let mut peer = scene.accept().await;
    assert_eq!(peer.next().await["op"], 2);
}

#[tokio::test(start_paused = true)]
async fn connections_that_break_at_once_come_back_ever_more_slowly() {
    let scene = Scene::new().await;
    drop(scene.ready().await);
    for seconds in [1, 2, 4, 8, 16, 32] {
        let before = Instant::now();
        let mut peer = scene.accept().await;
        assert!(
            before.elapsed() >= Duration::from_secs(seconds).mul_f64(0.75),
            "{seconds}"
        );
        assert_eq!(
            peer.next().await,
            resumed_from(1),
            "it works, so its session is kept"
        );
        peer.dispatch(1, "RESUMED", json!({})).await;
        scene.until_connected().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_has_lasted_comes_back_at_once() {
    let scene = Scene::new().await;
    let mut peer = scene.ready().await;
    for expected in [true, false] {
        scene.until_connected().await;
        tokio::time::sleep(Duration::from_secs(if expected { 61 } else { 59 })).await;
        drop(peer);
        let before = Instant::now();
        peer = scene.accept().await;
        assert_eq!(before.elapsed() < Duration::from_millis(700), expected);
        peer.next().await;
        peer.dispatch(1, "RESUMED", json!({})).await;
    }
}

#[tokio::test]
async fn servers_that_are_divided_wrongly_are_asked_about_after_a_pause() {
    let (scene, server) = (Scene::new().await, Server::start().await);
    scene.shutdown.cancel();
    let recommended = json!({ "url": scene.url, "shards": 1, "session_start_limit": {
        "remaining": 1000, "reset_after": 0, "max_concurrency": 2,
    } });
    server.script("/gateway/bot", 200, Vec::new(), recommended, 9);
    let (shared, _dir) = server.shared(Clock::system()).await;
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    tokio::time::pause();
    let listening = tokio::spawn(async move { listen(&shared, Arc::new(drop), &stop).await });
    let mut last = None;
    for seconds in [0, 5, 5, 5, 5, 6] {
        let mut peer = scene.accept().await;
        assert_eq!(peer.next().await["op"], 2);
        let pause = last.map_or(Duration::ZERO, |last: Instant| last.elapsed());
        assert!(pause >= Duration::from_secs(seconds), "{pause:?}");
        last = Some(Instant::now());
        peer.close(4011).await;
    }
    shutdown.cancel();
    assert!(listening.await.expect("no panic").is_ok());
}

#[tokio::test]
async fn what_cannot_get_better_ends_it() {
    let ended_by = async |code| {
        let scene = Scene::new().await;
        scene.ready().await.close(code).await;
        match scene.shard.await.expect("no panic") {
            Ended::Refused(error) => error.to_string(),
            other => format!("{other:?}"),
        }
    };
    insta::assert_snapshot!(ended_by(4004).await, @"Discord does not accept the bot's token; make a new one at https://discord.com/developers/applications (Bot, Reset Token) and set discord.token or EKAKI__DISCORD__TOKEN");
    insta::assert_snapshot!(ended_by(4014).await, @"Discord's gateway refuses this release of Ekaki (close code 4014); look for a newer one, and at discord.api_url if you have set it");
    insta::assert_snapshot!(ended_by(4011).await, @"Divide");
}

#[test]
fn close_codes_have_their_meanings() {
    let check = |codes: &[u16], expected: Closed| {
        for code in codes {
            assert_eq!(Closed::of(Some(*code)), expected, "{code}");
        }
    };
    check(&[1000, 1006, 4000, 4001, 4002, 4005, 4008], Closed::Resume);
    check(&[4003, 4007, 4009], Closed::Begin);
    check(&[4010, 4011], Closed::Divide);
    check(&[4012, 4013, 4014], Closed::NotAllowed);
    check(&[4004], Closed::TokenRefused);
    assert_eq!(Closed::of(None), Closed::Resume);
}

#[test]
fn pauses_grow_up_to_a_minute() {
    let mut pauses = Pauses::default();
    assert_eq!(pauses.next(), Duration::ZERO);
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
        let (most, pause) = (Duration::from_secs(seconds), pauses.next());
        assert!(
            pause <= most && pause >= most.mul_f64(0.75),
            "{pause:?} is not about {most:?}"
        );
    }
    pauses.worked();
    assert_eq!(pauses.next(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn sessions_begin_one_after_the_other_in_each_lane() {
    let gate = Gate::new(2);
    let before = Instant::now();
    for shard in 0..4 {
        gate.pass(shard).await;
    }
    assert_eq!(before.elapsed().as_secs(), 5, "two lanes");
    gate.pass(4).await;
    assert_eq!(before.elapsed().as_secs(), 10);
}

#[test]
fn another_application_is_named() {
    let error = GatewayError::OtherApplication {
        found: 1,
        expected: 2,
    };
    insta::assert_snapshot!(error, @"the bot's token belongs to the application 1, and discord.application_id is 2; set the token of that application, or leave discord.application_id empty");
}
