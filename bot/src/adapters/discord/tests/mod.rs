//! The whole bot on a Discord of our own: real job log, real queue, real sockets; only the pictures are made up.

mod commands;
mod conversation;
mod ladder;
mod painter;
mod people;
#[path = "../../../../tests/standin/discord/mod.rs"]
mod standin;
mod trouble;
mod uploads;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use self::painter::Painter;
use self::standin::{Asked, Discord, Person, Settings};
use super::DiscordAdapter;
use crate::adapters::Deps;
use crate::app::{Parts, Service};
use crate::config::{Config, ConfigSources};
use crate::i18n::Locale;
use crate::metrics::Metrics;
use crate::queue::{Clock, QueueSettings};
use crate::rules::{LiveRules, ReadConfig};
use crate::store::tests::{NOW, copy_as_if_killed};
use crate::store::{Store, StoreError};
use crate::tests::fakes::HeldClock;

/// No test waits longer than this for the end of the bot.
const TIME_LIMIT: Duration = Duration::from_secs(20);
/// On the button that only the last message of a job has.
const AGAIN: &str = "[🔄 ";

/// Discord, and the bot on it.
struct Tester {
    discord: Discord,
    painter: Painter,
    begun: Instant,
    dir: TempDir,
    shutdown: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
    clock: SlowClock,
}

/// What is left when the bot has ended.
struct Remains {
    discord: Discord,
    dir: TempDir,
    begun: Instant,
    clock: SlowClock,
}

impl Tester {
    async fn start() -> Self {
        Self::start_with(Settings::default(), "").await
    }

    /// A Discord with these settings, and a bot with these.
    async fn start_with(discord: Settings, bot: &str) -> Self {
        let tester = Self::start_in(Self::prepare(discord, bot).await).await;
        tester.discord.connected().await;
        tester.discord.registered().await;
        tester
    }

    /// A Discord without a bot.
    async fn prepare(discord: Settings, bot: &str) -> Remains {
        tokio::time::pause();
        let clock = SlowClock::start();
        let begun = Instant::now();
        let discord = Discord::start_at(discord, Arc::new(move || time_since(begun))).await;
        let dir = tempfile::tempdir().expect("folder");
        let (token, url) = (discord.token(), discord.url());
        let settings = format!(
            "[discord]\ntoken = \"{token}\"\napi_url = \"{url}\"\ncdn_url = \"{url}\"\n\
             {bot}\n[limits]\nqueued = 100\nper_minute = 1000\nper_hour = 1000\nper_day = 1000\ncooldown_s = 0\n"
        );
        fs::write(dir.path().join("ekaki.toml"), settings).expect("writable");
        Remains {
            discord,
            dir,
            begun,
            clock,
        }
    }

    async fn start_in(remains: Remains) -> Self {
        let Remains {
            discord,
            dir,
            begun,
            clock,
        } = remains;
        let sources = ConfigSources {
            folder: dir.path().to_owned(),
            ..ConfigSources::default()
        };
        let read_config: ReadConfig = Arc::new(move || Config::load(&sources));
        let config = read_config().expect("the settings are valid");
        let store = open(&dir).await;
        let rules = LiveRules::new(&config, read_config, store.clone())
            .await
            .expect("the rules are valid");
        let metrics = Metrics::new(store.clone(), None);
        let deps = Deps {
            store: store.clone(),
            metrics: metrics.clone(),
            default_locale: Locale::EN.into(),
        };
        let time = Clock::new(move || time_since(begun));
        let adapter = DiscordAdapter::with_clock(&config.discord, deps, time.clone());
        let adapter = adapter
            .expect("the settings make sense")
            .expect("there is a token");
        let painter = Painter::default();
        let service = Service::new(Parts {
            store: store.clone(),
            rules,
            settings: QueueSettings {
                concurrency: 1,
                drain: Duration::ZERO,
                ..QueueSettings::new(&config.queue, &config.shutdown)
            },
            generator: Arc::new(painter.clone()),
            clock: time,
            random_seed: || 4711,
            adapters: vec![Arc::new(adapter)],
            metrics,
        });
        // A process that ends and comes back takes longer than it does here.
        discord.change(|world| world.last_identify = None);
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(service.run(shutdown.clone()));
        Self {
            discord,
            painter,
            begun,
            dir,
            shutdown,
            running,
            clock,
        }
    }

