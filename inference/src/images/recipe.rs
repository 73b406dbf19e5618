//! What a picture was made from, in the text that AUTOMATIC1111's web UI writes into its PNG files and many tools read.

use std::{borrow::Cow, fmt};

/// Everything that is needed to draw the picture again.
///
/// [`Display`](fmt::Display) is the `parameters` text:
///
/// ```text
/// 1girl, pink hair
/// Negative prompt: blurry
/// Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512, Model: avatar, Version: Ekaki 0.1.0
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// The prompt as the model saw it.
    pub prompt: String,
    /// What to steer away from; its line is left out when it is empty.
    pub negative_prompt: String,
    /// How often the network was asked.
    pub num_inference_steps: u32,
    /// The algorithm by AUTOMATIC1111's name.
    pub scheduler: &'static str,
    /// The weight of the prompt against the negative prompt.
    pub guidance_scale: f32,
    /// The seed of the noise.
    pub seed: u64,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The model's id.
    pub model_name: String,
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.prompt)?;
        if !self.negative_prompt.is_empty() {
            writeln!(f, "Negative prompt: {}", self.negative_prompt)?;
        }
        write!(
            f,
            "Steps: {}, Sampler: {}",
            self.num_inference_steps, self.scheduler
        )?;
        write!(f, ", CFG scale: {}, Seed: {}", self.guidance_scale, self.seed)?;
        write!(
            f,
            ", Size: {}x{}, Model: {}",
            self.width,
            self.height,
            quoted(&self.model_name)
        )?;
        write!(f, ", Version: Ekaki {}", env!("CARGO_PKG_VERSION"))
    }
}

/// A value that would be taken apart at its comma, colon or line break is written as a JSON string.
fn quoted(value: &str) -> Cow<'_, str> {
    if value.contains([',', ':', '\n']) {
        Cow::Owned(serde_json::Value::from(value).to_string())
    } else {
        Cow::Borrowed(value)
    }
}
