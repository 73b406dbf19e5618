//! The task of one chat: sends one message after another.

use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::desk::Step;
use super::errand::{Errand, Task};
use super::news::{ChatKey, News, Way};
use super::{Shared, again, send};
use crate::chat::{SendError, Sent, final_reply};
use crate::store::{JobId, JobRow, JobState};

/// A message that failed as often as this is worth a line in the log.
const NOTABLE_FAILURES: u32 = 6;

pub(super) struct Lane {
    shared: Arc<Shared>,
    chat: ChatKey,
}

impl Lane {
    pub(super) fn new(shared: Arc<Shared>, chat: ChatKey) -> Self {
        Self { shared, chat }
    }

    /// Works until nothing is left to say.
    pub(super) async fn run(self) {
        loop {
            let step = self.shared.lock().next(&self.chat, Instant::now());
            match step {
                Step::Do(errand) => self.run_errand(errand).await,
                Step::GiveUp(errand) => {
                    let source = anyhow::anyhow!("it took too long until the platform took messages again");
                    self.end(errand.task, Err(SendError::Retry { after: None, source }));
                }
                Step::Tell { job, way, news } => self.tell(job, &way, news).await,
                Step::Wait { until, wake } => {
                    tokio::select! {
                        () = wake.notified() => {}
                        () = sleep_until(until) => {}
                    }
                }
                Step::End => return,
            }
        }
    }

    /// Sends news. What does not arrive is replaced by newer ones, and a message that is gone does not mean that the
    /// last one cannot be sent.
    async fn tell(&self, job: JobId, way: &Way, news: News) {
        let capabilities = way.responder.capabilities();
        if !capabilities.can_edit {
            return;
        }
        self.shared
            .lock()
            .pace(&self.chat, job, capabilities.progress_interval);
        match send::update(way, job, news.clone()).await {
            Ok(sent) => {
                self.shared.lock().took_news(&self.chat);
                self.remember(job, way, sent).await;
            }
            Err(SendError::Retry { after, source }) => {
                tracing::debug!(%job, %source, ?after, "news not shown");
                if let Some(after) = after {
                    let mut desk = self.shared.lock();
                    desk.block(&self.chat, after);
                    desk.untold(job, news);
                }
            }
            Err(SendError::Gone { source }) => tracing::debug!(%job, %source, "news cannot be shown"),
        }
    }

    async fn run_errand(&self, mut errand: Errand) {
        let ended = match &errand.task {
            Task::End(job) => self.finish(*job).await,
            Task::Answer { responder, reply, .. } => send::finish(&**responder, (**reply).clone()).await,
            Task::Removal { job, .. } => self.remove(*job).await,
        };
        let Err(SendError::Retry { after, source }) = ended else {
            return self.end(errand.task, ended);
        };
        let mut desk = self.shared.lock();
        let now = Instant::now();
        let blocked_until = after.map_or(now, |after| desk.block(&self.chat, after));
        let has_point = errand.postpone(now, blocked_until);
        tracing::debug!(platform = %self.chat.platform, %source, ?after, "message not sent");
        if errand.failures() == NOTABLE_FAILURES {
            tracing::warn!(platform = %self.chat.platform, %source, "a message is still not sent");
        }
        if has_point {
            desk.put_back(&self.chat, errand);
        } else {
            drop(desk);
            self.end(errand.task, Err(SendError::Retry { after, source }));
        }
    }

    /// Somebody may have stopped waiting for what was done, and that is all right.
    fn end(&self, task: Task, ended: Result<Sent, SendError>) {
        match task {
            Task::End(job) => self.shared.lock().forget(job),
            Task::Answer { done, .. } | Task::Removal { done, .. } => drop(done.send(ended)),
        }
    }

    /// Sends the last message about a job and writes down that it was sent.
    async fn finish(&self, job: JobId) -> Result<Sent, SendError> {
        let Some((row, way)) = self.look_up(job).await? else {
            return Ok(Sent::default());
        };
        if row.state != JobState::Delivering {
            return Ok(Sent::default());
        }
        let is_sent = self.shared.lock().is_unmarked(job);
        if !is_sent {
            match send::finish(&*way.responder, final_reply(&row, &self.shared.store)).await {
                Ok(sent) => self.remember(job, &way, sent).await,
                Err(SendError::Gone { source }) => {
                    tracing::info!(%job, %source, "nobody is there for the last message");
                }
                retry => return retry,
            }
        }
        self.mark(job).await;
        Ok(Sent::default())
    }

    /// Writes down that the last message was sent. When that does not work, it is remembered here, so that the message
    /// is not sent twice as long as this process lives.
    async fn mark(&self, job: JobId) {
        let (store, now) = (&self.shared.store, self.shared.clock.now());
        match again(|| async move { store.jobs().mark_delivered(job, now).await }).await {
            Ok(_) => self.shared.lock().marked(job),
            Err(error) => {
                tracing::error!(%job, %error, "delivery not written down");
                self.shared.lock().keep_unmarked(job);
            }
        }
    }

    async fn remove(&self, job: JobId) -> Result<Sent, SendError> {
        match self.look_up(job).await? {
            Some((_, way)) => send::remove(&*way.responder).await,
            None => Ok(Sent::default()),
        }
    }

    /// The job, and the way to its message. `None` when it was forgotten meanwhile.
    async fn look_up(&self, job: JobId) -> Result<Option<(JobRow, Way)>, SendError> {
        let row = self.shared.store.jobs().get(job).await;
        let row = row.map_err(|error| SendError::Retry {
            after: None,
            source: error.into(),
        })?;
        let Some(row) = row else { return Ok(None) };
        let known = self.shared.lock().way(job);
        let way = match known {
            Some(way) => way,
            None => self
                .shared
                .way(&row)
                .map_err(|source| SendError::Gone { source })?,
        };
        Ok(Some((row, way)))
    }

    /// Stores a new address before anything else is sent there, so that another process changes the same message.
    async fn remember(&self, job: JobId, way: &Way, sent: Sent) {
        let Some(address) = sent.address else { return };
        let (store, to) = (&self.shared.store, &address);
        let stored = again(|| async move { store.jobs().set_reply_address(job, to).await }).await;
        if let Err(error) = stored {
            tracing::error!(%job, %error, "number of a message not written down");
        }
        match self.shared.responder(&way.chat.platform, &address) {
            Ok(responder) => self.shared.lock().moved(job, responder),
            Err(error) => {
                tracing::error!(%job, error = %format_args!("{error:#}"), "the platform does not know its own address");
            }
        }
    }
}
