//! Any graphics processor under Windows.

use ort::ep::{DirectML, ExecutionProvider as _};
use ort::session::builder::SessionBuilder;

use super::{ExecutionProvider, Provider};

pub(super) struct DirectMl;

impl ExecutionProvider for DirectMl {
    fn provider(&self) -> Provider {
        Provider::DirectMl
    }

    fn is_built_in(&self) -> bool {
        DirectML::is_available().unwrap_or(false)
    }

    /// DirectML refuses memory patterns and parallel execution; the latter is off already.
    fn register(&self, builder: SessionBuilder) -> ort::Result<SessionBuilder> {
        let builder = builder.with_memory_pattern(false)?;
        Ok(builder.with_execution_providers([DirectML::default().build().error_on_failure()])?)
    }
}
