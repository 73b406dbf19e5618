//! What the bot says, brought to the platforms at a pace they bear.
//!
//! Each chat has a task (`lane`) as long as there is something to say there. It sends one message after another: first
//! the ends of jobs and the answers to commands, in the order in which they came, then the newest news of each job, not
//! more often than the platform allows. While a platform asks for patience, nothing at all is sent to that chat. Only a
//! question for a text is asked at once, beside what is being sent.
//!
//! The end of a job is sent again and again until the platform has taken it, and then marked as delivered in the job
//! log; what the service did not get rid of before it stopped is sent at the next start. Nothing but numbers of jobs is
//! kept here meanwhile: what to say is read from the job log when its time has come.

mod desk;
mod errand;
mod lane;
mod news;
mod send;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use self::desk::{Desk, Next};
use self::errand::{Done, Errand, Task};
use self::lane::Lane;
use self::news::{ChatKey, News, Way};
use super::{ChatAdapter, CommandRequest, Platform, Reply, ReplyAddress, Responder, SendError, Sent};
use crate::queue::{Clock, EventSink, JobEvent};
use crate::store::{JobId, JobRow, Store, StoreError};

/// How long to wait before each further try to read or write the job log.
const LOG_AGAIN_AFTER: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(20),
];

/// How often the job log is searched for last messages that nobody sends.
const LOOK_EVERY: Duration = Duration::from_secs(5 * 60);

/// Sends what happens to jobs to the people who asked for them, and answers to those who gave commands.
#[derive(Clone)]
pub struct Outbox {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    clock: Clock,
    adapters: Vec<Arc<dyn ChatAdapter>>,
    desk: Mutex<Desk>,
    tasks: TaskTracker,
    /// Events come from threads outside the runtime, so it has to be known.
    runtime: Handle,
    closing: CancellationToken,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("jobs", &self.shared.lock().jobs())
            .finish_non_exhaustive()
    }
}

impl Outbox {
    /// Makes an outbox that sends to these platforms. It has to be made inside the runtime that will send.
    pub fn new(store: Store, clock: Clock, adapters: Vec<Arc<dyn ChatAdapter>>) -> Self {
        Self {
            shared: Arc::new(Shared {
                store,
                clock,
                adapters,
                desk: Mutex::default(),
                tasks: TaskTracker::new(),
                runtime: Handle::current(),
                closing: CancellationToken::new(),
            }),
        }
    }

    /// Answers a command, in its turn among everything that is said in that chat. A question for a text does not wait for
    /// its turn: some platforms can only ask within seconds.
    ///
    /// # Errors
    /// [`SendError::Retry`] when it is too late for an answer, [`SendError::Gone`] when it will never work.
    pub async fn answer(&self, request: &CommandRequest, reply: Reply) -> Result<Sent, SendError> {
        let chat = ChatKey {
            platform: request.user.platform.clone(),
            chat: request.place.chat.clone(),
        };
        let reply = Reply {
            // A job that is shown once more is another message than the one at its end.
            nonce: Some(answer_nonce()),
            locale: reply.locale.or(Some(request.locale)),
            ..reply
        };
        let responder = Arc::clone(&request.responder);
        let mut patience = None;
        if reply.form.is_some() && !self.shared.lock().is_blocked(&chat, Instant::now()) {
            match send::finish(&*responder, reply.clone()).await {
                Err(SendError::Retry { after, source }) => {
                    tracing::debug!(platform = %chat.platform, %source, ?after, "no question at once");
                    patience = after;
                }
                asked => return asked,
            }
        }
        self.errand(chat, patience, |done| Task::Answer {
            responder,
            reply: Box::new(reply),
            done,
        })
        .await
    }

    /// Takes the message about a job away, as far as the platform allows. One that is gone already is a success.
    ///
    /// # Errors
    /// [`SendError::Retry`] when it did not work for a while, [`SendError::Gone`] when it will never work.
    pub async fn remove(&self, job: JobId) -> Result<(), SendError> {
        let row = self.shared.store.jobs().get(job).await;
        let row = row.map_err(|error| SendError::Retry {
            after: None,
            source: error.into(),
        })?;
        let Some(row) = row else { return Ok(()) };
        let removed = self.errand(ChatKey::of(&row), None, |done| Task::Removal { job, done });
        removed.await.map(|_| ())
    }

    /// Looks into the job log from time to time, until `stop` is cancelled, for last messages that were not sent or of
    /// which it does not say that they were: nobody may have told of them because the log could not be used then.
    pub async fn run(&self, stop: CancellationToken) {
        let looking = async {
            loop {
                sleep(LOOK_EVERY).await;
                self.look_for_forgotten().await;
            }
        };
        stop.run_until_cancelled(looking).await;
    }

