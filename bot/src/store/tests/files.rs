//! Files of pictures: formats, sources, retention.

use std::time::SystemTime;

use super::*;

/// A job that was asked for at this time and shows the file with these bytes.
async fn drawn(store: &Store, now: DateTime<Utc>, bytes: &[u8]) -> (JobId, String) {
    let saved = store.images().save(bytes.to_vec()).await.expect("saved");
    let job = insert(store, NewJob { now, ..new_job("a") }).await;
    let running = lease(store, now).await.expect("a job");
    let picture = ImageRow {
        hash: saved.hash.clone(),
        bytes: saved.bytes,
        ..image(0)
    };
    let ending = Ending::Done {
        images: vec![picture],
        withheld: 0,
        prompt_truncated: false,
    };
    end(store, &running, ending).await.expect("it was running");
    (job, saved.hash)
}

async fn delivered(store: &Store, now: DateTime<Utc>, bytes: &[u8]) -> (JobId, String) {
    let (job, hash) = drawn(store, now, bytes).await;
    store.jobs().mark_delivered(job, now).await.expect("write");
    (job, hash)
}

async fn is_there(store: &Store, hash: &str) -> bool {
    store.images().read(hash).await.expect("read").is_some()
}

async fn is_gone(store: &Store, job: JobId) -> bool {
    let row = store.jobs().get(job).await.expect("read").expect("there");
    row.images[0].is_gone
}

fn with_source(hash: &str, now: DateTime<Utc>) -> NewJob {
    let mut new = NewJob { now, ..new_job("a") };
    new.draw.source = Some(SourceParameters {
        hash: hash.to_owned(),
        strength: 0.5,
        recipe: None,
    });
    new
}

fn days(days: i64) -> DateTime<Utc> {
    *NOW + TimeDelta::days(days)
}

#[tokio::test]
async fn every_format_is_read_by_its_hash() {
    let (dir, store) = open().await;
    for format in FileFormat::ALL {
        let bytes = format.extension().as_bytes().to_vec();
        let saved = store
            .images()
            .save_bytes(bytes.clone(), format)
            .await
            .expect("saved");
        assert_eq!(store.images().read(&saved.hash).await.expect("read"), Some(bytes));
        let name = format!("{}.{}", saved.hash, format.extension());
        let folder = dir.path().join("images").join(&saved.hash[..2]);
        assert!(folder.join(name).exists());
    }
    assert_eq!(store.images().read("../../etc/passwd").await.expect("read"), None);
    assert_eq!(store.images().read(&"0a".repeat(32)).await.expect("read"), None);
}

#[tokio::test]
async fn a_source_outlives_the_picture_that_it_was() {
    let (_dir, store) = open().await;
    let (job, hash) = delivered(&store, *NOW, b"picture").await;
    insert(&store, with_source(&hash, *NOW)).await;
    store.jobs().delete_images(job, *NOW).await.expect("deleted");
    assert!(is_there(&store, &hash).await && is_gone(&store, job).await);
}

#[tokio::test]
async fn a_picture_that_is_being_drawn_again_is_not_deleted_under_it() {
    let (_dir, store) = open().await;
    let (job, hash) = delivered(&store, *NOW, b"picture").await;
    store.images().save(b"picture".to_vec()).await.expect("saved");
    store.jobs().delete_images(job, *NOW).await.expect("deleted");
    assert!(
        is_there(&store, &hash).await,
        "the row of the second one is still to come"
    );
}

#[tokio::test]
async fn old_files_are_removed_and_rows_stay() {
    let (_dir, store) = open().await;
    let (old, old_file) = delivered(&store, days(-31), b"old").await;
    let (shared_old, shared) = delivered(&store, days(-31), b"shared").await;
    let (shared_new, _) = delivered(&store, days(-1), b"shared").await;
    let (unsent, unsent_file) = drawn(&store, days(-31), b"unsent").await;
    let source = store.images().save(b"source".to_vec()).await.expect("saved").hash;
    insert(&store, with_source(&source, days(-31))).await;
    let retention = Retention {
        keep_days: Some(30),
        max_bytes: None,
    };
    let retained = store.retain(&retention, *NOW).await.expect("retained");
    assert_eq!(retained, Retained { images: 1, bytes: 3 });
    assert!(is_gone(&store, old).await && !is_there(&store, &old_file).await);
    assert!(!is_gone(&store, shared_old).await && !is_gone(&store, shared_new).await);
    assert!(is_there(&store, &shared).await);
    assert!(!is_gone(&store, unsent).await && is_there(&store, &unsent_file).await);
    assert!(
        is_there(&store, &source).await,
        "the job that begins with it is not drawn"
    );

    store.jobs().clear_queued(None, None, *NOW).await.expect("write");
    let retained = store.retain(&retention, *NOW).await.expect("retained");
    assert_eq!(retained, Retained { images: 1, bytes: 6 });
    assert!(!is_there(&store, &source).await);
    assert_eq!(
        store.retain(&retention, *NOW).await.expect("retained"),
        Retained::default()
    );
    assert_eq!(store.images().missing().await.expect("read"), 0);
}

