//! The service is killed at any moment, again and again, while people use it. Nothing that it has accepted is lost or
//! answered twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bot::store::{ErrorClass, JobId, JobOutcome, JobRow, JobState};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::{Client, PATIENCE, Program};

/// How often the service is killed while people use it.
const KILLS: u32 = 200;
/// As many services as this are killed at the same time, each with a data folder of its own.
const SERVICES: u32 = 2;
/// People who use one service at the same time.
const PEOPLE: u64 = 4;
/// The service lives at most this long before it is killed.
const LONGEST_LIFE: Duration = Duration::from_millis(500);
/// Every so many kills, one more hits the service while it starts.
const KILLS_PER_START: u32 = 10;
/// How often drawing a job may be begun.
const MAX_ATTEMPTS: u32 = 2;

#[test]
fn whatever_was_accepted_ends_once_however_often_the_service_is_killed() {
    let seed = RandomState::new().hash_one(0);
    thread::scope(|scope| {
        for number in 0..SERVICES {
            scope.spawn(move || use_and_kill(seed.wrapping_add(number.into())));
        }
    });
}

fn use_and_kill(seed: u64) {
    println!("seed {seed:#x}");
    let program = Program::new().with("EKAKI__LIMITS__QUEUED", "3");
    let people: Vec<Client> = {
        let service = program.serve();
        (0..PEOPLE).map(|_| service.client()).collect()
    };
    let address = Mutex::new(None);
    let is_over = AtomicBool::new(false);
    let accepted: Vec<BTreeMap<String, JobId>> = thread::scope(|scope| {
        let typing: Vec<_> = people
            .iter()
            .zip(0..)
            .map(|(person, number)| {
                let (address, is_over) = (&address, &is_over);
                let dice = Dice(seed ^ (number + 1));
                scope.spawn(move || keep_typing(person, address, is_over, dice))
            })
            .collect();
        kill_again_and_again(&program, &address, Dice(seed));
        is_over.store(true, Ordering::Relaxed);
        typing
            .into_iter()
            .map(|typing| typing.join().expect("a person does not panic"))
            .collect()
    });

    let service = program.serve();
    for (person, accepted) in people.iter().zip(&accepted) {
        let person = person.at(&service.address);
        wait_for_all(&person, accepted);
    }
    assert_eq!(service.terminate().code, Some(0));

    let mut log = Log::default();
    for (person, accepted) in people.iter().zip(&accepted) {
        log.check(accepted, program.jobs_of(&person.id()));
    }
    log.check_files(&program.data_dir().join("images"));
    let promised: usize = accepted.iter().map(BTreeMap::len).sum();
    let Log {
        done,
        crashed,
        second_attempts,
        orphans,
        ..
    } = log;
    println!(
        "seed {seed:#x}: {promised} jobs promised, {done} done, {crashed} interrupted twice, \
         {second_attempts} drawn again, {orphans} files left behind"
    );
    assert!(done > 0, "something was drawn");
}

/// A sequence of numbers that is the same for the same beginning.
struct Dice(u64);

impl Dice {
    /// The next number (`SplitMix64`).
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A time that is shorter than `longest`.
    fn time(&mut self, longest: Duration) -> Duration {
        let micros = u64::try_from(longest.as_micros()).expect("a short time");
        Duration::from_micros(self.roll() % micros)
    }
}

fn kill_again_and_again(program: &Program, address: &Mutex<Option<String>>, mut dice: Dice) {
    let set = |to| *address.lock().unwrap_or_else(PoisonError::into_inner) = to;
    for kill in 0..KILLS / SERVICES {
        if kill % KILLS_PER_START == 0 {
            let mut child = program.start(&[]);
            thread::sleep(dice.time(LONGEST_LIFE));
            child.kill().expect("it runs");
            child.wait().expect("it ends");
        }
        let service = program.serve();
        set(Some(service.address.clone()));
        thread::sleep(dice.time(LONGEST_LIFE));
        service.kill();
        set(None);
    }
}

