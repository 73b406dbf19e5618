//! What `ekaki draw` prints: a line for each picture, or one JSON object for programs.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use inference::GenerateOutput;
use serde::Serialize;

/// What was drawn. The names of the fields are those of the options, and part of the interface.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    images: Vec<ImageReport>,
    model: String,
    prompt: String,
    negative_prompt: String,
    steps: u32,
    guidance: f32,
    scheduler: String,
    truncated_prompt: bool,
    timings: TimingsReport,
}

#[derive(Debug, Serialize)]
struct ImageReport {
    path: PathBuf,
    seed: u64,
    width: u32,
    height: u32,
}

/// Wall time in milliseconds. Of several pictures, which share their steps, the longest counts.
#[derive(Debug, Serialize)]
struct TimingsReport {
    load_ms: u64,
    encode_ms: u64,
    denoise_ms: u64,
    decode_ms: u64,
    total_ms: u64,
}

/// Wall time of what is not drawing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Until ONNX Runtime and the model were ready.
    pub(super) load_ms: u64,
    /// Until the files were written.
    pub(super) total_ms: u64,
}

impl Report {
    /// Puts together what is known of the pictures in `files`.
    pub(super) fn new(files: Vec<PathBuf>, outputs: &[GenerateOutput], times: Times) -> anyhow::Result<Self> {
        let recipe = outputs.first().context("no picture was drawn")?.recipe.clone();
        let longest = |time: fn(&GenerateOutput) -> u64| outputs.iter().map(time).max().unwrap_or_default();
        let images = files.into_iter().zip(outputs).map(|(path, output)| ImageReport {
            path,
            seed: output.recipe.seed,
            width: output.image.width(),
            height: output.image.height(),
        });
        Ok(Self {
            images: images.collect(),
            model: recipe.model_name,
            prompt: recipe.prompt,
            negative_prompt: recipe.negative_prompt,
            steps: recipe.num_inference_steps,
            guidance: recipe.guidance_scale,
            scheduler: match recipe.schedule_type {
                Some(schedule_type) => format!("{} {schedule_type}", recipe.scheduler),
                None => recipe.scheduler,
            },
            truncated_prompt: outputs.iter().any(|output| output.truncated_prompt),
            timings: TimingsReport {
                load_ms: times.load_ms,
                encode_ms: longest(|output| output.timings.encode_ms),
                denoise_ms: longest(|output| output.timings.denoise_ms),
                decode_ms: longest(|output| output.timings.decode_ms),
                total_ms: times.total_ms,
            },
        })
    }

    /// Prints it on standard output.
    pub(super) fn print(&self, json: bool) -> std::io::Result<()> {
        let mut stdout = std::io::stdout().lock();
        if json {
            return writeln!(stdout, "{}", serde_json::to_string(self)?);
        }
        if self.truncated_prompt {
            let note = "note: the prompt is longer than this model can read; its end had no effect";
            writeln!(std::io::stderr(), "{note}")?;
        }
        for image in &self.images {
            writeln!(stdout, "{}  seed {}", image.path.display(), image.seed)?;
        }
        Ok(())
    }
}
