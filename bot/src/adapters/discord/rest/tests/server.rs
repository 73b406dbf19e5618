//! Something that answers as Discord does, as far as one call is concerned.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::adapters::Deps;
use crate::adapters::discord::Shared;
use crate::adapters::discord::rest::Rest;
use crate::config::DiscordConfig;
use crate::i18n::Locale;
use crate::metrics::Metrics;
use crate::queue::Clock;
use crate::store::Store;

/// The bot's token.
pub(in crate::adapters::discord) const TOKEN: &str = "bot-token";

/// A server on this machine. It records what it is asked, and answers what it was told to, or what usually comes.
pub(in crate::adapters::discord) struct Server {
    url: String,
    shared: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    calls: Vec<Received>,
    scripts: VecDeque<Script>,
}

/// One call as it came.
#[derive(Clone, Debug, Default)]
pub(in crate::adapters::discord) struct Received {
    /// Method, and path without the version.
    pub(in crate::adapters::discord) line: String,
    pub(in crate::adapters::discord) headers: HeaderMap,
    pub(in crate::adapters::discord) body: Value,
    /// Part, name and size of each file.
    pub(in crate::adapters::discord) files: Vec<(String, String, usize)>,
}

struct Script {
    /// Part of the line of the calls that are meant.
    part: &'static str,
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: Value,
    times: usize,
}

impl Server {
    pub(in crate::adapters::discord) async fn start() -> Self {
        let shared: Arc<Mutex<Known>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    pub(in crate::adapters::discord) fn url(&self) -> &str {
        &self.url
    }

    /// Settings with which this is Discord.
    pub(in crate::adapters::discord) fn settings(&self) -> DiscordConfig {
        DiscordConfig {
            token: Some(SecretString::from(TOKEN)),
            application_id: None,
            guilds: Vec::new(),
            age_restricted: false,
            api_url: self.url.clone(),
            cdn_url: self.url.clone(),
        }
    }

    /// What everything in the adapter uses when this is Discord, and the folder of its store.
    pub(in crate::adapters::discord) async fn shared(&self, clock: Clock) -> (Arc<Shared>, TempDir) {
        let dir = tempfile::tempdir().expect("folder");
        let store = Store::open(dir.path()).await.expect("store");
        let settings = self.settings();
        let shared = Shared {
            rest: Rest::new(&settings).expect("a client"),
            settings,
            deps: Deps {
                metrics: Metrics::new(store.clone(), None),
                store,
                default_locale: Locale::EN.into(),
            },
            clock,
        };
        (Arc::new(shared), dir)
    }

    /// Refuses the next calls whose line has `part`.
    pub(in crate::adapters::discord) fn refuse(&self, part: &'static str, status: u16, code: u64) {
        self.script(
            part,
            status,
            Vec::new(),
            json!({"code": code, "message": "refused"}),
            1,
        );
    }

    /// Answers the next calls whose line has `part`.
    pub(in crate::adapters::discord) fn script(
        &self,
        part: &'static str,
        status: u16,
        headers: Vec<(&'static str, &'static str)>,
        body: Value,
        times: usize,
    ) {
        self.shared.lock().expect("lock").scripts.push_back(Script {
            part,
            status,
            headers,
            body,
            times,
        });
    }

    /// What came so far.
    pub(in crate::adapters::discord) fn received(&self) -> Vec<Received> {
        self.shared.lock().expect("lock").calls.clone()
    }

    /// The lines of what came since the last look, with what people would see of it.
    pub(in crate::adapters::discord) fn transcript(&self) -> String {
        let calls = std::mem::take(&mut self.shared.lock().expect("lock").calls);
        calls
            .iter()
            .map(Received::in_short)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Received {
    fn in_short(&self) -> String {
        let mut words = vec![self.line.clone()];
        let body = match self.body.get("data") {
            Some(data) => {
                words.push(format!("type={}", self.body["type"]));
                data
            }
            None => &self.body,
        };
        let mut word = |name: &str, value: Option<&Value>| {
            let value =
                value.filter(|value| !value.is_null() && **value != json!([]) && **value != json!(""));
            words.extend(value.map(|value| format!("{name}={value}")));
        };
        word("flags", body.get("flags"));
        word("title", body.get("title"));
        word("content", body.get("content"));
        for embed in body["embeds"].as_array().into_iter().flatten() {
            word("embed", embed.get("description"));
        }
        word("users", body["allowed_mentions"].get("users"));
        word("reply_to", body["message_reference"].get("message_id"));
        word("nonce", body.get("nonce"));
        word("recipient", body.get("recipient_id"));
        words.extend(self.files.iter().map(|(_, name, _)| name.clone()));
        words.join(" ")
    }
}

async fn answer(State(shared): State<Arc<Mutex<Known>>>, request: Request) -> Response {
    let path = request.uri().path_and_query().map_or("", |path| path.as_str());
    let path = path.strip_prefix("/api/v10").unwrap_or(path);
    let line = format!("{} {path}", request.method());
    let headers = request.headers().clone();
    let is_form = headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
    let mut received = Received {
        line: line.clone(),
        headers,
        ..Received::default()
    };
    if is_form {
        read_form(request, &mut received).await;
    } else {
        let bytes = Bytes::from_request(request, &()).await.expect("a body");
        received.body = serde_json::from_slice(&bytes).unwrap_or_default();
    }
    let by_bot = received.headers.contains_key(AUTHORIZATION);
    let is_for_bot = [" /channels/", " /users/", " /gateway/"]
        .iter()
        .any(|part| line.contains(part));
    assert_eq!(by_bot, is_for_bot, "{line}");
    let mut known = shared.lock().expect("lock");
    known.calls.push(received);
    let index = known.scripts.iter().position(|script| line.contains(script.part));
    let Some(index) = index else {
        return usual(&line).into_response();
    };
    let script = &mut known.scripts[index];
    script.times -= 1;
    let headers: HeaderMap = script
        .headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect();
    let status = StatusCode::from_u16(script.status).expect("a status");
    let answer = (status, headers, axum::Json(script.body.clone()));
    if script.times == 0 {
        known.scripts.remove(index);
    }
    answer.into_response()
}

async fn read_form(request: Request, received: &mut Received) {
    let mut form = Multipart::from_request(request, &()).await.expect("a form");
    while let Some(field) = form.next_field().await.expect("a field") {
        let part = field.name().unwrap_or_default().to_owned();
        let name = field.file_name().map(str::to_owned);
        let bytes = field.bytes().await.expect("bytes");
        match name {
            Some(name) => received.files.push((part, name, bytes.len())),
            None => received.body = serde_json::from_slice(&bytes).expect("JSON"),
        }
    }
}

/// What Discord answers when nothing is wrong.
fn usual(line: &str) -> (StatusCode, axum::Json<Value>) {
    let message = |id: &str| json!({ "id": id });
    let body = match line {
        line if line.contains("/callback") => json!({
            "interaction": { "id": "1", "type": 2, "response_message_id": "50" },
        }),
        line if line.starts_with("DELETE") => Value::Null,
        line if line.ends_with("/users/@me/channels") => message("80"),
        line if line.starts_with("POST /webhooks") => message("60"),
        line if line.starts_with("POST /channels") => message("70"),
        _ => message("50"),
    };
    (StatusCode::OK, axum::Json(body))
}
