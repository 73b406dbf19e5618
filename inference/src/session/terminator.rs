//! Ending a running network from another thread.

use std::fmt;
use std::sync::Arc;

use ort::session::RunOptions;

/// Ends calls that are running. Calls that start later end at once.
#[derive(Clone)]
pub(crate) struct Terminator(Arc<RunOptions>);

impl fmt::Debug for Terminator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Terminator")
    }
}

impl Terminator {
    pub(super) fn new() -> ort::Result<Self> {
        Ok(Self(Arc::new(RunOptions::new()?)))
    }

    /// What every call has to be started with.
    pub(super) fn run_options(&self) -> &RunOptions {
        &self.0
    }

    /// Ends everything, for good.
    pub(crate) fn terminate(&self) {
        if let Err(error) = self.0.terminate() {
            tracing::warn!(%error, "a running network cannot be ended");
        }
    }
}
