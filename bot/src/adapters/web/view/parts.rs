//! What a message is made of.

use base64::Engine as _;
use serde::{Serialize, Serializer};

use crate::chat::{Button, ButtonStyle, Form, ImageContent, Preview, RecipeView, ReplyImage};
use crate::safety::SafetyAction;
use crate::store::{DrawParameters, ImageKind, ImageRow, JobId, JobRow};

/// What can be seen of a picture in the making.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::adapters::web) struct PreviewView {
    index: u32,
    /// A `data:` address.
    source: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(in crate::adapters::web) struct SizeView {
    width: u32,
    height: u32,
    count: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::adapters::web) struct ImageView {
    /// `None` when the file is gone.
    url: Option<String>,
    file_name: String,
    kind: ImageKind,
    is_spoiler: bool,
    #[serde(serialize_with = "as_text")]
    seed: u64,
    width: u32,
    height: u32,
}

/// The label beside a picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::adapters::web) struct RecipeFacts {
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

/// A button below a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::adapters::web) struct ButtonView {
    /// What is sent back when it is pressed.
    id: String,
    action: String,
    /// The picture it is about.
    image: Option<u32>,
    emoji: &'static str,
    label: String,
    is_danger: bool,
}

/// A text that the person has still to give.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::adapters::web) struct FormView {
    command: &'static str,
    job: JobId,
    field: &'static str,
    label: String,
    value: String,
}

/// JavaScript's numbers cannot hold every seed.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn as_text<S: Serializer>(seed: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(seed)
}

impl From<&Preview> for PreviewView {
    fn from(preview: &Preview) -> Self {
        Self {
            index: preview.index,
            source: data_url("image/jpeg", &preview.jpeg),
        }
    }
}

impl From<&DrawParameters> for SizeView {
    fn from(draw: &DrawParameters) -> Self {
        Self {
            width: draw.width,
            height: draw.height,
            count: draw.count,
        }
    }
}

impl ImageView {
    /// A picture of a job.
    pub(super) fn of_job(job: &JobRow, image: &ImageRow) -> Self {
        let (id, index) = (job.id, image.index);
        Self {
            url: (!image.is_gone).then(|| format!("/api/images/{id}/{index}")),
            file_name: file_name(id, image),
            kind: image.kind,
            is_spoiler: image.safety == SafetyAction::Spoiler,
            seed: image.seed,
            width: image.width,
            height: image.height,
        }
    }

    /// A picture that is only in an answer; `None` when it is a file of the job log.
    pub(super) fn of_answer(image: &ReplyImage) -> Option<Self> {
        let ImageContent::Bytes(bytes) = &image.content else {
            return None;
        };
        Some(Self {
            url: Some(data_url(media_type(bytes), bytes)),
            file_name: image.file_name.clone(),
            kind: ImageKind::Picture,
            is_spoiler: image.is_spoiler,
            seed: image.seed,
            width: image.width,
            height: image.height,
        })
    }
}

/// The name under which a picture is saved.
pub(in crate::adapters::web) fn file_name(job: JobId, image: &ImageRow) -> String {
    let extension = match image.kind {
        ImageKind::Picture | ImageKind::Strip => "png",
        ImageKind::Animation => "webp",
    };
    format!("ekaki-{job}-{}.{extension}", image.index + 1)
}

fn data_url(media_type: &str, bytes: &[u8]) -> String {
    let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
    format!("data:{media_type};base64,{base64}")
}

fn media_type(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xff, 0xd8, ..] => "image/jpeg",
        [b'R', b'I', b'F', b'F', ..] => "image/webp",
        _ => "image/png",
    }
}

impl From<&RecipeView> for RecipeFacts {
    fn from(recipe: &RecipeView) -> Self {
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
            // The job log of the first release has no such text.
            parameters: recipe
                .parameters
                .clone()
                .unwrap_or_else(|| format!("{}\n{}", recipe.prompt, recipe.text)),
        }
    }
}

impl From<&Button> for ButtonView {
    fn from(button: &Button) -> Self {
        Self {
            id: button.id.to_string(),
            action: button.id.action.clone(),
            image: button.id.image,
            emoji: button.emoji,
            label: button.label.clone(),
            is_danger: button.style == ButtonStyle::Danger,
        }
    }
}

impl ButtonView {
    pub(super) fn rows(rows: &[Vec<Button>]) -> Vec<Vec<Self>> {
        rows.iter()
            .map(|row| row.iter().map(Self::from).collect())
            .collect()
    }
}

impl From<&Form> for FormView {
    fn from(form: &Form) -> Self {
        Self {
            command: form.command,
            job: form.job,
            field: form.field,
            label: form.label.clone(),
            value: form.value.clone(),
        }
    }
}
