//! What the page gets to know, as JSON: one [`MessageView`] for each command that was typed.

use chrono::{DateTime, Utc};
use inference::{Recipe, SchedulerName};
use serde::{Serialize, Serializer};

use super::responder::WebAddress;
use crate::chat::{JobOutcome, JobUpdate, JobUpdateState, RecipeView, Reply, ReplyImage};
use crate::store::{DrawParameters, JobId, JobRow, JobState};

/// One exchange: what was typed, and everything the bot has said about it so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct MessageView {
    /// The page's own name for it, from [`WebAddress::message`].
    pub(super) id: String,
    /// The job it became.
    pub(super) job: Option<JobId>,
    /// The command as it was typed.
    pub(super) text: String,
    /// When it was typed.
    pub(super) at: DateTime<Utc>,
    pub(super) state: MessageState,
    /// What the bot says.
    pub(super) reply: String,
    /// Place in the queue; 1 is next.
    pub(super) position: Option<u32>,
    /// Finished steps.
    pub(super) step: u32,
    pub(super) num_inference_steps: u32,
    pub(super) preview: Option<PreviewView>,
    /// How much room the pictures will need.
    pub(super) size: Option<SizeView>,
    pub(super) images: Vec<ImageView>,
    pub(super) recipe: Option<RecipeFacts>,
}

/// Where an exchange is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum MessageState {
    /// Nothing is known yet.
    Pending,
    Queued,
    Running,
    /// It was answered, and there is no job.
    Answered,
    Done,
    Failed,
    Cancelled,
    Expired,
}

/// What can be seen of a picture in the making.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct PreviewView {
    index: u32,
    /// A `data:` address.
    source: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct SizeView {
    width: u32,
    height: u32,
    count: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct ImageView {
    url: String,
    file_name: String,
    #[serde(serialize_with = "as_text")]
    seed: u64,
    width: u32,
    height: u32,
}

/// The label beside a picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct RecipeFacts {
    prompt: String,
    negative_prompt: String,
    #[serde(serialize_with = "as_text")]
    seed: u64,
    num_inference_steps: u32,
    guidance_scale: f32,
    width: u32,
    height: u32,
    scheduler: String,
    model: String,
    /// The same text that is in the PNG file, for the clipboard.
    parameters: String,
}

/// JavaScript's numbers cannot hold every seed.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn as_text<S: Serializer>(seed: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(seed)
}

impl MessageState {
    /// Whether nothing more will be heard.
    pub(super) fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Queued | Self::Running)
    }
}

impl MessageView {
    /// An exchange of which only the command is known.
    pub(super) fn pending(address: &WebAddress, at: DateTime<Utc>) -> Self {
        Self {
            id: address.message.clone(),
            job: None,
            text: address.text.clone(),
            at,
            state: MessageState::Pending,
            reply: String::new(),
            position: None,
            step: 0,
            num_inference_steps: 0,
            preview: None,
            size: None,
            images: Vec::new(),
            recipe: None,
        }
    }

    /// An exchange out of the job log that has not ended.
    pub(super) fn of_waiting(job: &JobRow) -> Self {
        let mut view = Self::of_job(job);
        view.state = if job.state == JobState::Queued {
            MessageState::Queued
        } else {
            MessageState::Running
        };
        view
    }

    /// An exchange out of the job log that ended with `reply`.
    pub(super) fn of_ended(job: &JobRow, reply: &Reply) -> Self {
        let mut view = Self::of_job(job);
        view.finish(reply);
        view
    }

    fn of_job(job: &JobRow) -> Self {
        // Only this adapter writes addresses for its users; a foreign one still shows what was asked.
        let address = WebAddress::read(&job.reply_address).unwrap_or_else(|_| WebAddress {
            user: job.user.id.clone(),
            message: format!("job-{}", job.id),
            text: job.prompt_typed.clone(),
        });
        let mut view = Self::pending(&address, job.created_at);
        view.know_job(job);
        view
    }

