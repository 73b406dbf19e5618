//! The table `users`: who has had a turn when.

use sqlx::SqliteConnection;

use super::StoreError;
use crate::chat::UserId;

/// Makes sure that there is a row for the user of a new job.
pub(super) async fn add(connection: &mut SqliteConnection, user: &UserId) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO users (platform, id) VALUES (?, ?) ON CONFLICT DO NOTHING")
        .bind(user.platform.as_str())
        .bind(&user.id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Puts the user behind everybody who has had a turn.
pub(super) async fn take_turn(connection: &mut SqliteConnection, user: &UserId) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE users SET last_turn = (SELECT max(last_turn) + 1 FROM users) WHERE platform = ? AND id = ?",
    )
    .bind(user.platform.as_str())
    .bind(&user.id)
    .execute(connection)
    .await?;
    Ok(())
}
