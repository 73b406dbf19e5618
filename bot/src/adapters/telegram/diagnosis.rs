//! What can be learnt about the bot's settings at Telegram, for `ekaki doctor`.

use std::time::Duration;

use serde::Deserialize;

use super::api::{Api, ApiError, Call, Limits};
use super::connect::{Identity, WebhookInfo};
use crate::config::TelegramConfig;

/// How long each question may take.
const ASK_WITHIN: Duration = Duration::from_secs(10);

/// What Telegram says about the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    /// Its name without `@`.
    pub(crate) username: String,
    /// It can be brought into groups.
    pub(crate) can_join_groups: bool,
    /// Privacy mode is on: in groups it is told only what is meant for it.
    pub(crate) has_privacy: bool,
    /// Inline mode is on.
    pub(crate) has_inline: bool,
    /// Where Telegram sends updates to; empty when it is asked for them.
    pub(crate) webhook_url: String,
    /// Updates that wait.
    pub(crate) waiting: u32,
    /// Why Telegram could not deliver an update.
    pub(crate) webhook_error: Option<String>,
    /// Whether the bot can put pictures into the storage chat, or why not; `None` when there is no such chat.
    pub(crate) storage: Option<Result<(), String>>,
}

/// Telegram could not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiagnosisError {
    /// It does not know the token.
    #[error("Telegram does not know the token")]
    TokenRefused,
    /// It cannot be reached, or says something else.
    #[error("{0}")]
    Other(String),
}

impl From<ApiError> for DiagnosisError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::TokenRefused => Self::TokenRefused,
            other => Self::Other(format!("{:#}", anyhow::Error::new(other))),
        }
    }
}

#[derive(Deserialize)]
struct Membership {
    status: String,
    /// `None` for those who are no administrators of a channel.
    can_post_messages: Option<bool>,
}

/// Asks Telegram about the bot of these settings.
///
/// # Errors
/// When there is no answer, or Telegram does not know the token.
pub(crate) async fn diagnose(settings: &TelegramConfig) -> Result<Diagnosis, DiagnosisError> {
    let api =
        Api::new(settings, Limits::default()).map_err(|error| DiagnosisError::Other(format!("{error:#}")))?;
    let ask = |method| Call::new(method).within(ASK_WITHIN);
    let identity: Identity = api.call(ask("getMe")).await?;
    let webhook: WebhookInfo = api.call(ask("getWebhookInfo")).await?;
    let storage = match &settings.storage_chat {
        Some(chat) => {
            let call = ask("getChatMember")
                .with("chat_id", chat_id(chat))
                .with("user_id", identity.id);
            Some(can_store(api.call(call).await))
        }
        None => None,
    };
    Ok(Diagnosis {
        can_join_groups: identity.can_join_groups,
        has_privacy: !identity.can_read_all_group_messages,
        has_inline: identity.supports_inline_queries,
        username: identity.username,
        webhook_url: webhook.url,
        waiting: webhook.pending_update_count,
        webhook_error: webhook.last_error_message,
        storage,
    })
}

/// A number has to be one, or Telegram takes it for a name.
fn chat_id(chat: &str) -> serde_json::Value {
    match chat.parse::<i64>() {
        Ok(number) => number.into(),
        Err(_) => chat.into(),
    }
}

fn can_store(membership: Result<Membership, ApiError>) -> Result<(), String> {
    let Membership {
        status,
        can_post_messages,
    } = membership.map_err(|error| error.to_string())?;
    match (status.as_str(), can_post_messages) {
        ("creator" | "member", _) | ("administrator", None | Some(true)) => Ok(()),
        ("administrator", Some(false)) => Err("the bot may not post there".to_owned()),
        _ => Err(format!("the bot is no member there but \"{status}\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_posting_administrators_can_store() {
        let check = |status: &str, can_post_messages, expected| {
            let membership = Membership {
                status: status.to_owned(),
                can_post_messages,
            };
            assert_eq!(can_store(Ok(membership)).is_ok(), expected, "{status}");
        };
        check("member", None, true);
        check("administrator", None, true);
        check("administrator", Some(true), true);
        check("administrator", Some(false), false);
        check("left", None, false);
        assert!(can_store(Err(ApiError::ChatClosed("chat not found".to_owned()))).is_err());
    }
}
