use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use serde_json::json;
use tempfile::TempDir;

mod admin;
mod durability;
mod equal_jobs;
mod files;
mod history;
mod offers;
mod people;
mod plans;
mod quota;
mod statistics;
mod writing;

use super::*;
use crate::chat::{Place, Platform, ReplyAddress, UserId};
use crate::i18n::Locale;
use crate::safety::SafetyAction;

/// When every test begins.
pub(crate) static NOW: LazyLock<DateTime<Utc>> =
    LazyLock::new(|| "2026-11-22T12:00:00Z".parse().expect("a time"));

pub(crate) const NO_LIMITS: LimitCheck = LimitCheck {
    per_minute: None,
    per_hour: None,
    per_day: None,
    cooldown: None,
    queued: None,
    max_queued: u32::MAX,
};

fn minutes(minutes: i64) -> DateTime<Utc> {
    *NOW + TimeDelta::minutes(minutes)
}

pub(crate) fn user(id: &str) -> UserId {
    UserId {
        platform: Platform::new("test"),
        id: id.into(),
    }
}

/// Every one draws something else: with the same seed they would be drawn once.
pub(crate) fn new_job(user_id: &str) -> NewJob {
    static MADE: AtomicU64 = AtomicU64::new(0);
    NewJob {
        user: user(user_id),
        place: Place::direct("room"),
        kind: JobKind::Draw,
        parent: None,
        is_private: false,
        priority: 0,
        max_running: None,
        safety: SafetyAction::Allow,
        locale: Locale::JA,
        key: None,
        reply_address: ReplyAddress(json!({"page": 7})),
        draw: DrawParameters {
            prompt: "gotoh hitori".into(),
            negative_prompt: "hands".into(),
            width: 128,
            height: 192,
            num_inference_steps: 16,
            guidance_scale: 3.5,
            seed: u64::MAX - MADE.fetch_add(1, Ordering::Relaxed),
            count: 1,
            model: "avatar".into(),
            scheduler: Some("Euler".into()),
            clamped: vec![Clamped {
                what: ClampedParameter::Steps,
                asked: "9000".into(),
                used: "16".into(),
            }],
            ..DrawParameters::default()
        },
        prompt_typed: "後藤ひとり".into(),
        now: *NOW,
    }
}

/// What would be on the disk if the process were killed now.
pub(crate) fn copy_as_if_killed(data_dir: &Path) -> TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("folder");
        for entry in fs::read_dir(from).expect("folder") {
            let entry = entry.expect("entry");
            let to = to.join(entry.file_name());
            if entry.file_type().expect("type").is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).expect("copy");
            }
        }
    }
    let to = tempfile::tempdir().expect("folder");
    copy(data_dir, to.path());
    to
}

async fn open() -> (TempDir, Store) {
    let dir = tempfile::tempdir().expect("folder");
    let store = Store::open(dir.path()).await.expect("store");
    (dir, store)
}

async fn insert(store: &Store, new: NewJob) -> JobId {
    store.jobs().insert(&new, &NO_LIMITS).await.expect("inserted").job
}

/// Begins the oldest job, with a lease of ten minutes.
async fn lease(store: &Store, now: DateTime<Utc>) -> Option<JobRow> {
    let lease = Lease {
        now,
        until: now + TimeDelta::minutes(10),
    };
    store
        .jobs()
        .lease(|waiting| waiting.first().map(|job| job.id), lease)
        .await
        .expect("lease")
}

async fn end(store: &Store, job: &JobRow, ending: Ending) -> Option<JobRow> {
    store
        .jobs()
        .finish_generation(job.id, job.attempt, &ending, minutes(2))
        .await
        .expect("finish")
        .map(|finished| finished.job)
}