    /// How many messages of the bot can be seen in the usual channel.
    fn messages(&self) -> usize {
        let shown = self.discord.shown("general");
        shown.lines().filter(|line| line.starts_with("ekaki")).count()
    }

    fn ann(&self) -> Person {
        self.discord.person("ann")
    }

    /// Somebody asks for a picture, which is drawn.
    async fn draw(&self, person: &Person, prompt: &str) -> Asked {
        let asked = person.slash("draw", [("prompt", prompt.into())]).await;
        self.painter.draw();
        self.ended(&asked).await;
        asked
    }

    /// Waits until the last message about a job is there, and reads it.
    async fn ended(&self, asked: &Asked) -> String {
        asked.reads(AGAIN).await
    }

    /// Time passes.
    async fn pass(&self, time: Duration) {
        tokio::time::advance(time).await;
    }

    /// Waits for something while time passes: what was set off by each moment needs some real time.
    async fn in_time<T>(&self, waiting: impl Future<Output = T>) -> T {
        let passing = async {
            loop {
                real_moment(Duration::from_millis(5)).await;
                self.pass(Duration::from_millis(200)).await;
            }
        };
        tokio::select! {
            found = waiting => found,
            () = passing => unreachable!("time does not end"),
        }
    }

    /// What would be found if the process were killed now.
    fn killed(self) -> Remains {
        self.running.abort();
        Remains {
            dir: copy_as_if_killed(self.dir.path()),
            discord: self.discord,
            begun: self.begun,
            clock: self.clock,
        }
    }

    /// Stops the bot in the usual way. It must have done nothing wrong.
    async fn stop(self) -> Remains {
        self.shutdown.cancel();
        let ended = timeout(TIME_LIMIT, self.running)
            .await
            .expect("the bot stops in time");
        ended
            .expect("the bot does not panic")
            .expect("the bot stops well");
        self.discord.assert_well_behaved();
        Remains {
            discord: self.discord,
            dir: self.dir,
            begun: self.begun,
            clock: self.clock,
        }
    }
}

/// Time that hardly passes by itself. A clock that stands still would never end a sleep of no length, which tokio rounds
/// up; and one that runs ahead while bytes are on their way would end every time limit.
struct SlowClock {
    _held: HeldClock,
    drip: JoinHandle<()>,
}

impl SlowClock {
    /// A clock that goes a millisecond ahead in ten.
    fn start() -> Self {
        let drip = tokio::spawn(async {
            loop {
                let (_kept, never) = std::sync::mpsc::channel::<()>();
                let waited =
                    tokio::task::spawn_blocking(move || never.recv_timeout(Duration::from_millis(10)));
                // Nobody says anything, so the time runs out.
                let _ = waited.await;
                tokio::time::advance(Duration::from_millis(1)).await;
            }
        });
        Self {
            _held: HeldClock::hold(),
            drip,
        }
    }
}

impl Drop for SlowClock {
    fn drop(&mut self) {
        self.drip.abort();
        if !std::thread::panicking() {
            tokio::time::resume();
        }
    }
}

/// Waits for a moment of the real time, in which other threads and the network do their work.
async fn real_moment(time: Duration) {
    let (_kept, never) = std::sync::mpsc::channel::<()>();
    // Nobody says anything, so the time runs out.
    let _ = tokio::task::spawn_blocking(move || never.recv_timeout(time)).await;
}

fn time_since(begun: Instant) -> DateTime<Utc> {
    *NOW + TimeDelta::from_std(begun.elapsed()).expect("a short time")
}

/// Opens a data folder that was in use a moment ago.
async fn open(dir: &TempDir) -> Store {
    loop {
        match Store::open(dir.path()).await {
            Err(StoreError::InUse { .. }) => tokio::task::yield_now().await,
            opened => return opened.expect("store"),
        }
    }
}
