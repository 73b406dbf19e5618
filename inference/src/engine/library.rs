//! The models of an engine, loaded when they are first needed.

use std::sync::Arc;

use crate::error::{InferenceError, LoadError};
use crate::images::LatentPreview;
use crate::models::{self, DiffusionModel, Manifest, ModelSource};
use crate::session::SessionFactory;

/// All models, in the order of the configuration.
pub(super) struct Library {
    factory: SessionFactory,
    entries: Vec<Entry>,
}

struct Entry {
    id: String,
    source: ModelSource,
    preview: Option<LatentPreview>,
    loaded: Option<Box<dyn DiffusionModel>>,
}

impl Library {
    pub(super) fn new(
        models: Vec<(String, ModelSource)>,
        manifests: &[Manifest],
        factory: SessionFactory,
    ) -> Self {
        let entries = models
            .into_iter()
            .zip(manifests)
            .map(|((id, source), manifest)| Entry {
                id,
                source,
                preview: manifest.info.defaults.preview.clone(),
                loaded: None,
            })
            .collect();
        Self { factory, entries }
    }

    /// Loads the first model.
    pub(super) fn load_default(&mut self) -> Result<(), LoadError> {
        match self.entries.first_mut() {
            Some(entry) => entry.load(&self.factory).map(|_| ()),
            None => Ok(()),
        }
    }

    /// The model with this index, loaded now if it was not. A model that cannot be loaded is tried again next time:
    /// whoever repairs its folder need not restart the service.
    pub(super) fn model(&mut self, index: usize) -> Result<&mut dyn DiffusionModel, InferenceError> {
        let entry = self
            .entries
            .get_mut(index)
            .ok_or_else(|| InferenceError::Internal {
                reason: format!("there is no model number {index}"),
            })?;
        entry
            .load(&self.factory)
            .map_err(|error| InferenceError::Load(Arc::new(error)))
    }

    /// The id of a model.
    pub(super) fn id(&self, index: usize) -> &str {
        self.entries.get(index).map_or("", |entry| &entry.id)
    }

    /// How the unfinished latents of a model are shown.
    pub(super) fn preview(&self, index: usize) -> Option<&LatentPreview> {
        self.entries.get(index)?.preview.as_ref()
    }
}

impl Entry {
    fn load(&mut self, factory: &SessionFactory) -> Result<&mut dyn DiffusionModel, LoadError> {
        let model = match self.loaded.take() {
            Some(model) => model,
            None => {
                tracing::info!(model = self.id, "loading a model");
                models::load(&self.source, factory)?
            }
        };
        Ok(self.loaded.insert(model).as_mut())
    }
}
