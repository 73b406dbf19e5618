//! Where the engine gets its models from.

use std::time::Duration;

use crate::error::LoadError;
use crate::models::{self, DiffusionModel, ModelSource};
use crate::session::SessionFactory;

/// Loads models by their index. Shared with the thread that loads.
pub(super) trait Loader: Send + Sync {
    /// Opens the networks of a model.
    fn load(&self, index: usize) -> Result<Box<dyn DiffusionModel>, LoadError>;

    /// Ends all calls of all networks, for good.
    fn terminate(&self);

    /// How long networks have run.
    fn network_time(&self) -> Duration;
}

/// Loads model folders.
pub(super) struct FolderLoader {
    sources: Vec<ModelSource>,
    factory: SessionFactory,
}

impl FolderLoader {
    pub(super) fn new(sources: Vec<ModelSource>, factory: SessionFactory) -> Self {
        Self { sources, factory }
    }
}

impl Loader for FolderLoader {
    fn load(&self, index: usize) -> Result<Box<dyn DiffusionModel>, LoadError> {
        let source = self.sources.get(index).ok_or_else(|| LoadError::Models {
            reason: format!("it has no model number {index}"),
        })?;
        models::load(source, &self.factory)
    }

    fn terminate(&self) {
        self.factory.terminator().terminate();
    }

    fn network_time(&self) -> Duration {
        self.factory.network_time()
    }
}
