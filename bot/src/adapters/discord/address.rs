//! Where the answer to one interaction goes, as it stands in the job log.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serenity::model::id::{ApplicationId, ChannelId, GuildId, InteractionId, MessageId, UserId};
use serenity::model::permissions::Permissions;

use crate::chat::ReplyAddress;
use crate::i18n::Locale;

/// How long the token of an interaction can be used, in seconds. There is no margin: being refused costs one call, but
/// giving a token up too early would cost a private message the only way to it.
const TOKEN_LIVES_S: i64 = 15 * 60;
/// What Discord takes without saying more; each interaction says its own size.
const USUAL_ATTACHMENT_BYTES: u64 = 10 << 20;

/// One interaction, and what has become of its answer.
///
/// The job log keeps it as JSON, so that another process and a later release can go on: what a release does not know
/// is ignored, and what an older one did not write has a usual value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct DiscordAddress {
    /// The interaction; the time is in its number.
    pub(super) interaction: InteractionId,
    /// What allows to answer it, for fifteen minutes.
    pub(super) token: InteractionToken,
    /// The bot's application.
    pub(super) application: ApplicationId,
    /// Where the command was given.
    pub(super) channel: ChannelId,
    /// The server that the channel belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) guild: Option<GuildId>,
    /// Who gave the command.
    pub(super) user: UserId,
    /// What the bot itself can do there.
    #[serde(default)]
    pub(super) access: BotAccess,
    /// What the bot may do there, as the interaction says.
    #[serde(default)]
    pub(super) permissions: Permissions,
    /// Largest file that can be attached there, in bytes.
    #[serde(default = "usual_attachment_bytes")]
    pub(super) attachment_size_limit: u64,
    /// The language of the answer.
    #[serde(default = "usual_locale")]
    pub(super) locale: Locale,
    /// The language of what everybody reads there, when the server has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) public_locale: Option<Locale>,
    /// What was answered so far.
    #[serde(default)]
    pub(super) answer: Answered,
    /// Only the person sees the first answer.
    #[serde(default)]
    pub(super) is_private: bool,
    /// Discord has said that the token is of no use any more.
    #[serde(default)]
    pub(super) is_token_dead: bool,
    /// Messages that were added to the first answer; without a bot in the server there can be five.
    #[serde(default)]
    pub(super) follow_ups: u8,
}

/// What the bot itself, without an interaction, can do where a command was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BotAccess {
    /// It is a member of the server.
    Member,
    /// It is its own conversation with the person.
    Direct,
    /// Nothing: the person has brought the application along, or wrote in a conversation of others.
    #[default]
    None,
}

/// What was answered to an interaction so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answered {
    /// Nothing that Discord has taken.
    #[default]
    Nothing,
    /// Something without a message: a window, or a message that went away.
    Quietly,
    /// A message of its own. Its number is not known when Discord's answer was lost.
    Original {
        /// The message.
        message: Option<MessageId>,
    },
    /// A message that was added.
    FollowUp {
        /// The message.
        message: MessageId,
        /// Only the person sees it.
        is_private: bool,
    },
    /// A message of the bot itself, without the interaction.
    Own {
        /// Where it is.
        channel: ChannelId,
        /// The message.
        message: MessageId,
    },
}

/// What allows to answer an interaction: as good as a password for a quarter of an hour.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct InteractionToken(String);

impl InteractionToken {
    /// Keeps a token.
    pub(super) fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The token, to be sent to Discord and nowhere else.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for InteractionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[a token]")
    }
}

impl Serialize for InteractionToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for InteractionToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl DiscordAddress {
    /// Reads what [`DiscordAddress::store`] has written.
    ///
    /// # Errors
    /// When it was not written by this adapter.
    pub(super) fn load(address: &ReplyAddress) -> Result<Self, serde_json::Error> {
        Self::deserialize(&address.0)
    }

    /// The address as it is kept in the job log.
    pub(super) fn store(&self) -> ReplyAddress {
        // Numbers, texts and words always become JSON.
        ReplyAddress(serde_json::to_value(self).unwrap_or_default())
    }

    /// Whether the interaction can still be answered at `now`.
    pub(super) fn has_token(&self, now: DateTime<Utc>) -> bool {
        let given_at = self.interaction.created_at().unix_timestamp();
        !self.is_token_dead && now.timestamp() < given_at + TOKEN_LIVES_S
    }
}

fn usual_attachment_bytes() -> u64 {
    USUAL_ATTACHMENT_BYTES
}

fn usual_locale() -> Locale {
    Locale::EN
}

#[cfg(test)]
pub(super) mod tests;
