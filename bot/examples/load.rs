//! Sends twenty thousand jobs of two thousand users through the real job log and queue, to a generator that draws
//! nothing, and says how long it took until each was accepted, how much memory was used, and how all of them ended.
//!
//! ```sh
//! cargo run --release -p bot --example load -- paced 1000   # so many jobs come in a second, whatever happens
//! cargo run --release -p bot --example load -- flood        # every user asks for the next one at once
//! ```
#![expect(
    clippy::print_stdout,
    reason = "it is a program whose output is what it is for"
)]

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use async_trait::async_trait;
use bot::chat::{Place, Platform, ReplyAddress, UserId};
use bot::i18n::Locale;
use bot::limits::LimitCheck;
use bot::queue::{
    Clock, EventSink, GenerateJob, ImageGenerator, JobEvent, JobQueue, QueueParts, QueueSettings,
};
use bot::safety::SafetyAction;
use bot::store::{DrawParameters, JobId, JobKind, JobOutcome, JobState, NewJob, Store};
use chrono::Utc;
use inference::{GenerateOutput, InferenceError, ModelInfo, Recipe, RgbImage, Timings};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

const USERS: u32 = 2_000;
const JOBS_PER_USER: u32 = 10;
const JOBS: u32 = USERS * JOBS_PER_USER;

/// How long the generator takes for a job.
const DRAWING: Duration = Duration::from_millis(5);

/// The limits of a public server, so that all of them have to be counted.
const LIMITS: LimitCheck = LimitCheck {
    per_minute: Some(100),
    per_hour: Some(100),
    per_day: Some(100),
    cooldown: None,
    queued: Some(JOBS_PER_USER),
    max_queued: JOBS,
};

const SETTINGS: QueueSettings = QueueSettings {
    concurrency: 4,
    lease: Duration::from_secs(60),
    expire_after: Duration::from_secs(3600),
    drain: Duration::from_secs(10),
};

/// How the jobs come.
#[derive(Clone, Copy)]
enum Arrival {
    /// So many in a second.
    Paced(u32),
    /// As fast as they are accepted.
    Flood,
}

impl Arrival {
    fn from_arguments() -> anyhow::Result<Self> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        match arguments
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .as_slice()
        {
            ["flood"] => Ok(Self::Flood),
            ["paced", rate] => Ok(Self::Paced(rate.parse().context("RATE is a number")?)),
            _ => bail!("load flood | load paced RATE"),
        }
    }
}

/// Draws a grey pixel.
struct Generator;

#[async_trait]
impl ImageGenerator for Generator {
    async fn generate(
        &self,
        job: GenerateJob,
        _cancel: CancellationToken,
    ) -> Result<Vec<GenerateOutput>, InferenceError> {
        sleep(DRAWING).await;
        Ok(vec![GenerateOutput {
            image: RgbImage::new(1, 1),
            recipe: Recipe {
                // The same file for all: it is the job log that is measured, and not the disk.
                prompt: "grey".to_owned(),
                model_name: job.draw.model,
                ..Recipe::default()
            },
            timings: Timings::default(),
            truncated_prompt: false,
            snapshots: Vec::new(),
            safety: None,
        }])
    }

    fn models(&self) -> Vec<ModelInfo> {
        Vec::new()
    }
}

/// Marks what has ended as delivered, as the outbox does.
struct Deliveries {
    store: Store,
    runtime: tokio::runtime::Handle,
    done: Arc<Count>,
}

/// How many jobs were delivered.
#[derive(Default)]
struct Count {
    done: AtomicU32,
    changed: Notify,
}

impl Count {
    async fn reaches(&self, wanted: u32) {
        while self.done.load(Ordering::Relaxed) < wanted {
            self.changed.notified().await;
        }
    }
}

impl EventSink for Deliveries {
    fn wants_preview(&self, _job: JobId) -> bool {
        false
    }

    fn emit(&self, _job: JobId, event: JobEvent) {
        let JobEvent::Finished(job) = event else { return };
        assert_eq!(
            job.outcome,
            Some(JobOutcome::Done),
            "job {} has ended badly",
            job.id
        );
        let (store, done) = (self.store.clone(), Arc::clone(&self.done));
        self.runtime.spawn(async move {
            match store.jobs().mark_delivered(job.id, Utc::now()).await {
                Ok(true) => {}
                marked => println!("job {} was not delivered: {marked:?}", job.id),
            }
            done.done.fetch_add(1, Ordering::Relaxed);
            done.changed.notify_one();
        });
    }
}

/// How long each job took to be accepted.
#[derive(Default)]
struct Times(Mutex<Vec<Duration>>);

impl Times {
    fn add(&self, time: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(time);
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn print(&self) {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        times.sort_unstable();
        for (name, part) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("most", 1.0)] {
            let index = ((times.len() as f64 * part) as usize).min(times.len().saturating_sub(1));
            let time = times.get(index).copied().unwrap_or_default();
            println!("accepting, {name:<4}   {:>9.2} ms", time.as_secs_f64() * 1e3);
        }
    }
}

