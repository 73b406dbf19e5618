//! Limits that admins have set.

use futures::FutureExt as _;
use serde_json::{Value, json};
use sqlx::types::Json;

use super::audit::note;
use super::{Actor, Admin};
use crate::store::StoreError;

/// Limits that an admin has set.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredLimits {
    /// The text of the scope.
    pub scope: String,
    /// As JSON.
    pub limits: Value,
    /// An admin of everything has set them.
    pub by_owner: bool,
}

impl Admin<'_> {
    /// Keeps limits (JSON) for a scope (its text), in place of those that were set for it before. `false` when those are not
    /// for this admin to change.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_limits(&self, scope: &str, limits: &Value, by: &Actor) -> Result<bool, StoreError> {
        let (scope, limits, by) = (scope.to_owned(), limits.clone(), by.clone());
        self.store
            .write(move |connection| {
                async move {
                    let kept = sqlx::query(
                        "INSERT INTO limit_overrides (scope, limits, by_owner) VALUES (?, ?, ?)
                         ON CONFLICT (scope) DO UPDATE SET limits = excluded.limits, by_owner = excluded.by_owner
                         WHERE excluded.by_owner OR NOT limit_overrides.by_owner",
                    )
                    .bind(&scope)
                    .bind(Json(&limits))
                    .bind(by.is_owner())
                    .execute(&mut *connection)
                    .await?;
                    if kept.rows_affected() == 0 {
                        return Ok(false);
                    }
                    let detail = json!({ "scope": scope, "limits": limits });
                    note(connection, "limit set", &detail, &by).await?;
                    Ok(true)
                }
                .boxed()
            })
            .await
    }

    /// Removes the limits of a scope. `false` when there were none that this admin may change.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn reset_limits(&self, scope: &str, by: &Actor) -> Result<bool, StoreError> {
        let (scope, by) = (scope.to_owned(), by.clone());
        self.store
            .write(move |connection| {
                async move {
                    let removed =
                        sqlx::query("DELETE FROM limit_overrides WHERE scope = ? AND (? OR NOT by_owner)")
                            .bind(&scope)
                            .bind(by.is_owner())
                            .execute(&mut *connection)
                            .await?;
                    if removed.rows_affected() == 0 {
                        return Ok(false);
                    }
                    note(connection, "limit reset", &json!({ "scope": scope }), &by).await?;
                    Ok(true)
                }
                .boxed()
            })
            .await
    }

    /// Every scope with its limits, in the order of their texts.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn limits(&self) -> Result<Vec<StoredLimits>, StoreError> {
        let rows: Vec<(String, Json<Value>, bool)> =
            sqlx::query_as("SELECT scope, limits, by_owner FROM limit_overrides ORDER BY scope")
                .fetch_all(self.store.readers())
                .await?;
        let rows = rows.into_iter().map(|(scope, limits, by_owner)| StoredLimits {
            scope,
            limits: limits.0,
            by_owner,
        });
        Ok(rows.collect())
    }
}
