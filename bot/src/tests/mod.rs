//! Stories of the whole bot: real job log, real queue and outbox, a chat and a generator in the hands of the test.

mod conversation;
pub(crate) mod fakes;
mod restart;
mod tidy;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::fakes::{FakeChat, FakeGenerator};
use crate::app::{Parts, Service};
use crate::chat::{ChatAdapter, ChatId, CommandInput, CommandRequest, UserId};
use crate::commands::Commands;
use crate::config::{Config, ConfigSources};
use crate::i18n::{Locale, messages};
use crate::limits::Limits;
use crate::queue::{Clock, QueueSettings};
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
        Self::start_in(tempfile::tempdir().expect("folder")).await
    }

    async fn start_in(dir: TempDir) -> Self {
        let config = Config::load(&ConfigSources {
            folder: dir.path().to_owned(),
            ..ConfigSources::default()
        })
        .expect("the defaults are valid");
        let store = open(dir.path()).await;
        let (chat, lines) = FakeChat::new();
        let generator = FakeGenerator::default();
        let service = Service::new(Parts {
            store: store.clone(),
            limits: Limits::new(&config.limits, config.queue.max_queued),
            settings: QueueSettings {
                concurrency: 1,
                drain: Duration::ZERO,
                ..QueueSettings::new(&config.queue, &config.shutdown)
            },
            generator: Arc::new(generator.clone()),
            clock: Clock::new(|| *NOW),
            random_seed: || 4711,
            adapters: vec![Arc::new(chat.clone())],
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

    /// A person types a line.
    async fn say(&self, locale: Locale, message: &str, text: &str) {
        let input = CommandInput::Text(text.to_owned());
        let user = UserId {
            platform: self.chat.platform(),
            id: "kita".to_owned(),
        };
        let request = CommandRequest {
            user,
            chat: ChatId("starry".to_owned()),
            locale,
            input,
            key: Some(message.to_owned()),
            responder: self.chat.at(message),
        };
        timeout(TIME_LIMIT, self.commands.handle(request))
            .await
            .expect("a command is handled in time");
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
        let next = [Locale::EN, Locale::JA].map(|locale| messages::job_queued(locale, 1));
        loop {
            let line = self.line().await;
            if !next.iter().any(|next| line.ends_with(next)) {
                return line;
            }
        }
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

    /// The data folder as it would be found if the process were killed now.
    fn killed(self) -> TempDir {
        let copy = copy_as_if_killed(self.dir.path());
        self.running.abort();
        copy
    }

    /// Stops the bot in the usual way; nothing may have been left unsaid or unread.
    async fn stop(mut self) -> TempDir {
        self.shutdown.cancel();
        let ended = timeout(TIME_LIMIT, self.running)
            .await
            .expect("the bot stops in time");
        ended
            .expect("the bot does not panic")
            .expect("the bot stops well");
        assert_eq!(self.lines.try_recv().ok(), None, "a line that nobody expected");
        self.dir
    }
}
