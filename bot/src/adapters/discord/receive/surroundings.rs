//! Who has done something, where, and in which language.

use serenity::model::permissions::Permissions;

use super::payload::{Head, Surroundings, User};
use crate::adapters::discord::PLATFORM;
use crate::adapters::discord::address::{Answered, BotAccess, DiscordAddress, InteractionToken};
use crate::adapters::discord::permissions::Spot;
use crate::chat::{ChatId, Place, Standing, UserId};
use crate::i18n::Locale;

/// What Discord says is possible everywhere, in bytes.
const USUAL_ATTACHMENT_BYTES: u64 = 10 << 20;

/// Conversations that are no server: with the bot itself.
const CONTEXT_BOT: u8 = 1;
/// The kind of installation in which a server has added the bot.
const SERVER_INSTALL: &str = "0";

impl Surroundings {
    /// The person. Discord names one in every interaction.
    pub(super) fn person(&self) -> Option<&User> {
        let member = self.member.as_ref().and_then(|member| member.user.as_ref());
        member.or(self.user.as_ref())
    }

    /// The person as the bot knows people.
    pub(super) fn user(&self) -> Option<UserId> {
        Some(UserId {
            platform: PLATFORM,
            id: self.person()?.id.to_string(),
        })
    }

    /// What Discord says about the person at this moment.
    pub(super) fn standing(&self) -> Standing {
        let member = self.member.as_ref();
        let may = member.and_then(|member| member.permissions).unwrap_or_default();
        let nick = member.and_then(|member| member.nick.clone());
        let name = self.person().map(|person| match &person.global_name {
            Some(name) => name.clone(),
            None => person.username.clone(),
        });
        Standing {
            name: nick.or(name),
            roles: member.map(|member| member.roles.clone()).unwrap_or_default(),
            is_moderator: may.intersects(Permissions::ADMINISTRATOR | Permissions::MANAGE_GUILD),
            is_owner: false,
        }
    }

    /// Where it happened.
    pub(super) fn place(&self) -> Place {
        let channel = self.channel.as_ref();
        Place {
            chat: ChatId(self.channel_id.to_string()),
            server: self.guild_id.map(|guild| guild.to_string()),
            age_restricted: channel.is_some_and(|channel| channel.nsfw),
            parent: channel
                .and_then(|channel| channel.thread_of())
                .map(|parent| ChatId(parent.to_string())),
            locale: self.public_locale(),
        }
    }

    /// Whether it happened in a thread.
    pub(super) fn spot(&self) -> Spot {
        match self.channel.as_ref().and_then(|channel| channel.thread_of()) {
            Some(_) => Spot::Thread,
            None => Spot::Channel,
        }
    }

    /// The language of everybody there.
    fn public_locale(&self) -> Option<Locale> {
        self.guild_id.and(language(self.guild_locale.as_deref()))
    }

    /// The language of the person.
    pub(super) fn locale(&self, default: Locale) -> Locale {
        language(self.locale.as_deref()).unwrap_or(default)
    }

    /// Where the answer goes. `None` when Discord has not said who asks.
    pub(super) fn address(&self, head: &Head, default: Locale) -> Option<DiscordAddress> {
        Some(DiscordAddress {
            interaction: head.id,
            token: InteractionToken::new(head.token.clone()),
            application: head.application_id,
            channel: self.channel_id,
            guild: self.guild_id,
            user: self.person()?.id,
            access: self.access(),
            // What Discord does not forbid is tried.
            permissions: self.app_permissions.unwrap_or(Permissions::all()),
            attachment_size_limit: self.attachment_size_limit.unwrap_or(USUAL_ATTACHMENT_BYTES),
            locale: self.locale(default),
            public_locale: self.public_locale(),
            answer: Answered::default(),
            is_private: false,
            is_token_dead: false,
            follow_ups: 0,
        })
    }

    /// What the bot can do there without an interaction.
    pub(super) fn access(&self) -> BotAccess {
        let owners = self.authorizing_integration_owners.as_ref();
        match (self.guild_id, self.context) {
            (Some(_), _) if owners.is_none_or(|owners| owners.contains_key(SERVER_INSTALL)) => {
                BotAccess::Member
            }
            (Some(_), _) => BotAccess::None,
            (None, Some(CONTEXT_BOT)) => BotAccess::Direct,
            (None, _) => BotAccess::None,
        }
    }
}

/// The language that Discord names, if it is one of the bot's: `en-US`, `ja`.
fn language(tag: Option<&str>) -> Option<Locale> {
    tag?.parse().ok()
}