    /// Takes over what the job log knows from the beginning on.
    pub(super) fn know_job(&mut self, job: &JobRow) {
        self.job = Some(job.id);
        self.at = job.created_at;
        self.size = Some(SizeView::of(&job.draw));
    }

    /// Takes over news.
    pub(super) fn update(&mut self, update: &JobUpdate) {
        self.job = Some(update.job);
        self.reply.clone_from(&update.text);
        match &update.state {
            JobUpdateState::Queued { position } => {
                self.state = MessageState::Queued;
                self.position = Some(*position);
            }
            JobUpdateState::Running {
                step,
                num_inference_steps,
                preview,
            } => {
                self.state = MessageState::Running;
                self.position = None;
                self.step = *step;
                self.num_inference_steps = *num_inference_steps;
                if let Some(preview) = preview {
                    let source = data_url(&preview.jpeg);
                    self.preview = Some(PreviewView {
                        index: preview.index,
                        source,
                    });
                }
            }
        }
    }

    /// Takes over the last message.
    pub(super) fn finish(&mut self, reply: &Reply) {
        self.reply.clone_from(&reply.text);
        (self.position, self.preview) = (None, None);
        (self.step, self.num_inference_steps) = (0, 0);
        self.state = MessageState::Answered;
        let Some(job) = &reply.job else { return };
        self.job = Some(job.id);
        self.state = job.outcome.into();
        self.recipe = job.recipe.as_ref().map(RecipeFacts::of);
        self.images = (0..)
            .zip(&reply.images)
            .map(|(index, image)| ImageView::of(job.id, index, image))
            .collect();
    }
}

fn data_url(jpeg: &[u8]) -> String {
    use base64::Engine as _;
    format!(
        "data:image/jpeg;base64,{}",
        base64::engine::general_purpose::STANDARD.encode(jpeg)
    )
}

impl From<JobOutcome> for MessageState {
    fn from(outcome: JobOutcome) -> Self {
        match outcome {
            JobOutcome::Done => Self::Done,
            JobOutcome::Failed => Self::Failed,
            JobOutcome::Cancelled => Self::Cancelled,
            JobOutcome::Expired => Self::Expired,
        }
    }
}

impl SizeView {
    fn of(draw: &DrawParameters) -> Self {
        Self {
            width: draw.width,
            height: draw.height,
            count: draw.count,
        }
    }
}

impl ImageView {
    fn of(job: JobId, index: u32, image: &ReplyImage) -> Self {
        Self {
            url: format!("/api/images/{job}/{index}"),
            file_name: image.file_name.clone(),
            seed: image.seed,
            width: image.width,
            height: image.height,
        }
    }
}

impl RecipeFacts {
    fn of(recipe: &RecipeView) -> Self {
        Self {
            prompt: recipe.prompt.clone(),
            negative_prompt: recipe.negative_prompt.clone(),
            seed: recipe.seed,
            num_inference_steps: recipe.num_inference_steps,
            guidance_scale: recipe.guidance_scale,
            width: recipe.width,
            height: recipe.height,
            scheduler: recipe.scheduler.clone(),
            model: recipe.model.clone(),
            parameters: parameters(recipe),
        }
    }
}

fn parameters(recipe: &RecipeView) -> String {
    let Ok(scheduler) = recipe.scheduler.parse::<SchedulerName>() else {
        // A scheduler that this release does not know any more.
        return format!("{}\n{}", recipe.prompt, recipe.text);
    };
    let recipe = Recipe {
        prompt: recipe.prompt.clone(),
        negative_prompt: recipe.negative_prompt.clone(),
        num_inference_steps: recipe.num_inference_steps,
        scheduler: scheduler.sampler().to_owned(),
        schedule_type: scheduler.schedule_type().map(str::to_owned),
        guidance_scale: recipe.guidance_scale,
        seed: recipe.seed,
        width: recipe.width,
        height: recipe.height,
        model_name: recipe.model.clone(),
        ..Recipe::default()
    };
    recipe.to_string()
}
