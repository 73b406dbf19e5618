//! Pictures that fit into what Discord takes.

mod grid;
mod shrink;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::shrink::Encoded;
use super::rest::File;
use crate::chat::{ImageContent, ReplyImage};

/// Most files of one message.
const MAX_FILES: usize = 10;
/// Largest request, in bytes, less what is in it beside the files.
const MAX_REQUEST_BYTES: u64 = (25 << 20) - (64 << 10);
/// The least room for which it is worth to try again.
const LEAST_BYTES: u64 = 64 << 10;

/// How much can be attached to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// Largest file, in bytes.
    pub(super) file_bytes: u64,
    /// All files together, in bytes.
    pub(super) all_bytes: u64,
}

impl Room {
    /// Where files may have so many bytes.
    pub(super) fn of(attachment_size_limit: u64) -> Self {
        Self {
            file_bytes: attachment_size_limit.min(MAX_REQUEST_BYTES),
            all_bytes: MAX_REQUEST_BYTES,
        }
    }

    /// Half as much, for when Discord takes less than it has said; `None` when nothing is left.
    pub(super) fn halved(self) -> Option<Self> {
        let half = Self {
            file_bytes: self.file_bytes / 2,
            all_bytes: (self.all_bytes / 2).min(self.file_bytes),
        };
        (half.file_bytes >= LEAST_BYTES).then_some(half)
    }

    /// No file at all.
    pub(super) fn none() -> Self {
        Self {
            file_bytes: 0,
            all_bytes: 0,
        }
    }
}

/// What is to be attached.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// The pictures.
    pub(super) images: Vec<ReplyImage>,
    /// Each as a file of its own, byte for byte if there is room.
    pub(super) as_files: bool,
    /// How much room there is.
    pub(super) room: Room,
}

/// What is attached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fitted {
    /// The files, in order.
    pub(super) files: Vec<File>,
    /// The name of the file that an embed shows. It shows none when one is covered: an embed has no cover.
    pub(super) shown: Option<String>,
    /// How many pictures are not byte for byte what was drawn, because there was no room.
    pub(super) changed: u32,
    /// The names of the pictures for which there was no room at all.
    pub(super) left_out: Vec<String>,
    /// The files that were drawn are not all there as they are.
    pub(super) hides_originals: bool,
}

/// A picture with its bytes.
#[derive(Clone, Debug)]
struct Picture {
    name: String,
    bytes: Arc<[u8]>,
    is_spoiler: bool,
    size: (u32, u32),
    /// It was made of others.
    is_grid: bool,
}

/// Reads the pictures and makes them fit. Several pictures of a job become one with all of them beside one another.
pub(super) async fn fit(order: Order) -> Fitted {
    if order.images.is_empty() {
        return Fitted::default();
    }
    let fitting = tokio::task::spawn_blocking(move || fit_now(&order));
    fitting.await.unwrap_or_else(|error| {
        tracing::error!(%error, "pictures cannot be prepared");
        Fitted::default()
    })
}

fn fit_now(order: &Order) -> Fitted {
    let mut pictures: Vec<Picture> = order.images.iter().filter_map(read).collect();
    let is_covered = pictures.iter().any(|picture| picture.is_spoiler);
    let mut fitted = Fitted::default();
    if !order.as_files {
        pictures = grid::combined(pictures, &mut fitted.hides_originals);
    }
    let mut left = order.room.all_bytes;
    for picture in pictures {
        let room = order.room.file_bytes.min(left);
        let encoded = if fitted.files.len() < MAX_FILES {
            shrink::fitting(&picture, room)
        } else {
            None
        };
        let Some(Encoded { bytes, extension }) = encoded else {
            fitted.left_out.push(picture.name);
            continue;
        };
        fitted.changed += u32::from(extension.is_some() && !picture.is_grid);
        left -= bytes.len() as u64;
        let file = File {
            name: name_of(&picture, extension),
            bytes,
        };
        if !order.as_files && fitted.shown.is_none() && !is_covered {
            fitted.shown = Some(file.name.clone());
        }
        fitted.files.push(file);
    }
    fitted.hides_originals |= fitted.changed > 0 || !fitted.left_out.is_empty();
    fitted
}

/// Reads a picture. One whose file has just been cleared away is left out, as it would be a moment later.
fn read(image: &ReplyImage) -> Option<Picture> {
    let bytes = match &image.content {
        ImageContent::Bytes(bytes) => Arc::clone(bytes),
        ImageContent::Stored { path, hash } => match std::fs::read(path) {
            Ok(bytes) => bytes.into(),
            Err(error) => {
                tracing::warn!(%error, %hash, "a picture cannot be read");
                return None;
            }
        },
    };
    Some(Picture {
        name: image.file_name.clone(),
        bytes,
        is_spoiler: image.is_spoiler,
        size: (image.width, image.height),
        is_grid: false,
    })
}

/// What Discord calls the file. It covers files whose names begin like this.
fn name_of(picture: &Picture, extension: Option<&str>) -> String {
    let cover = if picture.is_spoiler { "SPOILER_" } else { "" };
    let name = match (extension, picture.name.rsplit_once('.')) {
        (Some(extension), Some((stem, _))) => format!("{stem}.{extension}"),
        _ => picture.name.clone(),
    };
    format!("{cover}{name}")
}
