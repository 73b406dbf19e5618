//! Telegram: updates are asked for or sent to a webhook, answers are calls of the Bot API.

mod address;
mod api;
mod connect;
mod diagnosis;
mod files;
mod inline;
mod polling;
mod question;
mod receive;
mod recent;
mod register;
mod render;
mod responder;
mod storage;
mod webhook;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use self::address::TelegramAddress;
use self::api::{Api, Limits};
pub(crate) use self::diagnosis::{Diagnosis, DiagnosisError, diagnose};
use self::receive::Receiver;
use self::responder::{Opening, TelegramResponder};
use super::Deps;
use crate::chat::{ChatAdapter, Platform, ReplyAddress, Responder};
use crate::commands::Commands;
use crate::config::TelegramConfig;

/// Telegram's name in the job log.
pub const PLATFORM: Platform = Platform::new("telegram");

/// Telegram.
#[derive(Debug)]
pub struct TelegramAdapter {
    shared: Arc<Shared>,
}

/// What every command and every responder uses.
#[derive(Debug)]
struct Shared {
    settings: TelegramConfig,
    deps: Deps,
    api: Api,
    /// Who the bot is, as soon as Telegram has said it.
    me: OnceLock<Me>,
    /// What answers commands, as soon as the service runs.
    commands: OnceLock<Arc<Commands>>,
}

/// The bot, as Telegram knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Me {
    /// Its id.
    id: i64,
    /// Its name without `@`.
    username: String,
}

impl TelegramAdapter {
    /// Telegram as the settings say; `None` when there is no token.
    ///
    /// # Errors
    /// When a setting makes no sense.
    pub fn new(settings: &TelegramConfig, deps: Deps) -> anyhow::Result<Option<Self>> {
        Self::with_limits(settings, deps, Limits::default())
    }

    fn with_limits(settings: &TelegramConfig, deps: Deps, limits: Limits) -> anyhow::Result<Option<Self>> {
        if settings.token.is_none() {
            return Ok(None);
        }
        let shared = Shared {
            api: Api::new(settings, limits)?,
            settings: settings.clone(),
            deps,
            me: OnceLock::new(),
            commands: OnceLock::new(),
        };
        Ok(Some(Self {
            shared: Arc::new(shared),
        }))
    }
}

#[async_trait]
impl ChatAdapter for TelegramAdapter {
    fn platform(&self) -> Platform {
        PLATFORM
    }

    fn responder(&self, address: &ReplyAddress) -> anyhow::Result<Arc<dyn Responder>> {
        let address = TelegramAddress::read(address)?;
        let responder = TelegramResponder::new(&self.shared, address, Opening::Silent);
        Ok(Arc::new(responder))
    }

    async fn run(
        self: Arc<Self>,
        commands: Arc<Commands>,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        self.shared.commands.get_or_init(|| Arc::clone(&commands));
        let Some(me) = connect::introduce(&self.shared, &shutdown).await? else {
            return Ok(());
        };
        connect::agree_on_transport(&self.shared, &shutdown).await?;
        let receiver = Arc::new(Receiver::new(&self.shared, commands, me));
        let (preparing, stop) = (connect::prepare(Arc::clone(&receiver)), shutdown.clone());
        receiver
            .tasks
            .spawn(async move { stop.run_until_cancelled(preparing).await });
        let settings = &self.shared.settings;
        let ended = match (&settings.webhook_url, &settings.webhook_secret) {
            (Some(_), Some(secret)) => webhook::run(&receiver, secret, &shutdown).await,
            _ => polling::run(&receiver, &shutdown).await,
        };
        receiver.close().await;
        ended
    }
}

#[cfg(test)]
mod tests;
