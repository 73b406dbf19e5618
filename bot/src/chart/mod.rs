//! Numbers by day as a picture, for chats that show no tables.
//!
//! The picture has axes with numbers and dates and no words, so that it needs no language and no font; what each colour
//! means stands in the text beside it.

mod axis;
mod canvas;
mod digits;

use chrono::Datelike as _;
use inference::images::{ImageError, encode_png};

use self::axis::Axis;
use self::canvas::{Canvas, Colour, Rect};
use crate::store::DayStats;

/// Width of the picture in pixels.
pub const WIDTH: u32 = 960;
/// Height of the picture in pixels.
pub const HEIGHT: u32 = 600;

/// Light enough for a dark page and dark enough for a light one.
const BACKGROUND: Colour = [0x26, 0x2a, 0x33];
const GRID: Colour = [0x3d, 0x43, 0x50];
const LABELS: Colour = [0xb9, 0xc0, 0xcd];
/// Blue.
const JOBS: Colour = [0x6e, 0xa8, 0xfe];
/// Red.
const FAILED: Colour = [0xf0, 0x6a, 0x75];
/// Yellow.
const USERS: Colour = [0xff, 0xcf, 0x5c];
/// Green.
const IMAGES: Colour = [0x6f, 0xcf, 0x97];
/// Violet.
const SECONDS: Colour = [0xb7, 0x94, 0xf4];

/// The room for numbers beside the panels, and the room around everything.
const LEFT: f32 = 72.0;
const RIGHT: f32 = 20.0;
/// Top and bottom of each panel.
const PANELS: [(f32, f32); 3] = [(24.0, 244.0), (280.0, 400.0), (436.0, 556.0)];
/// Where the dates begin.
const DATES: f32 = 568.0;
/// The shortest distance between two dates.
const DATE_DISTANCE: f32 = 76.0;
/// How much of a day's room its bar takes.
const BAR: f32 = 0.72;
/// The widest bar.
const WIDEST_BAR: f32 = 64.0;

/// A chart as a PNG file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// The file.
    pub png: Vec<u8>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Plots days side by side: above jobs (blue bars) with those that failed (red) and people (a yellow line), in the middle
/// pictures (green), below seconds of drawing (violet).
///
/// # Errors
/// When the picture cannot be written as a file.
pub fn plot(days: &[DayStats]) -> Result<Chart, ImageError> {
    let mut canvas = Canvas::new(WIDTH, HEIGHT, BACKGROUND);
    let number = |value: u64| value as f32;
    let [above, middle, below] = PANELS.map(|(top, bottom)| Panel {
        top,
        bottom,
        days: days.len(),
    });
    let highest = |value: fn(&DayStats) -> u64| days.iter().map(value).max().unwrap_or_default();
    let axis = Axis::up_to(number(highest(|day| day.jobs).max(highest(|day| day.users))));
    above.grid(&mut canvas, &axis);
    above.bars(&mut canvas, &axis, JOBS, days.iter().map(|day| number(day.jobs)));
    above.bars(
        &mut canvas,
        &axis,
        FAILED,
        days.iter().map(|day| number(day.failed)),
    );
    above.line(&mut canvas, &axis, days.iter().map(|day| number(day.users)));

    let axis = Axis::up_to(number(highest(|day| day.images)));
    middle.grid(&mut canvas, &axis);
    middle.bars(
        &mut canvas,
        &axis,
        IMAGES,
        days.iter().map(|day| number(day.images)),
    );

    let seconds = || days.iter().map(|day| day.seconds as f32);
    let axis = Axis::up_to(seconds().filter(|value| value.is_finite()).fold(0.0, f32::max));
    below.grid(&mut canvas, &axis);
    below.bars(&mut canvas, &axis, SECONDS, seconds());
    below.dates(&mut canvas, days);
    Ok(Chart {
        png: encode_png(&canvas.finish(), None)?,
        width: WIDTH,
        height: HEIGHT,
    })
}

/// A part of the picture with a scale of its own.
struct Panel {
    top: f32,
    bottom: f32,
    days: usize,
}

impl Panel {
    /// Height of a value.
    fn y(&self, axis: &Axis, value: f32) -> f32 {
        self.bottom - axis.share(value) * (self.bottom - self.top)
    }

    /// The room of one day.
    fn slot(&self) -> f32 {
        (WIDTH as f32 - LEFT - RIGHT) / self.days.max(1) as f32
    }

    /// The middle of a day.
    fn x(&self, day: usize) -> f32 {
        LEFT + (day as f32 + 0.5) * self.slot()
    }

    fn grid(&self, canvas: &mut Canvas, axis: &Axis) {
        for (value, label) in axis.ticks() {
            let y = self.y(axis, value);
            canvas.fill(
                Rect {
                    left: LEFT,
                    right: WIDTH as f32 - RIGHT,
                    top: y - 0.5,
                    bottom: y + 0.5,
                },
                GRID,
            );
            let width = canvas::text_width(&label);
            canvas.text(
                &label,
                (LEFT - 10.0 - width, y - canvas::TEXT_HEIGHT / 2.0),
                LABELS,
            );
        }
    }

    fn bars(&self, canvas: &mut Canvas, axis: &Axis, colour: Colour, values: impl Iterator<Item = f32>) {
        let half = (self.slot() * BAR).min(WIDEST_BAR) / 2.0;
        for (day, value) in values.enumerate().filter(|(_, value)| *value > 0.0) {
            let x = self.x(day);
            canvas.fill(
                Rect {
                    left: x - half,
                    right: x + half,
                    top: self.y(axis, value),
                    bottom: self.bottom,
                },
                colour,
            );
        }
    }

    fn line(&self, canvas: &mut Canvas, axis: &Axis, values: impl Iterator<Item = f32>) {
        let points: Vec<(f32, f32)> = values
            .enumerate()
            .map(|(day, value)| (self.x(day), self.y(axis, value)))
            .collect();
        for pair in points.windows(2) {
            if let [from, to] = pair {
                canvas.line(*from, *to, 1.5, USERS);
            }
        }
        for point in points {
            canvas.line(point, point, 3.5, USERS);
        }
    }

    /// As many dates as there is room for, and always the last one.
    fn dates(&self, canvas: &mut Canvas, days: &[DayStats]) {
        let every = (DATE_DISTANCE / self.slot()).ceil().max(1.0) as usize;
        for (back, (day, stats)) in days.iter().enumerate().rev().enumerate() {
            if back % every != 0 {
                continue;
            }
            let label = format!("{}/{}", stats.day.month(), stats.day.day());
            let left = (self.x(day) - canvas::text_width(&label) / 2.0)
                .min(WIDTH as f32 - canvas::text_width(&label) - 4.0);
            canvas.text(&label, (left, DATES), LABELS);
        }
    }
}

#[cfg(test)]
mod tests;
