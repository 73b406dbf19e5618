//! What people are called, for the pages of admins.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::chat::{CommandRequest, UserId};
use crate::store::Store;

/// How many people's names are compared before they are written.
const MOST: usize = 10_000;

/// The names that were written since the start, so that only a change costs a transaction.
#[derive(Debug, Default)]
pub(super) struct KnownNames(Mutex<HashMap<UserId, String>>);

impl KnownNames {
    /// Keeps the name of the person who gives a command, when it is a new one.
    pub(super) async fn remember(&self, store: &Store, request: &CommandRequest) {
        let Some(name) = &request.standing.name else {
            return;
        };
        if !self.is_new(&request.user, name) {
            return;
        }
        if let Err(error) = store.users().set_name(&request.user, name).await {
            tracing::warn!(%error, "a person's name is not kept");
        }
    }

    fn is_new(&self, user: &UserId, name: &str) -> bool {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.get(user).is_some_and(|known| known == name) {
            return false;
        }
        if names.len() >= MOST {
            names.clear();
        }
        names.insert(user.clone(), name.to_owned());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::user;

    #[test]
    fn only_a_change_is_written() {
        let names = KnownNames::default();
        let check = |id, name, expected| assert_eq!(names.is_new(&user(id), name), expected);
        check("1", "Kita", true);
        check("1", "Kita", false);
        check("2", "Kita", true);
        check("1", "Ikuyo", true);
        check("1", "Kita", true);
    }
}
