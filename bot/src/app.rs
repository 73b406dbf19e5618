//! The only place that sees everything: puts the rooms together, runs them, and takes them down.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use inference::runtime::{self, InstallProgress, RuntimeLibrary, RuntimeRequest};
use inference::{Engine, EngineConfig, ModelSource, SessionConfig};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::adapters::{self, Deps};
use crate::chat::{ChatAdapter, Outbox};
use crate::commands::{CommandContext, Commands, random_seed};
use crate::config::{Config, InferenceConfig, MAX_COUNT, RuntimeConfig, program_folder};
use crate::metrics::Metrics;
use crate::models;
use crate::queue::{
    Clock, DrawingSettings, EngineGenerator, ImageGenerator, JobQueue, QueueParts, QueueSettings,
};
use crate::rules::{LiveRules, ReadConfig};
use crate::store::{Retention, Store};
use crate::upkeep;

/// How long last messages may take after the queue has stopped.
const DELIVERY_GRACE: Duration = Duration::from_secs(10);

/// Hears how the installation of ONNX Runtime goes on.
pub type InstallObserver = Box<dyn FnMut(InstallProgress) + Send>;

/// The whole service with its engine and its platforms.
#[derive(Debug)]
pub struct App {
    service: Service,
    engine: Engine,
    web_address: SocketAddr,
    store: Store,
    retention: Retention,
}

impl App {
    /// Takes the ports, opens the data folder, brings ONNX Runtime and the models up, and connects the platforms.
    /// Nothing is drawn and nobody is answered before [`App::run`].
    ///
    /// # Errors
    /// Whatever keeps the service from starting, in one sentence.
    pub async fn build(
        config: &Config,
        read_config: ReadConfig,
        on_install: InstallObserver,
    ) -> anyhow::Result<Self> {
        let bound = adapters::bind(config).await?;
        let store = Store::open(&config.data.dir).await?;
        let engine = start_engine(config, on_install).await?;
        let stats = engine.clone();
        let metrics = Metrics::new(store.clone(), Some(Arc::new(move || stats.stats())));
        let rules = LiveRules::new(config, read_config, store.clone()).await?;
        let deps = Deps {
            store: store.clone(),
            metrics: metrics.clone(),
            default_locale: rules.default_locale(),
        };
        let adapters = bound.build(config, deps)?;
        let service = Service::new(Parts {
            store: store.clone(),
            rules,
            settings: QueueSettings::new(&config.queue, &config.shutdown),
            generator: Arc::new(EngineGenerator::new(engine.clone()).with_settings(drawing_settings(config))),
            clock: Clock::system(),
            random_seed,
            adapters: adapters.all,
            metrics,
        });
        Ok(Self {
            service,
            engine,
            web_address: adapters.web_address,
            store,
            retention: upkeep::retention(&config.store),
        })
    }

    /// Serves until `shutdown` is cancelled, then lets running jobs end and closes everything in order.
    ///
    /// # Errors
    /// When a part of the service ended by itself; the text names it.
    pub async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        announce(self.web_address).context("cannot write to standard output")?;
        let stop = shutdown.child_token();
        let upkeep = tokio::spawn(upkeep::run(
            self.store,
            self.retention,
            Clock::system(),
            stop.clone(),
        ));
        let ended = self.service.run(shutdown).await;
        stop.cancel();
        if let Err(error) = upkeep.await {
            tracing::error!(%error, "the task that removes old pictures has failed");
        }
        let engine = self.engine;
        tokio::task::spawn_blocking(move || engine.shutdown())
            .await
            .context("cannot stop the engine")?;
        ended
    }
}

/// The one line on standard output, for people and for programs that wait for it.
fn announce(address: SocketAddr) -> std::io::Result<()> {
    // A browser cannot open the address that stands for all addresses.
    let host = if address.ip().is_unspecified() {
        SocketAddr::from(([127, 0, 0, 1], address.port()))
    } else {
        address
    };
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "Ekaki is ready: http://{host}")?;
    stdout.flush()
}

/// Finds or installs ONNX Runtime and loads it into this process.
///
/// # Errors
/// When there is none, with what to do about it.
pub fn load_runtime(
    request: &RuntimeRequest,
    mut on_install: InstallObserver,
) -> anyhow::Result<RuntimeLibrary> {
    let library = runtime::locate_or_install(request, &mut on_install)?;
    runtime::load(&library)?;
    tracing::info!(path = %library.path.display(), version = library.version, origin = %library.origin, "ONNX Runtime loaded");
    Ok(library)
}

/// Which ONNX Runtime the settings ask for.
pub fn runtime_request(config: &Config) -> RuntimeRequest {
    let RuntimeConfig {
        library,
        provider,
        allow_install,
    } = config.runtime.clone();
    RuntimeRequest {
        library,
        beside_binary: program_folder(),
        provider,
        allow_install,
        ..RuntimeRequest::new(&config.data.dir)
    }
}

/// How networks are run.
pub fn session_config(config: &Config) -> SessionConfig {
    SessionConfig {
        provider: config.runtime.provider,
        intra_threads: Some(config.inference.threads).filter(|threads| *threads > 0),
    }
}

/// How every picture of the service is drawn.
fn drawing_settings(config: &Config) -> DrawingSettings {
    DrawingSettings {
        noise_source: config.inference.noise,
        prompt_syntax: config.inference.prompt_syntax,
    }
}

