//! What is known of people without asking the database, for platforms that give an answer only moments. It is part of the
//! store, because nobody else learns of every change.

mod private;
mod prompts;

use sqlx::SqlitePool;

use self::private::PrivatePeople;
use self::prompts::{Known, RecentPrompts};
use super::{Store, StoreError, Users};
use crate::chat::UserId;

/// What the store keeps in memory about people.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) private: PrivatePeople,
    pub(super) prompts: RecentPrompts,
}

impl Memory {
    /// What has to be known from the start.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(super) async fn read(readers: &SqlitePool) -> Result<Self, StoreError> {
        Ok(Self {
            private: PrivatePeople::read(readers).await?,
            prompts: RecentPrompts::default(),
        })
    }
}

impl Users<'_> {
    /// Whether the person wants their jobs to be private when they say nothing else. The database is not asked.
    pub fn is_private(&self, user: &UserId) -> bool {
        self.store.memory().private.contains(user)
    }

    /// What the person has asked for lately, the newest first and each once. Only the first time in a while is the
    /// database asked. Prompts of deleted jobs and very long ones are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn recent_prompts(&self, user: &UserId) -> Result<Vec<String>, StoreError> {
        let prompts = &self.store.memory().prompts;
        match prompts.of(user) {
            Known::Prompts(known) => Ok(known),
            Known::Nothing(ticket) => {
                let read = prompts::read(self.store.readers(), user).await?;
                Ok(prompts.fill(user, ticket, read))
            }
        }
    }
}

impl Store {
    pub(super) fn memory(&self) -> &Memory {
        &self.inner.memory
    }
}
