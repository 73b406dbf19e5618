//! A server has got another id on its platform: what was set for it, and what was drawn in it, goes with it.

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use serde_json::json;
use sqlx::SqliteConnection;

use super::audit::note;
use super::{Actor, Admin};
use crate::chat::{Platform, UserId};
use crate::store::StoreError;

/// How many numbers of jobs are looked through in one transaction: others want to write, too.
const JOBS_AT_ONCE: i64 = 10_000;

/// Who stands in the audit log: nobody has asked for it.
const NOBODY: &str = "-";

/// A server with its old and its new id.
#[derive(Clone, Debug)]
struct Move {
    platform: Platform,
    old: String,
    new: String,
}

impl Admin<'_> {
    /// Gives everything that belongs to the server `old` to the server `new`: blocks, limits, words, what is set for it and
    /// its channels, the audit log, and the place of its jobs. A channel `old/…` becomes `new/…`. What was set for `new`
    /// already stays as it is. Doing it again does nothing.
    ///
    /// # Errors
    /// When the database cannot be written. Rules are moved as a whole, jobs in parts.
    pub async fn move_server(
        &self,
        platform: &Platform,
        old: &str,
        new: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let moved = Move {
            platform: platform.clone(),
            old: old.to_owned(),
            new: new.to_owned(),
        };
        let rules = moved.clone();
        self.store
            .write(move |connection| async move { move_rules(connection, &rules, now).await }.boxed())
            .await?;
        self.move_jobs(&moved).await
    }

    async fn move_jobs(&self, moved: &Move) -> Result<(), StoreError> {
        let newest: i64 = sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM jobs")
            .fetch_one(self.store.readers())
            .await?;
        let mut from = 0;
        while from < newest {
            let until = from + JOBS_AT_ONCE;
            let moved = moved.clone();
            self.store
                .write::<_, StoreError, _>(move |connection| {
                    async move {
                        // The plus keeps SQLite from taking an index that has everything of the platform.
                        sqlx::query(
                            "UPDATE jobs
                             SET server = iif(server = ?2, ?3, server),
                                 chat_id = CASE
                                     WHEN chat_id = ?2 THEN ?3
                                     WHEN substr(chat_id, 1, length(?2) + 1) = ?2 || '/'
                                         THEN ?3 || substr(chat_id, length(?2) + 1)
                                     ELSE chat_id
                                 END
                             WHERE id > ?4 AND id <= ?5 AND +platform = ?1 AND (server = ?2 OR chat_id = ?2)",
                        )
                        .bind(moved.platform.as_str())
                        .bind(&moved.old)
                        .bind(&moved.new)
                        .bind(from)
                        .bind(until)
                        .execute(connection)
                        .await?;
                        Ok(())
                    }
                    .boxed()
                })
                .await?;
            from = until;
        }
        Ok(())
    }
}

async fn move_rules(
    connection: &mut SqliteConnection,
    moved: &Move,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    // What cannot be moved because the new server has the same is left out.
    for statement in [
        "UPDATE OR IGNORE blocks SET server = ?3 WHERE platform = ?1 AND server = ?2",
        "DELETE FROM blocks WHERE platform = ?1 AND server = ?2",
        "UPDATE words SET server = ?3 WHERE platform = ?1 AND server = ?2",
        "UPDATE audit SET server = ?3 WHERE platform = ?1 AND server = ?2",
        "UPDATE OR IGNORE place_rules
         SET server = ?3,
             channel = CASE
                 WHEN channel = ?2 THEN ?3
                 WHEN substr(channel, 1, length(?2) + 1) = ?2 || '/' THEN ?3 || substr(channel, length(?2) + 1)
                 ELSE channel
             END
         WHERE platform = ?1 AND server = ?2",
        "DELETE FROM place_rules WHERE platform = ?1 AND server = ?2",
    ] {
        sqlx::query(statement)
            .bind(moved.platform.as_str())
            .bind(&moved.old)
            .bind(&moved.new)
            .execute(&mut *connection)
            .await?;
    }
    move_limits(connection, moved).await?;
    let by = Actor {
        user: UserId {
            platform: moved.platform.clone(),
            id: NOBODY.to_owned(),
        },
        server: Some(moved.new.clone()),
        now,
    };
    let detail = json!({ "old": moved.old, "new": moved.new });
    note(connection, "server moved", &detail, &by).await
}

async fn move_limits(connection: &mut SqliteConnection, moved: &Move) -> Result<(), StoreError> {
    let scopes: Vec<String> = sqlx::query_scalar("SELECT scope FROM limit_overrides")
        .fetch_all(&mut *connection)
        .await?;
    for scope in scopes {
        let Some(new) = moved.scope(&scope) else { continue };
        for statement in [
            "UPDATE OR IGNORE limit_overrides SET scope = ?2 WHERE scope = ?1",
            "DELETE FROM limit_overrides WHERE scope = ?1",
        ] {
            sqlx::query(statement)
                .bind(&scope)
                .bind(&new)
                .execute(&mut *connection)
                .await?;
        }
    }
    Ok(())
}

impl Move {
    /// The text of a limit's scope after the move; `None` when it is about another place.
    fn scope(&self, scope: &str) -> Option<String> {
        let named = |name: &str| {
            let fields = scope.split_whitespace().filter_map(|field| field.split_once('='));
            let mut fields = fields.filter(|(field, _)| *field == name);
            fields.next().map(|(_, value)| value)
        };
        if named("platform").is_some_and(|platform| platform != self.platform.as_str()) {
            return None;
        }
        let fields = scope.split_whitespace().map(|field| match field.split_once('=') {
            Some((name @ ("chat" | "channel"), id)) => format!("{name}={}", self.id(id)),
            _ => field.to_owned(),
        });
        let new = fields.collect::<Vec<_>>().join(" ");
        (new != scope).then_some(new)
    }

    /// The new id of the server or of a channel in it; any other id as it is.
    fn id(&self, id: &str) -> String {
        match id.strip_prefix(&self.old) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", self.new),
            _ => id.to_owned(),
        }
    }
}
