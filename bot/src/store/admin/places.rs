//! What admins have set for servers and their channels.

use std::fmt;

use futures::FutureExt as _;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::types::Json;

use super::audit::note;
use super::{Actor, Admin, not_empty};
use crate::chat::Platform;
use crate::store::StoreError;

/// A server, or one of its channels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RuledPlace {
    /// The platform.
    pub platform: Platform,
    /// The platform's id of the server or group.
    pub server: String,
    /// The platform's id of the channel or topic; `None` for the whole server.
    pub channel: Option<String>,
}

/// What is set for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(rename_all = "lowercase")]
pub enum PlaceRuleKind {
    /// Whether the bot draws there.
    Drawing,
    /// What is drawn with when people say nothing else.
    Defaults,
    /// What is done with doubtful pictures.
    Safety,
}

/// Something that an admin has set for a place.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredPlaceRule {
    /// The place.
    pub place: RuledPlace,
    /// What it is.
    pub kind: PlaceRuleKind,
    /// Its value, as JSON.
    pub value: Value,
    /// An admin of everything has set it.
    pub by_owner: bool,
}

impl fmt::Display for PlaceRuleKind {
    /// Its name in the audit log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Drawing => "channel",
            Self::Defaults => "default",
            Self::Safety => "safety",
        })
    }
}

impl Admin<'_> {
    /// Keeps what is set for a place, in place of what was set before. `false` when that is not for this admin to change.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_place_rule(
        &self,
        place: &RuledPlace,
        kind: PlaceRuleKind,
        value: &Value,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let (place, value, by) = (place.clone(), value.clone(), by.clone());
        self.store
            .write(move |connection| {
                async move {
                    let kept = sqlx::query(
                        "INSERT INTO place_rules (platform, server, channel, kind, value, by_owner)
                         VALUES (?, ?, ?, ?, ?, ?)
                         ON CONFLICT DO UPDATE SET value = excluded.value, by_owner = excluded.by_owner
                         WHERE excluded.by_owner OR NOT place_rules.by_owner",
                    )
                    .bind(place.platform.as_str())
                    .bind(&place.server)
                    .bind(place.channel.as_deref().unwrap_or_default())
                    .bind(kind)
                    .bind(Json(&value))
                    .bind(by.is_owner())
                    .execute(&mut *connection)
                    .await?;
                    if kept.rows_affected() == 0 {
                        return Ok(false);
                    }
                    let detail = json!({ "place": place, "value": value });
                    note(connection, &format!("{kind} set"), &detail, &by).await?;
                    Ok(true)
                }
                .boxed()
            })
            .await
    }

    /// Removes what is set for a place. `false` when there was nothing that this admin may change.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn reset_place_rule(
        &self,
        place: &RuledPlace,
        kind: PlaceRuleKind,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let (place, by) = (place.clone(), by.clone());
        self.store
            .write(move |connection| {
                async move {
                    let removed = sqlx::query(
                        "DELETE FROM place_rules
                         WHERE platform = ? AND server = ? AND channel = ? AND kind = ? AND (? OR NOT by_owner)",
                    )
                    .bind(place.platform.as_str())
                    .bind(&place.server)
                    .bind(place.channel.as_deref().unwrap_or_default())
                    .bind(kind)
                    .bind(by.is_owner())
                    .execute(&mut *connection)
                    .await?;
                    if removed.rows_affected() == 0 {
                        return Ok(false);
                    }
                    let detail = json!({ "place": place });
                    note(connection, &format!("{kind} reset"), &detail, &by).await?;
                    Ok(true)
                }
                .boxed()
            })
            .await
    }

    /// Everything that is set for places, in the order of the places.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn place_rules(&self) -> Result<Vec<StoredPlaceRule>, StoreError> {
        let rows: Vec<(String, String, String, PlaceRuleKind, Json<Value>, bool)> = sqlx::query_as(
            "SELECT platform, server, channel, kind, value, by_owner FROM place_rules
             ORDER BY platform, server, channel, kind",
        )
        .fetch_all(self.store.readers())
        .await?;
        let rules =
            rows.into_iter().map(
                |(platform, server, channel, kind, value, by_owner)| StoredPlaceRule {
                    place: RuledPlace {
                        platform: platform.into(),
                        server,
                        channel: not_empty(channel),
                    },
                    kind,
                    value: value.0,
                    by_owner,
                },
            );
        Ok(rules.collect())
    }
}