async fn start_engine(config: &Config, on_install: InstallObserver) -> anyhow::Result<Engine> {
    let models: Vec<(String, ModelSource)> = models::all(&config.inference)?;
    let InferenceConfig {
        max_batch_rows,
        memory_budget_mib,
        ..
    } = config.inference;
    let pictures = config.queue.concurrency * MAX_COUNT as usize;
    let engine = EngineConfig {
        models,
        session: session_config(config),
        max_batch_rows,
        max_pending: pictures,
        memory_budget_bytes: memory_budget_mib.map(|mib| u64::from(mib) << 20),
        safety_checker: config.safety.model.clone().map(ModelSource::Folder),
    };
    let request = runtime_request(config);
    let starting = tokio::task::spawn_blocking(move || {
        load_runtime(&request, on_install)?;
        anyhow::Ok(Engine::start(engine)?)
    });
    starting.await.context("cannot start the engine")?
}

/// What a service is made of.
pub(crate) struct Parts {
    pub(crate) store: Store,
    pub(crate) rules: LiveRules,
    pub(crate) settings: QueueSettings,
    pub(crate) generator: Arc<dyn ImageGenerator>,
    pub(crate) clock: Clock,
    pub(crate) random_seed: fn() -> u64,
    pub(crate) adapters: Vec<Arc<dyn ChatAdapter>>,
    pub(crate) metrics: Metrics,
}

/// Everything but the engine: platforms, commands, queue, job log.
#[derive(Debug)]
pub(crate) struct Service {
    store: Store,
    queue: JobQueue,
    outbox: Outbox,
    pub(crate) commands: Arc<Commands>,
    adapters: Vec<Arc<dyn ChatAdapter>>,
}

impl std::fmt::Debug for dyn ChatAdapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ChatAdapter").field(&self.platform()).finish()
    }
}

impl Service {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts {
            store,
            rules,
            settings,
            generator,
            clock,
            random_seed,
            adapters,
            metrics,
        } = parts;
        let observed = adapters
            .iter()
            .map(|adapter| metrics.observe_messages(Arc::clone(adapter)));
        let outbox = Outbox::new(store.clone(), clock.clone(), observed.collect());
        let queue = JobQueue::new(QueueParts {
            store: store.clone(),
            settings,
            generator,
            events: metrics.observe_jobs(Arc::new(outbox.clone())),
            clock: clock.clone(),
        });
        let context = CommandContext {
            queue: queue.clone(),
            store: store.clone(),
            rules,
            clock,
            random_seed,
            outbox: outbox.clone(),
        };
        Self {
            store,
            queue,
            outbox,
            commands: Arc::new(Commands::new(context)),
            adapters,
        }
    }

    /// Runs the queue and the platforms until `shutdown` is cancelled or one of them ends by itself.
    pub(crate) async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        // Not a child of `shutdown`: the parts are to end after the wait below has, or they end by themselves.
        let stop = CancellationToken::new();
        let mut tasks = Tasks::default();
        let (queue, stop_queue) = (self.queue.clone(), stop.clone());
        tasks.spawn(
            "the queue".to_owned(),
            async move { Ok(queue.run(stop_queue).await?) },
        );
        let (outbox, stop_outbox) = (self.outbox.clone(), stop.clone());
        tasks.spawn("the outbox".to_owned(), async move {
            outbox.run(stop_outbox).await;
            Ok(())
        });
        for adapter in &self.adapters {
            let name = format!("the platform {}", adapter.platform());
            tasks.spawn(
                name,
                Arc::clone(adapter).run(Arc::clone(&self.commands), stop.clone()),
            );
        }
        let ended = tokio::select! {
            () = shutdown.cancelled() => Ok(()),
            ended = tasks.ended_by_itself() => ended,
        };
        tracing::info!("stopping");
        stop.cancel();
        let ended = ended.and(tasks.join().await);
        self.outbox.close(DELIVERY_GRACE).await;
        self.store.close().await;
        ended
    }
}

/// The parts of the service that run, by name.
#[derive(Default)]
struct Tasks(JoinSet<(String, anyhow::Result<()>)>);

impl Tasks {
    fn spawn(&mut self, name: String, task: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
        self.0.spawn(async move { (name, task.await) });
    }

    /// Waits for the first part that ends, which none of them should.
    async fn ended_by_itself(&mut self) -> anyhow::Result<()> {
        match self.0.join_next().await {
            Some(Ok((name, Ok(())))) => Err(anyhow::anyhow!("{name} ended by itself")),
            Some(Ok((name, Err(error)))) => Err(error.context(format!("{name} has failed"))),
            Some(Err(error)) => Err(anyhow::Error::new(error).context("a part of the service has failed")),
            None => Ok(()),
        }
    }

    /// Waits for all parts after they were told to stop.
    async fn join(&mut self) -> anyhow::Result<()> {
        let mut all = Ok(());
        while let Some(ended) = self.0.join_next().await {
            let ended = match ended {
                Ok((name, ended)) => ended.with_context(|| format!("{name} did not stop well")),
                Err(error) => Err(anyhow::Error::new(error).context("a part of the service has failed")),
            };
            if let Err(error) = &ended {
                tracing::error!(error = %format_args!("{error:#}"), "stopping");
            }
            all = all.and(ended);
        }
        all
    }
}
