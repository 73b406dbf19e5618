//! A call did not do what it was to do.

use std::time::Duration;

use crate::chat::SendError;

/// A call did not work. Nothing in it is secret.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum RestError {
    /// It was not made, because Discord has asked for patience.
    #[error("Discord wants to be left alone for {retry_after:?}")]
    NotNow {
        /// How long still.
        retry_after: Duration,
    },
    /// Discord wants it later.
    #[error("{route}: Discord wants it {retry_after:?} later ({scope})")]
    RateLimited {
        /// The route.
        route: &'static str,
        /// How much later.
        retry_after: Duration,
        /// Whose limit it is: the bot's on this route (`user`), the bot's altogether (`global`), everybody's (`shared`).
        scope: String,
    },
    /// Discord has refused it.
    #[error("{route}: Discord says {status}, {code}: {message}")]
    Refused {
        /// The route.
        route: &'static str,
        /// The HTTP status.
        status: u16,
        /// Discord's own number of the reason; 0 when it gave none.
        code: u64,
        /// The reason in words, for the log.
        message: String,
    },
    /// Discord has a fault.
    #[error("{route}: Discord has a fault ({status})")]
    Failing {
        /// The route.
        route: &'static str,
        /// The HTTP status.
        status: u16,
    },
    /// The answer did not come, so that it is not known whether the call was made.
    #[error("{route}: Discord cannot be reached")]
    Unreachable {
        /// The route.
        route: &'static str,
        /// What happened, without the address.
        #[source]
        source: reqwest::Error,
    },
    /// The bot's token is not accepted (any more), so nothing is sent with it.
    #[error("the bot's token is not accepted any more; a new one belongs into [discord] token")]
    TokenRefused,
    /// Every way to the person is closed.
    #[error("there is no way to the person any more")]
    NoWay,
    /// What was answered, or what was to be sent, is not what was expected.
    #[error("{route}: unexpected content")]
    Content {
        /// The route.
        route: &'static str,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

/// What a refusal means for the message that was to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Meaning {
    /// It may work later, after this time if Discord named one.
    Later(Option<Duration>),
    /// The interaction was acknowledged before.
    AcknowledgedBefore,
    /// The interaction cannot be answered any more.
    TokenDead,
    /// The message is gone.
    MessageGone,
    /// It cannot be done there: the bot may not, or the place is closed or gone.
    PlaceClosed,
    /// The person takes no direct messages of the bot.
    PersonClosed,
    /// The files are too large.
    TooLarge,
    /// Discord does not understand it: a fault of this program.
    Malformed,
}

impl RestError {
    /// What it means.
    pub(in super::super) fn meaning(&self) -> Meaning {
        match self {
            Self::NotNow { retry_after } | Self::RateLimited { retry_after, .. } => {
                Meaning::Later(Some(*retry_after))
            }
            Self::Failing { .. } | Self::Unreachable { .. } | Self::TokenRefused => Meaning::Later(None),
            Self::Content { .. } => Meaning::Malformed,
            Self::NoWay => Meaning::PlaceClosed,
            Self::Refused {
                route, status, code, ..
            } => meaning_of(route, *status, *code),
        }
    }

    /// Whether the call may have been made all the same.
    pub(in super::super) fn may_have_worked(&self) -> bool {
        matches!(self, Self::Failing { .. } | Self::Unreachable { .. })
    }

    /// The kind of error, for programs that count.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::NotNow { .. } => "held_back",
            Self::RateLimited { .. } => "rate_limited",
            Self::Refused { .. } | Self::TokenRefused | Self::NoWay => "refused",
            Self::Failing { .. } => "failing",
            Self::Unreachable { .. } => "unreachable",
            Self::Content { .. } => "malformed",
        }
    }
}

/// What a refusal means. The numbers are Discord's.
fn meaning_of(route: &str, status: u16, code: u64) -> Meaning {
    const UNKNOWN_MESSAGE: u64 = 10_008;
    const UNKNOWN_USER: u64 = 10_013;
    const UNKNOWN_WEBHOOK: u64 = 10_015;
    const UNKNOWN_INTERACTION: u64 = 10_062;
    const TOO_MANY_EDITS: u64 = 30_046;
    const DIRECT_MESSAGES_TOO_FAST: u64 = 40_003;
    const SENDING_DISABLED: u64 = 40_004;
    const REQUEST_TOO_LARGE: u64 = 40_005;
    const ACKNOWLEDGED: u64 = 40_060;
    const TOO_MANY_FOLLOW_UPS: u64 = 40_094;
    const MISSING_ACCESS: u64 = 50_001;
    const NOT_OUR_MESSAGE: u64 = 50_005;
    const CANNOT_MESSAGE_USER: u64 = 50_007;
    const MISSING_PERMISSION: u64 = 50_013;
    const INVALID_WEBHOOK_TOKEN: u64 = 50_027;
    const INVALID_RECIPIENT: u64 = 50_033;
    const THREAD_ARCHIVED: u64 = 50_083;
    const NO_COMMON_SERVER: u64 = 50_278;
    const THREAD_LOCKED: u64 = 160_005;
    let by_interaction = route.starts_with("/webhooks/") || route.starts_with("/interactions/");
    match (code, status) {
        (ACKNOWLEDGED, _) => Meaning::AcknowledgedBefore,
        (UNKNOWN_WEBHOOK | UNKNOWN_INTERACTION | INVALID_WEBHOOK_TOKEN, _) => Meaning::TokenDead,
        (UNKNOWN_MESSAGE | NOT_OUR_MESSAGE | TOO_MANY_EDITS, _) => Meaning::MessageGone,
        (CANNOT_MESSAGE_USER | UNKNOWN_USER | INVALID_RECIPIENT | NO_COMMON_SERVER, _) => {
            Meaning::PersonClosed
        }
        (DIRECT_MESSAGES_TOO_FAST | SENDING_DISABLED, _) => Meaning::Later(None),
        (REQUEST_TOO_LARGE, _) | (_, 413) => Meaning::TooLarge,
        // A new message opens an archived thread again, so the next way may work. The old message is still there.
        (THREAD_ARCHIVED | THREAD_LOCKED | TOO_MANY_FOLLOW_UPS, _) => Meaning::PlaceClosed,
        (MISSING_ACCESS | MISSING_PERMISSION, _) => Meaning::PlaceClosed,
        (_, 401 | 404) if by_interaction => Meaning::TokenDead,
        // A server between here and Discord has refused it, and not Discord.
        (0, 403) => Meaning::Later(None),
        (_, 403 | 404) => Meaning::PlaceClosed,
        _ => Meaning::Malformed,
    }
}

impl From<RestError> for SendError {
    fn from(error: RestError) -> Self {
        match error.meaning() {
            Meaning::Later(after) => Self::Retry {
                after,
                source: error.into(),
            },
            _ => Self::Gone { source: error.into() },
        }
    }
}
