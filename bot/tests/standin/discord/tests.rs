//! The stand-in itself, with a bot that does everything wrong.

use std::io::Read as _;
use std::time::Duration;

use flate2::read::ZlibDecoder;
use futures::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::*;

const AGENT: &str = "DiscordBot (https://example.org, 1)";

/// Keeps the paused clock where it is, but for `advance`: it would run ahead while bytes are on their way.
struct Hold {
    _release: std::sync::mpsc::Sender<()>,
}

impl Hold {
    fn clock() -> Self {
        tokio::time::pause();
        let (release, held) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || held.recv_timeout(Duration::from_secs(20)));
        Self { _release: release }
    }
}

/// A bot whose every step is told to it.
struct Bot {
    discord: Discord,
    client: reqwest::Client,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// What an interaction's token allows.
struct Token {
    callback: String,
    webhook: String,
    channel: String,
}

impl Bot {
    /// A bot that is connected and has one command.
    async fn start() -> Self {
        let discord = Discord::start(Settings::default()).await;
        let client = reqwest::Client::builder().user_agent(AGENT).build().unwrap();
        let socket = open(&discord, "/?v=10").await;
        let mut bot = Self {
            discord,
            client,
            socket,
        };
        bot.receive(10).await;
        bot.identify(0).await;
        assert_eq!(bot.receive(0).await["t"], "READY");
        let command = json!([{ "name": "draw", "description": "Draws", "options": [
            { "type": 3, "name": "prompt", "description": "What", "required": true }] }]);
        assert_eq!(
            bot.with_token(Method::PUT, &bot.commands(), &command).await.0,
            200
        );
        bot
    }

    fn commands(&self) -> String {
        format!("/applications/{}/commands", self.discord.world().application)
    }

    async fn say(&mut self, payload: Value) {
        self.socket.send(Frame::Text(payload.to_string())).await.unwrap();
    }

    async fn identify(&mut self, intents: u64) {
        let token = self.discord.token();
        self.say(json!({ "op": 2, "d": { "token": token, "intents": intents, "properties": {}, "compress": true } })).await;
    }

