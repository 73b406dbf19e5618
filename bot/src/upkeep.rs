//! What is done from time to time: files of pictures that are too old or too much are removed, and what counts
//! against quotas no more.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::config::StoreConfig;
use crate::queue::Clock;
use crate::store::{Retention, Store};

/// How often it is done. Limits are in days and GiB, so nobody sees a difference of an hour.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Which files of pictures may stay by the section `[store]`.
pub(crate) fn retention(config: &StoreConfig) -> Retention {
    Retention {
        keep_days: config.keep_days,
        max_bytes: config.max_gib.map(|gib| u64::from(gib) << 30),
    }
}

/// Does it at once and then again and again until `stop` is cancelled.
pub(crate) async fn run(store: Store, retention: Retention, clock: Clock, stop: CancellationToken) {
    loop {
        match store.retain(&retention, clock.now()).await {
            Ok(retained) if retained.images > 0 => {
                tracing::info!(
                    images = retained.images,
                    bytes = retained.bytes,
                    "old pictures removed"
                );
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "old pictures not removed"),
        }
        if let Err(error) = store.forget_spent(clock.now()).await {
            tracing::error!(%error, "old uses not removed");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(EVERY) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::store::tests::NOW;

    #[test]
    fn a_limit_in_gib_is_one_in_bytes() {
        let config = StoreConfig {
            keep_days: Some(30),
            max_gib: Some(2),
        };
        let expected = Retention {
            keep_days: Some(30),
            max_bytes: Some(2_147_483_648),
        };
        assert_eq!(retention(&config), expected);
    }

    #[tokio::test]
    async fn files_that_nothing_names_are_removed() {
        let dir = tempfile::tempdir().expect("folder");
        let store = Store::open(dir.path()).await.expect("store");
        let saved = store.images().save(b"picture".to_vec()).await.expect("saved");
        let path = store.images().path(&saved.hash).expect("a hash");
        drop(store);
        let file = std::fs::File::options().write(true).open(&path).expect("file");
        file.set_modified((*NOW - TimeDelta::days(2)).into())
            .expect("time");

        let stop = CancellationToken::new();
        stop.cancel();
        let store = Store::open(dir.path()).await.expect("store");
        run(store, Retention::default(), Clock::new(|| *NOW), stop).await;
        assert!(!path.exists());
    }
}
