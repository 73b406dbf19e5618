//! The engine: one thread owns the networks and works in ticks.
//!
//! In a tick all requests of one model and size take one denoising step together, each at its own step (continuous
//! batching): a new request joins at the next tick, a cancelled one leaves at the next tick, a short one never waits
//! for a long one. Requests of different models or sizes take turns.
//!
//! Models are loaded on first use in a thread of their own, and unloaded when others need the room (`library`). What
//! goes wrong with one request, be it an error, a number that is none, or a call too large for the memory, ends that
//! request alone (`batch`).

mod batch;
mod denoise;
mod finish;
mod guard;
mod job;
mod library;
mod limits;
mod loader;
mod stats;
#[cfg(test)]
mod tests;
mod thread;
mod tick;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use self::job::{Client, Job, Slot};
use self::library::{Library, LibraryConfig, Loaded};
use self::loader::{FolderLoader, Loader};
use self::stats::Counters;
pub use self::stats::EngineStats;
use self::thread::{Means, Worker};
use crate::error::{InferenceError, LoadError};
use crate::models::{self, Manifest, ModelInfo, ModelSource};
use crate::pipeline::Plan;
use crate::request::{GenerateOutput, GenerateRequest, Progress};
use crate::safety::SafetyChecker;
use crate::session::{SessionConfig, SessionFactory};

/// What the engine works with.
#[derive(Debug)]
pub struct EngineConfig {
    /// The models by id. The first one is the default and is loaded at the start, the others on first use.
    pub models: Vec<(String, ModelSource)>,
    /// How networks are run.
    pub session: SessionConfig,
    /// How many rows one UNet call may have. A picture with guidance takes two, one without takes one. When the memory
    /// does not suffice the engine takes fewer by itself.
    pub max_batch_rows: usize,
    /// How many requests may be unfinished at a time; more are [`InferenceError::Overloaded`].
    pub max_pending: usize,
    /// How much memory loaded models may take together, as far as the size of their files tells. Those that were not
    /// used for longest are unloaded when another one is needed, never while they draw; a model that is larger than
    /// this is loaded when no other one is. `None`: all of them stay.
    pub memory_budget_bytes: Option<u64>,
    /// A folder with a safety checker for models that have none of their own: `model.onnx` and
    /// `preprocessor_config.json`, or a model's folder with `safety_checker` and `feature_extractor`. It is loaded at the
    /// start, stays in memory, and counts for nothing in the budget.
    pub safety_checker: Option<ModelSource>,
}

/// Who hears about one request. Called on the engine's thread, so it has to return quickly.
pub trait Observer: Send {
    /// Whether the next [`Progress`] shall have a preview. Asked once a step.
    fn wants_preview(&mut self) -> bool {
        false
    }

    /// A step is finished.
    fn on_progress(&mut self, progress: Progress);

    /// The end, called exactly once.
    fn on_finished(self: Box<Self>, result: Result<GenerateOutput, InferenceError>);
}

/// Cancels one request, which then ends with [`InferenceError::Cancelled`] at the next tick.
#[derive(Debug, Clone, Default)]
pub struct CancelFlag(Arc<AtomicBool>);

impl CancelFlag {
    /// Asks for the end. Has no effect on a finished request.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether [`cancel`](Self::cancel) was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the handle and the thread both see.
#[derive(Debug, Default)]
struct Shared {
    stopping: AtomicBool,
    counters: Counters,
}

impl Shared {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }
}

/// What tells the thread to do something.
enum Message {
    /// A request was accepted.
    Draw(Box<Job>),
    /// A model is here, or it is not.
    Loaded(Loaded),
    /// Every handle is gone.
    Close,
    /// Everything is to end, which [`Shared::stopping`] says as well.
    Stop,
}

/// The handle to the engine. Clones are handles to the same one.
///
/// When the last handle is gone the engine finishes what it has accepted and ends; see
/// [`shutdown`](Self::shutdown) for ending it at once.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    manifests: Vec<Manifest>,
    sender: Sender<Message>,
    pending: Arc<AtomicUsize>,
    max_pending: usize,
    shared: Arc<Shared>,
    loader: Arc<dyn Loader>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// The thread that loads models can announce one at any time, so the channel alone does not tell that nobody is left.
