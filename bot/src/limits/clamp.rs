//! What is too large for a limit is drawn smaller.

use inference::request::{CLIP_SKIPS, FRACTIONS, GUIDANCE_SCALES, HIRES_SCALES, SIZES, STEPS};

use super::Limits;
use super::size::SizeBounds;
use crate::store::{Clamped, ClampedParameter, DrawParameters};

/// The guidance scale that stands for one that is no number: the prompt counts, nothing is amplified.
const NO_GUIDANCE: f32 = 1.0;

/// How many times wider and higher a finished picture can be made: from the smallest size to the largest one, and no
/// further than anybody wants to see.
const LARGEST_ENLARGEMENT: f32 = 16.0;

/// The same as a number of hundredths.
const MAX_HUNDREDTHS: u16 = 1600;

impl Limits {
    /// Brings every number within its bounds and says which ones had to be changed. Width and height, also those of a
    /// second pass, become multiples of `size_multiple`, which the model names. Prompts are not touched: half a prompt is
    /// another prompt.
    pub fn clamp(&self, draw: &mut DrawParameters, size_multiple: u32) -> Vec<Clamped> {
        let mut changes = Changes::default();
        let bounds = SizeBounds {
            multiple: size_multiple,
            max_pixels: self.max_pixels,
        };
        let (width, height) = bounds.fit(draw.width, draw.height);
        changes.note(
            ClampedParameter::Size,
            format!("{}x{}", draw.width, draw.height),
            format!("{width}x{height}"),
        );
        (draw.width, draw.height) = (width, height);

        let max_steps = self.max_steps.clamp(*STEPS.start(), *STEPS.end());
        changes.set(ClampedParameter::Steps, &mut draw.num_inference_steps, |steps| {
            steps.clamp(*STEPS.start(), max_steps)
        });
        changes.set(
            ClampedParameter::GuidanceScale,
            &mut draw.guidance_scale,
            |scale| {
                if scale.is_nan() {
                    return NO_GUIDANCE;
                }
                scale.clamp(*GUIDANCE_SCALES.start(), *GUIDANCE_SCALES.end())
            },
        );
        let max_count = self.max_count.max(1);
        changes.set(ClampedParameter::Count, &mut draw.count, |count| {
            count.clamp(1, max_count)
        });
        clamp_options(draw, bounds, &mut changes);
        changes.0
    }
}

/// What only some drawings have.
fn clamp_options(draw: &mut DrawParameters, bounds: SizeBounds, changes: &mut Changes) {
    let least = one_step_of(draw.num_inference_steps);
    let strength = ClampedParameter::Strength;
    if let Some(clip_skip) = &mut draw.clip_skip {
        changes.set(ClampedParameter::ClipSkip, clip_skip, |layers| {
            layers.clamp(*CLIP_SKIPS.start(), *CLIP_SKIPS.end())
        });
    }
    if let Some(variation) = &mut draw.variation {
        changes.set(strength, &mut variation.strength, |value| {
            part(value, *FRACTIONS.start())
        });
    }
    if let Some(source) = &mut draw.source {
        changes.set(strength, &mut source.strength, |value| part(value, least));
    }
    if let Some(hires) = &mut draw.hires {
        changes.scale(
            &mut hires.scale,
            (draw.width, draw.height),
            (bounds, *HIRES_SCALES.end()),
        );
        changes.set(strength, &mut hires.strength, |value| part(value, least));
    }
    if let Some(scale) = &mut draw.enlarge {
        let drawn = match draw.hires {
            Some(hires) => bounds.scaled(draw.width, draw.height, hires.scale),
            None => (draw.width, draw.height),
        };
        let bounds = SizeBounds {
            multiple: 1,
            ..bounds
        };
        changes.scale(scale, drawn, (bounds, LARGEST_ENLARGEMENT));
    }
}

/// A part of a whole that is at least `least`.
fn part(value: f32, least: f32) -> f32 {
    if value.is_nan() {
        return least;
    }
    value.clamp(least, *FRACTIONS.end())
}

/// The smallest strength, in thousandths, with which one of so many steps is done: the engine refuses to do none.
fn one_step_of(num_inference_steps: u32) -> f32 {
    let thousandths = 1000_u32.div_ceil(num_inference_steps.max(1));
    u16::try_from(thousandths).map_or(1.0, |thousandths| f32::from(thousandths) / 1000.0)
}

/// The largest scale, neither above the one asked for nor above `largest`, whose size fits: that one itself, or one in
/// hundredths. The smallest scale enlarges nothing and always fits, because what is enlarged does.
fn largest_scale(asked: f32, largest: f32, fits: impl Fn(f32) -> bool) -> f32 {
    let smallest = *HIRES_SCALES.start();
    if asked.is_nan() {
        return smallest;
    }
    let asked = asked.clamp(smallest, largest);
    if fits(asked) {
        return asked;
    }
    let hundredths = (100_u16..=MAX_HUNDREDTHS)
        .rev()
        .map(|scale| f32::from(scale) / 100.0);
    hundredths
        .skip_while(|scale| *scale > asked)
        .find(|scale| fits(*scale))
        .unwrap_or(smallest)
}

impl SizeBounds {
    /// Width and height of the second pass, as the engine rounds them.
    fn scaled(self, width: u32, height: u32, scale: f32) -> (u32, u32) {
        let multiple = self.multiple.max(1);
        let side = |side: u32| nearest(f64::from(side) * f64::from(scale) / f64::from(multiple)) * multiple;
        (side(width), side(height))
    }

    fn holds(self, (width, height): (u32, u32)) -> bool {
        let pixels = u64::from(width) * u64::from(height);
        width <= *SIZES.end() && height <= *SIZES.end() && pixels <= u64::from(self.max_pixels)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most four times a side; a wish that is no number becomes 0"
)]
fn nearest(number: f64) -> u32 {
    number.round().clamp(0.0, 1e6) as u32
}

#[derive(Default)]
struct Changes(Vec<Clamped>);

impl Changes {
    fn note(&mut self, what: ClampedParameter, asked: String, used: String) {
        if asked != used {
            self.0.push(Clamped { what, asked, used });
        }
    }

    /// Brings the size that a picture grows to within bounds.
    fn scale(&mut self, scale: &mut f32, (width, height): (u32, u32), (bounds, largest): (SizeBounds, f32)) {
        let scaled = |scale| bounds.scaled(width, height, scale);
        let text = |scale| {
            let (width, height) = scaled(scale);
            format!("{width}x{height}")
        };
        let used = largest_scale(*scale, largest, |scale| bounds.holds(scaled(scale)));
        self.note(ClampedParameter::Size, text(*scale), text(used));
        *scale = used;
    }

    fn set<T: Copy + ToString>(&mut self, what: ClampedParameter, value: &mut T, bound: impl FnOnce(T) -> T) {
        let used = bound(*value);
        self.note(what, value.to_string(), used.to_string());
        *value = used;
    }
}
