mod load;

use proptest::prelude::*;

use super::*;
use crate::queue::policy::tests::job;
use crate::queue::tests::fakes::SETTINGS;
use crate::store::tests::user;

fn line(concurrency: usize) -> Line {
    Line::new(&QueueSettings {
        concurrency,
        ..SETTINGS
    })
}

fn waiting(id: i64, owner: &str) -> Arc<WaitingJob> {
    Arc::new(job(id, owner))
}

fn follower(id: i64, owner: &str) -> Follower {
    Follower {
        job: JobId(id),
        user: user(owner),
    }
}

fn positions(line: &Line, jobs: impl IntoIterator<Item = i64>) -> Vec<Option<u32>> {
    let place = |job| line.place(JobId(job)).map(|place| place.position);
    jobs.into_iter().map(place).collect()
}

#[test]
fn places_are_those_in_the_line() {
    let (mut line, now) = (line(1), Instant::now());
    for (id, owner) in [(1, "a"), (2, "a"), (3, "a"), (4, "b")] {
        line.add(waiting(id, owner), now);
    }
    line.add(waiting(2, "a"), now);
    assert_eq!(
        positions(&line, 1..=5),
        [Some(1), Some(3), Some(4), Some(2), None]
    );
    let first = line.take(now).expect("a job");
    assert!(line.take(now).is_none(), "there is room for one");
    assert_eq!(positions(&line, 1..=4), [Some(0), Some(2), Some(3), Some(1)]);
    line.ended(JobId(2));
    line.finished(first.turn, now);
    assert_eq!(positions(&line, 1..=4), [None, None, Some(2), Some(1)]);
}

#[test]
fn what_has_ended_does_not_come_back() {
    let (mut line, now) = (line(1), Instant::now());
    line.add(waiting(1, "a"), now);
    line.add(waiting(2, "b"), now);
    let first = line.take(now).expect("a job");
    line.finished(first.turn, now);
    line.ended(JobId(2));
    for id in 1..=2 {
        line.add(waiting(id, "a"), now);
    }
    assert_eq!(positions(&line, 1..=2), [None, None]);
    // A job that was taken back has not ended.
    line.add(waiting(3, "a"), now);
    let taken = line.take(now).expect("a job");
    line.stopped(taken.turn, now);
    line.add(waiting(3, "a"), now);
    assert_eq!(positions(&line, [3]), [Some(1)]);
    assert!(!line.progress(taken.turn, 0.5, now), "the first try is over");
}

#[test]
fn a_job_that_could_not_be_begun_waits_as_before() {
    let (mut line, now) = (line(1), Instant::now());
    line.add(waiting(1, "a"), now);
    line.follow(JobId(1), follower(2, "b"));
    let taken = line.take(now).expect("a job");
    line.put_back(taken.turn, now);
    line.put_back(taken.turn, now);
    assert_eq!(positions(&line, 1..=2), [Some(1), Some(1)]);
    assert_ne!(line.take(now).expect("a job").turn, taken.turn);
}

#[test]
fn followers_stand_where_their_leader_stands() {
    let (mut line, now) = (line(1), Instant::now());
    line.add(waiting(1, "a"), now);
    line.add(waiting(2, "b"), now);
    assert!(
        !line.follow(JobId(9), follower(10, "c")),
        "there is no such leader"
    );
    assert!(line.follow(JobId(2), follower(3, "c")));
    assert!(line.follow(JobId(2), follower(4, "d")));
    assert_eq!(positions(&line, 1..=4), [Some(1), Some(2), Some(2), Some(2)]);
    assert_eq!(line.place(JobId(4)).map(|place| place.user), Some(user("d")));
    let snapshot = line.view().snapshot(&line.jobs());
    let jobs: Vec<i64> = snapshot.waiting.iter().map(|place| place.job.0).collect();
    assert_eq!((jobs, snapshot.running), (vec![1, 2, 3, 4], vec![]));

    assert!(!line.ended(JobId(3)), "nobody waits for a follower");
    let first = line.take(now).expect("a job");
    assert!(!line.finished(first.turn, now));
    let second = line.take(now).expect("a job");
    assert_eq!(positions(&line, [2, 4]), [Some(0), Some(0)]);
    assert!(line.finished(second.turn, now), "somebody waits for it");
    assert_eq!(positions(&line, 1..=4), [None; 4]);
    // It waits for its own turn now.
    line.add(waiting(4, "d"), now);
    assert_eq!(positions(&line, [4]), [Some(1)]);
}

proptest! {
    /// The order that people are told is the order in which they are served when nobody else comes.
    #[test]
    fn the_order_is_what_serving_one_by_one_gives(owners in proptest::collection::vec(0u8..6, 0..40)) {
        let (mut line, now) = (line(1), Instant::now());
        for (id, owner) in (1i64..).zip(&owners) {
            line.add(waiting(id, &owner.to_string()), now);
        }
        let mut told: Vec<_> = (1..=owners.len() as i64)
            .map(|id| (line.place(JobId(id)).map(|place| place.position), JobId(id)))
            .collect();
        told.sort();
        let served = std::iter::from_fn(|| {
            let taken = line.take(now)?;
            line.finished(taken.turn, now);
            Some(taken.job)
        });
        prop_assert!(told.into_iter().map(|(_, job)| job).eq(served));
    }
}
