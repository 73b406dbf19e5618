//! The people whose jobs are private when they say nothing else.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use sqlx::SqlitePool;

use crate::chat::UserId;
use crate::store::StoreError;

/// Few people wish that, so all of them are kept.
#[derive(Debug, Default)]
pub(in crate::store) struct PrivatePeople(RwLock<HashSet<UserId>>);

impl PrivatePeople {
    pub(super) async fn read(readers: &SqlitePool) -> Result<Self, StoreError> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT platform, id FROM users WHERE json_extract(settings, '$.private')")
                .fetch_all(readers)
                .await?;
        let people = rows.into_iter().map(|(platform, id)| UserId {
            platform: platform.into(),
            id,
        });
        Ok(Self(RwLock::new(people.collect())))
    }

    pub(super) fn contains(&self, user: &UserId) -> bool {
        let people = self.0.read().unwrap_or_else(PoisonError::into_inner);
        people.contains(user)
    }

    /// Somebody has chosen it, or not any more.
    pub(in crate::store) fn set(&self, user: &UserId, is_private: bool) {
        let mut people = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if is_private {
            people.insert(user.clone());
        } else {
            people.remove(user);
        }
    }
}
