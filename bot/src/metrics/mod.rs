//! Numbers about the running service, for programs that watch it: Prometheus' text format.
//!
//! What the job log and the engine know anyway is read when somebody asks. What only passes by, how long jobs wait and
//! which messages have to be sent again, is counted by `observers` that stand between the queue, the outbox and the
//! platforms, so that none of those has to know of it.

mod observers;

use std::fmt;
use std::sync::Arc;

use anyhow::Context as _;
use inference::EngineStats;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::chat::{ChatAdapter, Platform};
use crate::queue::{EventSink, JobQueue, QueueMode};
use crate::store::{JobRow, Store};

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds of waiting and drawing: from a picture of the built-in model to a night in the queue.
const SECONDS: [f64; 14] = [
    0.1, 0.3, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0,
];
/// Seconds of one step, from a small model on a graphics card to a large one on an old processor.
const STEP_SECONDS: [f64; 12] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];

/// Names and values that tell one number of a kind from another.
type Labels<const N: usize> = [(&'static str, String); N];

/// Tells what the engine has done.
pub type ReadEngine = Arc<dyn Fn() -> EngineStats + Send + Sync>;

/// The numbers. Clones share them.
#[derive(Clone)]
pub struct Metrics {
    store: Store,
    engine: Option<ReadEngine>,
    counted: Arc<Counted>,
}

/// What passes by.
struct Counted {
    wait_seconds: Histogram,
    draw_seconds: Histogram,
    step_seconds: Histogram,
    messages: Family<Labels<3>, Counter>,
    connections: Family<Labels<1>, Gauge>,
    calls: Family<Labels<2>, Counter>,
}

/// How many connections there are to a platform. Clones share the number.
#[derive(Clone, Debug, Default)]
pub struct Connections(Gauge);

impl Connections {
    /// One more.
    pub fn inc(&self) {
        self.0.inc();
    }

    /// One less.
    pub fn dec(&self) {
        self.0.dec();
    }

    /// How many there are.
    pub fn count(&self) -> i64 {
        self.0.get()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Counts from 0; what is in the job log is read from there, and what the engine has done from `engine`.
    pub fn new(store: Store, engine: Option<ReadEngine>) -> Self {
        Self {
            store,
            engine,
            counted: Arc::new(Counted {
                wait_seconds: Histogram::new(SECONDS),
                draw_seconds: Histogram::new(SECONDS),
                step_seconds: Histogram::new(STEP_SECONDS),
                messages: Family::default(),
                connections: Family::default(),
                calls: Family::default(),
            }),
        }
    }

    /// The same sink, with the times of jobs counted on their way to it.
    pub fn observe_jobs(&self, sink: Arc<dyn EventSink>) -> Arc<dyn EventSink> {
        Arc::new(observers::ObservedSink {
            counted: Arc::clone(&self.counted),
            sink,
        })
    }

    /// The same platform, with the messages counted that are sent through it.
    pub fn observe_messages(&self, adapter: Arc<dyn ChatAdapter>) -> Arc<dyn ChatAdapter> {
        Arc::new(observers::ObservedAdapter {
            counted: Arc::clone(&self.counted),
            adapter,
        })
    }

    /// The number of connections to a platform, for its adapter to keep.
    pub fn connections(&self, platform: &Platform) -> Connections {
        let labels = [("platform", platform.to_string())];
        Connections(self.counted.connections.get_or_create(&labels).clone())
    }

    /// Counts a call of a platform's interface, by what became of it.
    pub fn count_call(&self, platform: &Platform, result: &str) {
        let labels = [("platform", platform.to_string()), ("result", result.to_owned())];
        self.counted.calls.get_or_create(&labels).inc();
    }

    /// Everything as text, see [`CONTENT_TYPE`].
    ///
    /// # Errors
    /// When the job log cannot be read.
    pub async fn render(&self, queue: &JobQueue) -> anyhow::Result<String> {
        let mut registry = Registry::with_prefix("ekaki");
        self.add_jobs(&mut registry).await?;
        add_queue(&mut registry, queue);
        self.add_times(&mut registry);
        self.add_engine(&mut registry);
        registry.register(
            "messages",
            "Messages about jobs by platform, kind (progress, final) and result (sent, retry, gone)",
            self.counted.messages.clone(),
        );
        registry.register(
            "connections",
            "Open connections to a platform over which it tells what people do",
            self.counted.connections.clone(),
        );
        registry.register(
            "calls",
            "Calls of a platform's interface by platform and result (ok, or why they did not work)",
            self.counted.calls.clone(),
        );
        let mut text = String::new();
        encode(&mut text, &registry).context("cannot write the metrics")?;
        Ok(text)
    }

    async fn add_jobs(&self, registry: &mut Registry) -> anyhow::Result<()> {
        let jobs: Family<Labels<2>, Gauge> = Family::default();
        let states = self.store.stats().by_state().await;
        for (platform, state, count) in states.context("cannot count the jobs")? {
            let labels = [("platform", platform.to_string()), ("state", state.to_string())];
            jobs.get_or_create(&labels)
                .set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        registry.register("jobs", "Jobs in the job log by platform and state", jobs);
        Ok(())
    }

    fn add_times(&self, registry: &mut Registry) {
        let Counted {
            wait_seconds,
            draw_seconds,
            step_seconds,
            ..
        } = &*self.counted;
        registry.register(
            "job_wait_seconds",
            "From the command to the beginning of drawing",
            wait_seconds.clone(),
        );
        registry.register(
            "job_draw_seconds",
            "From the beginning to the end of drawing",
            draw_seconds.clone(),
        );
        registry.register(
            "step_seconds",
            "Drawing time of a job for each step of each of its pictures",
            step_seconds.clone(),
        );
    }

    fn add_engine(&self, registry: &mut Registry) {
        let Some(read) = &self.engine else { return };
        let stats = read();
        let counters = [
            ("engine_ticks", "Ticks in which pictures took a step", stats.ticks),
            ("unet_calls", "Calls of a UNet", stats.unet_calls),
            (
                "unet_rows",
                "Rows in these calls; divided by the calls it is the batch size",
                stats.unet_rows,
            ),
            ("model_loads", "Models that were loaded", stats.model_loads),
            (
                "model_unloads",
                "Models that were unloaded to make room",
                stats.model_unloads,
            ),
        ];
        for (name, help, value) in counters {
            registry.register(name, help, ConstCounter::new(value));
        }
        let times = [
            (
                "engine_busy_seconds",
                "How long the engine has worked",
                stats.busy,
            ),
            (
                "network_seconds",
                "How long networks have run in ONNX Runtime",
                stats.network_time,
            ),
        ];
        for (name, help, time) in times {
            registry.register(name, help, ConstCounter::new(time.as_secs_f64()));
        }
    }
}

fn add_queue(registry: &mut Registry, queue: &JobQueue) {
    let snapshot = queue.snapshot();
    let count = |places: usize| ConstGauge::new(i64::try_from(places).unwrap_or(i64::MAX));
    registry.register("queue_length", "Jobs that wait", count(snapshot.waiting.len()));
    registry.register(
        "queue_running",
        "Jobs that are being drawn",
        count(snapshot.running.len()),
    );
    registry.register(
        "queue_open",
        "1 when jobs are taken and drawn, 0 when an admin has paused or drains the queue",
        ConstGauge::new(i64::from(queue.mode() == QueueMode::Open)),
    );
}

impl Counted {
    /// Counts the times of a job that was drawn.
    fn observe(&self, job: &JobRow) {
        let Some(started) = job.started_at else { return };
        let seconds = |from, to: chrono::DateTime<chrono::Utc>| {
            let time: chrono::TimeDelta = to - from;
            time.to_std().map_or(0.0, |time| time.as_secs_f64())
        };
        self.wait_seconds.observe(seconds(job.created_at, started));
        if let Some(finished) = job.finished_at.filter(|_| !job.images.is_empty()) {
            let drawing = seconds(started, finished);
            self.draw_seconds.observe(drawing);
            let steps = job.draw.steps() * f64::from(job.draw.count);
            self.step_seconds.observe(drawing / steps.max(1.0));
        }
    }
}

#[cfg(test)]
mod tests;
