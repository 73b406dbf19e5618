//! Calls of Discord's HTTP interface, at the pace that Discord allows.
//!
//! The client of serenity is not used for it: without its rate limiter it forgets how long Discord wants to be left
//! alone, and with it it sleeps where the outbox can wait better.

mod answer;
mod call;
mod error;
mod limits;
mod pace;
#[cfg(test)]
pub(super) mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use reqwest::multipart::{Form, Part};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

pub(super) use self::answer::Answer;
use self::answer::Told;
use self::call::Credential;
pub(super) use self::call::{Call, File};
pub(super) use self::error::{Meaning, RestError};
use self::limits::Limits;
use self::pace::Pace;
use crate::config::DiscordConfig;
use crate::metrics::Metrics;

/// The version of the interface.
const VERSION: &str = "/api/v10";
/// How Discord wants programs to call themselves.
const USER_AGENT: &str = concat!("DiscordBot (ekaki, ", env!("CARGO_PKG_VERSION"), ")");
/// How long the connection may take: a network that is away is known sooner than by the limit of a whole call.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Discord's HTTP interface. Clones share everything.
#[derive(Clone, Debug)]
pub(super) struct Rest {
    client: reqwest::Client,
    base: String,
    token: SecretString,
    metrics: Option<Metrics>,
    shared: Arc<Known>,
}

/// What was learnt from Discord's answers.
#[derive(Debug)]
struct Known {
    limits: Limits,
    pace: Pace,
    is_token_refused: AtomicBool,
}

impl Rest {
    /// Discord as the settings say.
    ///
    /// # Errors
    /// When there is no token, or TLS cannot be used.
    pub(super) fn new(settings: &DiscordConfig) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("cannot make the client for Discord")?;
        Ok(Self {
            client,
            base: format!("{}{VERSION}", settings.api_url.trim_end_matches('/')),
            token: settings.token.clone().context("Discord has no token")?,
            metrics: None,
            shared: Arc::new(Known {
                limits: Limits::new(Instant::now()),
                pace: Pace::default(),
                is_token_refused: AtomicBool::new(false),
            }),
        })
    }

    /// The same, with what becomes of each call counted.
    pub(super) fn counted(self, metrics: Metrics) -> Self {
        Self {
            metrics: Some(metrics),
            ..self
        }
    }

    /// The client, for files that are not behind the interface.
    pub(super) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Shortest time between two changes of a message that Discord bears now.
    pub(super) fn progress_interval(&self) -> Duration {
        self.shared.pace.interval()
    }

    /// Makes one call. It returns at once, without having called, when Discord has asked for patience.
    ///
    /// # Errors
    /// When Discord was not reached, has refused the call, or wants it later.
    pub(super) async fn send(&self, call: Call) -> Result<Answer, RestError> {
        let sent = self.attempt(call).await;
        if let Some(metrics) = &self.metrics {
            let result = sent.as_ref().map_or_else(RestError::word, |_| "ok");
            metrics.count_call(&super::PLATFORM, result);
        }
        sent
    }

    async fn attempt(&self, call: Call) -> Result<Answer, RestError> {
        let known = &*self.shared;
        if call.credential == Credential::Bot && known.is_token_refused.load(Ordering::Relaxed) {
            return Err(RestError::TokenRefused);
        }
        let started = Instant::now();
        let admitted = known.limits.admit(&call, started);
        admitted.map_err(|retry_after| RestError::NotNow { retry_after })?;
        let key = call.key();
        let (route, credential, is_edit) = (call.route, call.credential, call.method == Method::PATCH);
        let answered = async {
            let response = self.request(call).send().await?;
            let told = Told::of(&response);
            Ok((told, response.bytes().await?))
        };
        let (told, body) = answered
            .await
            .map_err(|source: reqwest::Error| RestError::Unreachable {
                route,
                source: source.without_url(),
            })?;
        let now = Instant::now();
        known.limits.learn(&key, &told, now);
        let result = told.judge(route, credential, &body);
        if is_edit {
            match &result {
                Ok(_) => known.pace.took(now - started),
                Err(error) => known.pace.failed(error),
            }
        }
        self.consider(&key, &told, result, now)
    }

    /// Draws the consequences of a refusal for the calls after it.
    fn consider(
        &self,
        key: &limits::Key,
        told: &Told,
        result: Result<Answer, RestError>,
        now: Instant,
    ) -> Result<Answer, RestError> {
        let known = &*self.shared;
        match &result {
            Err(RestError::RateLimited {
                retry_after, scope, ..
            }) => known.limits.block(key, *retry_after, scope == "global", now),
            Err(RestError::TokenRefused) if !known.is_token_refused.swap(true, Ordering::Relaxed) => {
                tracing::error!(
                    "Discord does not accept the bot's token any more: set a new one as [discord] token and start again"
                );
            }
            Err(error) if error.meaning() == Meaning::Malformed => {
                tracing::error!(%error, "Discord does not understand a message; this is a fault of this program");
            }
            _ => {}
        }
        if told.is_invalid() {
            known.limits.count_invalid(now);
        }
        result
    }

    fn request(&self, call: Call) -> reqwest::RequestBuilder {
        let url = format!("{}{}", self.base, call.path);
        let mut request = self.client.request(call.method, url).timeout(call.within);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        if call.credential == Credential::Bot {
            let authorization = format!("Bot {}", self.token.expose_secret());
            request = request.header(AUTHORIZATION, authorization);
        }
        match call.body {
            Some(body) if call.files.is_empty() => request.json(&body),
            Some(body) => request.multipart(form(&body, call.files)),
            None => request,
        }
    }
}

/// The body and the files, as Discord wants them together.
fn form(body: &serde_json::Value, files: Vec<File>) -> Form {
    let form = Form::new().text("payload_json", body.to_string());
    files
        .into_iter()
        .enumerate()
        .fold(form, |form, (index, File { name, bytes })| {
            let part = Part::bytes(bytes.to_vec()).file_name(name);
            form.part(format!("files[{index}]"), part)
        })
}
