//! What somebody should know who runs the bot, without running it.

use serde::Deserialize as _;

use super::application::{Application, INSTALLS};
use super::gateway::GatewayError;
use super::register;
use super::rest::{Rest, RestError};
use crate::config::DiscordConfig;

/// The bot as Discord knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// The application's name.
    pub name: String,
    /// The application's id.
    pub application: u64,
    /// Servers and people can add it.
    pub is_for_all: bool,
    /// Discord sends commands to an address of the web instead.
    pub has_endpoint: bool,
    /// The commands are registered as they are in this release.
    pub is_registered: bool,
}

/// Discord does not say anything about the bot.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// The settings have to be changed; the text says how.
    #[error("{0}")]
    Refused(String),
    /// Discord cannot be reached, or does not answer as it should.
    #[error("{0:#}")]
    Unreachable(anyhow::Error),
}

/// Asks Discord about the bot. `None` when there is no token.
///
/// # Errors
/// When the token is refused, or Discord cannot be asked.
pub async fn examine(settings: &DiscordConfig) -> Result<Option<Examined>, ExamineError> {
    if settings.token.is_none() {
        return Ok(None);
    }
    let rest = Rest::new(settings).map_err(ExamineError::Unreachable)?;
    let answer = rest.send(Application::question()).await?;
    let application =
        Application::deserialize(answer.body).map_err(|error| ExamineError::Unreachable(error.into()))?;
    application
        .check(settings)
        .map_err(|error| ExamineError::Refused(error.to_string()))?;
    Ok(Some(Examined {
        is_registered: register::is_up_to_date(&rest, settings, &application).await?,
        is_for_all: application.installs() == INSTALLS,
        has_endpoint: application.interactions_endpoint_url.is_some(),
        application: application.id.get(),
        name: application.name,
    }))
}

impl From<RestError> for ExamineError {
    fn from(error: RestError) -> Self {
        if error.is_about_token() {
            return Self::Refused(GatewayError::TokenRefused.to_string());
        }
        Self::Unreachable(error.into())
    }
}
