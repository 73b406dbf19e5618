//! The configuration files of the parts.
//!
//! Keys that only describe the build of a network are in the network itself. What is read here is what the pipeline
//! around it needs, and what would change the picture without the network showing it.

use serde::Deserialize;
use serde_json::Value;

use crate::error::LoadError;
use crate::models::{ModelSource, Task};
use crate::pipeline::{LATENT_CHANNELS, VAE_SCALE_FACTOR};
use crate::request::SIZES;
use crate::schedulers::{SchedulerConfig, SchedulerError};

const UNET_CONFIG: &str = "unet/config.json";
/// Exports of the whole autoencoder into one folder have its configuration there.
const VAE_CONFIGS: [&str; 3] = [
    "vae_decoder/config.json",
    "vae_encoder/config.json",
    "vae/config.json",
];
const SCHEDULER_CONFIG: &str = "scheduler/scheduler_config.json";

/// The channels of an inpainting UNet: the sample, the mask, and the latents of the picture without what is masked.
pub(super) const INPAINT_CHANNELS: usize = LATENT_CHANNELS + 1 + LATENT_CHANNELS;

/// How often a UNet may halve its input; Stable Diffusion's does it three times.
const MAX_LEVELS: usize = 6;

/// Both parts that have a say. Old exports have neither file; the defaults are Stable Diffusion 1's.
#[derive(Debug)]
pub(super) struct PartConfigs {
    task: Task,
    unet: UnetConfig,
    vae: VaeConfig,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UnetConfig {
    in_channels: Option<usize>,
    out_channels: Option<usize>,
    sample_size: Option<SampleSize>,
    block_out_channels: Option<Vec<u32>>,
    // Each of these stands for an input that this family does not have.
    addition_embed_type: Option<Value>,
    class_embed_type: Option<Value>,
    encoder_hid_dim_type: Option<Value>,
    time_cond_proj_dim: Option<Value>,
}

/// In the pixels of what the network reads or writes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(
    untagged,
    expecting = "`sample_size` is neither a number nor a height and a width"
)]
enum SampleSize {
    Square(u32),
    HeightWidth(u32, u32),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct VaeConfig {
    scaling_factor: Option<f32>,
    latent_channels: Option<usize>,
    sample_size: Option<SampleSize>,
    block_out_channels: Option<Vec<u32>>,
    shift_factor: Option<Value>,
    latents_mean: Option<Value>,
    latents_std: Option<Value>,
}

impl PartConfigs {
    pub(super) fn read(source: &ModelSource, task: Task) -> Result<Self, LoadError> {
        let unet: UnetConfig = source.json_optional(UNET_CONFIG)?.unwrap_or_default();
        unet.check().map_err(|key| key.refused(source, UNET_CONFIG))?;
        for file in VAE_CONFIGS {
            if let Some(vae) = source.json_optional::<VaeConfig>(file)? {
                vae.check().map_err(|key| key.refused(source, file))?;
                return Ok(Self { task, unet, vae });
            }
        }
        let vae = VaeConfig::default();
        Ok(Self { task, unet, vae })
    }

    /// What latents are divided by before they are decoded.
    pub(super) fn scaling_factor(&self) -> f32 {
        self.vae.scaling_factor.unwrap_or(0.18215)
    }

    /// How many channels the UNet reads.
    pub(super) fn unet_channels(&self) -> usize {
        self.unet.in_channels.unwrap_or(match self.task {
            Task::Draw => LATENT_CHANNELS,
            Task::Inpaint => INPAINT_CHANNELS,
        })
    }

    /// The UNet halves its input between its levels, and an exported one cannot deal with a remainder.
    pub(super) fn size_multiple(&self) -> u32 {
        let levels = self.unet.block_out_channels.as_ref().map_or(4, Vec::len);
        VAE_SCALE_FACTOR << levels.saturating_sub(1).min(MAX_LEVELS)
    }

    /// Width and height that the UNet was trained at, in pixels, or the nearest below that it can draw.
    pub(super) fn size(&self) -> (u32, u32) {
        let (height, width) = match self.unet.sample_size {
            None => (64, 64),
            Some(size) => size.height_width(),
        };
        let multiple = self.size_multiple();
        let pixels = |latents: u32| {
            let side = latents.saturating_mul(VAE_SCALE_FACTOR);
            (side - side % multiple).max(multiple)
        };
        (pixels(width), pixels(height))
    }