#[tokio::test]
async fn the_oldest_files_make_room() {
    let (_dir, store) = open().await;
    let mut jobs = Vec::new();
    for (day, bytes) in [(-3, b"cccc"), (-1, b"aaaa"), (-2, b"bbbb")] {
        jobs.push(delivered(&store, days(day), bytes).await.0);
    }
    let retention = Retention {
        keep_days: None,
        max_bytes: Some(11),
    };
    let retained = store.retain(&retention, *NOW).await.expect("retained");
    assert_eq!(retained, Retained { images: 1, bytes: 4 });
    let gone = [
        is_gone(&store, jobs[0]).await,
        is_gone(&store, jobs[1]).await,
        is_gone(&store, jobs[2]).await,
    ];
    assert_eq!(gone, [true, false, false]);
}

#[tokio::test]
async fn a_file_without_a_row_is_removed_after_a_day() {
    let (dir, store) = open().await;
    let saved = store.images().save(b"orphan".to_vec()).await.expect("saved");
    let path = store.images().path(&saved.hash).expect("a hash");
    drop(store);
    let store = Store::open(dir.path()).await.expect("store");
    let set_age = |hours: i64| {
        let modified = SystemTime::from(*NOW - TimeDelta::hours(hours));
        let file = fs::File::options().write(true).open(&path).expect("file");
        file.set_modified(modified).expect("time");
    };
    set_age(23);
    assert_eq!(
        store.retain(&Retention::default(), *NOW).await.expect("retained"),
        Retained::default()
    );
    set_age(25);
    let retained = store.retain(&Retention::default(), *NOW).await.expect("retained");
    assert_eq!(retained, Retained { images: 1, bytes: 6 });
    assert!(!path.exists());
}

#[tokio::test]
async fn pictures_without_a_file_are_counted() {
    let (_dir, store) = open().await;
    let (_, hash) = delivered(&store, *NOW, b"picture").await;
    delivered(&store, *NOW, b"another").await;
    assert_eq!(store.images().missing().await.expect("read"), 0);
    fs::remove_file(store.images().path(&hash).expect("a hash")).expect("removed");
    assert_eq!(store.images().missing().await.expect("read"), 1);
}

#[tokio::test]
async fn a_retention_of_ages_keeps_everything() {
    let (_dir, store) = open().await;
    let (_, hash) = delivered(&store, days(0), b"old").await;
    let retention = Retention {
        keep_days: Some(u32::MAX),
        max_bytes: None,
    };
    let retained = store.retain(&retention, days(400)).await.expect("retained");
    assert_eq!(retained.images, 0);
    assert!(is_there(&store, &hash).await);
}

fn on_telegram(hash: &str) -> PlatformFile {
    PlatformFile {
        account: "telegram:7".to_owned(),
        kind: "photo",
        hash: hash.to_owned(),
    }
}

#[tokio::test]
async fn what_a_platform_has_is_known_as_long_as_the_picture_is_here() {
    let (_dir, store) = open().await;
    let files = store.platform_files();
    let known = async |hash: &str| files.id_of(&on_telegram(hash)).await.expect("read");
    let (first, hash) = delivered(&store, *NOW, b"the same").await;
    let (second, _) = delivered(&store, *NOW, b"the same").await;
    assert_eq!(known(&hash).await, None);
    for id in ["old", "new"] {
        files
            .keep(on_telegram(&hash), id.to_owned())
            .await
            .expect("written");
    }
    assert_eq!(known(&hash).await.as_deref(), Some("new"));
    let other = PlatformFile {
        account: "telegram:8".to_owned(),
        ..on_telegram(&hash)
    };
    assert_eq!(files.id_of(&other).await.expect("read"), None);
    store.jobs().delete_images(first, *NOW).await.expect("written");
    assert_eq!(known(&hash).await.as_deref(), Some("new"), "another job shows it");
    store.jobs().delete_images(second, *NOW).await.expect("written");
    assert_eq!(known(&hash).await, None);
    // What every installation has belongs to no job.
    files
        .keep(on_telegram("placeholder"), "x".to_owned())
        .await
        .expect("written");
    files.forget(on_telegram("placeholder")).await.expect("written");
    assert_eq!(known("placeholder").await, None);
}
