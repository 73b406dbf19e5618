//! The processor. Every library is built with it.

use ort::session::builder::SessionBuilder;

use super::{ExecutionProvider, Provider};

pub(super) struct Cpu;

impl ExecutionProvider for Cpu {
    fn provider(&self) -> Provider {
        Provider::Cpu
    }

    fn is_built_in(&self) -> bool {
        true
    }

    fn fuses_attention(&self) -> bool {
        true
    }

    /// Nothing to add: a session without providers runs here.
    fn register(&self, builder: SessionBuilder) -> ort::Result<SessionBuilder> {
        Ok(builder)
    }
}
