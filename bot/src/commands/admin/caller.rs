//! Who gives an admin's command, and where it holds.

use super::{
    Arguments, CHAT, CommandContext, CommandError, CommandRequest, CommandSpec, PLATFORM, UserError, texts,
};
use crate::chat::{Platform, Reply};
use crate::i18n::Locale;
use crate::i18n::messages::{self, Now};
use crate::rules::Authority;
use crate::store::Actor;

/// The admin who gives a command.
pub(super) struct Caller {
    pub(super) authority: Authority,
    pub(super) actor: Actor,
    pub(super) locale: Locale,
    pub(super) now: Now,
}

/// Where a command holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Everywhere, or on every server of one platform.
    All(Option<Platform>),
    /// In one server.
    Server(Platform, String),
}

impl Caller {
    /// The person who gives `spec`.
    ///
    /// # Errors
    /// When they administer nothing here.
    pub(super) fn of(
        context: &CommandContext,
        request: &CommandRequest,
        spec: &'static CommandSpec,
    ) -> Result<Self, CommandError> {
        let rules = context.rules.current();
        let now = context.clock.now();
        let authority = rules.admins.authority(request);
        let server = match &authority {
            Authority::None => return Err(UserError::AdminsOnly { command: spec }.into()),
            Authority::Server(server) => Some(server.clone()),
            Authority::All => None,
        };
        Ok(Self {
            authority,
            actor: Actor {
                user: request.user.clone(),
                server,
                now,
            },
            locale: request.locale,
            now: Now {
                at: now,
                time_zone: rules.time_zone,
            },
        })
    }

    /// Where a command with the options [`CHAT`] and [`PLATFORM`] holds: an admin of one server means that one, an admin
    /// of everything means everything unless they name a server. `None` when they name a server that is not theirs.
    pub(super) fn reach(&self, arguments: &Arguments) -> Option<Reach> {
        let platform = arguments
            .get(PLATFORM.name)
            .map(|name| Platform::from(name.to_ascii_lowercase()));
        let chat = arguments.get(CHAT.name);
        let own = &self.actor.user.platform;
        match &self.authority {
            Authority::None => None,
            Authority::Server(server) => {
                let other = chat.is_some_and(|chat| chat != server)
                    || platform.is_some_and(|platform| platform != *own);
                (!other).then(|| Reach::Server(own.clone(), server.clone()))
            }
            Authority::All => Some(match chat {
                Some(chat) => Reach::Server(platform.unwrap_or_else(|| own.clone()), chat.to_owned()),
                None => Reach::All(platform),
            }),
        }
    }

    /// The answer to somebody who wants to change what is not theirs.
    pub(super) fn elsewhere(&self) -> Reply {
        Reply::private(texts::elsewhere(self.locale))
    }

    /// The answer to an admin of one server who wants to change what an admin of everything has set.
    pub(super) fn owners_only(&self) -> Reply {
        Reply::private(texts::set_by_owner(self.locale))
    }

    /// Whether something of this place is theirs.
    pub(super) fn covers(&self, platform: &Platform, server: Option<&str>) -> bool {
        self.authority.covers(&self.actor.user.platform, platform, server)
    }

    /// A time as the admin's clock on the wall shows it.
    pub(super) fn time(&self, at: chrono::DateTime<chrono::Utc>) -> String {
        messages::moment(at, self.now.time_zone)
    }

    /// Until when, in words.
    pub(super) fn until(&self, until: Option<chrono::DateTime<chrono::Utc>>) -> String {
        match until {
            Some(until) => texts::until(self.locale, &self.time(until)),
            None => texts::for_ever(self.locale),
        }
    }
}

impl Reach {
    /// The server, if it is one.
    pub(super) fn server(&self) -> Option<(&Platform, &str)> {
        match self {
            Self::All(_) => None,
            Self::Server(platform, server) => Some((platform, server)),
        }
    }

    /// The platform and the server, where only those are meant.
    pub(super) fn place(&self) -> (Option<&Platform>, Option<&str>) {
        match self {
            Self::All(platform) => (platform.as_ref(), None),
            Self::Server(platform, server) => (Some(platform), Some(server)),
        }
    }

    /// In words.
    pub(super) fn text(&self, locale: Locale) -> String {
        let (platform, server) = self.place();
        place(locale, platform, server)
    }
}

/// A place in words.
pub(super) fn place(locale: Locale, platform: Option<&Platform>, server: Option<&str>) -> String {
    match (platform, server) {
        (Some(platform), Some(server)) => texts::in_server(locale, platform.as_str(), server),
        (Some(platform), None) => platform.to_string(),
        (None, _) => texts::everywhere(locale),
    }
}