/// Types one command after another, each again until it is answered, and returns the jobs that were promised.
fn keep_typing(
    person: &Client,
    address: &Mutex<Option<String>>,
    is_over: &AtomicBool,
    mut dice: Dice,
) -> BTreeMap<String, JobId> {
    let mut accepted = BTreeMap::new();
    let mut number = 0;
    while !is_over.load(Ordering::Relaxed) {
        let address = address.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(address) = address else {
            thread::sleep(Duration::from_millis(2));
            continue;
        };
        let (steps, key) = (1 + number % 4, format!("picture-{number}"));
        let text = format!("/draw picture {number} --size 64x64 --steps {steps}");
        match person.at(&address).try_command(&text, &key) {
            Some(message) => {
                if let Some(job) = message["job"].as_i64() {
                    accepted.insert(key, JobId(job));
                }
                number += 1;
            }
            None => thread::sleep(Duration::from_millis(2)),
        }
        thread::sleep(dice.time(Duration::from_millis(60)));
    }
    accepted
}

/// Waits until the person has nothing more to wait for, and checks that each promised job is told once.
fn wait_for_all(person: &Client, accepted: &BTreeMap<String, JobId>) {
    let begun = Instant::now();
    loop {
        let history = person.whole_history();
        let waiting =
            |message: &&Value| matches!(message["state"].as_str(), Some("pending" | "queued" | "running"));
        let Some(message) = history.iter().find(waiting) else {
            for (key, job) in accepted {
                let told = history.iter().filter(|message| message["id"] == *key);
                let jobs: Vec<_> = told.map(|message| message["job"].as_i64()).collect();
                assert_eq!(jobs, [Some(job.0)], "{key}");
            }
            return;
        };
        assert!(begun.elapsed() < PATIENCE, "never ends: {message}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// What the job log says at the end.
#[derive(Default)]
struct Log {
    done: usize,
    /// Jobs that were given up because the service was killed twice while it drew them.
    crashed: usize,
    /// Jobs that were interrupted and drawn again.
    second_attempts: usize,
    /// The files of the pictures, by their hash.
    files: BTreeSet<String>,
    /// Files that no job names: the service was killed before it could write down that the job has ended.
    orphans: usize,
}

impl Log {
    fn check(&mut self, accepted: &BTreeMap<String, JobId>, jobs: Vec<JobRow>) {
        let ids: BTreeSet<JobId> = jobs.iter().map(|job| job.id).collect();
        for (key, job) in accepted {
            assert!(
                ids.contains(job),
                "{key} was accepted as job {job} and is not in the log"
            );
        }
        let commands: BTreeSet<String> = jobs
            .iter()
            .map(|job| job.reply_address.0["message"].to_string())
            .collect();
        assert_eq!(commands.len(), jobs.len(), "no command became two jobs");
        for job in jobs {
            self.check_job(&job);
        }
    }

    fn check_job(&mut self, job: &JobRow) {
        let ended = match job.outcome {
            Some(JobOutcome::Done) => JobState::Done,
            Some(JobOutcome::Failed) => JobState::Failed,
            Some(JobOutcome::Cancelled | JobOutcome::Expired) | None => panic!("nobody did that: {job:?}"),
        };
        assert_eq!(job.state, ended, "the end was told: {job:?}");
        assert!(job.attempt <= MAX_ATTEMPTS, "{job:?}");
        self.second_attempts += usize::from(job.attempt == MAX_ATTEMPTS);
        if ended == JobState::Done {
            self.done += 1;
            assert_eq!(job.images.len(), 1, "{job:?}");
        } else {
            self.crashed += 1;
            assert_eq!(
                (job.error_class, job.attempt),
                (Some(ErrorClass::Crashed), MAX_ATTEMPTS)
            );
        }
        self.files
            .extend(job.images.iter().map(|image| image.hash.clone()));
    }

    /// Every picture of the log has its file, every file is whole, and only jobs that were given up left some behind.
    fn check_files(&mut self, folder: &Path) {
        let mut found = BTreeSet::new();
        for path in files_below(folder) {
            let hash = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let bytes = fs::read(&path).expect("readable");
            assert_eq!(
                format!("{:x}", Sha256::digest(&bytes)),
                hash,
                "{}",
                path.display()
            );
            found.insert(hash);
        }
        let missing: Vec<_> = self.files.difference(&found).collect();
        assert!(missing.is_empty(), "{missing:?}");
        self.orphans = found.difference(&self.files).count();
        assert!(
            self.orphans <= self.crashed,
            "{} files without a job",
            self.orphans
        );
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}
