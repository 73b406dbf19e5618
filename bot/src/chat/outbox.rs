//! What the bot says about jobs, brought to the platforms at a pace they bear.
//!
//! Each job has a task of its own. Of the news about progress only the newest is sent, not more often than the
//! platform allows; the end of a job is sent at once, again and again while the platform asks for patience, and then
//! marked as delivered in the job log. What could not be delivered is tried again at the next start.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use inference::RgbImage;
use inference::images::encode_jpeg;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{ChatAdapter, JobUpdate, JobUpdateState, Preview, Reply, Responder, SendError, final_reply};
use crate::i18n::{Locale, messages};
use crate::queue::{Clock, EventSink, JobEvent};
use crate::store::{JobId, JobRow, Store};

/// How long one message may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a last message is tried before it waits for the next start.
const MAX_ATTEMPTS: u32 = 8;
/// The pause after the first failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause, also when a platform asks for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// Quality of a preview, 1 to 100. It is small, so artefacts would show.
const PREVIEW_JPEG_QUALITY: u8 = 90;

/// Sends what happens to jobs to the people who asked for them.
#[derive(Clone)]
pub struct Outbox {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    clock: Clock,
    adapters: Vec<Arc<dyn ChatAdapter>>,
    deliveries: Mutex<HashMap<JobId, Arc<Delivery>>>,
    tasks: TaskTracker,
    /// Events come from threads outside the runtime, so it has to be known.
    runtime: Handle,
    closing: CancellationToken,
}

/// What is known of a job that has not been delivered.
struct Delivery {
    latest: watch::Sender<JobEvent>,
    /// Filled by the task of the job as soon as it knows where the answer goes.
    responder: OnceLock<Arc<dyn Responder>>,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("deliveries", &self.shared.lock().len())
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
                deliveries: Mutex::default(),
                tasks: TaskTracker::new(),
                runtime: Handle::current(),
                closing: CancellationToken::new(),
            }),
        }
    }

    /// Stops telling about progress, and gives last messages this long to be sent.
    pub async fn close(&self, grace: Duration) {
        self.shared.closing.cancel();
        self.shared.tasks.close();
        if timeout(grace, self.shared.tasks.wait()).await.is_err() {
            tracing::warn!(
                left = self.shared.lock().len(),
                "last messages wait for the next start"
            );
        }
    }
}

impl EventSink for Outbox {
    fn wants_preview(&self, job: JobId) -> bool {
        let delivery = self.shared.lock().get(&job).cloned();
        let responder = delivery.as_ref().and_then(|delivery| delivery.responder.get());
        responder
            .map(|responder| responder.capabilities())
            .is_some_and(|can| can.can_edit && can.previews)
    }