impl Drop for Inner {
    fn drop(&mut self) {
        // The thread may have ended already.
        let _ = self.sender.send(Message::Close);
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Reads the configuration of every model, loads the first model, and starts the thread.
    /// [`runtime::load`](crate::runtime::load) has to be called before.
    ///
    /// # Errors
    /// A model folder is not usable, the execution provider does not work, or ONNX Runtime is not loaded.
    pub fn start(config: EngineConfig) -> Result<Self, LoadError> {
        let manifests = inspect(&config.models)?;
        let factory = SessionFactory::new(config.session)?;
        let safety_checker = match &config.safety_checker {
            Some(source) => Some(SafetyChecker::alone(source, &factory)?),
            None => None,
        };
        let sources = config.models.into_iter().map(|(_, source)| source).collect();
        let limits = Limits {
            max_batch_rows: config.max_batch_rows,
            max_pending: config.max_pending,
            memory_budget_bytes: config.memory_budget_bytes,
        };
        let parts = Parts {
            manifests,
            loader: Arc::new(FolderLoader::new(sources, factory)),
            safety_checker,
            limits,
        };
        Self::start_with(parts)
    }

    fn start_with(parts: Parts) -> Result<Self, LoadError> {
        let Parts {
            manifests,
            loader,
            safety_checker,
            limits,
        } = parts;
        let (sender, inbox) = mpsc::channel();
        let shared = Arc::new(Shared::default());
        let library = LibraryConfig {
            loader: Arc::clone(&loader),
            announce: sender.clone(),
            shared: Arc::clone(&shared),
            memory_budget_bytes: limits.memory_budget_bytes,
        };
        let mut library = Library::new(library, &manifests);
        library.load_default()?;
        let means = Means {
            library,
            safety_checker,
            max_batch_rows: limits.max_batch_rows,
        };
        let worker = Worker::new(means, inbox, Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("engine".into())
            .spawn(move || worker.run())
            .map_err(LoadError::Thread)?;
        Ok(Self {
            inner: Arc::new(Inner {
                manifests,
                sender,
                pending: Arc::default(),
                max_pending: limits.max_pending,
                shared,
                loader,
                thread: Mutex::new(Some(thread)),
            }),
        })
    }

    /// Every model, the default first.
    pub fn models(&self) -> Vec<ModelInfo> {
        self.inner
            .manifests
            .iter()
            .map(|manifest| manifest.info.clone())
            .collect()
    }

    /// Accepts a request and returns at once.
    ///
    /// If this returns an error the observer is dropped and never called; else
    /// [`on_finished`](Observer::on_finished) is called exactly once.
    ///
    /// # Errors
    /// The request is not valid, the model is not known, too many are waiting, or the engine was shut down.
    pub fn generate(
        &self,
        request: GenerateRequest,
        observer: Box<dyn Observer>,
    ) -> Result<CancelFlag, InferenceError> {
        request.validate()?;
        let (model, manifest) = self.manifest(&request.model)?;
        let plan = Plan::new(&request, manifest)?;
        if self.inner.shared.is_stopping() {
            return Err(InferenceError::Stopped);
        }
        let slot =
            Slot::take(&self.inner.pending, self.inner.max_pending).ok_or(InferenceError::Overloaded)?;
        let cancel = CancelFlag::default();
        let client = Client::new(observer, cancel.clone(), slot);
        let job = Box::new(Job {
            recipe: request.recipe(&manifest.info, plan.scheduler_name()),
            request,
            model,
            plan,
            client,
        });
        match self.inner.sender.send(Message::Draw(job)) {
            Ok(()) => Ok(cancel),
            Err(mpsc::SendError(message)) => {
                if let Message::Draw(job) = message {
                    job.client.forget();
                }
                Err(InferenceError::Stopped)
            }
        }
    }

    /// What was done since the start.
    pub fn stats(&self) -> EngineStats {
        self.inner.shared.counters.stats(self.inner.loader.network_time())
    }

    /// Ends a running network call, ends every unfinished request with [`InferenceError::Stopped`], and waits for the
    /// thread, also while that loads a model. Calling it again does nothing.
    pub fn shutdown(&self) {
        self.inner.shared.stopping.store(true, Ordering::Release);
        self.inner.loader.terminate();
        // The thread may have ended already, which is what this is for.
        let _ = self.inner.sender.send(Message::Stop);
        let thread = self
            .inner
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.thread().id() != std::thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the engine's thread has panicked");
        }
    }

    fn manifest(&self, id: &str) -> Result<(usize, &Manifest), InferenceError> {
        self.inner
            .manifests
            .iter()
            .enumerate()
            .find(|(_, manifest)| manifest.info.id == id)
            .ok_or_else(|| InferenceError::UnknownModel { id: id.to_owned() })
    }
}

/// What an engine is made of.
struct Parts {
    manifests: Vec<Manifest>,
    loader: Arc<dyn Loader>,
    safety_checker: Option<SafetyChecker>,
    limits: Limits,
}

/// The numbers of an [`EngineConfig`].
#[derive(Clone, Copy)]
struct Limits {
    max_batch_rows: usize,
    max_pending: usize,
    memory_budget_bytes: Option<u64>,
}

fn inspect(models: &[(String, ModelSource)]) -> Result<Vec<Manifest>, LoadError> {
    if models.is_empty() {
        return Err(LoadError::Models {
            reason: "it is empty".into(),
        });
    }
    let mut manifests: Vec<Manifest> = Vec::new();
    for (id, source) in models {
        if manifests.iter().any(|manifest| manifest.info.id == *id) {
            return Err(LoadError::Models {
                reason: format!("`{id}` is there twice"),
            });
        }
        manifests.push(models::inspect(id, source)?);
    }
    Ok(manifests)
}
