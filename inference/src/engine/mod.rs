//! The engine: one thread owns the networks and works in ticks.
//!
//! In a tick all requests of one model and size take one denoising step together, each at its own step (continuous
//! batching): a new request joins at the next tick, a cancelled one leaves at the next tick, a short one never waits
//! for a long one. Requests of different models or sizes take turns.

mod job;
mod library;
mod thread;
mod tick;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use self::job::{Client, Job, Slot};
use self::library::Library;
use self::thread::Worker;
use crate::error::{InferenceError, LoadError};
use crate::models::{self, Manifest, ModelInfo, ModelSource};
use crate::request::{GenerateOutput, GenerateRequest, Progress, RequestError};
use crate::schedulers::{LoopOptions, Scheduler, SchedulerError};
use crate::session::{NetworkTime, SessionConfig, SessionFactory, Terminator};

/// What the engine works with.
#[derive(Debug)]
pub struct EngineConfig {
    /// The models by id. The first one is the default and is loaded at the start, the others on first use, while
    /// everybody else waits.
    pub models: Vec<(String, ModelSource)>,
    /// How networks are run.
    pub session: SessionConfig,
    /// How many rows one UNet call may have. A picture with guidance takes two, one without takes one.
    pub max_batch_rows: usize,
    /// How many requests may be unfinished at a time; more are [`InferenceError::Overloaded`].
    pub max_pending: usize,
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

/// What the engine has done since it was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EngineStats {
    /// Ticks in which requests took a step.
    pub ticks: u64,
    /// Calls of a UNet.
    pub unet_calls: u64,
    /// Rows in those calls.
    pub unet_rows: u64,
    /// The time inside ONNX Runtime, of all networks.
    pub network_time: Duration,
}

/// What the handle and the thread both see.
#[derive(Debug, Default)]
struct Shared {
    stopping: AtomicBool,
    ticks: AtomicU64,
    unet_calls: AtomicU64,
    unet_rows: AtomicU64,
}

impl Shared {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    fn count_tick(&self, rows: usize, calls: u64) {
        self.ticks.fetch_add(1, Ordering::Relaxed);
        self.unet_calls.fetch_add(calls, Ordering::Relaxed);
        self.unet_rows.fetch_add(rows as u64, Ordering::Relaxed);
    }
}

/// What tells the thread to do something.
enum Message {
    Draw(Box<Job>),
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
    terminator: Terminator,
    network_time: Arc<NetworkTime>,
    thread: Mutex<Option<JoinHandle<()>>>,
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
        let terminator = factory.terminator();
        let network_time = factory.network_time();
        let (sender, inbox) = mpsc::channel();
        let shared = Arc::new(Shared::default());
        let mut library = Library::new(config.models, &manifests, factory);
        library.load_default()?;
        let worker = Worker::new(library, inbox, Arc::clone(&shared), config.max_batch_rows);
        let thread = std::thread::Builder::new()
            .name("engine".into())
            .spawn(move || worker.run())
            .map_err(LoadError::Thread)?;
        Ok(Self {
            inner: Arc::new(Inner {
                manifests,
                sender,
                pending: Arc::default(),
                max_pending: config.max_pending,
                shared,
                terminator,
                network_time,
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
        request.check_multiple(manifest.info.size_multiple)?;
        let (scheduler, scheduler_name) = scheduler(manifest, &request)?;
        if self.inner.shared.is_stopping() {
            return Err(InferenceError::Stopped);
        }
        let slot =
            Slot::take(&self.inner.pending, self.inner.max_pending).ok_or(InferenceError::Overloaded)?;
        let cancel = CancelFlag::default();
        let client = Client::new(observer, cancel.clone(), slot);
        let job = Box::new(Job {
            request,
            model,
            scheduler,
            scheduler_name,
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
        let counters = &self.inner.shared;
        EngineStats {
            ticks: counters.ticks.load(Ordering::Relaxed),
            unet_calls: counters.unet_calls.load(Ordering::Relaxed),
            unet_rows: counters.unet_rows.load(Ordering::Relaxed),
            network_time: self.inner.network_time.total(),
        }
    }

    /// Ends a running network call, ends every unfinished request with [`InferenceError::Stopped`], and waits for the
    /// thread. Calling it again does nothing.
    pub fn shutdown(&self) {
        self.inner.shared.stopping.store(true, Ordering::Release);
        self.inner.terminator.terminate();
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

/// The scheduler asked for, or the model's own, and its name for the recipe.
fn scheduler(
    manifest: &Manifest,
    request: &GenerateRequest,
) -> Result<(Box<dyn Scheduler>, &'static str), RequestError> {
    let refused = |error: SchedulerError| RequestError::Scheduler {
        reason: error.to_string(),
    };
    let own = &manifest.scheduler;
    let config = match &request.scheduler {
        Some(name) => own.with_scheduler(name).map_err(refused)?,
        None => own.clone(),
    };
    let scheduler = config
        .build(&LoopOptions::new(request.num_inference_steps as usize))
        .map_err(refused)?;
    Ok((scheduler, config.name().name()))
}
