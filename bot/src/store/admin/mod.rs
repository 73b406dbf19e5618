//! What admins change while the service runs, and who changed what: the tables `blocks`, `limit_overrides`, `words`,
//! `place_rules`, `audit` and `facts`. Every change and its line in the audit log are one transaction. What an admin of everything has set, an
//! admin of one server cannot change.

mod audit;
mod blocks;
mod limits;
mod moved;
mod places;
mod words;

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use serde_json::Value;
use sqlx::types::Json;

pub use self::audit::AuditLine;
pub use self::blocks::Block;
pub use self::limits::StoredLimits;
pub use self::places::{PlaceRuleKind, RuledPlace, StoredPlaceRule};
pub use self::words::StoredWord;
use super::{Store, StoreError};
use crate::chat::UserId;

/// Who changes something, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The admin.
    pub user: UserId,
    /// The server in which they are one; `None` for an admin of everything.
    pub server: Option<String>,
    /// When.
    pub now: DateTime<Utc>,
}

impl Actor {
    /// Whether they are an admin of everything.
    pub(crate) fn is_owner(&self) -> bool {
        self.server.is_none()
    }
}

/// What admins have changed.
#[derive(Clone, Copy, Debug)]
pub struct Admin<'a> {
    pub(super) store: &'a Store,
}

impl Admin<'_> {
    /// A fact about the service.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn fact(&self, name: &str) -> Result<Option<Value>, StoreError> {
        let value: Option<Json<Value>> = sqlx::query_scalar("SELECT value FROM facts WHERE name = ?")
            .bind(name)
            .fetch_optional(self.store.readers())
            .await?;
        Ok(value.map(|value| value.0))
    }

    /// Keeps a fact about the service.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_fact(&self, name: &str, value: &Value) -> Result<(), StoreError> {
        let (name, value) = (name.to_owned(), value.clone());
        self.store
            .write(move |connection| {
                async move {
                    sqlx::query("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)")
                        .bind(name)
                        .bind(Json(value))
                        .execute(connection)
                        .await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }
}

/// What stands for everywhere in a column that is part of a key.
fn not_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
