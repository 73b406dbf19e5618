//! NVIDIA's graphics processors.

use ort::ep::{CUDA, ExecutionProvider as _};
use ort::session::builder::SessionBuilder;

use super::{ExecutionProvider, Provider};

pub(super) struct Cuda;

impl ExecutionProvider for Cuda {
    fn provider(&self) -> Provider {
        Provider::Cuda
    }

    fn is_built_in(&self) -> bool {
        CUDA::is_available().unwrap_or(false)
    }

    fn fuses_attention(&self) -> bool {
        true
    }

    fn register(&self, builder: SessionBuilder) -> ort::Result<SessionBuilder> {
        Ok(builder.with_execution_providers([CUDA::default().build().error_on_failure()])?)
    }
}
