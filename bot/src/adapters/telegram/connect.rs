//! The beginning: who the bot is, and how updates come.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::api::{ApiError, Call};
use super::receive::{KINDS, Receiver};
use super::{Me, Shared, register};

/// The first pause after a failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest one: people wait for an answer as soon as Telegram is back.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// How often Telegram has to say, one time after another, that it does not know the token. A proxy that is out of order
/// says the same.
const REFUSALS: u32 = 3;
/// Requests that Telegram makes at the same time.
const WEBHOOK_CONNECTIONS: u32 = 40;

/// How long to wait before the next try, and what was said about it.
#[derive(Debug, Default)]
pub(super) struct Patience {
    failures: u32,
    refusals: u32,
}

impl Patience {
    /// The pause before the next try.
    pub(super) fn next_pause(&mut self) -> Duration {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(16));
        self.failures += 1;
        pause.min(LONGEST_PAUSE)
    }

    /// The token was refused. `None` when that was often enough to believe it.
    pub(super) fn refused_again(&mut self) -> Option<Duration> {
        self.refusals += 1;
        (self.refusals < REFUSALS).then(|| self.next_pause())
    }

    /// Says what went wrong: once to everybody, then only to those who look for it.
    pub(super) fn complain(&self, error: &ApiError) {
        let error = format_args!("{error:#}");
        if self.failures == 0 {
            tracing::warn!(%error, "Telegram cannot be reached, trying again");
        } else {
            tracing::debug!(%error, failures = self.failures, "Telegram cannot be reached");
        }
    }
}

/// The error of a token that Telegram does not know.
pub(super) fn refused() -> anyhow::Error {
    anyhow::anyhow!(
        "Telegram does not know the token: copy it again from @BotFather (/mybots, API Token) into telegram.token or \
         EKAKI__TELEGRAM__TOKEN"
    )
}

/// Asks Telegram something until there is an answer; `None` when `stop` was cancelled before.
///
/// # Errors
/// When Telegram does not know the token.
async fn until_answered<T, F>(stop: &CancellationToken, ask: impl Fn() -> F) -> anyhow::Result<Option<T>>
where
    F: Future<Output = Result<T, ApiError>>,
{
    let mut patience = Patience::default();
    loop {
        let Some(answer) = stop.run_until_cancelled(ask()).await else {
            return Ok(None);
        };
        let pause = match answer {
            Ok(answer) => return Ok(Some(answer)),
            Err(ApiError::TokenRefused) => match patience.refused_again() {
                Some(pause) => pause,
                None => return Err(refused()),
            },
            Err(ApiError::Flood { after }) => after,
            Err(error) => {
                patience.complain(&error);
                patience.next_pause()
            }
        };
        let waited = stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        if waited.is_none() {
            return Ok(None);
        }
    }
}

/// Asks Telegram who the bot is, as long as it takes; `None` when `stop` was cancelled before.
///
/// # Errors
/// When Telegram does not know the token.
pub(super) async fn introduce(shared: &Shared, stop: &CancellationToken) -> anyhow::Result<Option<Me>> {
    let asked = until_answered(stop, || shared.api.call::<Identity>(Call::new("getMe"))).await?;
    Ok(asked.map(|identity| {
        identity.describe();
        let me = Me {
            id: identity.id,
            username: identity.username,
        };
        shared.me.get_or_init(|| me).clone()
    }))
}

/// What Telegram says about the bot.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Identity {
    /// The bot's own id.
    pub(super) id: i64,
    /// Its name without `@`.
    pub(super) username: String,
    /// It can be brought into groups.
    #[serde(default)]
    pub(super) can_join_groups: bool,
    /// In groups it is told everything; otherwise only what is meant for it.
    #[serde(default)]
    pub(super) can_read_all_group_messages: bool,
    /// Inline mode is switched on.
    #[serde(default)]
    pub(super) supports_inline_queries: bool,
}

impl Identity {
    fn describe(&self) {
        tracing::info!(
            bot = self.username,
            inline = self.supports_inline_queries,
            reads_all_in_groups = self.can_read_all_group_messages,
            "connected to Telegram"
        );
    }
}

/// Where Telegram sends updates to by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct WebhookInfo {
    /// The address; empty when it is asked for them.
    #[serde(default)]
    pub(super) url: String,
    /// How many updates wait.
    #[serde(default)]
    pub(super) pending_update_count: u32,
    /// Why the last one could not be delivered.
    #[serde(default)]
    pub(super) last_error_message: Option<String>,
}

/// Says how updates are to come: to the address of the settings, or when they are asked for.
///
/// # Errors
/// When Telegram does not take the address, or does not know the token.
pub(super) async fn agree_on_transport(shared: &Shared, stop: &CancellationToken) -> anyhow::Result<()> {
    let agreed = until_answered(stop, || async {
        match transport(shared).await {
            // It will not take it the next time, either.
            Err(error @ ApiError::Refused { .. }) => Ok(Err(error)),
            other => other.map(Ok),
        }
    });
    let agreed = agreed.await?.unwrap_or(Ok(()));
    agreed.context("Telegram does not take the address of telegram.webhook_url")
}

async fn transport(shared: &Shared) -> Result<(), ApiError> {
    let settings = &shared.settings;
    let (Some(url), Some(secret)) = (&settings.webhook_url, &settings.webhook_secret) else {
        let webhook: WebhookInfo = shared.api.call(Call::new("getWebhookInfo")).await?;
        if !webhook.url.is_empty() {
            tracing::info!("updates are asked for from now on, not sent to a webhook");
            shared.api.call::<Value>(Call::new("deleteWebhook")).await?;
        }
        return Ok(());
    };
    let call = Call::new("setWebhook")
        .with("url", url.as_str())
        .with("secret_token", secret.expose_secret())
        .with("max_connections", WEBHOOK_CONNECTIONS)
        .with("allowed_updates", KINDS.to_vec());
    shared.api.call::<Value>(call).await.map(|_| ())
}

/// What does not have to be ready for the first command: menus, and the pictures of inline mode.
pub(super) async fn prepare(receiver: Arc<Receiver>) {
    if let Err(error) = register::register(&receiver.shared).await {
        tracing::warn!(%error, "the menus of commands are not up to date");
    }
    receiver.inline.prepare(&receiver.shared).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_some_seconds() {
        let mut patience = Patience::default();
        let pauses: Vec<u64> = (0..7).map(|_| patience.next_pause().as_millis() as u64).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 15000, 15000]);
    }

    #[test]
    fn a_token_is_refused_three_times_before_that_is_believed() {
        let mut patience = Patience::default();
        assert!(patience.refused_again().is_some());
        assert!(patience.refused_again().is_some());
        assert!(patience.refused_again().is_none());
    }
}