/// Runs a statement in the writer's connection.
async fn execute(store: &Store, statement: &str) -> Result<(), StoreError> {
    let statement = statement.to_owned();
    store
        .write(move |connection| {
            async move {
                sqlx::query(sqlx::AssertSqlSafe(statement))
                    .execute(connection)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
}

/// From now on a job cannot come into this state.
pub(crate) async fn forbid_state(store: &Store, state: &str) {
    let trigger = format!(
        "CREATE TRIGGER forbidden BEFORE UPDATE OF state ON jobs WHEN new.state = '{state}'
         BEGIN SELECT RAISE(ABORT, 'forbidden by the test'); END"
    );
    execute(store, &trigger).await.expect("write");
}

/// It can again.
pub(crate) async fn allow_state(store: &Store) {
    execute(store, "DROP TRIGGER forbidden").await.expect("write");
}

async fn state(store: &Store, job: JobId) -> (JobState, Option<JobOutcome>, u32) {
    let row = store.jobs().get(job).await.expect("read").expect("there");
    (row.state, row.outcome, row.attempt)
}

fn image(index: u32) -> ImageRow {
    ImageRow {
        index,
        hash: "0a".repeat(32),
        width: 128,
        height: 192,
        bytes: 4321,
        seed: u64::MAX,
        ..ImageRow::default()
    }
}

fn waiting_work() -> f64 {
    new_job("a").draw.work()
}

/// The newest jobs of user `a` with a text.
fn history(text: &str) -> HistoryQuery {
    HistoryQuery {
        user: user("a"),
        text: Some(text.into()),
        before: None,
        limit: 9,
    }
}

fn done() -> Ending {
    Ending::Done {
        images: vec![image(0), image(1)],
        withheld: 0,
        prompt_truncated: true,
    }
}

#[tokio::test]
async fn a_job_comes_back_as_it_was_inserted() {
    let (_dir, store) = open().await;
    let new = new_job("a");
    let id = insert(&store, new.clone()).await;
    let row = store.jobs().get(id).await.expect("read").expect("there");
    let expected = JobRow {
        id,
        user: new.user,
        place: new.place,
        kind: new.kind,
        parent: None,
        is_private: false,
        safety: SafetyAction::Allow,
        withheld: 0,
        is_deleted: false,
        locale: new.locale,
        state: JobState::Queued,
        outcome: None,
        error_class: None,
        draw: new.draw,
        prompt_typed: new.prompt_typed,
        prompt_truncated: false,
        reply_address: new.reply_address,
        attempt: 0,
        created_at: *NOW,
        started_at: None,
        finished_at: None,
        images: vec![],
    };
    assert_eq!(row, expected);
    assert_eq!(store.jobs().get(JobId(id.0 + 1)).await.expect("read"), None);
}

#[tokio::test]
async fn a_job_goes_from_queued_to_done() {
    let (_dir, store) = open().await;
    let id = insert(&store, new_job("a")).await;
    assert!(!store.jobs().mark_delivered(id, *NOW).await.expect("write"));

    let running = lease(&store, minutes(1)).await.expect("a job");
    assert_eq!((running.state, running.attempt), (JobState::Running, 1));
    assert_eq!(running.started_at, Some(minutes(1)));
    assert_eq!(lease(&store, minutes(1)).await, None);
    assert!(!store.jobs().mark_delivered(id, *NOW).await.expect("write"));

    let delivering = end(&store, &running, done()).await.expect("it was running");
    assert_eq!(
        (delivering.state, delivering.outcome),
        (JobState::Delivering, Some(JobOutcome::Done))
    );
    assert_eq!(delivering.images, [image(0), image(1)]);
    assert!(delivering.prompt_truncated);
    assert_eq!(delivering.finished_at, Some(minutes(2)));
    assert_eq!(end(&store, &running, Ending::Cancelled).await, None);

    assert!(store.jobs().mark_delivered(id, minutes(3)).await.expect("write"));
    assert!(!store.jobs().mark_delivered(id, minutes(4)).await.expect("write"));
    assert_eq!(
        state(&store, id).await,
        (JobState::Done, Some(JobOutcome::Done), 1)
    );
}

#[tokio::test]
async fn failed_and_cancelled_jobs_are_delivered_too() {
    let (_dir, store) = open().await;
    let endings = [
        (
            Ending::Failed(ErrorClass::OutOfMemory),
            JobState::Failed,
            Some(ErrorClass::OutOfMemory),
        ),
        (Ending::Cancelled, JobState::Cancelled, None),
    ];
    for (ending, expected, class) in endings {
        let id = insert(&store, new_job("a")).await;
        let running = lease(&store, *NOW).await.expect("a job");
        let delivering = end(&store, &running, ending).await.expect("it was running");
        assert_eq!(
            (delivering.state, delivering.error_class),
            (JobState::Delivering, class)
        );
        assert!(store.jobs().mark_delivered(id, *NOW).await.expect("write"));
        assert_eq!(state(&store, id).await.0, expected);
    }
}

#[tokio::test]
async fn a_job_that_was_taken_back_is_not_finished_by_its_old_attempt() {
    let (_dir, store) = open().await;
    let id = insert(&store, new_job("a")).await;
    let first = lease(&store, minutes(0)).await.expect("a job");
    assert_eq!(
        store.jobs().take_back_lapsed(minutes(9)).await.expect("write"),
        TakenBack::default()
    );
    store.jobs().renew(&[id], minutes(20)).await.expect("write");
    assert_eq!(
        store.jobs().take_back_lapsed(minutes(19)).await.expect("write"),
        TakenBack::default()
    );
    let taken_back = store.jobs().take_back_lapsed(minutes(20)).await.expect("write");
    assert_eq!(
        taken_back,
        TakenBack {
            requeued: vec![id],
            failed: vec![]
        }
    );

    let second = lease(&store, minutes(21)).await.expect("a job");
    assert_eq!(second.attempt, 2);
    assert_eq!(end(&store, &first, done()).await, None);
    assert!(!store.jobs().requeue(id, first.attempt).await.expect("write"));
    let taken_back = store.jobs().take_back_lapsed(minutes(40)).await.expect("write");
    assert_eq!(
        taken_back,
        TakenBack {
            requeued: vec![],
            failed: vec![id]
        }
    );
    let row = store.jobs().get(id).await.expect("read").expect("there");
    assert_eq!(
        (row.state, row.error_class),
        (JobState::Delivering, Some(ErrorClass::Stalled))
    );
}

#[tokio::test]
async fn an_attempt_that_was_given_back_does_not_count() {
    let (_dir, store) = open().await;
    let id = insert(&store, new_job("a")).await;
    for _ in 0..3 {
        let running = lease(&store, *NOW).await.expect("a job");
        assert_eq!(running.attempt, 1);
        assert!(store.jobs().requeue(id, running.attempt).await.expect("write"));
        assert_eq!(state(&store, id).await, (JobState::Queued, None, 0));
    }
}

#[tokio::test]
async fn a_turn_puts_a_user_behind_the_others() {
    let (_dir, store) = open().await;
    for id in ["a", "a", "b"] {
        insert(&store, new_job(id)).await;
    }
    lease(&store, *NOW).await.expect("a job");
    let waiting = store.jobs().waiting().await.expect("read");
    let expected = [
        WaitingJob {
            id: JobId(2),
            user: user("a"),
            last_turn: 1,
            priority: 0,
            max_running: None,
            work: waiting_work(),
            steps: 16.0,
            model: "avatar".into(),
            created_at: *NOW,
        },
        WaitingJob {
            id: JobId(3),
            user: user("b"),
            last_turn: 0,
            priority: 0,
            max_running: None,
            work: waiting_work(),
            steps: 16.0,
            model: "avatar".into(),
            created_at: *NOW,
        },
    ];
    assert_eq!(waiting, expected);
}

#[tokio::test]
async fn history_is_paged_from_the_newest() {
    let (_dir, store) = open().await;
    for id in ["a", "b", "a", "a"] {
        insert(&store, new_job(id)).await;
    }
    let running = lease(&store, *NOW).await.expect("a job");
    end(&store, &running, done()).await.expect("it was running");
    let page = async |before, limit| {
        let rows = store
            .jobs()
            .of_user(&user("a"), before, limit)
            .await
            .expect("read");
        rows.into_iter()
            .map(|row| (row.id.0, row.images.len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, [(4, 0), (3, 0)]);
    assert_eq!(page(Some(JobId(3)), 2).await, [(1, 2)]);
    assert_eq!(page(Some(JobId(1)), 2).await, []);
}

#[tokio::test]
async fn a_start_puts_the_log_in_order() {
    let (dir, store) = open().await;
    let old = NewJob {
        now: minutes(-90),
        ..new_job("a")
    };
    let (interrupted, twice) = (
        insert(&store, new_job("a")).await,
        insert(&store, new_job("b")).await,
    );
    let (undelivered, delivered) = (
        insert(&store, new_job("c")).await,
        insert(&store, new_job("d")).await,
    );
    let (stale, waiting) = (insert(&store, old).await, insert(&store, new_job("f")).await);
    let begin = async |job| {
        let lease = Lease {
            now: *NOW,
            until: minutes(10),
        };
        store
            .jobs()
            .lease_job(job, lease)
            .await
            .expect("lease")
            .expect("a job")
            .job
    };
    begin(interrupted).await;
    begin(twice).await;
    for job in [undelivered, delivered] {
        let running = begin(job).await;
        end(&store, &running, done()).await.expect("it was running");
    }
    store.jobs().mark_delivered(delivered, *NOW).await.expect("write");

    let dir = copy_as_if_killed(dir.path());
    let store = Store::open(dir.path()).await.expect("store");
    let hour = TimeDelta::hours(1);
    let first = store.jobs().recover(minutes(0), hour).await.expect("recovered");
    assert_eq!(first.requeued, [interrupted, twice]);
    assert_eq!((first.crashed, first.expired), (vec![], vec![stale]));
    assert_eq!(
        first.undelivered.iter().map(|job| job.id).collect::<Vec<_>>(),
        [undelivered, stale]
    );
    assert_eq!(state(&store, waiting).await, (JobState::Queued, None, 0));
    store.jobs().mark_delivered(stale, *NOW).await.expect("write");
    assert_eq!(state(&store, stale).await.0, JobState::Expired);

    let lease = Lease {
        now: *NOW,
        until: minutes(10),
    };
    store
        .jobs()
        .lease_job(twice, lease)
        .await
        .expect("lease")
        .expect("a job");
    let second = store.jobs().recover(minutes(1), hour).await.expect("recovered");
    assert_eq!(
        (second.requeued, second.crashed, second.expired),
        (vec![], vec![twice], vec![])
    );
    let last = second.undelivered.first().expect("undelivered");
    assert_eq!(
        (last.id, last.outcome, last.error_class),
        (twice, Some(JobOutcome::Failed), Some(ErrorClass::Crashed))
    );
}

#[tokio::test]
async fn a_picture_is_written_once_under_its_hash() {
    let (dir, store) = open().await;
    let first = store.images().save(b"picture".to_vec()).await.expect("saved");
    let path = store.images().path(&first.hash).expect("a hash");
    let relative = path.strip_prefix(dir.path()).expect("in the data folder");
    insta::assert_snapshot!(
        relative.display(),
        @"images/2c/2cea274d0bedc39ec4ab6ba9e59ec889e3ed6fb56a1cf088a64d9b383378dc97.png"
    );
    assert_eq!(fs::read(&path).expect("file"), b"picture");
    let written = fs::metadata(&path).expect("file").modified().expect("time");
    assert_eq!(
        store.images().save(b"picture".to_vec()).await.expect("saved"),
        first
    );
    assert_eq!(
        fs::metadata(&path).expect("file").modified().expect("time"),
        written
    );
    assert_eq!(
        fs::read_dir(dir.path().join("images/unfinished"))
            .expect("folder")
            .count(),
        0
    );
}

#[tokio::test]
async fn what_is_no_hash_has_no_path() {
    let (_dir, store) = open().await;
    for text in [
        "",
        "0a",
        "../../etc/passwd",
        &"0A".repeat(32),
        &"é".repeat(32),
        &"0a/".repeat(22),
    ] {
        assert_eq!(store.images().path(text), None);
    }
}

#[tokio::test]
async fn a_start_removes_pictures_that_were_not_finished() {
    let (dir, store) = open().await;
    drop(store);
    let unfinished = dir.path().join("images/unfinished");
    fs::create_dir_all(&unfinished).expect("folder");
    fs::write(unfinished.join("x"), b"half").expect("file");
    Store::open(dir.path()).await.expect("store");
    assert!(!unfinished.exists());
}

/// The error of opening a folder, with the folder's name replaced.
async fn open_error(dir: &Path) -> String {
    let error = Store::open(dir).await.expect_err("not usable");
    error.to_string().replace(&dir.display().to_string(), "DATA")
}

#[tokio::test]
async fn a_data_folder_belongs_to_one_process() {
    let (dir, store) = open().await;
    insta::assert_snapshot!(
        open_error(dir.path()).await,
        @"the data folder DATA is in use by another Ekaki; stop that one, or set `data.dir` to another folder"
    );
    drop(store);
    Store::open(dir.path()).await.expect("free again");
}

#[tokio::test]
async fn a_data_folder_that_is_a_file_is_named() {
    let dir = tempfile::tempdir().expect("folder");
    let file = dir.path().join("data");
    fs::write(&file, b"").expect("file");
    insta::assert_snapshot!(open_error(&file).await, @"DATA cannot be created: File exists (os error 17)");
}

/// Root may write into any folder, except below one that the kernel makes up.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_read_only_data_folder_is_named() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().expect("folder");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o555)).expect("permissions");
    let is_root = fs::write(dir.path().join("probe"), b"").is_ok();
    if is_root {
        let error = open_error(Path::new("/proc/self")).await;
        assert!(
            error.starts_with("DATA/ekaki.lock cannot be written: "),
            "{error}"
        );
    } else {
        insta::assert_snapshot!(
            open_error(dir.path()).await,
            @"DATA/ekaki.lock cannot be written: Permission denied (os error 13)"
        );
    }
}
