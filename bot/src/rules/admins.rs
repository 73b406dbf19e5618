//! Who may administer what.

use crate::chat::{CommandRequest, Platform, UserId};
use crate::config::AdminsConfig;
use crate::limits::LimitScope;

/// The admins that the settings name.
#[derive(Clone, Debug, Default)]
pub struct Admins {
    /// Platforms with the ids of their admins.
    named: Vec<(&'static str, Vec<String>)>,
}

/// What somebody may administer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// Nothing.
    None,
    /// One server or chat of their platform.
    Server(String),
    /// Everything.
    All,
}

impl Admins {
    /// Those of the section `[admins]`.
    pub fn new(config: &AdminsConfig) -> Self {
        let AdminsConfig { discord, telegram } = config.clone();
        Self {
            named: vec![("discord", discord), ("telegram", telegram)],
        }
    }

    /// What the person who gives this command may administer: everything when the settings name them or they have proved
    /// to be the owner, their own server when the platform says so.
    pub fn authority(&self, request: &CommandRequest) -> Authority {
        let standing = &request.standing;
        if standing.is_owner || self.names(&request.user) {
            return Authority::All;
        }
        match &request.place.server {
            Some(server) if standing.is_moderator => Authority::Server(server.clone()),
            _ => Authority::None,
        }
    }

    /// Whether the settings name this person.
    pub fn names(&self, user: &UserId) -> bool {
        self.named
            .iter()
            .any(|(platform, ids)| *platform == user.platform.as_str() && ids.contains(&user.id))
    }
}

impl Authority {
    /// Whether somebody of the platform `own` who has it may administer this server of a platform, or, with `None`,
    /// everything there.
    pub fn covers(&self, own: &Platform, platform: &Platform, server: Option<&str>) -> bool {
        match self {
            Self::None => false,
            Self::Server(theirs) => own == platform && server == Some(theirs),
            Self::All => true,
        }
    }

    /// The part of a scope that somebody of the platform `own` who has it may set limits for: their own server's, where
    /// they have named none. `None` when they have named another one.
    pub fn confine(&self, own: &Platform, scope: LimitScope) -> Option<LimitScope> {
        let server = match self {
            Self::None => return None,
            Self::All => return Some(scope),
            Self::Server(server) => server,
        };
        let is_other = |named: &Option<String>, own: &str| named.as_deref().is_some_and(|named| named != own);
        if is_other(&scope.platform, own.as_str()) || is_other(&scope.chat, server) {
            return None;
        }
        Some(LimitScope {
            platform: Some(own.as_str().to_owned()),
            chat: Some(server.clone()),
            ..scope
        })
    }
}
