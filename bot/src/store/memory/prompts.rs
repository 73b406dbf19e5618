//! What people have asked for lately.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::SqlitePool;

use crate::chat::UserId;
use crate::store::StoreError;

/// How many people's prompts are kept.
const MOST_PEOPLE: usize = 500;
/// How many prompts of one person are kept.
const MOST_PROMPTS: usize = 50;
/// The longest prompt that is kept, in characters. Nobody finds a longer one in a menu.
const MOST_CHARS: usize = 200;
/// How many of a person's newest jobs are looked through: most people ask for the same many times.
const NEWEST_JOBS: u32 = 300;

/// The prompts of those people who were asked about last.
#[derive(Debug, Default)]
pub(in crate::store) struct RecentPrompts(Mutex<People>);

#[derive(Debug, Default)]
struct People {
    people: HashMap<UserId, Entry>,
    /// Grows with every look, so that the one that was looked at longest ago is known.
    looks: u64,
}

#[derive(Debug)]
struct Entry {
    /// Which look began it: what was read for an earlier one may lack what was forgotten or added since.
    ticket: Ticket,
    last_look: u64,
    /// The database has been asked.
    is_whole: bool,
    /// The newest first.
    prompts: Vec<String>,
}

/// What is known of a person.
#[derive(Debug)]
pub(super) enum Known {
    /// Their prompts.
    Prompts(Vec<String>),
    /// Nothing: what is read goes to [`RecentPrompts::fill`] with this.
    Nothing(Ticket),
}

/// One look at a person of whom nothing was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl RecentPrompts {
    /// What is known of a person. From now on what they ask for is noticed.
    pub(super) fn of(&self, user: &UserId) -> Known {
        let mut guard = self.lock();
        let People { people, looks } = &mut *guard;
        *looks += 1;
        let entry = people.entry(user.clone()).or_insert(Entry {
            ticket: Ticket(*looks),
            last_look: *looks,
            is_whole: false,
            prompts: Vec::new(),
        });
        entry.last_look = *looks;
        let known = if entry.is_whole {
            Known::Prompts(entry.prompts.clone())
        } else {
            Known::Nothing(entry.ticket)
        };
        if people.len() > MOST_PEOPLE {
            let oldest = people.iter().min_by_key(|(_, entry)| entry.last_look);
            if let Some(oldest) = oldest.map(|(user, _)| user.clone()) {
                people.remove(&oldest);
            }
        }
        known
    }

    /// Keeps what was read of a person, the newest first, behind what they have asked for meanwhile, and returns both.
    pub(super) fn fill(&self, user: &UserId, ticket: Ticket, read: Vec<String>) -> Vec<String> {
        let mut guard = self.lock();
        let entry = guard.people.get_mut(user);
        let Some(entry) = entry.filter(|entry| entry.ticket == ticket) else {
            return distinct(read);
        };
        if !entry.is_whole {
            let meanwhile = std::mem::take(&mut entry.prompts);
            entry.prompts = distinct(meanwhile.into_iter().chain(read));
            entry.is_whole = true;
        }
        entry.prompts.clone()
    }

    /// Somebody has asked for something.
    pub(in crate::store) fn add(&self, user: &UserId, prompt: &str) {
        if let Some(entry) = self.lock().people.get_mut(user) {
            let older = std::mem::take(&mut entry.prompts);
            entry.prompts = distinct(std::iter::once(prompt.to_owned()).chain(older));
        }
    }

    /// What is known of somebody does not hold any more.
    pub(in crate::store) fn forget(&self, user: &UserId) {
        self.lock().people.remove(user);
    }

    fn lock(&self) -> MutexGuard<'_, People> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Each prompt once, and only so many of them.
fn distinct(prompts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for prompt in prompts {
        let prompt = prompt.trim();
        let is_usable = !prompt.is_empty() && prompt.chars().count() <= MOST_CHARS;
        if is_usable && kept.iter().all(|other| other != prompt) {
            kept.push(prompt.to_owned());
        }
        if kept.len() == MOST_PROMPTS {
            break;
        }
    }
    kept
}

/// The prompts of a person's newest jobs, the newest first.
pub(super) async fn read(readers: &SqlitePool, user: &UserId) -> Result<Vec<String>, StoreError> {
    let prompts = sqlx::query_scalar(
        "SELECT prompt_typed FROM jobs WHERE platform = ? AND user_id = ? AND deleted_at_ms IS NULL
         ORDER BY id DESC LIMIT ?",
    )
    .bind(user.platform.as_str())
    .bind(&user.id)
    .bind(NEWEST_JOBS)
    .fetch_all(readers)
    .await?;
    Ok(prompts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::user;

    fn known(prompts: &RecentPrompts, id: &str) -> Option<Vec<String>> {
        match prompts.of(&user(id)) {
            Known::Prompts(known) => Some(known),
            Known::Nothing(_) => None,
        }
    }

    fn ticket(prompts: &RecentPrompts, id: &str) -> Ticket {
        match prompts.of(&user(id)) {
            Known::Nothing(ticket) => ticket,
            Known::Prompts(known) => panic!("known: {known:?}"),
        }
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn what_is_asked_for_while_the_database_answers_is_not_lost() {
        let prompts = RecentPrompts::default();
        prompts.add(&user("a"), "before anybody looks");
        let first = ticket(&prompts, "a");
        prompts.add(&user("a"), "cat");
        assert_eq!(
            prompts.fill(&user("a"), first, texts(&["dog", "cat", " dog "])),
            texts(&["cat", "dog"])
        );
        prompts.add(&user("a"), "dog");
        prompts.add(&user("a"), &"long".repeat(100));
        assert_eq!(known(&prompts, "a"), Some(texts(&["dog", "cat"])));
        assert_eq!(known(&prompts, "b"), None);
    }

    #[test]
    fn what_was_read_before_somebody_was_forgotten_is_not_kept() {
        let prompts = RecentPrompts::default();
        let early = ticket(&prompts, "a");
        prompts.forget(&user("a"));
        let late = ticket(&prompts, "a");
        prompts.fill(&user("a"), early, texts(&["secret"]));
        assert_eq!(known(&prompts, "a"), None);
        assert_eq!(prompts.fill(&user("a"), late, Vec::new()), texts(&[]));
        assert_eq!(known(&prompts, "a"), Some(texts(&[])));
    }

    #[test]
    fn only_so_much_is_kept() {
        let prompts = RecentPrompts::default();
        let many = (0..100).map(|number| number.to_string());
        let first = ticket(&prompts, "first");
        assert_eq!(
            prompts.fill(&user("first"), first, many.collect()).len(),
            MOST_PROMPTS
        );
        for number in 0..MOST_PEOPLE {
            known(&prompts, &number.to_string());
        }
        assert_eq!(prompts.lock().people.len(), MOST_PEOPLE);
        assert_eq!(known(&prompts, "first"), None);
    }
}
