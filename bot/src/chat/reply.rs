//! The last message about a job, made from its row in the job log and nothing else.

use super::buttons_of;
use super::types::{ImageContent, JobReply, RecipeView, Reply, ReplyImage};
use crate::i18n::Locale;
use crate::i18n::messages::{self, RecipeLine};
use crate::safety::SafetyAction;
use crate::store::{ErrorClass, ImageKind, ImageRow, JobId, JobOutcome, JobRow, Store};

/// What the person is told about a job that has ended.
///
/// The same row gives the same reply, whether it is sent when the job ends, after a restart, or shown in a history.
/// Pictures whose files are gone are left out. A job that has not ended is reported as failed.
pub fn final_reply(job: &JobRow, store: &Store) -> Reply {
    let outcome = job.outcome.unwrap_or(JobOutcome::Failed);
    let images = job.images.iter().filter(|image| is_there(job, image));
    let recipe = (outcome == JobOutcome::Done).then(|| RecipeView::of(job));
    let job_reply = JobReply {
        id: job.id,
        outcome,
        recipe,
    };
    Reply {
        text: text(job, outcome),
        locale: Some(job.locale),
        job: Some(job_reply),
        images: images
            .filter_map(|image| reply_image(job, image, store))
            .collect(),
        buttons: buttons_of(job, job.locale),
        is_private: job.is_private,
        nonce: Some(nonce_of(job.id)),
        ..Reply::default()
    }
}

/// The number by which platforms know the one message about a job, whatever was lost on the way.
pub(crate) fn nonce_of(job: JobId) -> String {
    format!("ekaki-{job}")
}

fn is_there(job: &JobRow, image: &ImageRow) -> bool {
    !job.is_deleted && !image.is_gone
}

fn text(job: &JobRow, outcome: JobOutcome) -> String {
    let locale = job.locale;
    if job.is_deleted {
        return messages::job_deleted(locale, job.id);
    }
    match outcome {
        JobOutcome::Done => done(job),
        JobOutcome::Failed => {
            messages::job_failed(locale, job.id, job.error_class.unwrap_or(ErrorClass::Internal))
        }
        JobOutcome::Cancelled => messages::job_cancelled(locale, job.id),
        JobOutcome::Expired => messages::job_expired(locale, job.id),
    }
}

/// The pictures that are there, and everything about them that is not as it was asked for.
fn done(job: &JobRow) -> String {
    let locale = job.locale;
    let count = |is_counted: &dyn Fn(&ImageRow) -> bool| {
        let pictures = job.images.iter().filter(|image| image.kind == ImageKind::Picture);
        let counted = pictures.filter(|image| is_counted(image)).count();
        u32::try_from(counted).unwrap_or(u32::MAX)
    };
    let there = count(&|image| is_there(job, image));
    let gone = count(&|image| !is_there(job, image));
    let begin = match (there, gone, job.withheld) {
        (0, 0, 1..) => messages::job_withheld(locale, job.withheld),
        (0, 1.., _) => messages::job_gone(locale, job.id),
        _ => messages::job_done(locale, there),
    };
    let mut lines = vec![begin];
    let mut note = |count: u32, note: fn(Locale, u32) -> String| {
        lines.extend((there > 0 && count > 0).then(|| note(locale, count)));
    };
    note(gone, messages::note_gone);
    note(job.withheld, messages::note_withheld);
    let marked = |action| count(&|image| is_there(job, image) && image.safety == action);
    note(marked(SafetyAction::Spoiler), messages::note_spoiler);
    note(marked(SafetyAction::Blur), messages::note_blurred);
    let clamped = job.draw.clamped.iter();
    lines.extend(clamped.map(|clamped| messages::note_clamped(locale, clamped)));
    let first = job.images.iter().find(|image| is_there(job, image));
    let enlarged = first.filter(|_| job.draw.enlarge.is_some());
    lines.extend(enlarged.map(|image| messages::note_enlarged(locale, (image.width, image.height))));
    lines.extend(
        job.prompt_truncated
            .then(|| messages::note_prompt_truncated(locale)),
    );
    let style = job.draw.style.as_deref();
    lines.extend(style.map(|style| messages::note_style(locale, style)));
    let is_changed = job.draw.prompt != job.prompt_typed.trim();
    lines.extend(is_changed.then(|| messages::note_prompt(locale, &job.draw.prompt)));
    lines.join("\n")
}

fn reply_image(job: &JobRow, image: &ImageRow, store: &Store) -> Option<ReplyImage> {
    Some(ReplyImage {
        content: ImageContent::Stored {
            path: store.images().path_of(image)?,
            hash: image.hash.clone(),
        },
        is_spoiler: image.safety == SafetyAction::Spoiler,
        file_name: format!("ekaki-{}-{}.{}", job.id, image.index + 1, extension(image.kind)),
        seed: image.seed,
        width: image.width,
        height: image.height,
        bytes: image.bytes,
    })
}

fn extension(kind: ImageKind) -> &'static str {
    match kind {
        ImageKind::Picture | ImageKind::Strip => "png",
        ImageKind::Animation => "webp",
    }
}

impl RecipeView {
    /// What a job was drawn with.
    pub fn of(job: &JobRow) -> Self {
        let draw = &job.draw;
        let scheduler = draw.scheduler.clone().unwrap_or_default();
        let first = job.images.iter().find(|image| image.kind == ImageKind::Picture);
        let enlarged = first
            .map(|image| (image.width, image.height))
            .filter(|_| draw.hires.is_some() || draw.enlarge.is_some());
        let text = messages::recipe(
            job.locale,
            &RecipeLine {
                seed: draw.seed,
                num_inference_steps: draw.num_inference_steps,
                guidance_scale: draw.guidance_scale,
                size: (draw.width, draw.height),
                enlarged,
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
            parameters: job.images.first().and_then(|image| image.parameters.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
