//! The models of an engine: which are in memory, which are on their way, and which have to go.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

use super::guard::guarded;
use super::loader::Loader;
use super::{Message, Shared};
use crate::error::{InferenceError, LoadError};
use crate::images::LatentPreview;
use crate::models::{DiffusionModel, Manifest};

/// All models, in the order of the configuration.
pub(super) struct Library {
    loader: Arc<dyn Loader>,
    /// Where a loaded model is announced.
    announce: Sender<Message>,
    shared: Arc<Shared>,
    memory_budget_bytes: Option<u64>,
    entries: Vec<Entry>,
    /// The thread that loads a model. There is one at a time: two would take longer and need more memory at once.
    loading: Option<Loading>,
    /// Counts the uses of models, to know which one was used last.
    uses: u64,
}

struct Entry {
    id: String,
    preview: Option<LatentPreview>,
    /// About how much memory it takes.
    bytes: u64,
    loaded: Option<Box<dyn DiffusionModel>>,
    last_use: u64,
}

struct Loading {
    index: usize,
    thread: JoinHandle<()>,
}

/// A model from the thread that loads.
pub(super) struct Loaded {
    pub(super) index: usize,
    pub(super) result: Result<Box<dyn DiffusionModel>, InferenceError>,
}

/// Whether a model can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Availability {
    /// Now.
    Ready,
    /// When it or the model before it is loaded.
    Loading,
    /// When running requests of other models are finished, so that these can be unloaded.
    NoRoom,
}

/// What a [`Library`] is made of.
pub(super) struct LibraryConfig {
    pub(super) loader: Arc<dyn Loader>,
    pub(super) announce: Sender<Message>,
    pub(super) shared: Arc<Shared>,
    pub(super) memory_budget_bytes: Option<u64>,
}

impl Library {
    pub(super) fn new(config: LibraryConfig, manifests: &[Manifest]) -> Self {
        let entries = manifests
            .iter()
            .map(|manifest| Entry {
                id: manifest.info.id.clone(),
                preview: manifest.info.defaults.preview.clone(),
                bytes: manifest.memory_bytes,
                loaded: None,
                last_use: 0,
            })
            .collect();
        Self {
            loader: config.loader,
            announce: config.announce,
            shared: config.shared,
            memory_budget_bytes: config.memory_budget_bytes,
            entries,
            loading: None,
            uses: 0,
        }
    }

    /// Loads the first model and waits for it.
    pub(super) fn load_default(&mut self) -> Result<(), LoadError> {
        let model = self.loader.load(0)?;
        self.keep(0, model);
        Ok(())
    }

    /// Whether the model can be used. Begins to load it if not, which may unload models that are not running.
    pub(super) fn prepare(
        &mut self,
        index: usize,
        is_running: &dyn Fn(usize) -> bool,
    ) -> Result<Availability, InferenceError> {
        let entry = self.entries.get(index).ok_or_else(|| no_model(index))?;
        if entry.loaded.is_some() {
            return Ok(Availability::Ready);
        }
        if self.loading.is_some() {
            return Ok(Availability::Loading);
        }
        if !self.make_room(index, is_running) {
            return Ok(Availability::NoRoom);
        }
        self.begin_to_load(index)?;
        Ok(Availability::Loading)
    }

    /// Takes a model from the thread that has loaded it. A model that cannot be loaded is tried again next time: whoever
    /// repairs its folder need not restart the service.
    pub(super) fn take(
        &mut self,
        loaded: Loaded,
        is_running: &dyn Fn(usize) -> bool,
    ) -> Result<(), InferenceError> {
        if let Some(loading) = self.loading.take_if(|loading| loading.index == loaded.index) {
            join(loading);
        }
        let model = loaded.result?;
        self.keep(loaded.index, model);
        self.make_room(loaded.index, is_running);
        Ok(())
    }

    /// A model that is ready.
    pub(super) fn model(&mut self, index: usize) -> Result<&mut dyn DiffusionModel, InferenceError> {
        self.uses += 1;
        let entry = self.entries.get_mut(index).ok_or_else(|| no_model(index))?;
        entry.last_use = self.uses;
        match &mut entry.loaded {
            Some(model) => Ok(model.as_mut()),
            None => Err(InferenceError::Internal {
                reason: format!("the model `{}` is not loaded", entry.id),
            }),
        }
    }

