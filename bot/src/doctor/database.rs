//! The job log: whether it can be read, and whether it and the pictures agree.

use async_trait::async_trait;

use super::{Check, Context, Depth, Found};
use crate::store::{Store, StoreError};

/// How many faults are told; a damaged page can have hundreds.
const MOST_FAULTS: usize = 5;

const RESTORE: &str = "stop Ekaki, copy the data folder away, and put the newest backup in its place";

pub(super) struct Database;

#[async_trait]
impl Check for Database {
    fn name(&self) -> &'static str {
        "database"
    }

    async fn run(&self, context: &Context<'_>) -> Vec<Found> {
        let folder = &context.config.data.dir;
        let store = match Store::open_readonly(folder).await {
            Ok(Some(store)) => store,
            Ok(None) => return vec![Found::ok("there is none yet; the first start creates it")],
            Err(error) => return vec![Found::fail(error.to_string(), remedy(&error))],
        };
        let found = match context.depth {
            Depth::Quick => vec![Found::ok("can be opened")],
            Depth::Full => examine(&store)
                .await
                .unwrap_or_else(|error| vec![Found::fail(error.to_string(), RESTORE)]),
        };
        store.close().await;
        found
    }
}

async fn examine(store: &Store) -> Result<Vec<Found>, StoreError> {
    let faults = store.check().await?;
    let mut found: Vec<Found> = faults
        .iter()
        .take(MOST_FAULTS)
        .map(|fault| Found::fail(format!("damaged: {fault}"), RESTORE))
        .collect();
    if faults.is_empty() {
        found.push(Found::ok("every page is sound"));
    }
    let missing = store.images().missing().await?;
    found.push(match missing {
        0 => Found::ok("every picture of the log has its file"),
        missing => Found::warn(
            format!("{missing} pictures of the log have no file"),
            "put images/ of a backup beside the database; without it these pictures cannot be shown again",
        ),
    });
    Ok(found)
}

fn remedy(error: &StoreError) -> &'static str {
    match error {
        StoreError::Newer { .. } => {
            "start the newest Ekaki that has used this folder, or set data.dir to another one"
        }
        StoreError::Older { .. } => "start the service once: it brings the database up to date",
        _ => RESTORE,
    }
}
