//! Rectangles, lines and digits on pixels. Everything is drawn twice as large and made smaller, which makes edges smooth.

use image::Rgb;
use image::imageops::thumbnail;
use inference::RgbImage;

use super::digits;

/// Red, green, blue.
pub(super) type Colour = [u8; 3];

/// Height of a line of text.
pub(super) const TEXT_HEIGHT: f32 = 7.0 * DOT;

/// How much larger everything is drawn.
const SCALE: f32 = 2.0;
/// Width of a character's dots.
const DOT: f32 = 2.0;
/// From the beginning of one character to that of the next.
const ADVANCE: f32 = 6.0 * DOT;

/// An area in pixels of the finished picture.
#[derive(Clone, Copy)]
pub(super) struct Rect {
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) top: f32,
    pub(super) bottom: f32,
}

/// A picture in the making.
pub(super) struct Canvas(RgbImage);

/// How wide a text is.
pub(super) fn text_width(text: &str) -> f32 {
    text.chars().count() as f32 * ADVANCE - DOT
}

impl Canvas {
    pub(super) fn new(width: u32, height: u32, background: Colour) -> Self {
        let scale = SCALE as u32;
        Self(RgbImage::from_pixel(
            width * scale,
            height * scale,
            Rgb(background),
        ))
    }

    /// Fills an area; what lies outside the picture is left out.
    pub(super) fn fill(&mut self, rect: Rect, colour: Colour) {
        // A negative number becomes 0.
        let pixel = |coordinate: f32| (coordinate * SCALE).round() as u32;
        for y in pixel(rect.top)..pixel(rect.bottom).min(self.0.height()) {
            for x in pixel(rect.left)..pixel(rect.right).min(self.0.width()) {
                self.set(x, y, colour);
            }
        }
    }

    /// A line with round ends, `radius` to each side.
    pub(super) fn line(&mut self, from: (f32, f32), to: (f32, f32), radius: f32, colour: Colour) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let steps = (dx.abs().max(dy.abs()) * SCALE).ceil().max(1.0);
        for step in 0..=steps as u32 {
            let share = step as f32 / steps;
            self.disc((from.0 + dx * share, from.1 + dy * share), radius, colour);
        }
    }

    fn disc(&mut self, centre: (f32, f32), radius: f32, colour: Colour) {
        let (x, y, radius) = (centre.0 * SCALE, centre.1 * SCALE, radius * SCALE);
        for row in (y - radius) as u32..=(y + radius) as u32 {
            for column in (x - radius) as u32..=(x + radius) as u32 {
                if (column as f32 - x).hypot(row as f32 - y) <= radius {
                    self.set(column, row, colour);
                }
            }
        }
    }

    /// Writes digits with their top left corner at a point.
    pub(super) fn text(&mut self, text: &str, at: (f32, f32), colour: Colour) {
        let glyphs = text.chars().map(digits::glyph);
        for (index, glyph) in glyphs.enumerate() {
            for (row, bits) in glyph.into_iter().flatten().enumerate() {
                for column in (0..5u8).filter(|column| bits >> (4 - column) & 1 == 1) {
                    let left = at.0 + index as f32 * ADVANCE + f32::from(column) * DOT;
                    let top = at.1 + row as f32 * DOT;
                    self.fill(
                        Rect {
                            left,
                            right: left + DOT,
                            top,
                            bottom: top + DOT,
                        },
                        colour,
                    );
                }
            }
        }
    }

    /// The picture in its real size.
    pub(super) fn finish(self) -> RgbImage {
        let scale = SCALE as u32;
        let (width, height) = self.0.dimensions();
        thumbnail(&self.0, width / scale, height / scale)
    }

    fn set(&mut self, x: u32, y: u32, colour: Colour) {
        if let Some(pixel) = self.0.get_pixel_mut_checked(x, y) {
            *pixel = Rgb(colour);
        }
    }
}
