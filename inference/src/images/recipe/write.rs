//! From a recipe to its text.

use std::fmt;

use super::{
    HIRES_STRENGTH, HiresRecipe, HiresSize, Recipe, eta_key, prompts,
    syntax::{quote, quote_prompt},
};
use crate::noise::NoiseSource;

/// The line of parameters while it grows.
struct Line(String);

impl Line {
    /// Appends a pair whose value needs no quotes.
    fn push(&mut self, key: &str, value: impl fmt::Display) {
        if !self.0.is_empty() {
            self.0.push_str(", ");
        }
        self.0.push_str(key);
        self.0.push_str(": ");
        self.0.push_str(&value.to_string());
    }

    fn push_some(&mut self, key: &str, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.push(key, value);
        }
    }

    fn push_text(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.push(key, quote(value));
        }
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prompts = prompts::write(&self.prompt, &self.negative_prompt);
        write!(f, "{prompts}\n{}", self.line(&prompts).0)
    }
}

impl Recipe {
    /// The keys in the web UI's order; those that it does not know stand where its extensions write theirs.
    fn line(&self, prompts: &str) -> Line {
        let mut line = Line(String::new());
        line.push("Steps", self.num_inference_steps);
        line.push_text("Sampler", &self.scheduler);
        line.push_some("Schedule type", self.schedule_type.as_deref().map(quote));
        line.push("CFG scale", self.guidance_scale);
        line.push("Seed", self.seed);
        line.push("Size", format_args!("{}x{}", self.width, self.height));
        line.push_text("Model", &self.model_name);
        if let Some(variation) = self.variation {
            line.push("Variation seed", variation.seed);
            line.push("Variation seed strength", variation.strength);
        }
        self.push_strengths(&mut line);
        line.push_some("Clip skip", self.clip_skip);
        // The web UI's own CUDA generator draws the same on every machine, unlike its default, the GPU at hand.
        let generator = match self.noise_source {
            NoiseSource::Cpu => "CPU",
            NoiseSource::Cuda => "NV",
        };
        line.push("RNG", generator);
        line.push_some(eta_key(&self.scheduler), self.eta);
        if self.guidance_rescale != 0.0 {
            line.push("CFG Rescale", self.guidance_rescale);
        }
        let interval = self.guidance_interval;
        line.push_some(
            "Guidance interval",
            interval.map(|(start, end)| format!("{start}-{end}")),
        );
        if let Some(hires) = &self.hires {
            hires.push(&mut line);
        }
        line.push_some("Mask blur", self.mask_blur);
        for (key, value) in &self.other {
            line.push(key, quote(value));
        }
        if prompts::read(prompts) != (self.prompt.clone(), self.negative_prompt.clone()) {
            line.push("Prompt", quote_prompt(&self.prompt));
            line.push("Negative prompt", quote_prompt(&self.negative_prompt));
        }
        line.push_text("Version", &self.version);
        line
    }

    /// One key serves the strength of a source picture and that of a second pass; with both, the latter has its own.
    fn push_strengths(&self, line: &mut Line) {
        let hires = self.hires.as_ref().map(|hires| hires.denoising_strength);
        line.push_some("Denoising strength", self.denoising_strength.or(hires));
        if self.denoising_strength.is_some() {
            line.push_some(HIRES_STRENGTH, hires);
        }
    }
}

impl HiresRecipe {
    fn push(&self, line: &mut Line) {
        match self.size {
            HiresSize::Upscale(scale) => line.push("Hires upscale", scale),
            HiresSize::Resize { width, height } => {
                line.push("Hires resize", format_args!("{width}x{height}"));
            }
        }
        line.push_some("Hires steps", self.num_inference_steps);
        line.push_text("Hires upscaler", &self.upscaler);
    }
}
