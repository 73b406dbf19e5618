//! One message, with what every message needs: a time limit, and a text that is not too long.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use inference::RgbImage;
use inference::images::encode_jpeg;
use tokio::time::timeout;

use super::news::{News, Way};
use crate::chat::buttons::cancel_buttons;
use crate::chat::{JobUpdate, JobUpdateState, Preview, Reply, Responder, SendError, Sent, nonce_of};
use crate::i18n::messages;
use crate::store::JobId;

/// How long news may take: the end of a job may be waiting behind them.
const NEWS_WITHIN: Duration = Duration::from_secs(10);
/// How long everything else may take, with all its pictures on a slow line.
const REPLY_WITHIN: Duration = Duration::from_secs(120);
/// Quality of a preview, 1 to 100. It is small, so artefacts would show.
const PREVIEW_JPEG_QUALITY: u8 = 90;

/// Shows how far a job is.
pub(super) async fn update(way: &Way, job: JobId, news: News) -> Result<Sent, SendError> {
    timed(NEWS_WITHIN, way.responder.update(update_of(way, job, news))).await
}

/// Sends a last message or an answer.
pub(super) async fn finish(responder: &dyn Responder, mut reply: Reply) -> Result<Sent, SendError> {
    reply.text = shortened(reply.text, responder.capabilities().max_text_chars);
    timed(REPLY_WITHIN, responder.finish(reply)).await
}

/// Takes a message away.
pub(super) async fn remove(responder: &dyn Responder) -> Result<Sent, SendError> {
    let removing = async { responder.remove().await.map(|()| Sent::default()) };
    timed(NEWS_WITHIN, removing).await
}

/// A message that was not taken in time may have been shown all the same; so may one whose adapter has panicked, and
/// neither must stop what else is to be said.
async fn timed(
    within: Duration,
    sending: impl Future<Output = Result<Sent, SendError>>,
) -> Result<Sent, SendError> {
    let failed = |source| SendError::Retry { after: None, source };
    match timeout(within, AssertUnwindSafe(sending).catch_unwind()).await {
        Ok(Ok(sent)) => sent,
        Ok(Err(_)) => Err(failed(anyhow::anyhow!("the adapter panicked"))),
        Err(elapsed) => Err(failed(elapsed.into())),
    }
}

fn update_of(way: &Way, job: JobId, news: News) -> JobUpdate {
    let (text, state) = match news {
        News::Queued { position, remaining } => (
            messages::job_queued(way.locale, position, remaining),
            JobUpdateState::Queued { position, remaining },
        ),
        News::Running {
            step,
            num_inference_steps,
            preview,
        } => (
            messages::job_running(way.locale, step, num_inference_steps),
            JobUpdateState::Running {
                step,
                num_inference_steps,
                preview: preview.and_then(|(index, image)| encode_preview(index, &image)),
            },
        ),
    };
    JobUpdate {
        job,
        text,
        state,
        buttons: cancel_buttons(job, way.locale),
        is_private: way.is_private,
        nonce: nonce_of(job),
    }
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
