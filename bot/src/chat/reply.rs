//! The last message about a job, made from its row in the job log and nothing else.

use super::types::{JobReply, RecipeView, Reply, ReplyImage};
use crate::i18n::messages::{self, RecipeLine};
use crate::store::{ErrorClass, ImageRow, JobOutcome, JobRow, Store};

/// What the person is told about a job that has ended.
///
/// The same row gives the same reply, whether it is sent when the job ends, after a restart, or shown in a history.
/// A job that has not ended is reported as failed.
pub fn final_reply(job: &JobRow, store: &Store) -> Reply {
    let outcome = job.outcome.unwrap_or(JobOutcome::Failed);
    let images: Vec<ReplyImage> = job
        .images
        .iter()
        .filter_map(|image| reply_image(job, image, store))
        .collect();
    let recipe = (outcome == JobOutcome::Done).then(|| RecipeView::of(job));
    let job_reply = JobReply {
        id: job.id,
        outcome,
        recipe,
    };
    Reply {
        text: text(job, outcome),
        job: Some(job_reply),
        images,
    }
}

fn text(job: &JobRow, outcome: JobOutcome) -> String {
    let locale = job.locale;
    match outcome {
        JobOutcome::Done => {
            let mut lines = vec![messages::job_done(locale, job.draw.count)];
            lines.extend(
                job.draw
                    .clamped
                    .iter()
                    .map(|clamped| messages::note_clamped(locale, clamped)),
            );
            lines.extend(
                job.prompt_truncated
                    .then(|| messages::note_prompt_truncated(locale)),
            );
            lines.join("\n")
        }
        JobOutcome::Failed => {
            messages::job_failed(locale, job.id, job.error_class.unwrap_or(ErrorClass::Internal))
        }
        JobOutcome::Cancelled => messages::job_cancelled(locale, job.id),
        JobOutcome::Expired => messages::job_expired(locale, job.id),
    }
}

fn reply_image(job: &JobRow, image: &ImageRow, store: &Store) -> Option<ReplyImage> {
    Some(ReplyImage {
        path: store.images().path(&image.hash)?,
        hash: image.hash.clone(),
        file_name: format!("ekaki-{}-{}.png", job.id, image.index + 1),
        seed: image.seed,
        width: image.width,
        height: image.height,
        bytes: image.bytes,
    })
}

impl RecipeView {
    /// What a job was drawn with.
    pub fn of(job: &JobRow) -> Self {
        let draw = &job.draw;
        let scheduler = draw.scheduler.clone().unwrap_or_default();
        let text = messages::recipe(
            job.locale,
            &RecipeLine {
                seed: draw.seed,
                num_inference_steps: draw.num_inference_steps,
                guidance_scale: draw.guidance_scale,
                size: (draw.width, draw.height),
                scheduler: &scheduler,
                model: &draw.model,
            },
        );
        Self {
            prompt: draw.prompt.clone(),
            negative_prompt: draw.negative_prompt.clone(),
            num_inference_steps: draw.num_inference_steps,
            guidance_scale: draw.guidance_scale,
            seed: draw.seed,
            width: draw.width,
            height: draw.height,
            scheduler,
            model: draw.model.clone(),
            text,
        }
    }
}
