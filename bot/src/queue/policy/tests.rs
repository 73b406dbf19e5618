use proptest::prelude::*;

use super::*;
use crate::store::tests::{NOW, user};

/// A job of one unit of work.
pub(in crate::queue) fn job(id: i64, owner: &str) -> WaitingJob {
    WaitingJob {
        id: JobId(id),
        user: user(owner),
        last_turn: 0,
        priority: 0,
        max_running: None,
        work: 1.0,
        steps: 10.0,
        model: "avatar".into(),
        created_at: *NOW,
    }
}

/// Serves one job after the other until there is none.
fn serve_all(turns: &mut Turns, now: Instant) -> Vec<i64> {
    std::iter::from_fn(|| turns.take(now))
        .map(|place| place.key().job().0)
        .collect()
}

fn check(jobs: impl IntoIterator<Item = WaitingJob>, expected: &[i64]) {
    let (mut turns, now) = (Turns::default(), Instant::now());
    for job in jobs {
        turns.add(&job, now);
    }
    assert_eq!(serve_all(&mut turns, now), expected);
}

#[test]
fn users_take_turns() {
    check([], &[]);
    check([job(1, "a"), job(2, "a"), job(3, "b")], &[1, 3, 2]);
    check(
        [job(1, "a"), job(3, "b"), job(5, "b"), job(9, "a")],
        &[1, 3, 5, 9],
    );
}

#[test]
fn the_longest_without_a_turn_is_next_after_a_start() {
    let turned = |id, owner, last_turn| WaitingJob {
        last_turn,
        ..job(id, owner)
    };
    check(
        [turned(2, "a", 1), turned(3, "a", 1), turned(9, "b", 0)],
        &[9, 2, 3],
    );
    check(
        [
            turned(1, "a", 7),
            turned(2, "a", 7),
            turned(3, "b", 3),
            turned(4, "b", 3),
        ],
        &[3, 1, 4, 2],
    );
}

#[test]
fn turns_are_of_equal_work() {
    let large = |id| WaitingJob {
        work: 3.0,
        ..job(id, "a")
    };
    check(
        [
            large(1),
            large(2),
            job(3, "b"),
            job(4, "b"),
            job(5, "b"),
            job(6, "b"),
        ],
        &[1, 3, 4, 5, 2, 6],
    );
}

#[test]
fn a_damaged_log_does_not_stop_the_turns() {
    let broken = |id, work| WaitingJob { work, ..job(id, "a") };
    check(
        [
            broken(1, f64::NAN),
            broken(2, f64::INFINITY),
            broken(3, -5.0),
            job(4, "b"),
        ],
        &[1, 2, 4, 3],
    );
}

#[test]
fn priority_goes_first_and_the_jobs_of_one_user_keep_their_order() {
    let urgent = |id, owner| WaitingJob {
        priority: 5,
        ..job(id, owner)
    };
    check([job(1, "a"), urgent(2, "b"), urgent(3, "b")], &[2, 3, 1]);
    check([job(1, "a"), urgent(2, "a"), job(3, "b")], &[1, 3, 2]);
}

#[test]
fn a_user_has_no_more_jobs_running_than_allowed() {
    let (mut turns, now) = (Turns::default(), Instant::now());
    for id in 1..=3 {
        let max_running = Some(1);
        turns.add(
            &WaitingJob {
                max_running,
                ..job(id, "a")
            },
            now,
        );
    }
    turns.add(&job(4, "b"), now);
    assert_eq!(serve_all(&mut turns, now), [1, 4]);
    assert!(!turns.is_ready());
    turns.end(&user("a"));
    assert_eq!(serve_all(&mut turns, now), [2]);
}

#[test]
fn who_has_drawn_a_lot_is_served_later_until_it_is_forgotten() {
    let order_after = |pause: Duration| {
        let (mut turns, begin) = (Turns::default(), Instant::now());
        turns.remember(&user("a"), 8.0, (Duration::ZERO, begin));
        turns.remember(&user("c"), 8.0, (HALF_LIFE * 2, begin));
        let now = begin + pause;
        for id in 1..=2 {
            turns.add(&job(id, "a"), now);
        }
        for id in 3..=6 {
            turns.add(&job(id, "b"), now);
        }
        turns.add(&job(7, "c"), now);
        serve_all(&mut turns, now)
    };
    assert_eq!(order_after(Duration::ZERO), [3, 4, 5, 7, 1, 6, 2]);
    assert_eq!(order_after(HALF_LIFE * 2), [3, 7, 4, 1, 5, 2, 6]);
    assert_eq!(order_after(HALF_LIFE * 5), [3, 7, 1, 4, 2, 5, 6]);
}

#[test]
fn a_removed_job_leaves_the_others() {
    let (mut turns, now) = (Turns::default(), Instant::now());
    let first = turns.add(&job(1, "a"), now);
    turns.add(&job(2, "a"), now);
    let alone = turns.add(&job(3, "b"), now);
    turns.remove(&user("a"), first);
    turns.remove(&user("b"), alone);
    turns.remove(&user("b"), alone);
    assert_eq!((turns.waiting_users, serve_all(&mut turns, now)), (1, vec![2]));
}

