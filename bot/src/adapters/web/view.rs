//! What the page gets to know, as JSON: one [`MessageView`] for each command that was given.

mod parts;

use chrono::{DateTime, Utc};
use serde::Serialize;

pub(super) use self::parts::file_name;
use self::parts::{ButtonView, FormView, ImageView, PreviewView, RecipeFacts, SizeView};
use super::responder::WebAddress;
use crate::chat::{JobOutcome, JobUpdate, JobUpdateState, Reply, buttons_of};
use crate::store::{JobId, JobRow, JobState};

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
    /// It says why it has done nothing.
    pub(super) is_refusal: bool,
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
    pub(super) buttons: Vec<Vec<ButtonView>>,
    pub(super) form: Option<FormView>,
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
    /// Somebody took it away.
    Removed,
}

impl MessageState {
    /// Whether nothing more will be heard.
    pub(super) fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Queued | Self::Running)
    }
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
            is_refusal: false,
            position: None,
            step: 0,
            num_inference_steps: 0,
            preview: None,
            size: None,
            images: Vec::new(),
            recipe: None,
            buttons: Vec::new(),
            form: None,
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
        view.finish(reply, Some(job));
        view
    }

    fn of_job(job: &JobRow) -> Self {
        let mut view = Self::pending(&address_of(job), job.created_at);
        view.know_job(job);
        view
    }

    /// Takes over what the job log knows from the beginning on.
    pub(super) fn know_job(&mut self, job: &JobRow) {
        self.job = Some(job.id);
        self.at = job.created_at;
        self.size = Some((&job.draw).into());
        self.buttons = ButtonView::rows(&buttons_of(job, job.locale));
    }

    /// Takes over news.
    pub(super) fn update(&mut self, update: &JobUpdate) {
        self.job = Some(update.job);
        self.reply.clone_from(&update.text);
        self.buttons = ButtonView::rows(&update.buttons);
        match &update.state {
            JobUpdateState::Queued { position, .. } => {
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
                    self.preview = Some(preview.into());
                }
            }
        }
    }

    /// Takes over the last message, which is about `job`: the one that this exchange became, or an older one that
    /// is shown again.
    pub(super) fn finish(&mut self, reply: &Reply, job: Option<&JobRow>) {
        self.reply.clone_from(&reply.text);
        self.is_refusal = reply.is_refusal;
        (self.position, self.preview) = (None, None);
        (self.step, self.num_inference_steps) = (0, 0);
        self.form = reply.form.as_ref().map(FormView::from);
        self.images = reply.images.iter().filter_map(ImageView::of_answer).collect();
        self.state = reply
            .job
            .as_ref()
            .map_or(MessageState::Answered, |job| job.outcome.into());
        self.recipe = reply
            .job
            .as_ref()
            .and_then(|job| job.recipe.as_ref().map(RecipeFacts::from));
        if let Some(job) = job {
            if address_of(job).message == self.id {
                self.know_job(job);
            }
            let images = job.images.iter().map(|image| ImageView::of_job(job, image));
            self.images.extend(images);
        }
        self.buttons = ButtonView::rows(&reply.buttons);
    }

    /// Leaves nothing but the place where it was.
    pub(super) fn remove(&mut self) {
        self.state = MessageState::Removed;
        self.reply.clear();
        self.images.clear();
        self.buttons.clear();
        (self.preview, self.recipe, self.form) = (None, None, None);
    }
}

/// Only this adapter writes addresses for its users; a foreign one still shows what was asked.
fn address_of(job: &JobRow) -> WebAddress {
    WebAddress::read(&job.reply_address).unwrap_or_else(|_| WebAddress {
        user: job.user.id.clone(),
        message: format!("job-{}", job.id),
        text: job.prompt_typed.clone(),
    })
}
