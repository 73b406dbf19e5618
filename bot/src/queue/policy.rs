//! Who is next: round-robin over the users, then age.
//!
//! Of the users who have waiting jobs, the one whose last turn is longest ago is next, with the oldest job. So whoever
//! waits is overtaken at most once by each other user, no matter how many jobs that one has.

use std::collections::HashMap;

use crate::chat::UserId;
use crate::store::{JobId, WaitingJob};

/// The jobs in the order in which they will be begun if nobody else comes. `waiting` is sorted by age.
pub(super) fn order(waiting: &[WaitingJob]) -> Vec<JobId> {
    let mut users: HashMap<&UserId, User> = HashMap::new();
    let mut keys: Vec<(usize, User, JobId)> = waiting
        .iter()
        .map(|job| {
            let user = users.entry(&job.user).or_insert(User {
                last_turn: job.last_turn,
                oldest: job.id,
                jobs: 0,
            });
            user.jobs += 1;
            (user.jobs, User { jobs: 0, ..*user }, job.id)
        })
        .collect();
    keys.sort_unstable();
    keys.into_iter().map(|(_, _, id)| id).collect()
}

/// The job to begin now.
pub(super) fn next(waiting: &[WaitingJob]) -> Option<JobId> {
    order(waiting).first().copied()
}

/// The place of a job in the queue, 1 for the next; 0 for a job that does not wait.
pub(super) fn position(order: &[JobId], job: JobId) -> u32 {
    order
        .iter()
        .position(|id| *id == job)
        .and_then(|index| u32::try_from(index + 1).ok())
        .unwrap_or(0)
}

/// A user's place in every round, by the order of the fields.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct User {
    last_turn: i64,
    oldest: JobId,
    /// How many of the user's jobs were seen so far.
    jobs: usize,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::chat::Platform;

    fn job(id: i64, user: u8, last_turn: i64) -> WaitingJob {
        let user = UserId {
            platform: Platform::new("test"),
            id: user.to_string(),
        };
        WaitingJob {
            id: JobId(id),
            user,
            last_turn,
        }
    }

    /// Jobs as (id, user, last turn of the user).
    fn check(waiting: &[(i64, u8, i64)], expected: &[i64]) {
        let waiting: Vec<_> = waiting
            .iter()
            .map(|(id, user, turn)| job(*id, *user, *turn))
            .collect();
        let ids: Vec<i64> = order(&waiting).into_iter().map(|id| id.0).collect();
        assert_eq!(ids, expected);
        assert_eq!(next(&waiting).map(|id| id.0), expected.first().copied());
    }

    #[test]
    fn the_longest_without_a_turn_is_next() {
        check(&[], &[]);
        check(&[(1, b'a', 0), (2, b'a', 0), (3, b'b', 0)], &[1, 3, 2]);
        check(&[(2, b'a', 1), (3, b'a', 1), (9, b'b', 0)], &[9, 2, 3]);
        check(
            &[(1, b'a', 7), (2, b'a', 7), (3, b'b', 3), (4, b'b', 3)],
            &[3, 1, 4, 2],
        );
        check(
            &[(1, b'a', 0), (3, b'b', 0), (5, b'b', 0), (9, b'a', 0)],
            &[1, 3, 9, 5],
        );
    }

    #[test]
    fn positions_count_from_one() {
        let order = [JobId(7), JobId(3)];
        assert_eq!(position(&order, JobId(7)), 1);
        assert_eq!(position(&order, JobId(3)), 2);
        assert_eq!(position(&order, JobId(1)), 0);
    }

    /// A queue that is served one job at a time, as the job log does it.
    #[derive(Default)]
    struct Served {
        waiting: Vec<WaitingJob>,
        turns: HashMap<UserId, i64>,
        /// For each user with work: who else was served since the user began to wait or was served last.
        overtaken_by: HashMap<UserId, Vec<UserId>>,
    }

    impl Served {
        fn arrive(&mut self, id: i64, user: u8) {
            let job = job(id, user, 0);
            let last_turn = self.turns.get(&job.user).copied().unwrap_or(0);
            self.overtaken_by.entry(job.user.clone()).or_default();
            self.waiting.push(WaitingJob { last_turn, ..job });
        }

        fn serve(&mut self) -> Option<UserId> {
            let id = next(&self.waiting)?;
            let index = self.waiting.iter().position(|job| job.id == id)?;
            let user = self.waiting.remove(index).user;
            let turn = 1 + self.turns.values().max().copied().unwrap_or(0);
            self.turns.insert(user.clone(), turn);
            for job in self.waiting.iter_mut().filter(|job| job.user == user) {
                job.last_turn = turn;
            }
            for (waiter, others) in &mut self.overtaken_by {
                if *waiter == user {
                    others.clear()
                } else {
                    others.push(user.clone())
                }
            }
            let waiting = &self.waiting;
            self.overtaken_by
                .retain(|waiter, _| waiting.iter().any(|job| job.user == *waiter));
            Some(user)
        }
    }

    proptest! {
        /// Whoever has work is served within as many turns as there are users: nobody overtakes twice.
        #[test]
        fn nobody_is_overtaken_twice_by_the_same_user(
            steps in proptest::collection::vec(proptest::option::weighted(0.7, 0u8..6), 1..200),
        ) {
            let mut queue = Served::default();
            for (id, step) in (1i64..).zip(steps) {
                match step {
                    Some(user) => queue.arrive(id, user),
                    None => { queue.serve(); }
                }
                for others in queue.overtaken_by.values() {
                    let distinct: HashSet<_> = others.iter().collect();
                    prop_assert_eq!(distinct.len(), others.len());
                }
            }
        }

        /// The order that people are told is the order in which they are served.
        #[test]
        fn the_order_is_what_serving_one_by_one_gives(
            jobs in proptest::collection::vec(0u8..6, 0..40),
            turns in proptest::collection::hash_map(0u8..6, 1i64..1000, 0..6),
        ) {
            let mut queue = Served::default();
            let mut taken = HashSet::new();
            for (user, turn) in turns {
                if taken.insert(turn) {
                    queue.turns.insert(job(0, user, 0).user, turn);
                }
            }
            for (id, user) in (1i64..).zip(jobs) {
                queue.arrive(id, user);
            }
            let mut expected = Vec::new();
            let order = order(&queue.waiting);
            while let Some(id) = next(&queue.waiting) {
                expected.push(id);
                queue.serve();
            }
            prop_assert_eq!(order, expected);
        }
    }
}