    fn emit(&self, job: JobId, event: JobEvent) {
        let mut deliveries = self.shared.lock();
        if let Some(delivery) = deliveries.get(&job) {
            // A step that was reported late must not hide the end.
            delivery.latest.send_if_modified(|latest| {
                let open = !is_final(latest);
                if open {
                    *latest = event;
                }
                open
            });
            return;
        }
        let (latest, mut events) = watch::channel(event);
        events.mark_changed();
        let delivery = Arc::new(Delivery {
            latest,
            responder: OnceLock::new(),
        });
        deliveries.insert(job, Arc::clone(&delivery));
        let courier = Courier {
            shared: Arc::clone(&self.shared),
            job,
            delivery,
            events,
            not_before: Instant::now(),
        };
        self.shared.tasks.spawn_on(courier.run(), &self.shared.runtime);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Arc<Delivery>>> {
        self.deliveries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the answer to a job goes, and its language.
    async fn destination(&self, job: JobId) -> anyhow::Result<(Arc<dyn Responder>, Locale)> {
        let row = self.store.jobs().get(job).await?;
        let row = row.ok_or_else(|| anyhow::anyhow!("the job is not in the log"))?;
        let platform = &row.user.platform;
        let adapter = self
            .adapters
            .iter()
            .find(|adapter| adapter.platform() == *platform);
        let adapter = adapter.ok_or_else(|| anyhow::anyhow!("the platform {platform} is not connected"))?;
        Ok((adapter.responder(&row.reply_address)?, row.locale))
    }
}

/// The task of one job.
struct Courier {
    shared: Arc<Shared>,
    job: JobId,
    delivery: Arc<Delivery>,
    events: watch::Receiver<JobEvent>,
    /// When the platform takes the next news about progress.
    not_before: Instant,
}

impl Courier {
    async fn run(mut self) {
        let destination = self.shared.destination(self.job).await;
        if let Err(error) = &destination {
            tracing::error!(job = %self.job, error = %format_args!("{error:#}"), "nobody can be told");
        }
        let destination = destination.ok();
        if let Some((responder, _)) = &destination
            && self.delivery.responder.set(Arc::clone(responder)).is_err()
        {
            tracing::error!(job = %self.job, "a job has two couriers");
        }
        while let Some(event) = self.next().await {
            match (event, &destination) {
                (JobEvent::Finished(row), destination) => {
                    self.shared.lock().remove(&self.job);
                    if let Some((responder, _)) = destination {
                        self.finish(&**responder, &row).await;
                    }
                    return;
                }
                (event, Some((responder, locale))) => {
                    if let Some(update) = self.update_of(event, *locale) {
                        self.update(&**responder, update).await;
                    }
                }
                (_, None) => {}
            }
        }
        self.shared.lock().remove(&self.job);
    }

    /// The end of the job as soon as it is known, else the newest progress when its time has come. `None` when the
    /// service stops.
    async fn next(&mut self) -> Option<JobEvent> {
        let mut watcher = self.events.clone();
        tokio::select! {
            biased;
            event = watcher.wait_for(is_final) => event.ok().map(|event| event.clone()),
            () = self.shared.closing.cancelled() => None,
            event = paced(&mut self.events, self.not_before) => event,
        }
    }

    fn update_of(&self, event: JobEvent, locale: Locale) -> Option<JobUpdate> {
        let (text, state) = match event {
            JobEvent::Queued { position } => (
                messages::job_queued(locale, position),
                JobUpdateState::Queued { position },
            ),
            JobEvent::Progress {
                step,
                num_inference_steps,
                preview,
            } => {
                let preview = preview.and_then(|(index, image)| encode_preview(index, &image));
                let text = messages::job_running(locale, step, num_inference_steps);
                (
                    text,
                    JobUpdateState::Running {
                        step,
                        num_inference_steps,
                        preview,
                    },
                )
            }
            JobEvent::Finished(_) => return None,
        };
        Some(JobUpdate {
            job: self.job,
            text,
            state,
        })
    }

    /// Sends news about progress. What does not arrive is not sent again: there will be newer ones, and a message
    /// that is gone does not mean that the last one cannot be sent.
    async fn update(&mut self, responder: &dyn Responder, update: JobUpdate) {
        let capabilities = responder.capabilities();
        if !capabilities.can_edit {
            return;
        }
        let begun = Instant::now();
        self.not_before = begun + capabilities.progress_interval;
        match timed(responder.update(update)).await {
            Ok(()) => {}
            Err(SendError::Retry { after, source }) => {
                tracing::debug!(job = %self.job, %source, "progress not shown");
                self.not_before = self
                    .not_before
                    .max(begun + after.unwrap_or_default().min(LONGEST_PAUSE));
            }
            Err(SendError::Gone { source }) => {
                tracing::debug!(job = %self.job, %source, "progress cannot be shown");
            }
        }
    }

    async fn finish(&self, responder: &dyn Responder, row: &JobRow) {
        match send_reply(responder, final_reply(row, &self.shared.store)).await {
            Ok(()) => {}
            Err(SendError::Gone { source }) => {
                tracing::info!(job = %self.job, %source, "nobody is there for the last message");
            }
            Err(SendError::Retry { source, .. }) => {
                tracing::warn!(job = %self.job, %source, "last message waits for the next start");
                return;
            }
        }
        if let Err(error) = self
            .shared
            .store
            .jobs()
            .mark_delivered(self.job, self.shared.clock.now())
            .await
        {
            tracing::error!(job = %self.job, %error, "delivery not written down");
        }
    }
}

fn is_final(event: &JobEvent) -> bool {
    matches!(event, JobEvent::Finished(_))
}

/// The newest event that was not seen, when its time has come.
async fn paced(events: &mut watch::Receiver<JobEvent>, not_before: Instant) -> Option<JobEvent> {
    sleep_until(not_before).await;
    events.changed().await.ok()?;
    Some(events.borrow_and_update().clone())
}

/// Sends a last message, with pauses as long as the platform asks for patience.
///
/// # Errors
/// [`SendError::Retry`] when it is time to give up, [`SendError::Gone`] when it will never work.
pub(crate) async fn send_reply(responder: &dyn Responder, mut reply: Reply) -> Result<(), SendError> {
    reply.text = shortened(reply.text, responder.capabilities().max_text_chars);
    let mut pause = FIRST_PAUSE;
    for _ in 1..MAX_ATTEMPTS {
        match timed(responder.finish(reply.clone())).await {
            Err(SendError::Retry { after, source }) => {
                tracing::debug!(%source, "last message not sent, trying again");
                sleep(after.unwrap_or(pause).min(LONGEST_PAUSE)).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            ended => return ended,
        }
    }
    timed(responder.finish(reply)).await
}

/// Cuts a text that a platform would refuse.
fn shortened(text: String, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text;
    }
    text.chars()
        .take(max_chars.saturating_sub(1))
        .chain(['…'])
        .collect()
}

async fn timed(sending: impl Future<Output = Result<(), SendError>>) -> Result<(), SendError> {
    match timeout(SEND_TIMEOUT, sending).await {
        Ok(sent) => sent,
        Err(elapsed) => Err(SendError::Retry {
            after: None,
            source: elapsed.into(),
        }),
    }
}

fn encode_preview(index: u32, image: &RgbImage) -> Option<Preview> {
    match encode_jpeg(image, PREVIEW_JPEG_QUALITY, None) {
        Ok(jpeg) => Some(Preview {
            jpeg: jpeg.into(),
            width: image.width(),
            height: image.height(),
            index,
        }),
        Err(error) => {
            tracing::warn!(%error, "no preview");
            None
        }
    }
}

#[cfg(test)]
mod tests;
