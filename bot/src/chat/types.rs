//! What passes between a platform and the bot: plain values, no platform's own types.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{ButtonId, Responder};
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

/// Where a command was given, as far as rules care.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The channel, the group's topic or the page.
    pub chat: ChatId,
    /// What the chat belongs to: a Discord server, a Telegram group. `None` for a conversation with one person.
    #[serde(default)]
    pub server: Option<String>,
    /// The channel that the chat is a thread of: what holds there holds here. A job does not keep it.
    #[serde(default)]
    pub parent: Option<ChatId>,
    /// The platform marks the place as one for adults only.
    #[serde(default)]
    pub age_restricted: bool,
    /// The language of the server, where the platform knows one: what everybody there can read is written in it, unless
    /// the person who asks or an admin has chosen another one. A job does not keep it.
    #[serde(default)]
    pub locale: Option<Locale>,
}

impl Place {
    /// A conversation with one person.
    pub fn direct(chat: impl Into<String>) -> Self {
        Self {
            chat: ChatId(chat.into()),
            server: None,
            parent: None,
            age_restricted: false,
            locale: None,
        }
    }
}

/// Who gives a command, beyond their id: what the platform says about them at that moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What people call them; only for pages that an admin reads, never for the log.
    pub name: Option<String>,
    /// The ids of their roles in this server.
    pub roles: Vec<String>,
    /// The platform lets them manage this server or chat.
    pub is_moderator: bool,
    /// They have proved to the platform that they may administer everything, for example with a token.
    pub is_owner: bool,
}

/// A file that came with a command.
#[derive(Clone)]
pub struct Attachment {
    /// Its name, as the person sees it.
    pub file_name: String,
    /// Reads it.
    pub content: Arc<dyn AttachmentContent>,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment").finish_non_exhaustive()
    }
}

/// The way to the bytes of a file that came with a command. It is read only when a command wants it, and at once,
/// because the addresses of platforms expire.
#[async_trait]
pub trait AttachmentContent: Send + Sync {
    /// The whole file.
    ///
    /// # Errors
    /// [`AttachmentError::TooLarge`] as soon as it has more than `max_bytes`.
    async fn read(&self, max_bytes: u64) -> Result<Vec<u8>, AttachmentError>;
}

/// A file that came with a command cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    /// It is larger than was asked for.
    #[error("the file is too large")]
    TooLarge,
    /// It is no picture of a type that can be read.
    #[error("the file is no picture")]
    NotAPicture,
    /// It cannot be fetched.
    #[error("the file cannot be fetched")]
    Unreachable(#[source] anyhow::Error),
}

/// A file whose bytes are already here.
#[async_trait]
impl AttachmentContent for Vec<u8> {
    async fn read(&self, max_bytes: u64) -> Result<Vec<u8>, AttachmentError> {
        if self.len() as u64 > max_bytes {
            return Err(AttachmentError::TooLarge);
        }
        Ok(self.clone())
    }
}

/// Where the answer to one command goes, written and understood by one adapter only.
///
/// It is stored in the job log, because a job outlives the process that accepted it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReplyAddress(pub serde_json::Value);

/// What allows to answer may be in it.
impl fmt::Debug for ReplyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplyAddress(..)")
    }
}

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
    /// A button was pressed; this is the text it carries, a [`ButtonId`].
    Button(String),
}

/// One command of one person.
#[derive(Clone)]
pub struct CommandRequest {
    /// Who asks.
    pub user: UserId,
    /// What the platform says about them.
    pub standing: Standing,
    /// Where.
    pub place: Place,
    /// The language that the platform knows of the person; their own settings win over it.
    pub locale: Locale,
    /// What was asked.
    pub input: CommandInput,
    /// The files that came with it.
    pub attachments: Vec<Attachment>,
    /// The platform's id of this command: a repeated one is answered with the same job.
    pub key: Option<String>,
    /// Where the answer goes.
    pub responder: Arc<dyn Responder>,
}

impl fmt::Debug for CommandRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandRequest")
            .field("user", &self.user)
            .field("place", &self.place)
            .field("locale", &self.locale)
            .field("input", &self.input)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// The last message of an interaction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The translated text.
    pub text: String,
    /// The text is there to be copied: it is shown as it stands, in letters of one width where the platform has them.
    pub is_verbatim: bool,
    /// The language of the text, for what a platform adds to it; `None` when it is not known.
    pub locale: Option<Locale>,
    /// The job this is the end of; `None` for an answer that started no job.
    pub job: Option<JobReply>,
    /// The pictures, in order.
    pub images: Vec<ReplyImage>,
    /// The pictures are wanted as files, byte for byte, not as something to look at.
    pub as_files: bool,
    /// Rows of buttons below it.
    pub buttons: Vec<Vec<Button>>,
    /// A text to ask the person for, instead of an answer: Discord opens a window for it, others ask.
    pub form: Option<Form>,
    /// Only the person who asked should see it, where the platform can do that.
    pub is_private: bool,
    /// What the person wanted was not done; the text says why.
    pub is_refusal: bool,
    /// The same for every try to send this message: a platform that knows such a number shows it once.
    pub nonce: Option<String>,
}

impl Reply {
    /// An answer of text only.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// An answer of text that only the person who asked should see.
    pub fn private(text: impl Into<String>) -> Self {
        Self {
            is_private: true,
            ..Self::text(text)
        }
    }

    /// Why nothing was done, for the person who asked.
    pub fn refusal(text: impl Into<String>) -> Self {
        Self {
            is_refusal: true,
            ..Self::private(text)
        }
    }
}

/// A button below a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// What it carries.
    pub id: ButtonId,
    /// The picture in front of its label.
    pub emoji: &'static str,
    /// Its translated label.
    pub label: String,
    /// How it looks.
    pub style: ButtonStyle,
}

/// How a button looks, where the platform can show that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonStyle {
    /// Like most.
    #[default]
    Plain,
    /// It takes something away.
    Danger,
}

/// A text that a command needs and the person has still to give. The answer comes back as the command `command` with
/// the options `job` and `field`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Name of the command.
    pub command: &'static str,
    /// The job it is about.
    pub job: JobId,
    /// Name of the option.
    pub field: &'static str,
    /// What to write, translated.
    pub label: String,
    /// What stands there at first.
    pub value: String,
    /// Nobody else may read what stands there.
    pub is_private: bool,
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
    /// AUTOMATIC1111's `parameters` text of the first picture, as it stands in the file.
    pub parameters: Option<String>,
}

/// Where the bytes of a picture are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageContent {
    /// In a file of the store.
    Stored {
        /// SHA-256 of the file, in hex.
        hash: String,
        /// Where it lies.
        path: PathBuf,
    },
    /// Here; such a picture belongs to no job.
    Bytes(Arc<[u8]>),
}

/// One finished picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyImage {
    /// Where its bytes are.
    pub content: ImageContent,
    /// It should be covered until somebody wants to see it.
    pub is_spoiler: bool,
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