#[test]
fn users_are_forgotten_when_they_have_drawn_nothing_lately() {
    let (mut turns, begin) = (Turns::default(), Instant::now());
    let draw = |turns: &mut Turns, users: std::ops::Range<usize>, now| {
        for number in users {
            let owner = format!("user {number}");
            turns.add(&job(i64::try_from(number).expect("small"), &owner), now);
            turns.take(now);
            turns.end(&user(&owner));
        }
    };
    draw(&mut turns, 0..MIN_SWEEP, begin);
    turns.add(&job(1_000_000, "waits"), begin);
    turns.sweep(begin);
    assert_eq!(turns.users.len(), MIN_SWEEP + 1);
    draw(&mut turns, 5000..5000 + 2 * MIN_SWEEP, begin + FORGOTTEN_AFTER);
    turns.sweep(begin + FORGOTTEN_AFTER);
    assert_eq!(turns.users.len(), 2 * MIN_SWEEP + 1);
}

/// What happens to a queue.
#[derive(Clone, Debug)]
enum Step {
    Arrive { owner: u8, priority: i32, work: f64 },
    Serve,
    Pause(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let priority = prop_oneof![Just(0), Just(0), Just(-3), Just(9)];
    let work = prop_oneof![Just(1.0), 0.0..200.0];
    let arrive = (0u8..7, priority, work).prop_map(|(owner, priority, work)| Step::Arrive {
        owner,
        priority,
        work,
    });
    let step = prop_oneof![8 => arrive, 7 => Just(Step::Serve), 1 => (0u64..3000).prop_map(Step::Pause)];
    proptest::collection::vec(step, 1..600)
}

/// A user who waits, as the bound sees it.
struct Wait {
    /// How many turns others have had.
    turns: u64,
    /// How many users waited when this one began to wait.
    first: u64,
    /// The most users who waited at once since then.
    most: u64,
}

proptest! {
    /// Whatever comes, nobody waits longer than the bound in the description of this file.
    #[test]
    fn nobody_starves(steps in steps()) {
        let mut now = Instant::now();
        let mut turns = Turns::default();
        let mut waits: HashMap<UserId, Wait> = HashMap::new();
        let mut jobs: HashMap<UserId, VecDeque<JobId>> = HashMap::new();
        for (id, step) in (1i64..).zip(steps) {
            match step {
                Step::Pause(seconds) => now += Duration::from_secs(seconds),
                Step::Arrive { owner, priority, work } => {
                    let job = WaitingJob { priority, work, ..job(id, &owner.to_string()) };
                    turns.add(&job, now);
                    jobs.entry(job.user.clone()).or_default().push_back(job.id);
                    let users = waits.len() as u64 + u64::from(!waits.contains_key(&job.user));
                    waits.entry(job.user).or_insert(Wait { turns: 0, first: users, most: users });
                    for wait in waits.values_mut() {
                        wait.most = wait.most.max(users);
                    }
                }
                Step::Serve => {
                    let Some(key) = turns.take(now) else {
                        prop_assert!(waits.is_empty(), "somebody waits and nobody is served");
                        continue;
                    };
                    let served = jobs.iter_mut().find(|(_, jobs)| jobs.front() == Some(&key.key().job()));
                    let (owner, left) = served.expect("the oldest job of a user is served");
                    let owner = owner.clone();
                    left.pop_front();
                    let waits_on = !left.is_empty();
                    turns.end(&owner);
                    for wait in waits.values_mut() {
                        wait.turns += 1;
                    }
                    waits.remove(&owner);
                    if waits_on {
                        let users = waits.len() as u64 + 1;
                        waits.insert(owner, Wait { turns: 0, first: users, most: users });
                    }
                }
            }
            for (owner, wait) in &waits {
                let bound = PATIENCE * wait.first + wait.most;
                prop_assert!(wait.turns < bound, "{owner:?} has waited {} of {bound} turns", wait.turns);
            }
        }
    }
}

/// What could not be begun waits where it stood, and nobody was charged for it.
#[test]
fn a_job_that_is_put_back_keeps_its_place() {
    let (mut turns, now) = (Turns::default(), Instant::now());
    for job in [job(1, "a"), job(2, "a"), job(3, "b"), job(4, "c")] {
        turns.add(&job, now);
    }
    for _ in 0..10 {
        let place = turns.take(now).expect("a job");
        assert_eq!(place.key().job(), JobId(1));
        assert_eq!(turns.untake(&user("a"), place, now), place.key());
    }
    let key = turns.take(now).expect("a job").key();
    assert_eq!(key.job(), JobId(1));
    turns.end(&user("a"));
    let places: Vec<Place> = std::iter::from_fn(|| turns.take(now)).collect();
    assert_eq!(
        places.iter().map(|place| place.key().job().0).collect::<Vec<_>>(),
        [3, 4, 2]
    );
}

/// Whoever followed another job comes back to its own place, also when others have come since.
#[test]
fn a_job_that_was_parked_keeps_its_place() {
    let (mut turns, now) = (Turns::default(), Instant::now());
    let key = turns.add(&job(1, "a"), now);
    let place = turns.remove(&user("a"), key).expect("it waited");
    assert!(turns.remove(&user("a"), key).is_none());
    assert!(!turns.is_ready());
    turns.add(&job(2, "b"), now);
    turns.add(&job(3, "a"), now);
    turns.put_back(&user("a"), place);
    assert_eq!(serve_all(&mut turns, now), [1, 2, 3]);
}
