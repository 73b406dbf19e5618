//! Whose token it is.

use std::collections::BTreeMap;

use anyhow::Context as _;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use serenity::model::id::ApplicationId;
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::gateway::GatewayError;
use super::rest::Call;
use crate::config::DiscordConfig;

/// How an application can be added: 0 to a server, 1 to a person.
pub(super) const INSTALLS: [u8; 2] = [0, 1];

/// The bot's application, as Discord knows it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Application {
    /// Its id.
    pub(super) id: ApplicationId,
    /// Its name.
    #[serde(default)]
    pub(super) name: String,
    /// Where interactions go instead of to the gateway.
    #[serde(default)]
    pub(super) interactions_endpoint_url: Option<String>,
    #[serde(default)]
    integration_types_config: Option<BTreeMap<u8, Value>>,
}

impl Application {
    /// The question who the bot is.
    pub(super) fn question() -> Call {
        Call::bot(Method::GET, "/applications/@me", &[])
    }

    /// The ways in which it can be added.
    pub(super) fn installs(&self) -> Vec<u8> {
        let allowed = self.integration_types_config.as_ref();
        let is_allowed =
            |install: &u8| allowed.is_none_or(|allowed| allowed.is_empty() || allowed.contains_key(install));
        INSTALLS.into_iter().filter(is_allowed).collect()
    }

    /// Refuses an application that the settings do not name.
    pub(super) fn check(&self, settings: &DiscordConfig) -> Result<(), GatewayError> {
        match settings.application_id {
            Some(expected) if expected != self.id.get() => Err(GatewayError::OtherApplication {
                found: self.id.get(),
                expected,
            }),
            _ => Ok(()),
        }
    }
}

/// Asks who the bot is, until there is an answer. `None` when the service stops meanwhile.
///
/// # Errors
/// [`GatewayError`] when the token is refused or belongs to another application than the settings name.
pub(super) async fn ask(
    shared: &Shared,
    shutdown: &CancellationToken,
) -> anyhow::Result<Option<Application>> {
    let Some(answer) = shared.until_answered(Application::question(), shutdown).await? else {
        return Ok(None);
    };
    let application = Application::deserialize(answer).context("Discord does not say who the bot is")?;
    application.check(&shared.settings)?;
    tracing::info!(application = application.id.get(), "Discord knows the bot");
    if application.interactions_endpoint_url.is_some() {
        tracing::error!(
            "Discord sends commands to an address of the web and not to Ekaki; clear \"Interactions Endpoint URL\" at https://discord.com/developers/applications"
        );
    }
    Ok(Some(application))
}