    /// The id of a model.
    pub(super) fn id(&self, index: usize) -> &str {
        self.entries.get(index).map_or("", |entry| &entry.id)
    }

    /// How the unfinished latents of a model are shown.
    pub(super) fn preview(&self, index: usize) -> Option<&LatentPreview> {
        self.entries.get(index)?.preview.as_ref()
    }

    /// Unloads everything, because nobody knows what a bug has left behind.
    pub(super) fn reset(&mut self) {
        for entry in &mut self.entries {
            let loaded = entry.loaded.take();
            if catch_unwind(AssertUnwindSafe(|| drop(loaded))).is_err() {
                tracing::error!(model = entry.id, "unloading a model has panicked");
            }
        }
    }

    fn keep(&mut self, index: usize, model: Box<dyn DiffusionModel>) {
        let bytes = model.memory_bytes();
        self.uses += 1;
        if let Some(entry) = self.entries.get_mut(index) {
            tracing::info!(model = entry.id, mib = bytes >> 20, "model loaded");
            entry.bytes = bytes;
            entry.loaded = Some(model);
            entry.last_use = self.uses;
            self.shared.counters.count_load();
        }
    }

    /// Unloads what was not used for longest until this model fits into the budget beside the others. `false` when it
    /// does not fit because the others are running. A model that is larger than the budget has to be alone.
    fn make_room(&mut self, index: usize, is_running: &dyn Fn(usize) -> bool) -> bool {
        let Some(budget) = self.memory_budget_bytes else {
            return true;
        };
        let needed = self.entries.get(index).map_or(0, |entry| entry.bytes);
        loop {
            let others = self.others(index);
            let taken: u64 = others.clone().map(|(_, entry)| entry.bytes).sum();
            if taken.saturating_add(needed) <= budget {
                return true;
            }
            if others.clone().count() == 0 {
                tracing::warn!(budget, needed, "a model alone is larger than the memory budget");
                return true;
            }
            let idle = others.filter(|(other, _)| !is_running(*other));
            let Some((oldest, _)) = idle.min_by_key(|(_, entry)| entry.last_use) else {
                return false;
            };
            self.unload(oldest);
        }
    }

    /// The other models in memory.
    fn others(&self, index: usize) -> impl Iterator<Item = (usize, &Entry)> + Clone {
        let entries = self.entries.iter().enumerate();
        entries.filter(move |(other, entry)| *other != index && entry.loaded.is_some())
    }

    fn unload(&mut self, index: usize) {
        if let Some(entry) = self.entries.get_mut(index) {
            tracing::info!(model = entry.id, "unloading a model to make room");
            entry.loaded = None;
            self.shared.counters.count_unload();
        }
    }

    fn begin_to_load(&mut self, index: usize) -> Result<(), InferenceError> {
        tracing::info!(model = self.id(index), "loading a model");
        let (loader, announce) = (Arc::clone(&self.loader), self.announce.clone());
        let load = move || {
            let result = guarded(|| {
                loader
                    .load(index)
                    .map_err(|error| InferenceError::Load(Arc::new(error)))
            });
            // An engine that has ended meanwhile needs no model.
            let _ = announce.send(Message::Loaded(Loaded { index, result }));
        };
        let thread = std::thread::Builder::new()
            .name("model-loader".into())
            .spawn(load)
            .map_err(|error| InferenceError::Load(Arc::new(LoadError::Thread(error))))?;
        self.loading = Some(Loading { index, thread });
        Ok(())
    }
}

/// Waits for a load to end, which nothing can hurry: ONNX Runtime must not be in the middle of it when the process ends.
impl Drop for Library {
    fn drop(&mut self) {
        if let Some(loading) = self.loading.take() {
            join(loading);
        }
    }
}

fn join(loading: Loading) {
    if loading.thread.join().is_err() {
        tracing::error!("the thread that loads models has panicked");
    }
}

fn no_model(index: usize) -> InferenceError {
    InferenceError::Internal {
        reason: format!("there is no model number {index}"),
    }
}
