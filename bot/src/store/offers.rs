//! The table `offers`: what was offered to people who have not asked for it yet.

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use sqlx::SqliteConnection;

use super::time::to_ms;
use super::{Store, StoreError};
use crate::chat::{Platform, UserId};

/// How long somebody may take to accept an offer.
const KEPT_FOR: TimeDelta = TimeDelta::days(7);
/// How many offers of one person are kept.
const MOST_OF_ONE: u32 = 50;

/// Something that can be drawn if the person wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// On which platform.
    pub platform: Platform,
    /// The adapter's own number.
    pub id: String,
    /// The platform's id of the person.
    pub user: String,
    /// What they have typed.
    pub prompt: String,
}

/// What was offered.
#[derive(Clone, Copy, Debug)]
pub struct Offers<'a> {
    pub(super) store: &'a Store,
}

impl Offers<'_> {
    /// Keeps an offer, and forgets those that are too old, and all but the newest fifty of the same person.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn keep(&self, offer: Offer, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.store
            .write(move |connection| keep(connection, offer, now).boxed())
            .await
    }

    /// The offer with this number; `None` when there is none any more, or when it is too old.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn get(
        &self,
        platform: &Platform,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Offer>, StoreError> {
        let found: Option<(String, String)> =
            sqlx::query_as("SELECT user_id, prompt FROM offers WHERE platform = ? AND id = ? AND at_ms >= ?")
                .bind(platform.as_str())
                .bind(id)
                .bind(to_ms(now - KEPT_FOR))
                .fetch_optional(self.store.readers())
                .await?;
        Ok(found.map(|(user, prompt)| Offer {
            platform: platform.clone(),
            id: id.to_owned(),
            user,
            prompt,
        }))
    }
}

async fn keep(connection: &mut SqliteConnection, offer: Offer, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM offers WHERE at_ms < ?")
        .bind(to_ms(now - KEPT_FOR))
        .execute(&mut *connection)
        .await?;
    // The new one has room, whatever the clock says.
    sqlx::query(
        "DELETE FROM offers
         WHERE platform = ?1 AND user_id = ?2 AND id NOT IN (
             SELECT id FROM offers WHERE platform = ?1 AND user_id = ?2 ORDER BY at_ms DESC LIMIT ?3
         )",
    )
    .bind(offer.platform.as_str())
    .bind(&offer.user)
    .bind(MOST_OF_ONE - 1)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT OR REPLACE INTO offers (platform, id, user_id, prompt, at_ms) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(offer.platform.as_str())
    .bind(offer.id)
    .bind(offer.user)
    .bind(offer.prompt)
    .bind(to_ms(now))
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets what was offered to somebody.
pub(super) async fn forget(connection: &mut SqliteConnection, user: &UserId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM offers WHERE platform = ? AND user_id = ?")
        .bind(user.platform.as_str())
        .bind(&user.id)
        .execute(connection)
        .await?;
    Ok(())
}
