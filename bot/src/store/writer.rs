//! The task that writes into the database. Every write is a function that it calls; those that wait while it is busy
//! share the next transaction, so that one `fsync` makes many of them durable.

use std::iter::{from_fn, once};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::StoreError;

/// How many writes share a transaction at most: the first of them waits for the last.
const MAX_BATCH: usize = 128;

/// How many writes may wait before whoever brings another one waits, too.
const MAX_WAITING: usize = 1024;

/// The handle of the task.
#[derive(Debug)]
pub(super) struct Writer {
    /// `None` once it was closed.
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    writes: mpsc::Sender<Box<dyn Write>>,
    task: JoinHandle<()>,
}

impl Writer {
    pub(super) fn new(connection: SqliteConnection) -> Self {
        let (writes, waiting) = mpsc::channel(MAX_WAITING);
        let task = tokio::spawn(run(connection, waiting));
        Self {
            open: Mutex::new(Some(Open { writes, task })),
        }
    }

    /// Lets `work` write. It is done as a whole or not at all, nobody else writes meanwhile, and when this returns
    /// `Ok`, it is durable. What `work` returns as an error is undone. It happens even when nobody waits for the
    /// answer any more.
    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> BoxFuture<'_, Result<T, E>> + Send + 'static,
    {
        self.bring(work, Order::Together).await
    }

    /// The same, but everything that was brought before is committed first, so that `work` sees nothing that may be
    /// undone yet.
    pub(super) async fn write_apart<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> BoxFuture<'_, Result<T, E>> + Send + 'static,
    {
        self.bring(work, Order::AfterCommit).await
    }

    async fn bring<T, E, F>(&self, work: F, order: Order) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> BoxFuture<'_, Result<T, E>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let write = OneWrite {
            work: Some(work),
            order,
            result: None,
            answer,
        };
        let Some(writes) = self.sender() else {
            return Err(StoreError::Interrupted.into());
        };
        let sent = writes.send(Box::new(write)).await;
        drop(writes);
        sent.map_err(|_| StoreError::Interrupted)?;
        answered.await.map_err(|_| StoreError::Interrupted)?
    }

    fn sender(&self) -> Option<mpsc::Sender<Box<dyn Write>>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().map(|open| open.writes.clone())
    }

    /// Waits until what was brought is written, and ends the task.
    pub(super) async fn close(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Open { writes, task }) = open else { return };
        drop(writes);
        if let Err(error) = task.await {
            tracing::error!(%error, "the task that writes the job log has failed");
        }
    }
}

/// When a write is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// In the transaction of those before it.
    Together,
    /// When those before it are committed.
    AfterCommit,
}

/// A write of any type, while it waits and is done.
trait Write: Send {
    fn order(&self) -> Order;

    /// Does it and says whether it is to be kept.
    fn run<'a>(&'a mut self, connection: &'a mut SqliteConnection) -> BoxFuture<'a, bool>;

    /// Tells whoever waits. What went wrong in the write itself says more than that it was not committed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct OneWrite<T, E, F> {
    work: Option<F>,
    order: Order,
    /// `None` before it was done, and when it panicked.
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Write for OneWrite<T, E, F>
where
    T: Send,
    E: From<StoreError> + Send,
    F: FnOnce(&mut SqliteConnection) -> BoxFuture<'_, Result<T, E>> + Send,
{
    fn order(&self) -> Order {
        self.order
    }

    fn run<'a>(&'a mut self, connection: &'a mut SqliteConnection) -> BoxFuture<'a, bool> {
        async move {
            let Some(work) = self.work.take() else {
                return false;
            };
            let result = self.result.insert(work(connection).await);
            result.is_ok()
        }
        .boxed()
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (self.result, committed) {
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(error.into()),
            (Some(result), Ok(())) => result,
            (None, Ok(())) => Err(StoreError::Interrupted.into()),
        };
        // Whoever asked may have given up; the write has happened all the same.
        drop(self.answer.send(result));
    }
}

async fn run(mut connection: SqliteConnection, mut waiting: mpsc::Receiver<Box<dyn Write>>) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, MAX_BATCH).await > 0 {
        let mut rest = batch.drain(..).peekable();
        while let Some(first) = rest.next() {
            let others = from_fn(|| rest.next_if(|write| write.order() == Order::Together));
            write_together(&mut connection, once(first).chain(others)).await;
        }
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "job log not closed");
    }
}

/// Does all writes in one transaction. One that fails is undone alone; when the transaction fails, all have failed.
async fn write_together(connection: &mut SqliteConnection, batch: impl Iterator<Item = Box<dyn Write>>) {
    let mut kept: Vec<Box<dyn Write>> = Vec::new();
    for mut write in batch {
        match write_one(connection, &mut *write, kept.is_empty()).await {
            Ok(true) => kept.push(write),
            Ok(false) => write.answer(Ok(())),
            Err(error) => {
                kept.push(write);
                give_up(connection, error, kept.drain(..)).await;
            }
        }
    }
    if kept.is_empty() {
        return;
    }
    match execute(connection, "COMMIT").await {
        Ok(()) => kept.into_iter().for_each(|write| write.answer(Ok(()))),
        Err(error) => give_up(connection, error, kept.into_iter()).await,
    }
}

/// Says whether the write is part of the transaction, which the first one begins. An error means that there is no
/// transaction any more: SQLite ends it by itself when the disk is full at the wrong moment.
async fn write_one(
    connection: &mut SqliteConnection,
    write: &mut dyn Write,
    is_first: bool,
) -> Result<bool, sqlx::Error> {
    let begin = if is_first {
        "BEGIN IMMEDIATE"
    } else {
        "SAVEPOINT one"
    };
    execute(connection, begin).await?;
    let running = AssertUnwindSafe(write.run(connection)).catch_unwind();
    let is_kept = running.await.unwrap_or_else(|_| {
        tracing::error!("a write to the job log panicked");
        false
    });
    match (is_first, is_kept) {
        (true, true) => {}
        (true, false) => execute(connection, "ROLLBACK").await?,
        (false, true) => execute(connection, "RELEASE one").await?,
        (false, false) => execute(connection, "ROLLBACK TO one; RELEASE one").await?,
    }
    Ok(is_kept)
}

async fn give_up(
    connection: &mut SqliteConnection,
    error: sqlx::Error,
    writes: impl Iterator<Item = Box<dyn Write>>,
) {
    // It fails when SQLite has ended the transaction already.
    let _: Result<(), sqlx::Error> = execute(connection, "ROLLBACK").await;
    let error = Arc::new(error);
    for write in writes {
        write.answer(Err(StoreError::from(Arc::clone(&error))));
    }
}

async fn execute(connection: &mut SqliteConnection, statement: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(statement).execute(connection).await?;
    Ok(())
}
