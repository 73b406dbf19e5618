//! The configuration files of the parts.
//!
//! Keys that only describe the build of a network are in the network itself. What is read here is what the pipeline
//! around it needs, and what would change the picture without the network showing it.

use serde::Deserialize;
use serde_json::Value;

use crate::error::LoadError;
use crate::models::ModelSource;
use crate::pipeline::{LATENT_CHANNELS, VAE_SCALE_FACTOR};
use crate::schedulers::{SchedulerConfig, SchedulerError};

const UNET_CONFIG: &str = "unet/config.json";
const VAE_CONFIG: &str = "vae_decoder/config.json";
const SCHEDULER_CONFIG: &str = "scheduler/scheduler_config.json";

/// Both parts that have a say. Old exports have neither file; the defaults are Stable Diffusion 1's.
#[derive(Debug)]
pub(super) struct PartConfigs {
    unet: UnetConfig,
    vae: VaeConfig,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UnetConfig {
    in_channels: Option<usize>,
    sample_size: Option<SampleSize>,
    block_out_channels: Option<Vec<u32>>,
    // Each of these stands for an input that this family does not have.
    addition_embed_type: Option<Value>,
    class_embed_type: Option<Value>,
    encoder_hid_dim_type: Option<Value>,
    time_cond_proj_dim: Option<Value>,
}

/// In latent pixels.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
enum SampleSize {
    Square(u32),
    HeightWidth(u32, u32),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct VaeConfig {
    scaling_factor: Option<f32>,
    latent_channels: Option<usize>,
    block_out_channels: Option<Vec<u32>>,
    shift_factor: Option<Value>,
    latents_mean: Option<Value>,
    latents_std: Option<Value>,
}

impl PartConfigs {
    pub(super) fn read(source: &ModelSource) -> Result<Self, LoadError> {
        let unet: UnetConfig = source.json_optional(UNET_CONFIG)?.unwrap_or_default();
        let vae: VaeConfig = source.json_optional(VAE_CONFIG)?.unwrap_or_default();
        let channels =
            |count: Option<usize>| count.filter(|&count| count != LATENT_CHANNELS).map(Value::from);
        let levels = vae.block_out_channels.as_ref().map_or(4, Vec::len);
        let scale_factor = (levels != 4).then(|| Value::from(vae.block_out_channels.clone()));
        let scaling_factor = vae
            .scaling_factor
            .filter(|factor| !factor.is_normal())
            .map(Value::from);
        let refused = [
            (UNET_CONFIG, "in_channels", channels(unet.in_channels)),
            (
                UNET_CONFIG,
                "addition_embed_type",
                unet.addition_embed_type.clone(),
            ),
            (UNET_CONFIG, "class_embed_type", unet.class_embed_type.clone()),
            (
                UNET_CONFIG,
                "encoder_hid_dim_type",
                unet.encoder_hid_dim_type.clone(),
            ),
            (UNET_CONFIG, "time_cond_proj_dim", unet.time_cond_proj_dim.clone()),
            (VAE_CONFIG, "latent_channels", channels(vae.latent_channels)),
            (VAE_CONFIG, "block_out_channels", scale_factor),
            (VAE_CONFIG, "scaling_factor", scaling_factor),
            (VAE_CONFIG, "shift_factor", vae.shift_factor.clone()),
            (VAE_CONFIG, "latents_mean", vae.latents_mean.clone()),
            (VAE_CONFIG, "latents_std", vae.latents_std.clone()),
        ];
        match refused
            .into_iter()
            .find_map(|(file, key, value)| Some((file, key, value?)))
        {
            None => Ok(Self { unet, vae }),
            Some((file, key, value)) => Err(unsupported(source, file, key, value.to_string())),
        }
    }

    /// What latents are divided by before they are decoded.
    pub(super) fn scaling_factor(&self) -> f32 {
        self.vae.scaling_factor.unwrap_or(0.18215)
    }

    /// The UNet halves its input between its levels, and an exported one cannot deal with a remainder.
    pub(super) fn size_multiple(&self) -> u32 {
        let levels = self.unet.block_out_channels.as_ref().map_or(4, Vec::len);
        VAE_SCALE_FACTOR << levels.saturating_sub(1).min(8)
    }

    /// Width and height that the UNet was trained at, in pixels.
    pub(super) fn size(&self) -> (u32, u32) {
        let (height, width) = match self.unet.sample_size {
            None => (64, 64),
            Some(SampleSize::Square(side)) => (side, side),
            Some(SampleSize::HeightWidth(height, width)) => (height, width),
        };
        (
            width.saturating_mul(VAE_SCALE_FACTOR),
            height.saturating_mul(VAE_SCALE_FACTOR),
        )
    }
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
