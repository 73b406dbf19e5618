//! What Telegram's refusals mean.

use std::time::Duration;

use serde::Deserialize;

use crate::chat::SendError;

/// How long to wait when Telegram asks for patience and does not say for how long.
const USUAL_PATIENCE: Duration = Duration::from_secs(5);

/// A call did not work, by what that means.
#[derive(Debug, thiserror::Error)]
pub(in crate::adapters::telegram) enum ApiError {
    /// The chat, or everything, wants to be left alone.
    #[error("Telegram wants to be left alone for {after:?}")]
    Flood {
        /// For how long.
        after: Duration,
    },
    /// News that would have had to wait were not sent.
    #[error("the chat was told enough lately")]
    Busy,
    /// The group has become a supergroup with another id.
    #[error("the group has another id now")]
    Migrated {
        /// Its id.
        to: i64,
    },
    /// The message is like that already, which is what was wanted.
    #[error("the message is not modified")]
    NotModified,
    /// The message to change, to answer or to take away is gone, or was never the bot's.
    #[error("the message is gone: {0}")]
    MessageGone(String),
    /// The topic is gone.
    #[error("the topic is gone: {0}")]
    TopicGone(String),
    /// Nothing can be said there: the bot was blocked, removed, or never started.
    #[error("the chat takes nothing: {0}")]
    ChatClosed(String),
    /// A button or an inline query was answered too late.
    #[error("the query is too old")]
    QueryTooOld,
    /// A file is not known by that id any more.
    #[error("the file is not known: {0}")]
    FileUnknown(String),
    /// A file is not where it was here.
    #[error("{0}")]
    FileMissing(String),
    /// The file cannot be a photo.
    #[error("not a photo: {0}")]
    PhotoRefused(String),
    /// The files are too large for one call.
    #[error("too large")]
    TooLarge,
    /// The token is wrong, or was revoked.
    #[error("Telegram does not know the token")]
    TokenRefused,
    /// Another program polls with the same token, or a webhook is set.
    #[error("{0}")]
    Conflict(String),
    /// Anything else that Telegram does not take.
    #[error("Telegram refuses: {code} {description}")]
    Refused {
        /// Telegram's number of the error, that of HTTP.
        code: u16,
        /// Telegram's own words.
        description: String,
    },
    /// No answer came: Telegram may have done it or not.
    #[error("no answer")]
    Unreachable(#[source] anyhow::Error),
}

/// What Telegram says beside an error.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Hints {
    pub(super) retry_after: Option<u64>,
    pub(super) migrate_to_chat_id: Option<i64>,
}

/// What a refusal in these words means.
type Meaning = fn(String) -> ApiError;

/// Pieces of Telegram's words, in lower case, with what they mean. Its wording differs from method to method and from
/// year to year, so only the telling part is looked for.
const MEANINGS: &[(&[&str], Meaning)] = &[
    (&["message is not modified"], |_| ApiError::NotModified),
    (
        &["thread not found", "topic_deleted", "topic_id_invalid"],
        ApiError::TopicGone,
    ),
    (
        &[
            "message to edit not found",
            "message to delete not found",
            "message to be replied not found",
            "message to react not found",
            "message can't be edited",
            "message can't be deleted",
            "message_id_invalid",
        ],
        ApiError::MessageGone,
    ),
    (&["query is too old", "query_id_invalid"], |_| {
        ApiError::QueryTooOld
    }),
    (
        &[
            "wrong file id",
            "invalid file id",
            "invalid file_id",
            "file_reference",
        ],
        ApiError::FileUnknown,
    ),
    (
        &[
            "image_process_failed",
            "photo_invalid",
            "photo_save_file_invalid",
            "photo_ext_invalid",
        ],
        ApiError::PhotoRefused,
    ),
    (&["file is too big", "entity too large"], |_| ApiError::TooLarge),
    (
        &[
            "chat not found",
            "user not found",
            "group is deactivated",
            "user is deactivated",
            "peer_id_invalid",
            "chat_write_forbidden",
            "not enough rights",
            "need administrator rights",
            "have no rights",
            "topic_closed",
            "chat_restricted",
            "chat_send_",
        ],
        ApiError::ChatClosed,
    ),
];