    async fn look_for_forgotten(&self) {
        let rows = match self.shared.store.jobs().undelivered().await {
            Ok(rows) => rows,
            Err(error) => return tracing::warn!(%error, "no look for messages that were not sent"),
        };
        for row in rows {
            // What cannot be told at all was logged when the job ended.
            let Ok(way) = self.shared.way(&row) else { continue };
            let next = {
                let mut desk = self.shared.lock();
                if desk.knows_end_of(row.id) {
                    continue;
                }
                desk.end(row.id, Some(way))
            };
            tracing::info!(job = %row.id, "a last message was forgotten");
            if let Next::Begin(chat) = next {
                self.shared.begin(Some(chat));
            }
        }
    }

    /// Stops telling about progress, and gives last messages this long to be sent.
    pub async fn close(&self, grace: Duration) {
        self.shared.lock().close(Instant::now() + grace);
        self.shared.closing.cancel();
        self.shared.tasks.close();
        if timeout(grace, self.shared.tasks.wait()).await.is_err() {
            tracing::warn!("some chats do not take their messages");
        }
        let left = self.shared.lock().jobs();
        if left > 0 {
            tracing::info!(left, "jobs are told about at the next start");
        }
    }

    /// Puts something into the chat's row and waits until it is done. The platform may have asked for patience.
    async fn errand(
        &self,
        chat: ChatKey,
        patience: Option<Duration>,
        task: impl FnOnce(Done) -> Task,
    ) -> Result<Sent, SendError> {
        let (done, ended) = oneshot::channel();
        let errand = Errand::new(task(done), Instant::now());
        let begun = {
            let mut desk = self.shared.lock();
            let begun = desk.add(chat.clone(), errand);
            if let Some(patience) = patience {
                desk.block(&chat, patience);
            }
            begun
        };
        self.shared.begin(begun);
        ended.await.unwrap_or_else(|stopped| {
            Err(SendError::Retry {
                after: None,
                source: stopped.into(),
            })
        })
    }
}

impl EventSink for Outbox {
    fn wants_preview(&self, job: JobId) -> bool {
        let responder = self.shared.lock().listener(job, Instant::now());
        responder
            .map(|responder| responder.capabilities())
            .is_some_and(|can| can.can_edit && can.previews)
    }

    fn emit(&self, job: JobId, event: JobEvent) {
        let shared = &self.shared;
        let next = match News::of(event) {
            Ok(news) => shared.lock().learn(job, news),
            Err(row) => {
                let way = shared.known_way(&row);
                shared.lock().end(job, way)
            }
        };
        match next {
            Next::Nothing => {}
            Next::Begin(chat) => shared.begin(Some(chat)),
            Next::LookUp => {
                let looking_up = Arc::clone(shared).look_up(job);
                shared.tasks.spawn_on(looking_up, &shared.runtime);
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the task of a chat that has none.
    fn begin(self: &Arc<Self>, chat: Option<ChatKey>) {
        if let Some(chat) = chat {
            let lane = Lane::new(Arc::clone(self), chat);
            self.tasks.spawn_on(lane.run(), &self.runtime);
        }
    }

    /// Finds out where news about a job go.
    async fn look_up(self: Arc<Self>, job: JobId) {
        let store = &self.store;
        let row = tokio::select! {
            row = again(|| async move { store.jobs().get(job).await }) => row,
            () = self.closing.cancelled() => return,
        };
        let way = match row {
            // The end overtook what was still to be said before.
            Ok(Some(row)) if row.outcome.is_some() => None,
            Ok(Some(row)) => self.known_way(&row),
            Ok(None) => None,
            Err(error) => {
                tracing::error!(%job, %error, "nobody is told how far the job is");
                None
            }
        };
        let begun = self.lock().settle(job, way);
        self.begin(begun);
    }

    /// Where the answer to a job goes; it is logged when there is no way.
    fn known_way(&self, row: &JobRow) -> Option<Way> {
        self.way(row)
            .inspect_err(|error| {
                tracing::error!(job = %row.id, error = %format_args!("{error:#}"), "nobody can be told");
            })
            .ok()
    }

    fn way(&self, row: &JobRow) -> anyhow::Result<Way> {
        Ok(Way {
            chat: ChatKey::of(row),
            responder: self.responder(&row.user.platform, &row.reply_address)?,
            locale: row.locale,
            is_group: row.place.server.is_some(),
            is_private: row.is_private,
        })
    }

    fn responder(&self, platform: &Platform, address: &ReplyAddress) -> anyhow::Result<Arc<dyn Responder>> {
        let mut adapters = self.adapters.iter();
        let adapter = adapters.find(|adapter| adapter.platform() == *platform);
        let adapter = adapter.ok_or_else(|| anyhow::anyhow!("the platform {platform} is not connected"))?;
        adapter.responder(address)
    }
}

/// Asks the job log, and again for a while when it cannot be used.
async fn again<T, F>(ask: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    for pause in LOG_AGAIN_AFTER {
        match ask().await {
            Err(error) => tracing::warn!(%error, "job log not usable, trying again"),
            asked => return asked,
        }
        sleep(pause).await;
    }
    ask().await
}

/// A number that no other answer has, short enough for every platform: Discord takes 25 characters.
fn answer_nonce() -> String {
    let (_, random) = Uuid::now_v7().as_u64_pair();
    format!("ekaki-a{random:x}")
}

#[cfg(test)]
mod tests;