    /// The next payload, which has this operation.
    async fn receive(&mut self, operation: u64) -> Value {
        let payload = match self.socket.next().await.unwrap().unwrap() {
            Frame::Text(text) => serde_json::from_str(&text).unwrap(),
            Frame::Binary(bytes) => {
                let mut text = String::new();
                ZlibDecoder::new(bytes.as_slice())
                    .read_to_string(&mut text)
                    .unwrap();
                serde_json::from_str::<Value>(&text).unwrap()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(payload["op"], operation, "{payload}");
        payload
    }

    /// Somebody gives a command.
    async fn asked(&mut self, person: &Person) -> Token {
        person.slash("draw", [("prompt", "cat".into())]).await;
        let interaction = self.receive(0).await["d"].clone();
        let text = |name: &str| interaction[name].as_str().unwrap().to_owned();
        Token {
            callback: format!("/interactions/{}/{}/callback", text("id"), text("token")),
            webhook: format!("/webhooks/{}/{}", text("application_id"), text("token")),
            channel: format!("/channels/{}/messages", text("channel_id")),
        }
    }

    /// The status, and Discord's number of the refusal.
    async fn call(&self, method: Method, path: &str, body: &Value) -> (u16, u64) {
        let (status, body) = self.answer(method, path, body, false).await;
        (status, body["code"].as_u64().unwrap_or_default())
    }

    async fn with_token(&self, method: Method, path: &str, body: &Value) -> (u16, u64) {
        let (status, body) = self.answer(method, path, body, true).await;
        (status, body["code"].as_u64().unwrap_or_default())
    }

    async fn answer(&self, method: Method, path: &str, body: &Value, with_token: bool) -> (u16, Value) {
        let request = self
            .client
            .request(method, format!("{}/api/v10{path}", self.discord.url()));
        let token = format!("Bot {}", self.discord.token());
        let request = if with_token {
            request.header("Authorization", token)
        } else {
            request
        };
        let request = if body.is_null() {
            request
        } else {
            request.json(body)
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    fn blamed(&self) -> String {
        let mut world = self.discord.world();
        std::mem::take(&mut world.violations).join("\n")
    }
}

async fn open(discord: &Discord, path: &str) -> WebSocketStream<MaybeTlsStream<TcpStream>> {
    let address = format!("ws://{}{path}", discord.world().addresses[1]);
    connect_async(address).await.unwrap().0
}

#[tokio::test]
async fn an_interaction_is_answered_once_and_soon() {
    let _clock = Hold::clock();
    let mut bot = Bot::start().await;
    let ann = bot.discord.person("ann");
    let token = bot.asked(&ann).await;
    let thinking = json!({ "type": 5 });
    let original = format!("{}/messages/@original", token.webhook);
    assert_eq!(bot.call(Method::POST, &token.callback, &thinking).await, (204, 0));
    assert_eq!(
        bot.call(Method::POST, &token.callback, &thinking).await,
        (400, 40060)
    );
    assert_eq!(
        bot.call(Method::PATCH, &original, &json!({ "content": "here" }))
            .await,
        (200, 0)
    );

    let late = bot.asked(&ann).await;
    tokio::time::advance(Duration::from_millis(3001)).await;
    assert_eq!(
        bot.call(Method::POST, &late.callback, &thinking).await,
        (404, 10062)
    );
    assert_eq!(bot.blamed(), "");
    assert_eq!(
        bot.call(Method::POST, &late.callback, &thinking).await,
        (404, 10062)
    );
    assert_eq!(
        bot.blamed(),
        "a token is used that Discord has said to be of no use any more"
    );

    tokio::time::advance(Duration::from_secs(15 * 60)).await;
    assert_eq!(
        bot.call(Method::PATCH, &original, &json!({ "content": "?" }))
            .await,
        (401, 50027)
    );
    insta::assert_snapshot!(bot.discord.transcript(), @r"
    ekaki registers 1 commands everywhere
    ann: /draw prompt: cat
    ekaki is thinking…
    ekaki changes its message: here
    ann: /draw prompt: cat
    ");
}

#[tokio::test]
async fn private_messages_are_not_the_bots() {
    let mut bot = Bot::start().await;
    let ann = bot.discord.person("ann");
    let token = bot.asked(&ann).await;
    let private = json!({ "type": 4, "data": { "content": "psst", "flags": 64 } });
    let (_, answer) = bot
        .answer(
            Method::POST,
            &format!("{}?with_response=true", token.callback),
            &private,
            false,
        )
        .await;
    let id = answer["interaction"]["response_message_id"].as_str().unwrap();
    let edit = format!("{}/{id}", token.channel);
    assert_eq!(
        bot.with_token(Method::PATCH, &edit, &json!({ "content": "?" }))
            .await,
        (404, 10008)
    );
    assert_eq!(bot.discord.shown("general"), "ekaki (to ann only): psst");
    assert_eq!(bot.blamed(), "");
}

#[tokio::test]
async fn what_a_nonce_promises_is_kept() {
    let mut bot = Bot::start().await;
    let token = bot.asked(&bot.discord.person("ann")).await;
    let message = json!({ "content": "here", "nonce": "ekaki-1", "enforce_nonce": true });
    for _ in 0..2 {
        assert_eq!(
            bot.with_token(Method::POST, &token.channel, &message).await,
            (200, 0)
        );
    }
    assert_eq!(bot.discord.shown("general"), "ekaki: here");
    assert_eq!(bot.blamed(), "");
    bot.with_token(Method::POST, &token.channel, &json!({ "content": "@everyone" }))
        .await;
    assert_eq!(
        bot.blamed(),
        "a message without an enforced nonce: it may be seen twice\neverybody would be rung by \"@everyone\""
    );
}

#[tokio::test]
async fn who_is_told_to_wait_waits() {
    let _clock = Hold::clock();
    let mut bot = Bot::start().await;
    let token = bot.asked(&bot.discord.person("ann")).await;
    bot.call(Method::POST, &token.callback, &json!({ "type": 5 }))
        .await;
    let original = format!("{}/messages/@original", token.webhook);
    let text = json!({ "content": "here" });
    bot.discord.fault(Fault::new(
        "PATCH .*@original",
        What::TooMany(Duration::from_secs(2)),
    ));
    assert_eq!(
        bot.answer(Method::PATCH, &original, &text, false).await,
        (
            429,
            json!({
                "message": "You are being rate limited.", "retry_after": 2.0, "global": false
            })
        )
    );
    assert_eq!(bot.blamed(), "");
    bot.call(Method::PATCH, &original, &text).await;
    assert_eq!(
        bot.blamed(),
        "update_original_webhook_message: sent although Discord has asked to wait"
    );
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(bot.call(Method::PATCH, &original, &text).await, (200, 0));
    assert_eq!(bot.blamed(), "");
}

#[tokio::test]
async fn files_are_listed_and_not_too_large() {
    let mut bot = Bot::start().await;
    let token = bot.asked(&bot.discord.person("ann")).await;
    bot.call(Method::POST, &token.callback, &json!({ "type": 5 }))
        .await;
    bot.discord.world().settings.max_upload_bytes = 10;
    let address = format!(
        "{}/api/v10{}/messages/@original",
        bot.discord.url(),
        token.webhook
    );
    let send = async |body: Value, bytes: usize| {
        let form = Form::new().text("payload_json", body.to_string());
        let form = form.part("files[0]", Part::bytes(vec![0; bytes]).file_name("a.png"));
        bot.client
            .patch(&address)
            .multipart(form)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    let listed = json!({ "attachments": [{ "id": 0, "filename": "a.png" }] });
    assert_eq!(send(listed.clone(), 10).await, 200);
    assert_eq!(bot.blamed(), "");
    assert_eq!(send(listed, 11).await, 413);
    assert_eq!(send(json!({ "attachments": [] }), 1).await, 400);
    let shown =
        json!({ "attachments": [{ "id": 0 }], "embeds": [{ "image": { "url": "attachment://b.png" } }] });
    assert_eq!(send(shown, 1).await, 400);
    assert!(bot.blamed().contains("nothing is attached as b.png"));
    assert_eq!(bot.discord.shown("general"), "ekaki: [file a.png]");
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let mut bot = Bot::start().await;
    let token = bot.asked(&bot.discord.person("ann")).await;
    for (body, problem) in [
        (
            json!({ "type": 5, "data": { "flags": 4 } }),
            "only the one for private messages",
        ),
        (
            json!({ "type": 7, "data": { "content": "x" } }),
            "not an answer to this kind",
        ),
        (json!({ "type": 4, "data": { "contnet": "x" } }), ".data.contnet"),
        (
            json!({ "type": 4, "data": { "content": "x".repeat(2001) } }),
            "2001 is more than 2000",
        ),
        (json!({ "type": 4, "data": {} }), "empty message"),
        (
            json!({ "type": 9, "data": { "custom_id": "x", "title": "x".repeat(46), "components": [] } }),
            "46 is more than 45",
        ),
    ] {
        assert_eq!(
            bot.call(Method::POST, &token.callback, &body).await.0,
            400,
            "{body}"
        );
        let blamed = bot.blamed();
        assert!(blamed.contains(problem), "{blamed}");
    }
    assert_eq!(bot.with_token(Method::POST, "/nowhere", &json!({})).await.0, 404);
    assert!(bot.blamed().contains("POST /nowhere"));
    assert_eq!(bot.call(Method::GET, "/users/@me", &Value::Null).await.0, 401);
    assert!(bot.blamed().contains("Unauthorized"));
}

#[tokio::test]
async fn a_lost_connection_is_gone_on_with() {
    let mut bot = Bot::start().await;
    let session = bot.discord.world().sessions[0].id.clone();
    bot.discord.gateway(GatewayFault::Cut);
    assert!(!matches!(bot.socket.next().await, Some(Ok(Frame::Text(_)))));
    let data = json!({ "token": bot.discord.token(), "session_id": session, "seq": 0 });
    bot.socket = open(&bot.discord, "/resume?v=10").await;
    bot.receive(10).await;
    bot.say(json!({ "op": 6, "d": data })).await;
    assert_eq!(bot.receive(0).await["t"], "READY");
    assert_eq!(bot.receive(0).await["t"], "RESUMED");
    bot.say(json!({ "op": 1, "d": 2 })).await;
    bot.receive(11).await;
    assert_eq!(bot.blamed(), "");
    bot.asked(&bot.discord.person("ann")).await;

    bot.socket = open(&bot.discord, "/?v=10").await;
    bot.receive(10).await;
    bot.identify(1 << 15).await;
    assert!(matches!(bot.socket.next().await, Some(Ok(Frame::Close(_)))));
    assert_eq!(bot.blamed(), "gateway 4014: privileged intents");
}
