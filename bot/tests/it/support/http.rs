//! A person with an HTTP client instead of a browser.

use std::io::{BufRead as _, BufReader};

use serde_json::{Value, json};
use ureq::Body;
use ureq::http::{Response, StatusCode};

use super::PATIENCE;

/// Somebody who visited the page once and keeps the cookie.
#[derive(Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    address: String,
    cookie: String,
}

impl Client {
    pub(crate) fn new(address: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build();
        let mut client = Self {
            agent: config.into(),
            address: address.to_owned(),
            cookie: String::new(),
        };
        let page = client.get("/");
        assert_eq!(page.status(), StatusCode::OK);
        let cookie = page
            .headers()
            .get("set-cookie")
            .expect("a first visit gives a cookie");
        client.cookie = cookie
            .to_str()
            .expect("text")
            .split(';')
            .next()
            .unwrap_or_default()
            .to_owned();
        client
    }

    /// The same person at another address, for example of the service started again.
    pub(crate) fn at(&self, address: &str) -> Self {
        Self {
            address: address.to_owned(),
            ..self.clone()
        }
    }

    /// The person's number in the job log.
    pub(crate) fn id(&self) -> String {
        self.cookie.split('=').next_back().unwrap_or_default().to_owned()
    }

    pub(crate) fn get(&self, path: &str) -> Response<Body> {
        let request = self
            .agent
            .get(format!("{}{path}", self.address))
            .header("cookie", &self.cookie);
        request.call().expect("the service answers")
    }

    /// Types a command, and returns what the page would show at once.
    pub(crate) fn type_command(&self, text: &str, key: &str) -> Value {
        let body = json!({ "text": text, "key": key }).to_string();
        let mut response = self
            .agent
            .post(format!("{}/api/commands", self.address))
            .header("cookie", &self.cookie)
            .header("content-type", "application/json")
            .send(body)
            .expect("the service answers");
        let text = response.body_mut().read_to_string().expect("text");
        assert_eq!(response.status(), StatusCode::OK, "{text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Types a command, and returns what the page would show at once; nothing when the service is not there or has too
    /// much to do.
    pub(crate) fn try_command(&self, text: &str, key: &str) -> Option<Value> {
        let body = json!({ "text": text, "key": key }).to_string();
        let mut response = self
            .agent
            .post(format!("{}/api/commands", self.address))
            .header("cookie", &self.cookie)
            .header("content-type", "application/json")
            .send(body)
            .ok()
            .filter(|response| response.status() == StatusCode::OK)?;
        let text = response.body_mut().read_to_string().ok()?;
        Some(serde_json::from_str(&text).expect("JSON"))
    }

    /// Opens the stream of news.
    pub(crate) fn events(&self) -> Events {
        let response = self.get("/api/events");
        assert_eq!(response.status(), StatusCode::OK);
        Events {
            lines: BufReader::new(response.into_body().into_reader()),
        }
    }

    /// Types a command and waits for its end.
    pub(crate) fn draw(&self, text: &str, key: &str) -> Value {
        let mut events = self.events();
        self.type_command(text, key);
        events.wait_for(key, |message| is_final(&message["state"]))
    }

    pub(crate) fn history(&self) -> Vec<Value> {
        let text = self
            .get("/api/history")
            .body_mut()
            .read_to_string()
            .expect("text");
        let mut history: Value = serde_json::from_str(&text).expect("JSON");
        serde_json::from_value(history["messages"].take()).expect("a list")
    }

    /// Every page of the history, the newest first.
    pub(crate) fn whole_history(&self) -> Vec<Value> {
        let mut messages = Vec::new();
        let mut path = "/api/history".to_owned();
        loop {
            let text = self.get(&path).body_mut().read_to_string().expect("text");
            let mut page: Value = serde_json::from_str(&text).expect("JSON");
            let older: Vec<Value> = serde_json::from_value(page["messages"].take()).expect("a list");
            messages.extend(older);
            let Some(earlier) = page["earlier"].as_i64() else {
                return messages;
            };
            path = format!("/api/history?before={earlier}");
        }
    }

    pub(crate) fn bytes(&self, path: &str) -> Vec<u8> {
        let mut response = self.get(path);
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.body_mut().read_to_vec().expect("bytes")
    }
}

fn is_final(state: &Value) -> bool {
    !matches!(state.as_str(), Some("pending" | "queued" | "running"))
}

/// The stream of news of one person.
pub(crate) struct Events {
    lines: BufReader<ureq::BodyReader<'static>>,
}

impl Events {
    /// The next event: its name and data.
    pub(crate) fn next(&mut self) -> (String, Value) {
        let (mut name, mut data) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            let length = self.lines.read_line(&mut line).expect("the stream goes on");
            assert_ne!(length, 0, "the stream ended");
            match line.trim_end().split_once(": ") {
                Some(("event", value)) => name = value.to_owned(),
                Some(("data", value)) => data = value.to_owned(),
                None if line.trim().is_empty() && !data.is_empty() => {
                    return (name, serde_json::from_str(&data).expect("JSON"));
                }
                _ => {}
            }
        }
    }

    /// Waits until the message with this key, in a snapshot or an event of its own, is as wanted.
    pub(crate) fn wait_for(&mut self, key: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let (name, mut data) = self.next();
            let messages = match name.as_str() {
                "snapshot" => serde_json::from_value(data["messages"].take()).expect("a list"),
                _ => vec![data],
            };
            let found = messages
                .into_iter()
                .find(|message| message["id"] == key && is_wanted(message));
            if let Some(message) = found {
                return message;
            }
        }
    }
}
