//! Who may draw how much, and how large one drawing may be.
//!
//! What is counted ([`Limits::check`]) is evaluated by the job log in the transaction that adds the job; a limit that
//! forbids it is a [`Refusal`]. What is only too large ([`Limits::clamp`]) is drawn smaller, and the person is told.

mod size;

use inference::request::{GUIDANCE_SCALES, STEPS};

use self::size::SizeBounds;
use crate::config::LimitsConfig;
use crate::store::DrawParameters;
pub use crate::store::{Clamped, ClampedParameter, LimitCheck, Refusal};

/// The guidance scale that stands for one that is no number: the prompt counts, nothing is amplified.
const NO_GUIDANCE: f32 = 1.0;

/// The bounds of one installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many jobs of one user may wait or be drawn at once.
    pub queued_per_user: u32,
    /// How many jobs of all users may wait.
    pub max_queued: u32,
    /// How many jobs one user may begin within 24 hours; `None` for any number.
    pub per_day: Option<u32>,
    /// Most denoising steps.
    pub max_steps: u32,
    /// Most pixels of one picture.
    pub max_pixels: u32,
    /// Most pictures of one job.
    pub max_count: u32,
    /// Longest prompt and longest negative prompt, in characters.
    pub max_prompt_chars: usize,
}

impl Limits {
    /// The bounds of the section `[limits]`, and of `queue.max_queued`.
    pub fn new(config: &LimitsConfig, max_queued: u32) -> Self {
        Self {
            queued_per_user: config.queued_per_user,
            max_queued,
            per_day: config.per_day,
            max_steps: config.max_steps,
            max_pixels: config.max_pixels,
            max_count: config.max_count,
            max_prompt_chars: config.max_prompt_chars,
        }
    }

    /// What the job log has to count before it accepts a job.
    pub fn check(&self) -> LimitCheck {
        LimitCheck {
            queued_per_user: self.queued_per_user,
            max_queued: self.max_queued,
            per_day: self.per_day,
        }
    }

    /// Brings every number within its bounds and says which ones had to be changed. Width and height become
    /// multiples of `size_multiple`, which the model names. Prompts are not touched: half a prompt is another prompt.
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
        changes.0
    }
}

#[derive(Default)]
struct Changes(Vec<Clamped>);

impl Changes {
    fn note(&mut self, what: ClampedParameter, asked: String, used: String) {
        if asked != used {
            self.0.push(Clamped { what, asked, used });
        }
    }

    fn set<T: Copy + ToString>(&mut self, what: ClampedParameter, value: &mut T, bound: impl FnOnce(T) -> T) {
        let used = bound(*value);
        self.note(what, value.to_string(), used.to_string());
        *value = used;
    }
}

#[cfg(test)]
mod tests;
