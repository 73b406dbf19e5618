//! What passes between a platform and the bot: plain values, no platform's own types.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Responder;
use crate::i18n::Locale;
use crate::store::{JobId, JobOutcome};

/// The name of a chat platform, for example `web`.
///
/// It is not an enum, so that a new platform touches no shared file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Platform(Cow<'static, str>);

impl Platform {
    /// Names a platform; every adapter has one constant for itself.
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The name, as it is stored in the job log.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Platform {
    fn from(name: String) -> Self {
        Self(Cow::Owned(name))
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One person on one platform.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UserId {
    /// Where the person is known.
    pub platform: Platform,
    /// The platform's own id of the person.
    pub id: String,
}

/// The platform's id of the place where a command was given: a channel, a group, a page.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChatId(pub String);

/// Where the answer to one command goes, written and understood by one adapter only.
///
/// It is stored in the job log, because a job outlives the process that accepted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReplyAddress(pub serde_json::Value);

/// What a platform can do with the messages of one interaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// A message that was sent can be changed; without it nobody sees progress.
    pub can_edit: bool,
    /// Previews of a picture in the making can be shown.
    pub previews: bool,
    /// Longest text of one message, in characters.
    pub max_text_chars: usize,
    /// Largest file that can be attached, in bytes.
    pub max_attachment_bytes: u64,
    /// Shortest time between two updates of one message.
    pub progress_interval: Duration,
}

/// A command as the platform delivers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandInput {
    /// A line of text: `/draw 後藤ひとり --steps 20`, or only a prompt.
    Text(String),
    /// A command whose options the platform has already taken apart.
    Options {
        /// The command's name without a slash.
        name: String,
        /// Name and value of each option that was given.
        options: Vec<(String, String)>,
    },
}

/// One command of one person.
#[derive(Clone)]
pub struct CommandRequest {
    /// Who asks.
    pub user: UserId,
    /// Where.
    pub chat: ChatId,
    /// The language of the answer.
    pub locale: Locale,
    /// What was asked.
    pub input: CommandInput,
    /// The platform's id of this command: a repeated one is answered with the same job.
    pub key: Option<String>,
    /// Where the answer goes.
    pub responder: Arc<dyn Responder>,
}

impl fmt::Debug for CommandRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandRequest")
            .field("user", &self.user)
            .field("chat", &self.chat)
            .field("locale", &self.locale)
            .field("input", &self.input)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// The last message of an interaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The translated text.
    pub text: String,
    /// The job this is the end of; `None` for an answer that started no job.
    pub job: Option<JobReply>,
    /// The pictures, in order.
    pub images: Vec<ReplyImage>,
}

impl Reply {
    /// An answer of text only.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            job: None,
            images: Vec::new(),
        }
    }
}

/// What an adapter may render beside the text.
#[derive(Clone, Debug, PartialEq)]
pub struct JobReply {
    /// The job.
    pub id: JobId,
    /// How it ended.
    pub outcome: JobOutcome,
    /// What the pictures were drawn with; `None` when there are none.
    pub recipe: Option<RecipeView>,
}

/// Everything that is needed to draw the same picture again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecipeView {
    /// The prompt as it was used.
    pub prompt: String,
    /// What should not be in the picture; empty when nothing was given.
    pub negative_prompt: String,
    /// Denoising steps.
    pub num_inference_steps: u32,
    /// Classifier-free guidance.
    pub guidance_scale: f32,
    /// Seed of the first picture; the others have the next ones.
    pub seed: u64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The scheduler's AUTOMATIC1111 name, for example `DDIM`.
    pub scheduler: String,
    /// Id of the model.
    pub model: String,
    /// All of it but the prompts in one translated line, to copy, or for a platform that shows only text.
    pub text: String,
}

/// One finished picture, on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyImage {
    /// SHA-256 of the file, in hex.
    pub hash: String,
    /// Where the file lies.
    pub path: PathBuf,
    /// A name for the person who saves it: `ekaki-12-1.png`.
    pub file_name: String,
    /// The seed of this picture.
    pub seed: u64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Size of the file.
    pub bytes: u64,
}

/// News about a job that has not ended.
#[derive(Clone, Debug, PartialEq)]
pub struct JobUpdate {
    /// The job.
    pub job: JobId,
    /// The news as a translated sentence.
    pub text: String,
    /// The news for an adapter that draws it.
    pub state: JobUpdateState,
}

/// Where a job is that has not ended.
#[derive(Clone, Debug, PartialEq)]
pub enum JobUpdateState {
    /// It waits.
    Queued {
        /// 1 is next.
        position: u32,
    },
    /// It is being drawn.
    Running {
        /// Finished steps.
        step: u32,
        /// All steps.
        num_inference_steps: u32,
        /// What can be seen so far.
        preview: Option<Preview>,
    },
}

/// A small view of a picture in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The view as a JPEG file.
    pub jpeg: Arc<[u8]>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Which picture of the job it is, counted from 0.
    pub index: u32,
}
