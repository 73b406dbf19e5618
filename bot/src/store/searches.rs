//! The table `searches`: what people have looked for in their history.

use futures::FutureExt as _;
use sqlx::SqliteConnection;

use super::{StoreError, Users};
use crate::chat::UserId;

/// How many searches of one person are kept.
const MOST_OF_ONE: u32 = 50;

/// The number of a search, at least 1. It is short enough for a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct SearchId(pub u32);

impl Users<'_> {
    /// Keeps a text that the person has looked for; the same text has the same number. A text that is known costs no
    /// write. Only the newest fifty of a person are kept.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn keep_search(&self, user: &UserId, text: &str) -> Result<SearchId, StoreError> {
        let known =
            sqlx::query_scalar("SELECT id FROM searches WHERE platform = ? AND user_id = ? AND text = ?")
                .bind(user.platform.as_str())
                .bind(&user.id)
                .bind(text)
                .fetch_optional(self.store.readers())
                .await?;
        if let Some(known) = known {
            return Ok(known);
        }
        let (user, text) = (user.clone(), text.to_owned());
        self.store
            .write(move |connection| keep(connection, user, text).boxed())
            .await
    }

    /// What this person has looked for under this number; `None` when that was somebody else, or is forgotten.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn search_text(&self, user: &UserId, search: SearchId) -> Result<Option<String>, StoreError> {
        let text =
            sqlx::query_scalar("SELECT text FROM searches WHERE id = ? AND platform = ? AND user_id = ?")
                .bind(search)
                .bind(user.platform.as_str())
                .bind(&user.id)
                .fetch_optional(self.store.readers())
                .await?;
        Ok(text)
    }
}

async fn keep(connection: &mut SqliteConnection, user: UserId, text: String) -> Result<SearchId, StoreError> {
    let id = sqlx::query_scalar(
        "INSERT INTO searches (platform, user_id, text) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET text = excluded.text RETURNING id",
    )
    .bind(user.platform.as_str())
    .bind(&user.id)
    .bind(text)
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM searches
         WHERE platform = ?1 AND user_id = ?2 AND id NOT IN (
             SELECT id FROM searches WHERE platform = ?1 AND user_id = ?2 ORDER BY id DESC LIMIT ?3
         )",
    )
    .bind(user.platform.as_str())
    .bind(&user.id)
    .bind(MOST_OF_ONE)
    .execute(connection)
    .await?;
    Ok(id)
}

/// Removes every search of a person.
pub(super) async fn forget(connection: &mut SqliteConnection, user: &UserId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM searches WHERE platform = ? AND user_id = ?")
        .bind(user.platform.as_str())
        .bind(&user.id)
        .execute(connection)
        .await?;
    Ok(())
}
