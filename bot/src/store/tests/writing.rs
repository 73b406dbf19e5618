//! Writes share transactions, and one that fails takes no other with it.

use futures::future::{join, join_all, join3};

use super::*;

async fn count(store: &Store) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM facts")
        .fetch_one(store.readers())
        .await
        .expect("read")
}

/// A write that adds a fact and then ends as told.
async fn add_fact(store: &Store, name: u32, ending: Result<(), StoreError>) -> Result<(), StoreError> {
    store
        .write(move |connection| {
            async move {
                sqlx::query("INSERT INTO facts (name, value) VALUES (?, '1')")
                    .bind(name)
                    .execute(connection)
                    .await?;
                ending
            }
            .boxed()
        })
        .await
}

#[tokio::test]
async fn a_write_that_fails_is_undone_alone() {
    let (_dir, store) = open().await;
    let writes = (0..300).map(|name| {
        let ending = if name % 3 == 0 {
            Err(StoreError::DiskFull)
        } else {
            Ok(())
        };
        add_fact(&store, name, ending)
    });
    let answers = join_all(writes).await;
    for (name, answer) in (0..).zip(&answers) {
        assert_eq!(answer.is_ok(), name % 3 != 0, "{name}");
    }
    assert_eq!(count(&store).await, 200);
}

#[tokio::test]
async fn a_transaction_that_fails_fails_every_write_in_it() {
    let (_dir, store) = open().await;
    // Foreign keys that are checked at the end make the commit fail, and nothing before it.
    let broken = store.write(|connection| {
        async move {
            sqlx::query("PRAGMA defer_foreign_keys = ON")
                .execute(&mut *connection)
                .await?;
            sqlx::query(
                "INSERT INTO images (job_id, idx, hash, width, height, bytes, seed)
                 VALUES (99, 0, hex(zeroblob(32)), 1, 1, 1, 1)",
            )
            .execute(connection)
            .await?;
            Ok::<_, StoreError>(())
        }
        .boxed()
    });
    let (first, broken, last) = join3(add_fact(&store, 1, Ok(())), broken, add_fact(&store, 2, Ok(()))).await;
    for answer in [first, broken, last] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(answer.expect_err("not committed"), @"the job log cannot be read or written: error returned from database: (code: 787) FOREIGN KEY constraint failed");
        }
    }
    assert_eq!(count(&store).await, 0);
    add_fact(&store, 3, Ok(()))
        .await
        .expect("the next one is not affected");
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn a_transaction_that_sqlite_ends_by_itself_fails_every_write_in_it() {
    let (_dir, store) = open().await;
    let ended = store.write(|connection| {
        async move {
            sqlx::query("ROLLBACK").execute(connection).await?;
            Err::<(), _>(StoreError::DiskFull)
        }
        .boxed()
    });
    let (first, ended, last) = join3(add_fact(&store, 1, Ok(())), ended, add_fact(&store, 2, Ok(()))).await;
    assert!(first.is_err(), "it was rolled back with the transaction");
    insta::assert_snapshot!(ended.expect_err("told"), @"the disk with the data folder is full");
    last.expect("it has a transaction of its own");
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn a_write_that_panics_is_undone_and_ends_nothing_else() {
    let (_dir, store) = open().await;
    let panics = store.write(|_| async { panic!("a fault in the program") }.boxed());
    let (first, panicked) = join(add_fact(&store, 1, Ok(())), panics).await;
    first.expect("written");
    let panicked: Result<(), StoreError> = panicked;
    insta::assert_snapshot!(panicked.expect_err("told"), @"the service ended while something was being written");
    add_fact(&store, 2, Ok(())).await.expect("written");
    assert_eq!(count(&store).await, 2);
}

#[tokio::test]
async fn a_write_happens_although_nobody_waits_for_it() {
    let (dir, store) = open().await;
    assert!(add_fact(&store, 1, Ok(())).now_or_never().is_none());
    store.close().await;
    let error = add_fact(&store, 2, Ok(())).await.expect_err("closed");
    insta::assert_snapshot!(error, @"the service ended while something was being written");
    let readonly = Store::open_readonly(dir.path())
        .await
        .expect("open")
        .expect("there");
    assert_eq!(count(&readonly).await, 1);
}

/// Files are removed by what such a write has seen: it must not see what is undone later.
#[tokio::test]
async fn a_write_apart_sees_only_what_is_committed() {
    let (_dir, store) = open().await;
    let broken = store.write(|connection| {
        async move {
            sqlx::query("PRAGMA defer_foreign_keys = ON")
                .execute(&mut *connection)
                .await?;
            sqlx::query(
                "INSERT INTO images (job_id, idx, hash, width, height, bytes, seed)
                 VALUES (99, 0, hex(zeroblob(32)), 1, 1, 1, 1)",
            )
            .execute(connection)
            .await?;
            Ok::<_, StoreError>(())
        }
        .boxed()
    });
    let looks = store.write_apart(|connection| {
        async move {
            let seen = sqlx::query_scalar("SELECT count(*) FROM facts").fetch_one(connection);
            Ok::<i64, StoreError>(seen.await?)
        }
        .boxed()
    });
    let (added, broken, seen) = join3(add_fact(&store, 1, Ok(())), broken, looks).await;
    assert!(added.is_err() && broken.is_err(), "they share a transaction");
    assert_eq!(seen.expect("it has one of its own"), 0);
    add_fact(&store, 2, Ok(())).await.expect("written");
    assert_eq!(count(&store).await, 1);
}
