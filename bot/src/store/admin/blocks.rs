//! Who may not draw.

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use serde::Serialize;
use serde_json::json;
use sqlx::FromRow;

use super::audit::note;
use super::{Actor, Admin, not_empty};
use crate::chat::UserId;
use crate::store::StoreError;
use crate::store::time::{from_ms, to_ms};

/// Somebody who may not draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Block {
    /// Who.
    pub user: UserId,
    /// In which server; `None` for everywhere.
    pub server: Option<String>,
    /// Why; may be empty.
    pub reason: String,
    /// Until when; `None` for ever.
    pub until: Option<DateTime<Utc>>,
}

impl Admin<'_> {
    /// Blocks somebody, or changes how they are blocked. `false` when they are blocked and that is not for this admin to
    /// change.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn block(&self, block: &Block, by: &Actor) -> Result<bool, StoreError> {
        let (block, by) = (block.clone(), by.clone());
        self.store
            .write(move |connection| {
                async move {
                    let kept = sqlx::query(
                        "INSERT INTO blocks (platform, server, user_id, reason, until_ms, by, by_owner, at_ms)
                         VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                         ON CONFLICT (platform, server, user_id) DO UPDATE SET reason = excluded.reason,
                             until_ms = excluded.until_ms, by = excluded.by, by_owner = excluded.by_owner,
                             at_ms = excluded.at_ms
                         WHERE excluded.by_owner OR NOT blocks.by_owner OR blocks.until_ms <= excluded.at_ms",
                    )
                    .bind(block.user.platform.as_str())
                    .bind(block.server.as_deref().unwrap_or_default())
                    .bind(&block.user.id)
                    .bind(&block.reason)
                    .bind(block.until.map(to_ms))
                    .bind(&by.user.id)
                    .bind(by.is_owner())
                    .bind(to_ms(by.now))
                    .execute(&mut *connection)
                    .await?;
                    if kept.rows_affected() == 0 {
                        return Ok(false);
                    }
                    note(connection, "block", &json!(block), &by).await?;
                    Ok(true)
                }
                .boxed()
            })
            .await
    }

    /// Lifts a block. `false` when there was none that this admin may lift.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn unblock(&self, user: &UserId, server: Option<&str>, by: &Actor) -> Result<bool, StoreError> {
        let (user, server, by) = (user.clone(), server.map(str::to_owned), by.clone());
        self.store
            .write(move |connection| {
                async move {
                    let removed = sqlx::query(
                        "DELETE FROM blocks WHERE platform = ? AND server = ? AND user_id = ? AND (? OR NOT by_owner)",
                    )
                    .bind(user.platform.as_str())
                    .bind(server.as_deref().unwrap_or_default())
                    .bind(&user.id)
                    .bind(by.is_owner())
                    .execute(&mut *connection)
                    .await?;
                    if removed.rows_affected() == 0 {
                        return Ok(false);
                    }
                    let detail = json!({ "user": user, "server": server });
                    note(connection, "unblock", &detail, &by).await?;
                    Ok(true)
                }
                .boxed()
            })
            .await
    }

    /// The block that keeps somebody from drawing in this server now: the one for everywhere first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn block_of(
        &self,
        user: &UserId,
        server: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Option<Block>, StoreError> {
        let record: Option<BlockRecord> = sqlx::query_as(
            "SELECT platform, server, user_id, reason, until_ms FROM blocks
             WHERE platform = ? AND user_id = ? AND server IN ('', ?) AND (until_ms IS NULL OR until_ms > ?)
             ORDER BY server LIMIT 1",
        )
        .bind(user.platform.as_str())
        .bind(&user.id)
        .bind(server.unwrap_or_default())
        .bind(to_ms(now))
        .fetch_optional(self.store.readers())
        .await?;
        Ok(record.map(Block::from))
    }

    /// Every block that holds now, of one server or (`None`) all of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn blocks(&self, server: Option<&str>, now: DateTime<Utc>) -> Result<Vec<Block>, StoreError> {
        let records: Vec<BlockRecord> = sqlx::query_as(
            "SELECT platform, server, user_id, reason, until_ms FROM blocks
             WHERE (?1 IS NULL OR server = ?1) AND (until_ms IS NULL OR until_ms > ?2)
             ORDER BY platform, server, user_id",
        )
        .bind(server)
        .bind(to_ms(now))
        .fetch_all(self.store.readers())
        .await?;
        Ok(records.into_iter().map(Block::from).collect())
    }
}

#[derive(FromRow)]
struct BlockRecord {
    platform: String,
    server: String,
    user_id: String,
    reason: String,
    until_ms: Option<i64>,
}

impl From<BlockRecord> for Block {
    fn from(record: BlockRecord) -> Self {
        Self {
            user: UserId {
                platform: record.platform.into(),
                id: record.user_id,
            },
            server: not_empty(record.server),
            reason: record.reason,
            until: record.until_ms.map(from_ms),
        }
    }
}
