//! Words that admins have forbidden.

use futures::FutureExt as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::FromRow;

use super::audit::note;
use super::{Actor, Admin, not_empty};
use crate::chat::Platform;
use crate::store::StoreError;

/// A word rule that an admin has added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredWord {
    /// Its number, by which it is removed.
    pub id: i64,
    /// Where it holds; `None` for everywhere.
    pub platform: Option<Platform>,
    /// In which server; `None` for everywhere.
    pub server: Option<String>,
    /// The rule as it was typed.
    pub rule: String,
    /// An admin of everything has added it.
    #[serde(skip)]
    pub by_owner: bool,
}

impl Admin<'_> {
    /// Adds a word rule and returns its number.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn add_word(
        &self,
        rule: &str,
        platform: Option<&Platform>,
        server: Option<&str>,
        by: &Actor,
    ) -> Result<i64, StoreError> {
        let (rule, platform) = (rule.to_owned(), platform.cloned());
        let (server, by) = (server.map(str::to_owned), by.clone());
        self.store
            .write(move |connection| {
                async move {
                    let id = sqlx::query_scalar(
                        "INSERT INTO words (platform, server, rule, by_owner) VALUES (?, ?, ?, ?) RETURNING id",
                    )
                    .bind(platform.as_ref().map_or("", Platform::as_str))
                    .bind(server.as_deref().unwrap_or_default())
                    .bind(&rule)
                    .bind(by.is_owner())
                    .fetch_one(&mut *connection)
                    .await?;
                    let word = StoredWord {
                        id,
                        platform,
                        server,
                        rule,
                        by_owner: by.is_owner(),
                    };
                    note(connection, "words add", &json!(word), &by).await?;
                    Ok(id)
                }
                .boxed()
            })
            .await
    }

    /// Removes a word rule; with a server only one of that server. `false` when there is none that this admin may
    /// remove.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_word(&self, id: i64, server: Option<&str>, by: &Actor) -> Result<bool, StoreError> {
        let (server, by) = (server.map(str::to_owned), by.clone());
        self.store
            .write(move |connection| {
                async move {
                    let removed: Option<WordRecord> = sqlx::query_as(
                        "DELETE FROM words WHERE id = ?1 AND (?2 IS NULL OR server = ?2) AND (?3 OR NOT by_owner)
                         RETURNING id, platform, server, rule, by_owner",
                    )
                    .bind(id)
                    .bind(server)
                    .bind(by.is_owner())
                    .fetch_optional(&mut *connection)
                    .await?;
                    let Some(word) = removed.map(StoredWord::from) else {
                        return Ok(false);
                    };
                    note(connection, "words remove", &json!(word), &by).await?;
                    Ok(true)
                }
                .boxed()
            })
            .await
    }

    /// Every word rule, in the order in which they were added.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn words(&self) -> Result<Vec<StoredWord>, StoreError> {
        let records: Vec<WordRecord> =
            sqlx::query_as("SELECT id, platform, server, rule, by_owner FROM words ORDER BY id")
                .fetch_all(self.store.readers())
                .await?;
        Ok(records.into_iter().map(StoredWord::from).collect())
    }
}

#[derive(FromRow)]
struct WordRecord {
    id: i64,
    platform: String,
    server: String,
    rule: String,
    by_owner: bool,
}

impl From<WordRecord> for StoredWord {
    fn from(record: WordRecord) -> Self {
        Self {
            id: record.id,
            platform: not_empty(record.platform).map(Platform::from),
            server: not_empty(record.server),
            rule: record.rule,
            by_owner: record.by_owner,
        }
    }
}
