//! What somebody wants when they say nothing else.

use anyhow::Context as _;

use crate::chat::CommandRequest;
use crate::commands::{CommandContext, CommandError};
use crate::rules::{PlaceDefaults, Rules};
use crate::store::UserSettings;

/// What they have chosen for themselves, and then what admins have set for the place.
#[derive(Debug)]
pub(in crate::commands) struct Usual {
    own: UserSettings,
    place: PlaceDefaults,
}

impl Usual {
    /// That of the person who gives a command.
    ///
    /// # Errors
    /// When their settings cannot be read.
    pub(in crate::commands) async fn of(
        context: &CommandContext,
        request: &CommandRequest,
        rules: &Rules,
    ) -> Result<Self, CommandError> {
        let own = context.store.users().settings(&request.user).await;
        Ok(Self {
            own: own.context("cannot read a person's settings")?,
            place: rules.places.defaults(&request.user.platform, &request.place),
        })
    }

    /// The ids of models, the most wanted first.
    pub(in crate::commands) fn models(&self) -> impl Iterator<Item = &str> {
        [&self.own.model, &self.place.model]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// The names of styles, the most wanted first.
    pub(in crate::commands) fn styles(&self) -> impl Iterator<Item = &str> {
        [&self.own.style, &self.place.style]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// Sizes as they were typed, the most wanted first.
    pub(in crate::commands) fn sizes(&self) -> impl Iterator<Item = &str> {
        [&self.own.size, &self.place.size]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// Denoising steps.
    pub(in crate::commands) fn steps(&self) -> Option<u32> {
        self.place.steps
    }

    /// Whether jobs are private.
    pub(in crate::commands) fn is_private(&self) -> bool {
        self.own.private.unwrap_or_default()
    }
}
