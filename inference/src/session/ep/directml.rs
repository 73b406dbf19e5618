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

    /// It has the operator, but nobody has tried it there.
    fn fuses_attention(&self) -> bool {
        false
    }

    /// DirectML refuses memory patterns and parallel execution; both are off already.
    fn register(&self, builder: SessionBuilder) -> ort::Result<SessionBuilder> {
        Ok(builder.with_execution_providers([DirectML::default().build().error_on_failure()])?)
    }
}