fn new_job(number: u32) -> NewJob {
    NewJob {
        user: UserId {
            platform: Platform::new("load"),
            id: format!("user {}", number % USERS),
        },
        place: Place::direct("room"),
        kind: JobKind::Draw,
        parent: None,
        is_private: false,
        priority: 0,
        max_running: Some(1),
        safety: SafetyAction::Allow,
        locale: Locale::JA,
        key: Some(format!("command {number}")),
        reply_address: ReplyAddress(serde_json::json!({ "message": number })),
        draw: DrawParameters {
            prompt: "gotoh hitori, 1girl, solo, pink hair, guitar, smile, masterpiece".into(),
            negative_prompt: "lowres, bad hands".into(),
            width: 512,
            height: 768,
            num_inference_steps: 20,
            guidance_scale: 7.0,
            seed: u64::from(number),
            count: 1,
            model: "grey".into(),
            ..DrawParameters::default()
        },
        prompt_typed: "hitori with a guitar, smiling".into(),
        now: Utc::now(),
    }
}

async fn submit(queue: JobQueue, number: u32, times: Arc<Times>) -> anyhow::Result<()> {
    let begun = Instant::now();
    let submitted = queue.submit(new_job(number), &LIMITS).await?;
    times.add(begun.elapsed());
    ensure!(!submitted.duplicate, "job {} is another one", submitted.job);
    Ok(())
}

/// Lets every job come.
async fn arrive(queue: &JobQueue, arrival: Arrival, times: &Arc<Times>) -> anyhow::Result<()> {
    let mut callers = JoinSet::new();
    match arrival {
        Arrival::Paced(rate) => {
            let mut ticks = interval(Duration::from_secs(1) / rate.max(1));
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            for number in 0..JOBS {
                ticks.tick().await;
                callers.spawn(submit(queue.clone(), number, Arc::clone(times)));
            }
        }
        Arrival::Flood => {
            for user in 0..USERS {
                let (queue, times) = (queue.clone(), Arc::clone(times));
                callers.spawn(async move {
                    for round in 0..JOBS_PER_USER {
                        submit(queue.clone(), round * USERS + user, Arc::clone(&times)).await?;
                    }
                    Ok(())
                });
            }
        }
    }
    while let Some(called) = callers.join_next().await {
        called??;
    }
    Ok(())
}

/// The memory of this process in MiB, where the system tells.
fn memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

fn print_memory(when: &str) {
    println!("memory, {when:<14} {:>5.1} MiB", memory());
}

/// Every job that was accepted is done.
async fn check(store: &Store) -> anyhow::Result<()> {
    for id in 1..=i64::from(JOBS) {
        let job = store.jobs().get(JobId(id)).await?.context("a job is lost")?;
        ensure!(
            (job.state, job.attempt) == (JobState::Done, 1),
            "job {id} is {:?}",
            job.state
        );
    }
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arrival = Arrival::from_arguments()?;
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path()).await?;
    let done = Arc::new(Count::default());
    let queue = JobQueue::new(QueueParts {
        store: store.clone(),
        settings: SETTINGS,
        generator: Arc::new(Generator),
        events: Arc::new(Deliveries {
            store: store.clone(),
            runtime: tokio::runtime::Handle::current(),
            done: Arc::clone(&done),
        }),
        clock: Clock::system(),
    });
    let shutdown = CancellationToken::new();
    let running = tokio::spawn({
        let (queue, shutdown) = (queue.clone(), shutdown.clone());
        async move { queue.run(shutdown).await }
    });

    println!("{JOBS} jobs of {USERS} users");
    print_memory("at first");
    let begun = Instant::now();
    let times = Arc::new(Times::default());
    let middle = async {
        while times.len() < JOBS as usize / 2 {
            sleep(Duration::from_millis(10)).await;
        }
        print_memory("half accepted");
    };
    let (arrived, ()) = tokio::join!(arrive(&queue, arrival, &times), middle);
    arrived?;
    let accepted = begun.elapsed().as_secs_f64();
    print_memory("all accepted");
    let waiting = JOBS - done.done.load(Ordering::Relaxed);
    done.reaches(JOBS / 2).await;
    print_memory("half done");
    done.reaches(JOBS).await;
    let ended = begun.elapsed().as_secs_f64();
    print_memory("all done");
    println!(
        "accepted          {:>9.0} jobs/s, {waiting} unfinished then",
        f64::from(JOBS) / accepted
    );
    println!("done              {:>9.0} jobs/s", f64::from(JOBS) / ended);
    times.print();

    shutdown.cancel();
    running.await??;
    check(&store).await?;
    store.close().await;
    println!("all of them are done, each drawn once");
    Ok(())
}
