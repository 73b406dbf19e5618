//! The picture that a drawing begins with: a file that somebody sends, or a picture of an old job.

use std::time::Duration;

use anyhow::Context as _;
use inference::images::{DecodeLimits, Picture, ResizeMode, decode, encode_png, resize};
use inference::request::SIZES;
use inference::{RgbImage, images::ImageError};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::precheck::check_not_refused;
use crate::chat::{Attachment, AttachmentError, CommandRequest};
use crate::commands::old_jobs::{self, JobRef};
use crate::commands::{Arguments, CommandContext, CommandError, OptionKind, OptionSpec, UserError};
use crate::store::{JobId, StoredImage};

/// The option for it.
pub(in crate::commands) const SOURCE: OptionSpec = OptionSpec::new("source", OptionKind::File, "12:2");

/// The largest file that is read.
const MAX_BYTES: u64 = 20 << 20;

/// How long a platform may take to hand a file over: others wait for their turn meanwhile.
const READ_WITHIN: Duration = Duration::from_secs(30);

/// How much of the recipe in a file is taken. It says more than the longest prompt; a file could bring along many MiB.
const MAX_RECIPE_CHARS: usize = 4000;

/// A picture may need hundreds of MiB while it is decoded.
static DECODING: Semaphore = Semaphore::const_new(2);

/// A picture that is in the store.
#[derive(Debug)]
pub(in crate::commands) struct FoundSource {
    /// The hash of its file.
    pub(in crate::commands) hash: String,
    /// Width and height in pixels.
    pub(in crate::commands) size: (u32, u32),
    /// What its recipe says, for the word rules.
    pub(in crate::commands) recipe: Option<String>,
    /// The job whose picture it is; `None` for a file that was sent.
    pub(in crate::commands) job: Option<JobId>,
    /// That job is private, and so is what is made of its picture.
    pub(in crate::commands) is_private: bool,
}

/// The source picture that a command names or brings along.
///
/// # Errors
/// When it cannot be used, with the reason for the person.
pub(in crate::commands) async fn source(
    context: &CommandContext,
    request: &CommandRequest,
    arguments: &Arguments,
) -> Result<Option<FoundSource>, CommandError> {
    if let Some(reference) = arguments.value(&SOURCE, JobRef::read)? {
        return of_job(context, request, reference).await.map(Some);
    }
    match request.attachments.first() {
        Some(attachment) => of_file(context, request, attachment).await.map(Some),
        None => Ok(None),
    }
}

async fn of_job(
    context: &CommandContext,
    request: &CommandRequest,
    reference: JobRef,
) -> Result<FoundSource, CommandError> {
    let found = old_jobs::named(context, request, reference).await?;
    let image = found.picture_with_file()?;
    Ok(FoundSource {
        hash: image.hash.clone(),
        size: (image.width, image.height),
        recipe: image.parameters.clone().map(shortened),
        job: Some(found.row.id),
        is_private: found.row.is_private,
    })
}

/// Only the pixels are kept: what else is in the file, for example where a photo was taken, is nobody's business.
async fn of_file(
    context: &CommandContext,
    request: &CommandRequest,
    attachment: &Attachment,
) -> Result<FoundSource, CommandError> {
    check_not_refused(context, request).await?;
    let (size, png, recipe) = with_picture(attachment, |picture| {
        let rgb = no_larger_than_needed(picture.rgb);
        Ok((rgb.dimensions(), encode_png(&rgb, None)?, picture.parameters))
    })
    .await?;
    let StoredImage { hash, .. } = context
        .store
        .images()
        .save(png)
        .await
        .context("cannot save a source picture")?;
    Ok(FoundSource {
        hash,
        size,
        recipe,
        job: None,
        is_private: false,
    })
}

/// Reads and decodes a file that came with a command.
///
/// # Errors
/// When it is too large or no picture, with the reason for the person.
pub(in crate::commands) async fn read_picture(attachment: &Attachment) -> Result<Picture, CommandError> {
    with_picture(attachment, Ok).await
}

/// Does something with a picture that came with a command. Only a few files are in memory at once, as bytes or as pixels.
async fn with_picture<T: Send + 'static>(
    attachment: &Attachment,
    work: impl FnOnce(Picture) -> Result<T, ImageError> + Send + 'static,
) -> Result<T, CommandError> {
    let turn = DECODING
        .acquire()
        .await
        .context("pictures are not read any more")?;
    let bytes = read(attachment).await?;
    let working = tokio::task::spawn_blocking(move || {
        // It is kept until the work is done, also when nobody waits for it any more.
        let _turn = turn;
        let mut picture = decode(&bytes, &DecodeLimits::default())?;
        picture.parameters = picture.parameters.map(shortened);
        work(picture)
    });
    let result = working.await.context("a picture could not be read")?;
    result.map_err(|error| UserError::BadPicture { error }.into())
}

async fn read(attachment: &Attachment) -> Result<Vec<u8>, UserError> {
    let reading = timeout(READ_WITHIN, attachment.content.read(MAX_BYTES)).await;
    let Ok(bytes) = reading else {
        tracing::info!("a file cannot be fetched in time");
        return Err(UserError::FileUnreachable);
    };
    bytes.map_err(|error| match error {
        AttachmentError::TooLarge => UserError::FileTooLarge { max_bytes: MAX_BYTES },
        AttachmentError::NotAPicture => UserError::BadPicture {
            error: ImageError::UnknownType,
        },
        AttachmentError::Unreachable(error) => {
            tracing::info!(error = %format_args!("{error:#}"), "a file cannot be fetched");
            UserError::FileUnreachable
        }
    })
}

fn shortened(recipe: String) -> String {
    match recipe.char_indices().nth(MAX_RECIPE_CHARS) {
        Some((end, _)) => recipe.get(..end).unwrap_or_default().to_owned(),
        None => recipe,
    }
}

/// No drawing is larger than the engine can draw, so its source need not be either.
fn no_larger_than_needed(image: RgbImage) -> RgbImage {
    let most = *SIZES.end();
    let (width, height) = image.dimensions();
    let longer = width.max(height);
    if longer <= most {
        return image;
    }
    let side = |side: u32| {
        let side = u64::from(side) * u64::from(most) / u64::from(longer);
        u32::try_from(side).unwrap_or(most).max(1)
    };
    resize(&image, side(width), side(height), ResizeMode::Stretch)
}