    /// The side of the tiles in which the autoencoder works on large pictures, in pixels: the size that it was trained
    /// at, as in diffusers. Tiny ones would show.
    pub(super) fn tile_size(&self) -> usize {
        self.vae
            .sample_size
            .map(|size| size.height_width().0 as usize)
            .filter(|side| (256..=1024).contains(side) && side.is_multiple_of(32))
            .unwrap_or(512)
    }
}

/// A key with a value that would draw something else, or nothing.
struct Refused {
    key: &'static str,
    value: Value,
}

impl Refused {
    fn refused(self, source: &ModelSource, file: &str) -> LoadError {
        unsupported(source, file, self.key, self.value.to_string())
    }
}

/// The first key that has a value.
fn refuse<const N: usize>(keys: [(&'static str, Option<Value>); N]) -> Result<(), Refused> {
    match keys.into_iter().find_map(|(key, value)| Some((key, value?))) {
        None => Ok(()),
        Some((key, value)) => Err(Refused { key, value }),
    }
}

impl UnetConfig {
    fn check(&self) -> Result<(), Refused> {
        let known = [LATENT_CHANNELS, INPAINT_CHANNELS];
        let in_channels = self.in_channels.filter(|count| !known.contains(count));
        let levels = self.block_out_channels.as_ref();
        let levels = levels.filter(|levels| !(1..=MAX_LEVELS).contains(&levels.len()));
        let sample_size = self.sample_size.filter(|size| !size.is_drawable());
        refuse([
            ("in_channels", in_channels.map(Value::from)),
            ("out_channels", other_channels(self.out_channels)),
            ("block_out_channels", levels.cloned().map(Value::from)),
            ("sample_size", sample_size.map(|size| size.to_value())),
            ("addition_embed_type", self.addition_embed_type.clone()),
            ("class_embed_type", self.class_embed_type.clone()),
            ("encoder_hid_dim_type", self.encoder_hid_dim_type.clone()),
            ("time_cond_proj_dim", self.time_cond_proj_dim.clone()),
        ])
    }
}

impl VaeConfig {
    fn check(&self) -> Result<(), Refused> {
        let levels = self
            .block_out_channels
            .as_ref()
            .filter(|levels| levels.len() != 4);
        let reasonable = 1e-3..=1e3_f32;
        let scaling_factor = self.scaling_factor.filter(|factor| !reasonable.contains(factor));
        refuse([
            ("latent_channels", other_channels(self.latent_channels)),
            ("block_out_channels", levels.cloned().map(Value::from)),
            ("scaling_factor", scaling_factor.map(Value::from)),
            ("shift_factor", self.shift_factor.clone()),
            ("latents_mean", self.latents_mean.clone()),
            ("latents_std", self.latents_std.clone()),
        ])
    }
}

/// A number of channels that latents do not have.
fn other_channels(count: Option<usize>) -> Option<Value> {
    count.filter(|&count| count != LATENT_CHANNELS).map(Value::from)
}

impl SampleSize {
    fn height_width(self) -> (u32, u32) {
        match self {
            Self::Square(side) => (side, side),
            Self::HeightWidth(height, width) => (height, width),
        }
    }

    /// Whether latents of this size are a picture that can be asked for.
    fn is_drawable(self) -> bool {
        let (height, width) = self.height_width();
        [height, width]
            .into_iter()
            .all(|side| SIZES.contains(&side.saturating_mul(VAE_SCALE_FACTOR)))
    }

    fn to_value(self) -> Value {
        match self {
            Self::Square(side) => Value::from(side),
            Self::HeightWidth(height, width) => Value::from(vec![height, width]),
        }
    }
}

/// How many rows the table of token embeddings has, where the folder says so.
pub(super) fn read_vocab_size(source: &ModelSource) -> Result<Option<usize>, LoadError> {
    #[derive(Deserialize)]
    struct TextEncoderConfig {
        vocab_size: Option<usize>,
    }
    let config: Option<TextEncoderConfig> = source.json_optional("text_encoder/config.json")?;
    Ok(config.and_then(|config| config.vocab_size))
}

/// Reads the model's own scheduler.
pub(super) fn read_scheduler(source: &ModelSource) -> Result<SchedulerConfig, LoadError> {
    let json = source.read(SCHEDULER_CONFIG)?;
    // diffusers' pipeline of this family overrules both, whatever the folder says: early folders have them wrong.
    let overrides = [
        ("steps_offset", Value::from(1)),
        ("clip_sample", Value::from(false)),
    ];
    SchedulerConfig::from_json_with(&String::from_utf8_lossy(&json), overrides).map_err(|error| match error {
        SchedulerError::UnsupportedKey { key, value } => unsupported(source, SCHEDULER_CONFIG, &key, value),
        other => source.corrupt(SCHEDULER_CONFIG, other.to_string()),
    })
}

fn unsupported(source: &ModelSource, file: &str, key: &str, value: String) -> LoadError {
    LoadError::UnsupportedKey {
        path: source.path(file),
        key: key.to_owned(),
        value,
    }
}
