//! Who administers a group.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use crate::adapters::telegram::Shared;
use crate::adapters::telegram::api::Call;

/// How long an answer of Telegram holds.
const KNOWN_FOR: Duration = Duration::from_secs(60);
/// How long to wait after a failure before Telegram is asked again.
const UNKNOWN_FOR: Duration = Duration::from_secs(10);
/// How long Telegram may take: somebody waits for an answer.
const ASK_WITHIN: Duration = Duration::from_secs(3);
/// Groups that are remembered.
const MOST: usize = 1000;

/// What Telegram has said lately.
#[derive(Debug, Default)]
pub(super) struct Administrators(Mutex<HashMap<i64, Known>>);

#[derive(Clone, Debug)]
struct Known {
    ids: Arc<HashSet<i64>>,
    until: Instant,
}

#[derive(Deserialize)]
struct Member {
    user: MemberUser,
}

#[derive(Deserialize)]
struct MemberUser {
    id: i64,
}

impl Administrators {
    /// Whether somebody administers a group. When Telegram does not say it, nobody does.
    pub(super) async fn has(&self, shared: &Shared, chat: i64, user: i64) -> bool {
        let known = match self.get(chat) {
            Some(known) => known,
            None => self.ask(shared, chat).await,
        };
        known.contains(&user)
    }

    async fn ask(&self, shared: &Shared, chat: i64) -> Arc<HashSet<i64>> {
        let call = Call::new("getChatAdministrators")
            .with("chat_id", chat)
            .within(ASK_WITHIN);
        let (ids, known_for) = match shared.api.call::<Vec<Member>>(call).await {
            Ok(members) => (members.iter().map(|member| member.user.id).collect(), KNOWN_FOR),
            Err(error) => {
                tracing::debug!(chat, %error, "the administrators of a group are not known");
                (HashSet::new(), UNKNOWN_FOR)
            }
        };
        let ids = Arc::new(ids);
        self.put(
            chat,
            Known {
                ids: Arc::clone(&ids),
                until: Instant::now() + known_for,
            },
        );
        ids
    }

    fn get(&self, chat: i64) -> Option<Arc<HashSet<i64>>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(&chat).filter(|known| known.until > Instant::now());
        known.map(|known| Arc::clone(&known.ids))
    }

    fn put(&self, chat: i64, known: Known) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(chat, known);
    }
}
