//! Stories of the whole bot: real job log, real queue and outbox, a chat and a generator in the hands of the test.

mod buttons;
mod conversation;
mod durability;
pub(crate) mod fakes;
mod people;
mod restart;
mod tidy;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::fakes::{FakeChat, FakeGenerator};
use crate::app::{Parts, Service};
use crate::chat::{ChatAdapter, CommandInput, CommandRequest, Place, Standing, UserId};
use crate::commands::Commands;
use crate::config::{Config, ConfigSources};
use crate::i18n::{Locale, messages};
use crate::metrics::Metrics;
use crate::queue::{Clock, QueueSettings};
use crate::rules::{LiveRules, ReadConfig};
use crate::store::tests::{NOW, copy_as_if_killed};
use crate::store::{JobId, JobState, Store, StoreError};

/// No test waits longer than this for anything.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// Opens a data folder that was in use a moment ago. A child process that another test begins just now shares the
/// lock until it is its own program.
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

/// What is left of a bot that has ended: its data folder, and the chat as people see it.
struct Remains {
    dir: TempDir,
    chat: FakeChat,
    lines: UnboundedReceiver<String>,
}

/// The whole bot. The chat's lines come back in the order in which people would see them.
struct BotTester {
    dir: TempDir,
    store: Store,
    chat: FakeChat,
    lines: UnboundedReceiver<String>,
    generator: FakeGenerator,
    commands: Arc<Commands>,
    shutdown: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

impl BotTester {
    async fn start() -> Self {
        Self::start_with("").await
    }

    /// A new bot with these settings.
    async fn start_with(settings: &str) -> Self {
        let (chat, lines) = FakeChat::new();
        let dir = tempfile::tempdir().expect("folder");
        fs::write(dir.path().join("ekaki.toml"), settings).expect("writable");
        Self::start_in(Remains { dir, chat, lines }).await
    }

    async fn start_in(remains: Remains) -> Self {
        Self::start_later(remains, TimeDelta::zero()).await
    }

    /// The bot comes back after a while.
    async fn start_later(Remains { dir, chat, lines }: Remains, after: TimeDelta) -> Self {
        let sources = ConfigSources {
            folder: dir.path().to_owned(),
            ..ConfigSources::default()
        };
        let read_config: ReadConfig = Arc::new(move || Config::load(&sources));
        let config = read_config().expect("the defaults are valid");
        let store = open(dir.path()).await;
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
            adapters: vec![Arc::new(chat.clone())],
            metrics: Metrics::new(store.clone(), None),
        });
        let commands = Arc::clone(&service.commands);
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(service.run(shutdown.clone()));
        Self {
            dir,
            store,
            chat,
            lines,
            generator,
            commands,
            shutdown,
            running,
        }
    }

    /// What a person says in English, in a conversation with the bot.
    fn request(&self, message: &str, input: CommandInput) -> CommandRequest {
        CommandRequest {
            user: self.user("kita"),
            standing: Standing::default(),
            place: Place::direct("starry"),
            attachments: Vec::new(),
            locale: Locale::EN,
            input,
            key: Some(message.to_owned()),
            responder: self.chat.at(message),
        }
    }

    fn user(&self, id: &str) -> UserId {
        UserId {
            platform: self.chat.platform(),
            id: id.to_owned(),
        }
    }

    async fn give(&self, request: CommandRequest) {
        timeout(TIME_LIMIT, self.commands.handle(request))
            .await
            .expect("a command is handled in time");
    }

    /// A person types a line.
    async fn say(&self, locale: Locale, message: &str, text: &str) {
        let request = self.request(message, CommandInput::Text(text.to_owned()));
        self.give(CommandRequest { locale, ..request }).await;
    }

    /// A person presses a button.
    async fn press(&self, message: &str, button: &str) {
        let request = self.request(message, CommandInput::Button(button.to_owned()));
        self.give(request).await;
    }

    /// The next line of the chat.
    async fn line(&mut self) -> String {
        let line = timeout(TIME_LIMIT, self.lines.recv())
            .await
            .expect("the bot says something in time");
        line.expect("the chat is open")
    }

    /// The next line that is not about the queue. The worker may need a moment to see that the job before has ended,
    /// and then a place in the queue is told that nobody sees at other times.
    async fn line_about_drawing(&mut self) -> String {
        let next = [Locale::EN, Locale::JA].map(|locale| messages::job_queued(locale, 1, None));
        loop {
            let line = self.line().await;
            if !next.iter().any(|next| line.ends_with(next)) {
                return line;
            }
        }
    }

    /// The last message about the job that was asked for at `message`.
    async fn end_of(&mut self, message: &str) -> String {
        loop {
            let line = self.line().await;
            if line.starts_with(&format!("{message}: ")) && line.contains("[🔄") {
                return line;
            }
        }
    }

    /// Waits until a job is in this state.
    async fn until(&self, job: JobId, state: JobState) {
        let waiting = async {
            while self.state(job).await != state {
                tokio::task::yield_now().await;
            }
        };
        timeout(TIME_LIMIT, waiting).await.expect("the state in time");
    }

    /// What the bot says to an English line at once.
    async fn answer(&mut self, text: &str) -> String {
        self.say(Locale::EN, "m1", text).await;
        self.line().await
    }

    async fn state(&self, job: JobId) -> JobState {
        self.store
            .jobs()
            .get(job)
            .await
            .expect("the log can be read")
            .expect("the job exists")
            .state
    }

    /// What would be found if the process were killed now.
    fn killed(self) -> Remains {
        self.chat.disconnect();
        let dir = copy_as_if_killed(self.dir.path());
        self.running.abort();
        Remains {
            dir,
            chat: self.chat,
            lines: self.lines,
        }
    }

    /// Stops the bot in the usual way; nothing may have been left unsaid or unread.
    async fn stop(mut self) -> Remains {
        self.shutdown.cancel();
        let ended = timeout(TIME_LIMIT, self.running)
            .await
            .expect("the bot stops in time");
        ended
            .expect("the bot does not panic")
            .expect("the bot stops well");
        assert_eq!(self.lines.try_recv().ok(), None, "a line that nobody expected");
        Remains {
            dir: self.dir,
            chat: self.chat,
            lines: self.lines,
        }
    }
}
