//! Who changed what.

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{FromRow, SqliteConnection};

use super::{Actor, Admin};
use crate::chat::Platform;
use crate::store::StoreError;
use crate::store::time::{from_ms, to_ms};

/// A line of the audit log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditLine {
    /// Its number; a smaller one is older.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Where.
    pub platform: Platform,
    /// In which server.
    pub server: Option<String>,
    /// Who: the platform's id.
    pub actor: String,
    /// What, for example `limit set`.
    pub action: String,
    /// The change, as JSON.
    pub detail: Value,
}

impl Admin<'_> {
    /// Writes a line of the audit log for a change that is kept elsewhere.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn note(&self, action: &str, detail: &Value, by: &Actor) -> Result<(), StoreError> {
        let (action, detail, by) = (action.to_owned(), detail.clone(), by.clone());
        self.store
            .write(move |connection| async move { note(connection, &action, &detail, &by).await }.boxed())
            .await
    }

    /// The newest lines of the audit log, newest first: at most `limit`, older than `before`, of one server or all.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn audit(
        &self,
        server: Option<&str>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditLine>, StoreError> {
        let records: Vec<AuditRecord> = match server {
            Some(server) => sqlx::query_as(
                "SELECT id, at_ms, platform, server, actor, action, detail FROM audit
                 WHERE id < ? AND server = ? ORDER BY id DESC LIMIT ?",
            )
            .bind(before.unwrap_or(i64::MAX))
            .bind(server),
            None => sqlx::query_as(
                "SELECT id, at_ms, platform, server, actor, action, detail FROM audit
                 WHERE id < ? ORDER BY id DESC LIMIT ?",
            )
            .bind(before.unwrap_or(i64::MAX)),
        }
        .bind(limit)
        .fetch_all(self.store.readers())
        .await?;
        Ok(records.into_iter().map(AuditLine::from).collect())
    }
}

pub(super) async fn note(
    connection: &mut SqliteConnection,
    action: &str,
    detail: &Value,
    by: &Actor,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit (at_ms, platform, server, actor, action, detail) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(to_ms(by.now))
    .bind(by.user.platform.as_str())
    .bind(&by.server)
    .bind(&by.user.id)
    .bind(action)
    .bind(Json(detail))
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct AuditRecord {
    id: i64,
    at_ms: i64,
    platform: String,
    server: Option<String>,
    actor: String,
    action: String,
    detail: Json<Value>,
}

impl From<AuditRecord> for AuditLine {
    fn from(record: AuditRecord) -> Self {
        Self {
            id: record.id,
            at: from_ms(record.at_ms),
            platform: record.platform.into(),
            server: record.server,
            actor: record.actor,
            action: record.action,
            detail: record.detail.0,
        }
    }
}
