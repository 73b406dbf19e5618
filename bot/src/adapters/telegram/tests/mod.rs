//! The whole bot on a Telegram of our own: real job log, real queue, real sockets; only the pictures are made up.

mod buttons;
mod conversation;
mod groups;
mod inline;
mod pace;
mod responder;
#[path = "../../../../tests/standin/telegram/mod.rs"]
mod standin;
mod trouble;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::standin::{Fault, FaultKind, Flood, Settings, TOKEN, Telegram};
use super::TelegramAdapter;
use super::api::Limits;
use crate::adapters::Deps;
use crate::app::{Parts, Service};
use crate::config::{Config, ConfigSources};
use crate::i18n::Locale;
use crate::metrics::Metrics;
use crate::queue::{Clock, QueueSettings};
use crate::rules::{LiveRules, ReadConfig};
use crate::store::tests::{NOW, copy_as_if_killed};
use crate::store::{JobId, JobRow, JobState, Store, StoreError};
use crate::tests::fakes::FakeGenerator;

/// No test waits longer than this for anything.
const TIME_LIMIT: Duration = Duration::from_secs(20);
/// On the button that only the last message of a job has.
const AGAIN: &str = "[🔄 ";
/// Enough steps for any job of a test.
const ALL_STEPS: usize = 1000;

/// Telegram takes as much as comes.
const NO_LIMITS: Limits = Limits {
    per_chat: Duration::ZERO,
    group_window: Duration::ZERO,
    group_messages: usize::MAX,
    group_reserve: 0,
    overall: Duration::ZERO,
    longest_wait: TIME_LIMIT,
    news: [Duration::ZERO; 2],
};

/// What a bot is made of, before it runs.
struct Plan {
    dir: TempDir,
    settings: String,
    limits: Limits,
    after: TimeDelta,
}

impl Plan {
    /// A new bot with these settings.
    fn new(settings: &str) -> Self {
        Self {
            dir: tempfile::tempdir().expect("a folder"),
            settings: settings.to_owned(),
            limits: NO_LIMITS,
            after: TimeDelta::zero(),
        }
    }
}

/// The whole bot.
struct Bot {
    telegram: Telegram,
    store: Store,
    generator: FakeGenerator,
    dir: TempDir,
    shutdown: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

/// A Telegram that takes as much as comes, and a bot.
async fn start() -> (Telegram, Bot) {
    start_with("").await
}

async fn start_with(settings: &str) -> (Telegram, Bot) {
    let telegram = Telegram::start(Settings::default()).await;
    let bot = Bot::start(&telegram, Plan::new(settings)).await;
    (telegram, bot)
}

impl Bot {
    async fn start(telegram: &Telegram, plan: Plan) -> Self {
        let Plan {
            dir,
            settings,
            limits,
            after,
        } = plan;
        let read_config = config_in(dir.path(), telegram, &settings);
        let config = read_config().expect("the settings are valid");
        let store = open(dir.path()).await;
        let metrics = Metrics::new(store.clone(), None);
        let deps = Deps {
            store: store.clone(),
            metrics: metrics.clone(),
            default_locale: Locale::EN.into(),
        };
        let adapter =
            TelegramAdapter::with_limits(&config.telegram, deps, limits).expect("the settings are usable");
        let rules = LiveRules::new(&config, read_config, store.clone())
            .await
            .expect("the rules are valid");
        let generator = FakeGenerator::default();
        let service = Service::new(Parts {
            store: store.clone(),
            rules,
            settings: QueueSettings {
                concurrency: 1,
                drain: Duration::ZERO,
                ..QueueSettings::new(&config.queue, &config.shutdown)
            },
            generator: Arc::new(generator.clone()),
            clock: Clock::new(move || *NOW + after),
            random_seed: || 4711,
            adapters: vec![Arc::new(adapter.expect("there is a token"))],
            metrics,
        });
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(service.run(shutdown.clone()));
        Self {
            telegram: telegram.clone(),
            store,
            generator,
            dir,
            shutdown,
            running,
        }
    }

    /// Draws the first step of the only job, and waits until that is said. Returns the number of the message.
    async fn begin(&self, chat: i64) -> i32 {
        self.generator.allow(1);
        self.telegram.shows_text(chat, "1 ").await
    }

    /// A job of the log.
    async fn job(&self, job: i64) -> JobRow {
        let job = self.store.jobs().get(JobId(job)).await.expect("a readable log");
        job.expect("a job")
    }

    /// Waits until a job was told of to the end.
    async fn ended(&self, job: i64) {
        let open_states = [JobState::Queued, JobState::Running, JobState::Delivering];
        self.until(job, |job| !open_states.contains(&job.state)).await;
    }

    /// Waits until it stands in the log which message shows a job.
    async fn knows_message(&self, job: i64) {
        self.until(job, |job| job.reply_address.0["message"].is_number())
            .await;
    }

    async fn until(&self, job: i64, is_so: impl Fn(&JobRow) -> bool) {
        let waiting = async {
            loop {
                let found = self.store.jobs().get(JobId(job)).await.expect("a readable log");
                if found.is_some_and(|job| is_so(&job)) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if timeout(TIME_LIMIT, waiting).await.is_err() {
            panic!(
                "job {job} stays as it is; the calls:\n{}",
                self.telegram.calls().join("\n")
            );
        }
    }

    /// Ends the bot in good order and checks that it has kept to the rules.
    async fn stop(self) {
        self.shutdown.cancel();
        let ended = timeout(TIME_LIMIT, self.running)
            .await
            .expect("the bot ends in time");
        ended.expect("the bot does not panic").expect("the bot ends well");
        assert_eq!(self.telegram.violations(), [""; 0]);
    }

    /// What is left of the bot when its process is killed now.
    async fn kill(self) -> TempDir {
        let copy = copy_as_if_killed(self.dir.path());
        self.shutdown.cancel();
        let ended = timeout(TIME_LIMIT, self.running)
            .await
            .expect("the bot ends in time");
        ended.expect("the bot does not panic").expect("the bot ends well");
        copy
    }
}

/// Writes the settings of a bot into its folder.
fn config_in(dir: &Path, telegram: &Telegram, settings: &str) -> ReadConfig {
    let (main, own) = settings.split_once("[telegram]").unwrap_or((settings, ""));
    let text = format!(
        "{main}\n[telegram]\ntoken = \"{TOKEN}\"\napi_url = \"{}\"\n{own}",
        telegram.url()
    );
    fs::write(dir.join("ekaki.toml"), text).expect("writable");
    let sources = ConfigSources {
        folder: dir.to_owned(),
        ..ConfigSources::default()
    };
    Arc::new(move || Config::load(&sources))
}

async fn open(dir: &Path) -> Store {
    let opening = async {
        loop {
            match Store::open(dir).await {
                Err(StoreError::InUse { .. }) => tokio::task::yield_now().await,
                opened => return opened.expect("store"),
            }
        }
    };
    timeout(TIME_LIMIT, opening)
        .await
        .expect("the data folder is free in time")
}
