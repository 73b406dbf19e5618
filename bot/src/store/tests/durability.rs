//! What happens to the data folder when the disk, the database or the clock is not as it should be.

use sha2::{Digest as _, Sha256};
use sqlx::migrate::Migration;

use super::*;

#[tokio::test]
async fn a_damaged_database_is_named() {
    let dir = tempfile::tempdir().expect("folder");
    fs::write(dir.path().join("ekaki.db"), "not a database ".repeat(100)).expect("file");
    insta::assert_snapshot!(
        open_error(dir.path()).await,
        @"the job log DATA/ekaki.db cannot be opened: error returned from database: (code: 26) file is not a database"
    );
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_named() {
    let (dir, store) = open().await;
    execute(
        &store,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (99990101000000, 'from the future', 1, x'00', 0)",
    )
    .await
    .expect("write");
    store.close().await;
    drop(store);
    insta::assert_snapshot!(
        open_error(dir.path()).await,
        @"the job log DATA/ekaki.db was written by a newer Ekaki; start that one, or use another data folder"
    );
}

#[tokio::test]
async fn a_full_disk_is_an_error_that_passes() {
    let (_dir, store) = open().await;
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count")
        .fetch_one(store.readers())
        .await
        .expect("pages");
    execute(&store, &format!("PRAGMA max_page_count = {pages}"))
        .await
        .expect("limit");
    let large = NewJob {
        prompt_typed: "後".repeat(100_000),
        ..new_job("a")
    };
    let error = store
        .jobs()
        .insert(&large, &NO_LIMITS)
        .await
        .expect_err("no room");
    insta::assert_snapshot!(error, @"the disk with the data folder is full");

    execute(&store, "PRAGMA max_page_count = 100000")
        .await
        .expect("limit");
    store.jobs().insert(&large, &NO_LIMITS).await.expect("room again");
}

#[tokio::test]
async fn a_picture_that_cannot_be_written_names_its_place() {
    let (dir, store) = open().await;
    let images = dir.path().join("images");
    fs::remove_dir_all(&images).expect("removed");
    fs::write(&images, b"in the way").expect("file");
    let error = store
        .images()
        .save(b"picture".to_vec())
        .await
        .expect_err("no folder")
        .to_string();
    insta::assert_snapshot!(
        error.replace(&dir.path().display().to_string(), "DATA"),
        @"DATA/images/unfinished cannot be created: Not a directory (os error 20)"
    );
}

/// Writes nonsense over a page of a closed database.
fn damage(dir: &Path, page: i64) {
    use std::io::{Seek as _, SeekFrom, Write as _};

    const PAGE_BYTES: u64 = 4096;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .open(dir.join("ekaki.db"))
        .expect("database");
    let start = (page.cast_unsigned() - 1) * PAGE_BYTES;
    file.seek(SeekFrom::Start(start)).expect("seek");
    file.write_all(&[0xa5; PAGE_BYTES as usize]).expect("write");
}

#[tokio::test]
async fn a_damaged_page_is_named_and_the_rest_can_be_read() {
    let (dir, store) = open().await;
    let job = insert(&store, new_job("a")).await;
    let actor = Actor {
        user: user("admin"),
        server: None,
        now: *NOW,
    };
    store
        .admin()
        .note("reload", &json!({}), &actor)
        .await
        .expect("written");
    assert_eq!(store.check().await.expect("checked"), Vec::<String>::new());
    let page = sqlx::query_scalar("SELECT rootpage FROM sqlite_schema WHERE name = 'audit'")
        .fetch_one(store.readers())
        .await
        .expect("page");
    store.close().await;
    drop(store);
    damage(dir.path(), page);

    let store = Store::open(dir.path()).await.expect("it can be opened");
    let error = store.admin().audit(None, None, 9).await.expect_err("damaged");
    insta::assert_snapshot!(error, @"the job log is damaged: error returned from database: (code: 11) database disk image is malformed; stop the service and put a backup in its place");
    assert!(store.jobs().get(job).await.expect("read").is_some());
    insert(&store, new_job("a")).await;
    assert!(!store.check().await.expect("checked").is_empty());
    store.close().await;
}

/// The checksum of a migration stands in every database that has applied it: a data folder cannot be opened any more when
/// the file has changed since. A released migration never changes; what is missing comes in a new one, with a line here.
#[test]
fn migrations_stay_as_they_were_released() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let names = fs::read_dir(&folder)
        .expect("folder")
        .map(|entry| entry.expect("entry").file_name().into_string().expect("a name"));
    let mut lines: Vec<String> = names
        .filter(|name| name.ends_with(".sql"))
        .map(|name| {
            let file = fs::read(folder.join(&name)).expect("file");
            format!("{:x} {name}", Sha256::digest(file))
        })
        .collect();
    lines.sort_unstable_by_key(|line| line.split(' ').nth(1).map(str::to_owned));
    insta::assert_snapshot!(lines.join("\n"), @"
    4b396421ade35a45d660abb6a5bc401959dc362f7317f3259d5b880dad19d7ed 20261122110000_create_job_log.sql
    7365f0c269246245e0ae7ffdd39d47a8c12d0e8db68cfc2dfd5c4730581eda94 20261122180000_create_desk.sql
    b927a96428e267948dc8718ae8faa075038e08e625d9460925d3ebef2dc510c9 20261122190000_create_place_rules.sql
    12582f57997919df9ec8ac5772a931fd12516b9b4ca07c0f1dd75ad1f3c24e08 20261122200000_create_platform_files.sql
    594d6fc5a1a0e9455723e9aa0f949969d4728e930e309a82d44833fa34e258d4 20261122203000_create_offers.sql
    10a9ac2b92f6a364953c2932030f8239498555d94aa173903530e4ef6d0025d8 20261122204500_create_searches.sql
    ");
}

/// The tables of the first release, with something in each of them.
async fn first_release(dir: &Path) {
    let options = SqliteConnectOptions::new()
        .filename(dir.join("ekaki.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let mut connection = options.connect().await.expect("database");
    let first: Vec<Migration> = MIGRATOR.iter().take(1).cloned().collect();
    Migrator::with_migrations(first)
        .run(&mut connection)
        .await
        .expect("tables");
    let draw = json!({
        "prompt": "Gotoh Hitori", "negative_prompt": "", "width": 128, "height": 128, "num_inference_steps": 4,
        "guidance_scale": 3.0, "seed": u64::MAX, "count": 1, "model": "avatar", "scheduler": null,
        "clamped": [{"what": "steps", "asked": "900", "used": "4"}],
    });
    let hash = "0a".repeat(32);
    let statement = format!(
        "INSERT INTO users (platform, id, last_turn) VALUES ('test', 'a', 3);
         INSERT INTO jobs (id, platform, user_id, chat_id, locale, command_key, reply_address, draw, prompt_typed, state,
             outcome, error_class, attempt, created_at_ms, started_at_ms, finished_at_ms, lease_until_ms)
         VALUES
             (1, 'test', 'a', 'room', 'ja', 'k1', '7', '{draw}', '後藤ひとり', 'done', 'done', NULL, 1, {now}, {now}, {now}, NULL),
             (2, 'test', 'a', 'room', 'ja', 'k2', '7', '{draw}', '後藤ひとり', 'failed', 'failed', 'internal', 1, {now}, {now}, {now}, NULL),
             (3, 'test', 'a', 'room', 'ja', 'k3', '7', '{draw}', '後藤ひとり', 'delivering', 'done', NULL, 1, {now}, {now}, {now}, NULL),
             (4, 'test', 'a', 'room', 'ja', 'k4', '7', '{draw}', '後藤ひとり', 'running', NULL, NULL, 1, {now}, {now}, NULL, {now}),
             (7, 'test', 'a', 'room', 'ja', 'k7', '7', '{draw}', '後藤ひとり', 'queued', NULL, NULL, 0, {now}, NULL, NULL, NULL);
         INSERT INTO images (job_id, idx, hash, width, height, bytes, seed) VALUES (1, 0, '{hash}', 128, 128, 5, -1);",
        now = NOW.timestamp_millis(),
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .expect("rows");
}

#[tokio::test]
async fn the_log_of_the_first_release_is_taken_over() {
    let dir = tempfile::tempdir().expect("folder");
    first_release(dir.path()).await;
    let error = Store::open_readonly(dir.path())
        .await
        .expect_err("not brought up to date");
    insta::assert_snapshot!(
        error.to_string().replace(&dir.path().display().to_string(), "DATA"),
        @"the job log DATA/ekaki.db was written by an older Ekaki; start this one once"
    );
    let store = Store::open(dir.path()).await.expect("taken over");

    let rows = store.jobs().of_user(&user("a"), None, 9).await.expect("read");
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let images: Vec<_> = row
                .images
                .iter()
                .map(|image| (image.seed, image.is_gone))
                .collect();
            format!(
                "{} {:?} {:?} {} {:?} {images:?}",
                row.id, row.state, row.kind, row.draw.seed, row.safety
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    7 Queued Draw 18446744073709551615 Allow []
    4 Running Draw 18446744073709551615 Allow []
    3 Delivering Draw 18446744073709551615 Allow []
    2 Failed Draw 18446744073709551615 Allow []
    1 Done Draw 18446744073709551615 Allow [(18446744073709551615, false)]
    ");
    let usage = store.users().usage(&user("a"), minutes(1)).await.expect("read");
    assert_eq!(
        (usage.used, usage.queued, usage.running),
        ([0, 4, 4], 1, 1),
        "the failed one does not count"
    );
    let found = store.jobs().search(&history("GOTOH")).await.expect("read");
    assert_eq!(found.jobs.len(), 5);
    let states = store.stats().by_state().await.expect("read");
    insta::assert_debug_snapshot!(states.iter().map(|(_, state, jobs)| (state, jobs)).collect::<Vec<_>>(), @"
    [
        (
            Delivering,
            1,
        ),
        (
            Done,
            1,
        ),
        (
            Failed,
            1,
        ),
        (
            Queued,
            1,
        ),
        (
            Running,
            1,
        ),
    ]
    ");

    let recovered = store
        .jobs()
        .recover(minutes(1), TimeDelta::hours(1))
        .await
        .expect("recovered");
    assert_eq!(
        (recovered.requeued, recovered.undelivered.len()),
        (vec![JobId(4)], 1)
    );
    assert_eq!(
        insert(&store, new_job("a")).await,
        JobId(8),
        "numbers are never given twice"
    );
    assert_eq!(store.check().await.expect("checked"), Vec::<String>::new());
}

#[tokio::test]
async fn a_backup_is_a_whole_job_log() {
    let (dir, store) = open().await;
    let job = insert(&store, new_job("a")).await;
    let folder = tempfile::tempdir().expect("folder");
    let target = folder.path().join("ekaki.db");
    store.backup(&target).await.expect("written");
    insert(&store, new_job("a")).await;
    let error = store.backup(&target).await.expect_err("there is one");
    insta::assert_snapshot!(
        error.to_string().replace(&folder.path().display().to_string(), "BACKUP"),
        @"BACKUP/ekaki.db cannot be written: entity already exists"
    );
    let names: Vec<_> = fs::read_dir(folder.path())
        .expect("folder")
        .map(|entry| entry.expect("entry").file_name())
        .collect();
    assert_eq!(names, ["ekaki.db"]);

    let restored = Store::open(folder.path()).await.expect("a job log");
    let rows = restored.jobs().of_user(&user("a"), None, 9).await.expect("read");
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [job]);
    let readonly = Store::open_readonly(dir.path())
        .await
        .expect("open")
        .expect("there");
    readonly
        .backup(&folder.path().join("second.db"))
        .await
        .expect("written");
}

#[tokio::test]
async fn a_backup_that_cannot_be_written_leaves_nothing() {
    let (dir, store) = open().await;
    let folder = dir.path().join("no/such/folder");
    store
        .backup(&folder.join("ekaki.db"))
        .await
        .expect_err("no folder");
    assert!(!dir.path().join("no").exists());
}

#[tokio::test]
async fn a_log_in_use_can_be_read_and_not_written() {
    let (dir, store) = open().await;
    let job = insert(&store, new_job("a")).await;
    let readonly = Store::open_readonly(dir.path())
        .await
        .expect("open")
        .expect("there");
    assert!(readonly.jobs().get(job).await.expect("read").is_some());
    let error = readonly
        .jobs()
        .mark_delivered(job, *NOW)
        .await
        .expect_err("read-only");
    insta::assert_snapshot!(error, @"the job log cannot be written: its file or the disk is read-only");
    assert_eq!(readonly.check().await.expect("checked"), Vec::<String>::new());
    let empty = tempfile::tempdir().expect("folder");
    assert!(
        Store::open_readonly(empty.path())
            .await
            .expect("nothing")
            .is_none()
    );
}

#[tokio::test]
async fn a_clock_that_was_set_back_loses_no_job() {
    let (_dir, store) = open().await;
    let future = NewJob {
        now: minutes(600),
        ..new_job("a")
    };
    let first = insert(&store, future).await;
    let second = insert(&store, new_job("a")).await;
    let running = lease(&store, minutes(600)).await.expect("a job");
    assert_eq!(running.id, first);
    let row = end(&store, &running, done()).await.expect("it was running");
    assert!(row.finished_at < row.started_at);
    let recovered = store
        .jobs()
        .recover(minutes(0), TimeDelta::hours(1))
        .await
        .expect("recovered");
    assert_eq!(recovered.expired, []);
    assert_eq!(lease(&store, minutes(0)).await.map(|job| job.id), Some(second));
    let query = StatsQuery {
        platform: None,
        server: None,
        since: minutes(-600),
        offset: chrono::FixedOffset::east_opt(0).expect("an offset"),
    };
    let days = store.stats().by_day(&query).await.expect("read");
    assert!(days.iter().all(|day| day.seconds >= 0.0));
}
