//! Discord: interactions come over the gateway, answers go over HTTP.

mod address;
mod application;
mod examine;
mod gateway;
mod permissions;
mod receive;
mod register;
mod render;
mod responder;
mod rest;
mod source;
#[cfg(test)]
mod tests;
mod upload;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::examine::{ExamineError, Examined, examine};
use self::gateway::OnInteraction;
use self::receive::Receiver;
use self::responder::DiscordResponder;
use self::rest::Rest;
use super::Deps;
use crate::chat::{ChatAdapter, Platform, ReplyAddress, Responder};
use crate::commands::Commands;
use crate::config::DiscordConfig;
use crate::queue::Clock;

/// Discord's name in the job log.
pub const PLATFORM: Platform = Platform::new("discord");

/// How long commands that have come may take at shutdown.
const GRACE: Duration = Duration::from_secs(5);

/// Discord.
#[derive(Debug)]
pub struct DiscordAdapter {
    shared: Arc<Shared>,
}

/// What every command and every responder uses.
#[derive(Debug)]
struct Shared {
    settings: DiscordConfig,
    deps: Deps,
    rest: Rest,
    clock: Clock,
}

impl DiscordAdapter {
    /// Discord as the settings say; `None` when there is no token.
    ///
    /// # Errors
    /// When a setting makes no sense.
    pub fn new(settings: &DiscordConfig, deps: Deps) -> anyhow::Result<Option<Self>> {
        Self::with_clock(settings, deps, Clock::system())
    }

    /// The same with another clock, by which tokens of interactions grow old.
    fn with_clock(settings: &DiscordConfig, deps: Deps, clock: Clock) -> anyhow::Result<Option<Self>> {
        if settings.token.is_none() {
            return Ok(None);
        }
        let shared = Shared {
            settings: settings.clone(),
            rest: Rest::new(settings)?.counted(deps.metrics.clone()),
            deps,
            clock,
        };
        Ok(Some(Self {
            shared: Arc::new(shared),
        }))
    }
}

#[async_trait]
impl ChatAdapter for DiscordAdapter {
    fn platform(&self) -> Platform {
        PLATFORM
    }

    fn responder(&self, address: &ReplyAddress) -> anyhow::Result<Arc<dyn Responder>> {
        Ok(Arc::new(DiscordResponder::stored(&self.shared, address)?))
    }

    async fn run(
        self: Arc<Self>,
        commands: Arc<Commands>,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let Some(application) = application::ask(&self.shared, &shutdown).await? else {
            return Ok(());
        };
        let tasks = TaskTracker::new();
        let receiver = Receiver::new(&self.shared, commands, tasks.clone());
        let on_interaction: OnInteraction = Arc::new(move |interaction| receiver.take(interaction));
        let (shared, stop) = (Arc::clone(&self.shared), shutdown.clone());
        tasks.spawn(async move { register::register(&shared, &application, &stop).await });
        let ended = gateway::listen(&self.shared, on_interaction, &shutdown).await;
        tasks.close();
        if tokio::time::timeout(GRACE, tasks.wait()).await.is_err() {
            tracing::warn!("some commands of Discord were not answered before the end");
        }
        ended
    }
}
