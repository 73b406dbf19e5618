//! The pictures that stand for those to come: a sheet of paper, an easel's width and height, a few strokes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inference::RgbImage;
use inference::images::encode_jpeg;

use super::offer::Shape;
use crate::adapters::telegram::Shared;
use crate::adapters::telegram::api::FilePart;
use crate::adapters::telegram::render::Kind;

/// Changes with the pictures, so that Telegram gets the new ones.
const VERSION: u32 = 1;

/// Quality of the files, 1 to 100.
const JPEG_QUALITY: u8 = 85;

const LONG_SIDE: u32 = 512;
const SHORT_SIDE: u32 = 384;

const PAPER: [u8; 3] = [250, 246, 238];
const SHADOW: [u8; 3] = [226, 214, 196];
const STROKES: [[u8; 3]; 3] = [[236, 136, 160], [122, 170, 220], [246, 196, 92]];

/// The pictures that Telegram has.
#[derive(Debug, Default)]
pub(super) struct Placeholders {
    known: Mutex<HashMap<Shape, String>>,
    preparing: tokio::sync::Mutex<()>,
}

impl Placeholders {
    /// Brings those to Telegram that it does not have, unless that is being done.
    pub(super) async fn prepare(&self, shared: &Arc<Shared>) {
        let Ok(_turn) = self.preparing.try_lock() else {
            return;
        };
        if shared.settings.storage_chat.is_none() {
            return;
        }
        for shape in Shape::ALL {
            if self.get(shape).is_some() {
                continue;
            }
            match upload(shared, shape).await {
                Ok(id) => {
                    self.lock().insert(shape, id);
                }
                Err(error) => {
                    return tracing::warn!(
                        error = %format_args!("{error:#}"),
                        "nothing can be drawn in other chats: telegram.storage_chat takes no pictures"
                    );
                }
            }
        }
    }

    /// Telegram's id of the picture of this shape.
    pub(super) fn get(&self, shape: Shape) -> Option<String> {
        self.lock().get(&shape).cloned()
    }

    /// Telegram does not know the pictures any more.
    pub(super) async fn forget(&self, shared: &Shared) {
        self.lock().clear();
        for shape in Shape::ALL {
            shared.forget_file(Kind::Photo, &name_of(shape)).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Shape, String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Under which name the id of a picture is kept.
fn name_of(shape: Shape) -> String {
    format!("placeholder-{VERSION}-{}", shape.name())
}

async fn upload(shared: &Arc<Shared>, shape: Shape) -> anyhow::Result<String> {
    let file = FilePart {
        file_name: format!("{}.jpg", shape.name()),
        bytes: encode_jpeg(&paint(shape), JPEG_QUALITY, None)?.into(),
    };
    Ok(shared.store_file(Kind::Photo, &name_of(shape), file).await?)
}

/// Paper with a shadow at its edges and three round strokes in the middle.
fn paint(shape: Shape) -> RgbImage {
    let (width, height) = match shape {
        Shape::Square => (LONG_SIDE, LONG_SIDE),
        Shape::Portrait => (SHORT_SIDE, LONG_SIDE),
        Shape::Landscape => (LONG_SIDE, SHORT_SIDE),
    };
    let size = [width as f32, height as f32];
    RgbImage::from_fn(width, height, |x, y| {
        let at = [x as f32 + 0.5, y as f32 + 0.5];
        let from_edge = (0..2)
            .map(|axis| at[axis].min(size[axis] - at[axis]))
            .fold(f32::MAX, f32::min);
        let mut colour = mixed(SHADOW, PAPER, from_edge / 48.0);
        for (index, stroke) in STROKES.into_iter().enumerate() {
            let centre = [size[0] / 2.0 + (index as f32 - 1.0) * 72.0, size[1] / 2.0];
            let distance = (at[0] - centre[0]).hypot(at[1] - centre[1]);
            colour = mixed(stroke, colour, (distance - 24.0) / 2.0);
        }
        image::Rgb(colour)
    })
}

/// From one colour to another; `share` of the second, from 0 to 1.
fn mixed(first: [u8; 3], second: [u8; 3], share: f32) -> [u8; 3] {
    let share = share.clamp(0.0, 1.0);
    std::array::from_fn(|channel| {
        let (first, second) = (f32::from(first[channel]), f32::from(second[channel]));
        (first + (second - first) * share).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shape_has_its_picture() {
        for shape in Shape::ALL {
            let picture = paint(shape);
            let (width, height) = picture.dimensions();
            let is = match shape {
                Shape::Square => width == height,
                Shape::Portrait => width < height,
                Shape::Landscape => width > height,
            };
            assert!(is, "{shape:?} is {width}×{height}");
            let middle = picture.get_pixel(width / 2, height / 2).0;
            assert_eq!(middle, STROKES[1]);
        }
    }
}