impl ApiError {
    /// What an answer with `ok: false` means.
    pub(super) fn of(code: u16, description: String, hints: &Hints) -> Self {
        if let Some(to) = hints.migrate_to_chat_id {
            return Self::Migrated { to };
        }
        match code {
            429 => {
                let after = hints.retry_after.map_or(USUAL_PATIENCE, Duration::from_secs);
                return Self::Flood { after };
            }
            401 => return Self::TokenRefused,
            403 => return Self::ChatClosed(description),
            409 => return Self::Conflict(description),
            413 => return Self::TooLarge,
            500.. => return Self::Unreachable(anyhow::anyhow!("{code} {description}")),
            _ => {}
        }
        let lower = description.to_lowercase();
        // Telegram's answer to a token that never was one.
        if code == 404 && lower == "not found" {
            return Self::TokenRefused;
        }
        let known = MEANINGS
            .iter()
            .find(|(pieces, _)| pieces.iter().any(|piece| lower.contains(piece)));
        match known {
            Some((_, meaning)) => meaning(description),
            None => Self::Refused { code, description },
        }
    }
}

impl ApiError {
    /// Whether the same place may take something else.
    pub(in crate::adapters::telegram) fn is_about_content(&self) -> bool {
        matches!(
            self,
            Self::FileUnknown(_)
                | Self::FileMissing(_)
                | Self::PhotoRefused(_)
                | Self::TooLarge
                | Self::Refused { .. }
        )
    }
}

impl From<ApiError> for SendError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Flood { after } => Self::Retry {
                after: Some(after),
                source: error.into(),
            },
            ApiError::Busy
            | ApiError::Migrated { .. }
            | ApiError::TokenRefused
            | ApiError::Conflict(_)
            | ApiError::Unreachable(_) => Self::Retry {
                after: None,
                source: error.into(),
            },
            ApiError::NotModified
            | ApiError::MessageGone(_)
            | ApiError::TopicGone(_)
            | ApiError::ChatClosed(_)
            | ApiError::QueryTooOld
            | ApiError::FileUnknown(_)
            | ApiError::FileMissing(_)
            | ApiError::PhotoRefused(_)
            | ApiError::TooLarge
            | ApiError::Refused { .. } => Self::Gone { source: error.into() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: u16, description: &str, expected: &str) {
        let error = ApiError::of(code, description.to_owned(), &Hints::default());
        let name = format!("{error:?}");
        let name = name.split(['(', ' ', '{']).next();
        assert_eq!(name, Some(expected), "{code} {description}");
    }

    #[test]
    fn refusals_are_known_by_their_meaning() {
        check(
            400,
            "Bad Request: message is not modified: specified new message content and reply markup are exactly the same",
            "NotModified",
        );
        check(400, "Bad Request: message to edit not found", "MessageGone");
        check(400, "Bad Request: message can't be edited", "MessageGone");
        check(400, "Bad Request: MESSAGE_ID_INVALID", "MessageGone");
        check(400, "Bad Request: message thread not found", "TopicGone");
        check(403, "Forbidden: bot was blocked by the user", "ChatClosed");
        check(
            403,
            "Forbidden: bot can't initiate conversation with a user",
            "ChatClosed",
        );
        check(400, "Bad Request: chat not found", "ChatClosed");
        check(
            400,
            "Bad Request: not enough rights to send photos to the chat",
            "ChatClosed",
        );
        check(
            400,
            "Bad Request: query is too old and response timeout expired or query ID is invalid",
            "QueryTooOld",
        );
        check(
            400,
            "Bad Request: wrong file identifier/HTTP URL specified",
            "FileUnknown",
        );
        check(400, "Bad Request: PHOTO_INVALID_DIMENSIONS", "PhotoRefused");
        check(413, "Request Entity Too Large", "TooLarge");
        check(401, "Unauthorized", "TokenRefused");
        check(404, "Not Found", "TokenRefused");
        check(404, "Not Found: method not found", "Refused");
        check(
            409,
            "Conflict: terminated by other getUpdates request",
            "Conflict",
        );
        check(502, "Bad Gateway", "Unreachable");
        check(400, "Bad Request: can't parse entities", "Refused");
    }

    #[test]
    fn what_telegram_says_beside_an_error_is_heard() {
        let hints = Hints {
            retry_after: Some(17),
            migrate_to_chat_id: None,
        };
        let error = ApiError::of(429, "Too Many Requests: retry after 17".to_owned(), &hints);
        assert!(
            matches!(SendError::from(error), SendError::Retry { after: Some(after), .. } if after == Duration::from_secs(17))
        );
        let hints = Hints {
            retry_after: None,
            migrate_to_chat_id: Some(-100),
        };
        let error = ApiError::of(400, "Bad Request: group chat was upgraded".to_owned(), &hints);
        assert!(matches!(error, ApiError::Migrated { to: -100 }));
    }
}
