//! How fast sessions may begin.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// Time between two sessions in one lane.
pub(super) const BETWEEN: Duration = Duration::from_secs(5);

/// Lets sessions begin one after the other, in as many lanes as Discord allows.
#[derive(Debug)]
pub(super) struct Gate {
    lanes: Vec<Mutex<Option<Instant>>>,
}

impl Gate {
    /// A gate with so many lanes.
    pub(super) fn new(lanes: u32) -> Self {
        let lanes = (0..lanes.max(1)).map(|_| Mutex::new(None));
        Self {
            lanes: lanes.collect(),
        }
    }

    /// How many lanes it has.
    pub(super) fn lanes(&self) -> u32 {
        u32::try_from(self.lanes.len()).unwrap_or(u32::MAX)
    }

    /// Waits until the session of a shard may begin.
    pub(super) async fn pass(&self, shard: u32) {
        let lane = shard as usize % self.lanes.len();
        let Some(lane) = self.lanes.get(lane) else { return };
        let mut last = lane.lock().await;
        if let Some(last) = *last {
            tokio::time::sleep_until(last + BETWEEN).await;
        }
        *last = Some(Instant::now());
    }
}
