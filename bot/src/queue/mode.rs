//! What the queue does with jobs, also after a restart.

use serde_json::Value;
use tokio::sync::{Mutex, OnceCell, watch};

use super::{JobQueue, QueueMode, Shared};
use crate::store::{Store, StoreError};

/// The fact in the job log.
const FACT: &str = "queue_mode";

/// The mode, which the job log knows and this remembers.
#[derive(Debug, Default)]
pub(super) struct Mode {
    now: watch::Sender<QueueMode>,
    read: OnceCell<()>,
    /// Held while it is changed, so that the log and the memory agree about which change was the last.
    changing: Mutex<()>,
}

impl Mode {
    /// What is known without looking into the log.
    pub(super) fn get(&self) -> QueueMode {
        *self.now.borrow()
    }

    /// The mode, from the log the first time.
    pub(super) async fn read(&self, store: &Store) -> Result<QueueMode, StoreError> {
        self.read.get_or_try_init(|| self.read_from_log(store)).await?;
        Ok(self.get())
    }

    async fn read_from_log(&self, store: &Store) -> Result<(), StoreError> {
        let kept = store.admin().fact(FACT).await?.unwrap_or(Value::Null);
        // A mode of a later release that this one does not know is none that was set here.
        self.now
            .send_replace(serde_json::from_value(kept).unwrap_or_default());
        Ok(())
    }

    async fn set(&self, store: &Store, mode: QueueMode) -> Result<(), StoreError> {
        let _changing = self.changing.lock().await;
        self.read(store).await?;
        store.admin().set_fact(FACT, &Value::from(mode.name())).await?;
        self.now.send_replace(mode);
        Ok(())
    }
}

impl JobQueue {
    /// Changes what the queue does, also after a restart. What is being drawn goes on.
    ///
    /// # Errors
    /// When that cannot be written down.
    pub async fn set_mode(&self, mode: QueueMode) -> Result<(), StoreError> {
        let Shared {
            parts,
            mode: kept,
            wake,
            ..
        } = &*self.shared;
        kept.set(&parts.store, mode).await?;
        tracing::info!(mode = mode.name(), "queue");
        wake.notify_one();
        Ok(())
    }
}
