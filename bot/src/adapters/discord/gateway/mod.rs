//! The gateway: over it Discord tells what people do, in one connection for each part of the servers.
//!
//! It is not serenity's client, although its types are used elsewhere. That client reads every event as a whole and
//! drops those with a part that it does not know, for example a command about a message with newer components, so that
//! the person waits in vain. It also leaves out whether a channel is for adults only, does not use the address that
//! Discord names for going on with a session, and never ends when Discord wants more parts.

mod error;
mod gate;
mod pause;
mod protocol;
mod shard;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(super) use self::error::GatewayError;
use self::gate::Gate;
pub(super) use self::pause::Pauses;
use self::protocol::ShardId;
use self::shard::{Ended, Shard};
use super::Shared;
use super::rest::{Call, RestError};
use crate::metrics::Connections;

/// Takes what Discord says of an interaction. It must not wait.
pub(super) type OnInteraction = Arc<dyn Fn(Value) + Send + Sync>;

/// What every connection works with.
#[derive(Clone)]
pub(super) struct Means {
    /// Where the gateway is.
    url: String,
    token: SecretString,
    gate: Arc<Gate>,
    connected: Connections,
    on_interaction: OnInteraction,
}

/// What Discord recommends to this bot.
#[derive(Debug, Deserialize)]
struct Recommended {
    url: String,
    shards: u32,
    session_start_limit: StartLimit,
}

/// How many sessions may begin.
#[derive(Debug, Deserialize)]
struct StartLimit {
    /// How many still, in this period.
    remaining: u32,
    /// How long until the next period, in milliseconds.
    reset_after: u64,
    /// How many at the same time.
    max_concurrency: u32,
}

/// Listens to the gateway until `shutdown` is cancelled. What breaks is connected again.
///
/// # Errors
/// [`GatewayError`] when Discord will not talk to this bot.
pub(super) async fn listen(
    shared: &Arc<Shared>,
    on_interaction: OnInteraction,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let token = shared.settings.token.clone().context("Discord has no token")?;
    let mut gate = Arc::new(Gate::new(1));
    let mut pauses = Pauses::default();
    loop {
        let asked = shared.until_answered(Call::bot(Method::GET, "/gateway/bot", &[]), shutdown);
        let Some(recommended) = asked.await? else {
            return Ok(());
        };
        let recommended =
            Recommended::deserialize(recommended).context("Discord's gateway is not understood")?;
        let total = recommended.shards.max(1);
        if !wait_for_starts(&recommended.session_start_limit, total, shutdown).await {
            return Ok(());
        }
        let lanes = recommended.session_start_limit.max_concurrency.max(1);
        if gate.lanes() != lanes {
            gate = Arc::new(Gate::new(lanes));
        }
        let means = Means {
            url: recommended.url,
            token: token.clone(),
            gate: Arc::clone(&gate),
            connected: shared.deps.metrics.connections(&super::PLATFORM),
            on_interaction: Arc::clone(&on_interaction),
        };
        let begun = Instant::now();
        match run_all(&means, total, shutdown).await? {
            Ended::Stopped => return Ok(()),
            Ended::Refused(error) => return Err(error.into()),
            Ended::Divide => tracing::info!("Discord wants the servers divided in another way"),
        }
        if begun.elapsed() >= shard::LASTED {
            pauses.worked();
        }
        // Sessions have just begun, and what is asked now may get the same answer as before.
        let pause = pauses.next().max(gate::BETWEEN);
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Waits until so many sessions may begin; `false` when the service stops meanwhile.
async fn wait_for_starts(limit: &StartLimit, wanted: u32, shutdown: &CancellationToken) -> bool {
    if limit.remaining >= wanted {
        return true;
    }
    let wait = Duration::from_millis(limit.reset_after);
    tracing::warn!(
        wait_s = wait.as_secs(),
        "Discord lets no more sessions begin for a while"
    );
    tokio::select! {
        () = shutdown.cancelled() => false,
        () = tokio::time::sleep(wait) => true,
    }
}

/// Runs every connection until the first one is not to be connected again, and ends the others.
async fn run_all(means: &Means, total: u32, shutdown: &CancellationToken) -> anyhow::Result<Ended> {
    let stop = shutdown.child_token();
    let mut shards = JoinSet::new();
    for number in 0..total {
        let (shard, stop) = (Shard::new(ShardId { number, total }, means.clone()), stop.clone());
        shards.spawn(async move { shard.run(&stop).await });
    }
    let mut first = None;
    while let Some(ended) = shards.join_next().await {
        stop.cancel();
        let ended = ended.context("a connection to Discord's gateway has failed")?;
        first.get_or_insert(ended);
    }
    Ok(first.unwrap_or(Ended::Stopped))
}

impl Shared {
    /// Makes a call until there is an answer: at the start the network may still be away. `None` when the service stops
    /// meanwhile.
    ///
    /// # Errors
    /// When the answer will always be the same refusal.
    pub(super) async fn until_answered(
        &self,
        call: Call,
        shutdown: &CancellationToken,
    ) -> anyhow::Result<Option<Value>> {
        let mut pauses = Pauses::default();
        loop {
            let answered = tokio::select! {
                () = shutdown.cancelled() => return Ok(None),
                answered = self.rest.send(call.clone()) => answered,
            };
            let error = match answered {
                Ok(answer) => return Ok(Some(answer.body)),
                Err(error) if error.is_about_token() => return Err(GatewayError::TokenRefused.into()),
                Err(error) => error,
            };
            let wanted = match error {
                RestError::NotNow { retry_after } | RestError::RateLimited { retry_after, .. } => retry_after,
                RestError::Failing { .. } | RestError::Unreachable { .. } => Duration::ZERO,
                error => return Err(error.into()),
            };
            let pause = pauses.next().max(wanted);
            tracing::warn!(error = %format_args!("{:#}", anyhow::Error::from(error)), pause_s = pause.as_secs(), "Discord does not answer; trying again");
            tokio::select! {
                () = shutdown.cancelled() => return Ok(None),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}

impl RestError {
    /// Whether the bot's token is the reason.
    pub(super) fn is_about_token(&self) -> bool {
        matches!(self, Self::TokenRefused | Self::Refused { status: 401, .. })
    }
}

#[cfg(test)]
mod tests;
