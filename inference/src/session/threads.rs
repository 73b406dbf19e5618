//! How many threads a network gets.

use std::collections::HashSet;
use std::fs;
use std::thread;

/// The cores that this process may use, not counting the second thread of a core: hyperthreads share the units that
/// do the arithmetic, and two of them are slower than one.
pub(super) fn default_threads() -> usize {
    let usable = thread::available_parallelism().map_or(1, usize::from);
    physical_cores().map_or(usable, |cores| usable.min(cores)).max(1)
}

/// Counted from what Linux says about each processor; `None` elsewhere.
fn physical_cores() -> Option<usize> {
    let processors = fs::read_dir("/sys/devices/system/cpu").ok()?;
    let siblings: HashSet<String> = processors
        .filter_map(Result::ok)
        .filter_map(|entry| fs::read_to_string(entry.path().join("topology/thread_siblings_list")).ok())
        .collect();
    (!siblings.is_empty()).then_some(siblings.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_than_the_process_may_use() {
        let threads = default_threads();
        assert!(threads >= 1 && threads <= thread::available_parallelism().map_or(1, usize::from));
    }
}
