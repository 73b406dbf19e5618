//! The options of `ekaki draw`.

use std::path::PathBuf;

use clap::Args;
use inference::images::ResizeMode;
use inference::noise::NoiseSource;
use inference::{Provider, SchedulerName};

/// `ekaki draw …`
#[derive(Debug, Args)]
pub(in crate::cli) struct DrawArgs {
    /// What to draw
    #[arg(required_unless_present = "recipe")]
    pub(super) prompt: Option<String>,
    /// The file to write, .png, .webp or .jpg [default: ekaki-SEED.png]; several become name-1.png, name-2.png, …
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Id of a model or path of its folder [default: inference.model of the settings]
    #[arg(long, value_name = "ID or FOLDER")]
    pub(super) model: Option<String>,
    /// What should not be in the picture
    #[arg(long, value_name = "TEXT")]
    pub(super) negative: Option<String>,
    /// Width in pixels [default: the model's]
    #[arg(long, value_name = "PIXELS")]
    pub(super) width: Option<u32>,
    /// Height in pixels [default: the model's]
    #[arg(long, value_name = "PIXELS")]
    pub(super) height: Option<u32>,
    /// How often the picture is refined [default: the model's]
    #[arg(long)]
    pub(super) steps: Option<u32>,
    /// The same seed and settings give the same picture [default: a random one]
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// How many pictures, with the seeds seed, seed + 1, …; with a variation, that seed counts up instead
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) count: u32,
    /// A name like "DPM++ 2M Karras" or a class of diffusers [default: the model's]
    #[arg(long, value_name = "NAME")]
    pub(super) scheduler: Option<SchedulerName>,
    /// Draw a picture again: its PNG, WebP or JPEG file, or its recipe as a text; other options change it
    #[arg(long, value_name = "FILE or TEXT")]
    pub(super) recipe: Option<String>,
    /// Take the prompt exactly as it is: brackets are brackets, and what is too long is cut off
    #[arg(long)]
    pub(super) plain_prompt: bool,
    /// What computes: auto, cpu, cuda or directml [default: runtime.provider of the settings]
    #[arg(long)]
    pub(super) provider: Option<Provider>,
    /// Print one JSON object instead of text and picture
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(super) guidance: GuidanceArgs,
    #[command(flatten)]
    pub(super) noise: NoiseArgs,
    #[command(flatten)]
    pub(super) source: SourceArgs,
    #[command(flatten)]
    pub(super) hires: HiresArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "How the prompt is followed")]
pub(super) struct GuidanceArgs {
    /// How closely the picture follows the prompt [default: the model's]
    #[arg(long)]
    pub(super) guidance: Option<f32>,
    /// How far the contrast that guidance adds is taken back, 0 to 1 [default: 0]
    #[arg(long, value_name = "FRACTION")]
    pub(super) guidance_rescale: Option<f32>,
    /// Guidance begins after this part of the steps [default: 0]
    #[arg(long, value_name = "FRACTION")]
    pub(super) guidance_start: Option<f32>,
    /// Guidance ends after this part of the steps [default: 1]
    #[arg(long, value_name = "FRACTION")]
    pub(super) guidance_end: Option<f32>,
    /// The text encoder's layer that is read, counted from the end: 1 is the last [default: the model's]
    #[arg(long, value_name = "NUMBER")]
    pub(super) clip_skip: Option<u32>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Noise")]
pub(super) struct NoiseArgs {
    /// Whose random numbers a seed stands for, torch's for the cpu or for cuda [default: the model's]
    #[arg(long, value_name = "cpu|cuda")]
    pub(super) noise: Option<NoiseSource>,
    /// A second seed, of which the picture gets a little [default: a random one]
    #[arg(long, value_name = "SEED", requires = "variation_strength")]
    pub(super) variation_seed: Option<u64>,
    /// How much of the second seed, 0 to 1
    #[arg(long, value_name = "FRACTION")]
    pub(super) variation_strength: Option<f32>,
    /// How much noise DDIM and TCD add again, 0 to 1 [default: the scheduler's]
    #[arg(long, value_name = "FRACTION")]
    pub(super) eta: Option<f32>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Beginning with a picture")]
pub(super) struct SourceArgs {
    /// The picture to begin with: a PNG, JPEG, WebP or GIF file
    #[arg(long, value_name = "FILE")]
    pub(super) source: Option<PathBuf>,
    /// How much of it is drawn anew, 0 to 1 [default: 0.75]
    #[arg(long, value_name = "FRACTION", requires = "source")]
    pub(super) strength: Option<f32>,
    /// How it is made to fit
    #[arg(
        long,
        value_name = "crop|stretch|fill",
        default_value = "crop",
        requires = "source"
    )]
    pub(super) resize: ResizeMode,
    /// Draw only where this picture is white; it is as large as the other one
    #[arg(long, value_name = "FILE", requires = "source")]
    pub(super) mask: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Second pass")]
pub(super) struct HiresArgs {
    /// Draw small, then so many times larger
    #[arg(long, value_name = "SCALE", conflicts_with = "source")]
    pub(super) hires: Option<f32>,
    /// How much of the enlarged picture is drawn anew, 0 to 1 [default: 0.7]
    #[arg(long, value_name = "FRACTION")]
    pub(super) hires_strength: Option<f32>,
    /// Steps of the second pass [default: as many as in the first]
    #[arg(long, value_name = "STEPS")]
    pub(super) hires_steps: Option<u32>,
}
