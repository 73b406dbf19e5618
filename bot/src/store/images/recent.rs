//! Files that were saved and that no row names yet.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a file may wait for its row. Drawing the other pictures of a job takes less.
const WAITS_FOR: Duration = Duration::from_secs(60 * 60);

/// The hashes of such files. Whoever removes a file looks here first, and nobody saves one meanwhile.
#[derive(Debug, Default)]
pub(in crate::store) struct Recent {
    saved_at: Mutex<HashMap<String, Instant>>,
}

impl Recent {
    /// A file is about to be written, or used because it is there already.
    pub(super) fn add(&self, hash: &str) {
        let mut saved_at = self.saved_at.lock().unwrap_or_else(PoisonError::into_inner);
        saved_at.retain(|_, saved_at| saved_at.elapsed() < WAITS_FOR);
        saved_at.insert(hash.to_owned(), Instant::now());
    }

    /// There are rows now that name these files.
    pub(in crate::store) fn settle<'a>(&self, hashes: impl IntoIterator<Item = &'a str>) {
        let mut saved_at = self.saved_at.lock().unwrap_or_else(PoisonError::into_inner);
        for hash in hashes {
            saved_at.remove(hash);
        }
    }

    /// Calls `remove` for each hash that is not waiting, and lets nobody save meanwhile.
    pub(super) fn for_others(&self, hashes: &[String], mut remove: impl FnMut(&str)) {
        let saved_at = self.saved_at.lock().unwrap_or_else(PoisonError::into_inner);
        for hash in hashes.iter().filter(|hash| !saved_at.contains_key(*hash)) {
            remove(hash);
        }
    }
}
