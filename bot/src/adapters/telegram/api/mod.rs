//! Calls of the Bot API.
//!
//! The calls are made here and not by teloxide: what a refusal means and how long a chat wants to be left alone has to
//! be known for every call, teloxide waits for ten seconds after every error of the server, and it lags behind the API.

mod call;
mod error;
mod message;
mod pace;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use reqwest::multipart::{Form, Part};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

pub(super) use self::call::{Call, FilePart};
pub(super) use self::error::ApiError;
use self::error::Hints;
pub(super) use self::message::SentMessage;
pub(super) use self::pace::Limits;
use self::pace::{Admission, Pace, Spot};
use crate::config::TelegramConfig;

/// Longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// How long a download may take.
const DOWNLOAD_WITHIN: Duration = Duration::from_secs(60);

/// The Bot API with one bot's token.
pub(super) struct Api {
    http: reqwest::Client,
    url: String,
    token: SecretString,
    pace: Mutex<Pace>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// What Telegram answers, whatever was asked.
#[derive(Deserialize)]
struct Answer {
    ok: bool,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    error_code: u16,
    #[serde(default)]
    description: String,
    #[serde(default)]
    parameters: Hints,
}

impl Api {
    /// The Bot API where and with the token that the settings name.
    ///
    /// # Errors
    /// When there is no token or the address is none.
    pub(super) fn new(settings: &TelegramConfig, limits: Limits) -> anyhow::Result<Self> {
        let token = settings.token.clone().context("telegram.token is empty")?;
        let url = reqwest::Url::parse(&settings.api_url)
            .with_context(|| format!("telegram.api_url {:?} is no address", settings.api_url))?;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("the HTTP client for Telegram cannot be made")?;
        Ok(Self {
            http,
            url: url.as_str().trim_end_matches('/').to_owned(),
            token,
            pace: Mutex::new(Pace::new(limits)),
        })
    }

    /// The bot's account, which its token begins with: what one bot has uploaded means nothing to another.
    pub(super) fn account(&self) -> String {
        let id = self.token.expose_secret().split(':').next().unwrap_or_default();
        format!("telegram:{id}")
    }

    /// Shortest time between two news about a job.
    pub(super) fn news_interval(&self, is_group: bool) -> Duration {
        self.lock().limits().news[usize::from(is_group)]
    }

    /// Makes a call, in its turn among all that is said in that chat.
    ///
    /// # Errors
    /// What went wrong, by what it means. [`ApiError::Flood`] comes at once, without a call, while a chat wants to be
    /// left alone.
    pub(super) async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, ApiError> {
        let spot = spot_of(&call);
        self.wait_for_turn(&spot, &call).await?;
        let method = call.method;
        let answered = self.send(call).await;
        if let Err(error) = &answered {
            tracing::debug!(method, %error, "a call of Telegram did not work");
        }
        match answered {
            Ok(result) => serde_json::from_value(result).map_err(|error| {
                let error = anyhow::Error::from(error);
                ApiError::Unreachable(error.context(format!("the answer to {method} is not understood")))
            }),
            Err(ApiError::Flood { after }) => {
                self.lock().silence(&spot, Instant::now() + after);
                Err(ApiError::Flood { after })
            }
            Err(error) => Err(error),
        }
    }

    /// Reads a file of which `getFile` has said where it lies.
    ///
    /// # Errors
    /// [`ApiError::TooLarge`] as soon as it has more than `max_bytes`; otherwise as for any call.
    pub(super) async fn download(&self, path: &str, max_bytes: u64) -> Result<Vec<u8>, ApiError> {
        let url = format!("{}/file/bot{}/{path}", self.url, self.token.expose_secret());
        let mut response = self
            .http
            .get(url)
            .timeout(DOWNLOAD_WITHIN)
            .send()
            .await
            .map_err(unreachable)?;
        let status = response.status();
        if !status.is_success() {
            return Err(ApiError::of(
                status.as_u16(),
                status.to_string(),
                &Hints::default(),
            ));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if (bytes.len() + chunk.len()) as u64 > max_bytes {
                return Err(ApiError::TooLarge);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    async fn wait_for_turn(&self, spot: &Spot, call: &Call) -> Result<(), ApiError> {
        let admission = self
            .lock()
            .admit(spot, messages_of(call), call.urgency, Instant::now());
        match admission {
            Admission::Now => Ok(()),
            Admission::Busy => Err(ApiError::Busy),
            Admission::Quiet(after) => Err(ApiError::Flood { after }),
            Admission::At(turn) => {
                sleep_until(turn).await;
                match self.lock().quiet(spot, Instant::now()) {
                    Some(after) => Err(ApiError::Flood { after }),
                    None => Ok(()),
                }
            }
        }
    }

    async fn send(&self, call: Call) -> Result<Value, ApiError> {
        let url = format!("{}/bot{}/{}", self.url, self.token.expose_secret(), call.method);
        let request = self.http.post(url).timeout(call.time_limit());
        let request = if call.files.is_empty() {
            request.json(&call.parameters)
        } else {
            request.multipart(form_of(call))
        };
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(ApiError::Unreachable(anyhow::anyhow!("the answer is too long")));
            }
            body.extend_from_slice(&chunk);
        }
        match serde_json::from_slice::<Answer>(&body) {
            Ok(answer) if answer.ok => Ok(answer.result),
            Ok(answer) => Err(ApiError::of(
                answer.error_code,
                answer.description,
                &answer.parameters,
            )),
            // A proxy on the way answers in its own words, and knows nothing of chats and messages.
            Err(_) => Err(match status {
                401 | 413 | 429 => {
                    ApiError::of(status, "an answer that is none".to_owned(), &Hints::default())
                }
                _ => ApiError::Unreachable(anyhow::anyhow!(
                    "an answer that is none, with the status {status}"
                )),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error of the line. Its address has the token in it.
fn unreachable(error: reqwest::Error) -> ApiError {
    ApiError::Unreachable(error.without_url().into())
}

/// What Telegram counts the call against.
fn spot_of(call: &Call) -> Spot {
    match call.parameters.get("chat_id") {
        Some(Value::Number(chat)) => return Spot::Chat(chat.as_i64().unwrap_or_default()),
        Some(Value::String(name)) => return Spot::Named(name.clone()),
        _ => {}
    }
    match call.parameters.get("inline_message_id").and_then(Value::as_str) {
        Some(message) => Spot::Inline(message.to_owned()),
        None => Spot::Method(call.method),
    }
}

/// How many messages or changes of messages it is.
fn messages_of(call: &Call) -> usize {
    match call.method {
        "sendChatAction" => 0,
        "sendMediaGroup" => call
            .parameters
            .get("media")
            .and_then(Value::as_array)
            .map_or(1, Vec::len),
        method if method.starts_with("send") || method.starts_with("editMessage") => 1,
        _ => 0,
    }
}

/// The call as a form, which is the only way to bring files.
fn form_of(call: Call) -> Form {
    let mut form = Form::new();
    for (name, value) in call.parameters {
        let text = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        form = form.text(name, text);
    }
    for (part, file) in call.files {
        form = form.part(part, Part::bytes(file.bytes.to_vec()).file_name(file.file_name));
    }
    form
}
