//! Stable Diffusion 1.x and 2.x and models of the same build.
//!
//! Folders are read as their exporters write them: optimum's current and older forms, diffusers' own script, ONNX
//! Runtime's demos, in single or half precision, with weights inside or beside the networks. Inputs and outputs are
//! found by name, rank and number type.

mod config;
mod examine;
mod prompt_cache;
mod text_encoder;
mod tiling;
mod unet;
mod vae;
mod vae_decoder;
mod vae_encoder;

use self::config::{INPAINT_CHANNELS, PartConfigs, read_scheduler, read_vocab_size};
pub(super) use self::examine::examine;
use self::text_encoder::{TextEncoder, TextEncoderConfig};
use self::unet::Unet;
use self::vae::VaeConfig;
use self::vae_decoder::VaeDecoder;
use self::vae_encoder::VaeEncoder;
use super::card::Card;
use super::info::Facts;
use super::{
    Conditioning, DiffusionModel, Family, Manifest, ModelInfo, ModelSource, Prediction, PromptInput, Row,
    Task,
};
use crate::error::{InferenceError, LoadError};
use crate::images::RgbImage;
use crate::noise::Noise;
use crate::prompt::Embeddings;
use crate::safety::{SAFETY_CHECKER, SafetyChecker, SafetyVerdict};
use crate::schedulers::Latents;
use crate::session::{OnnxSession, SessionFactory, TextEncoderOptions};

const TEXT_ENCODER: &str = "text_encoder/model.onnx";
const UNET: &str = "unet/model.onnx";
const VAE_DECODER: &str = "vae_decoder/model.onnx";
const VAE_ENCODER: &str = "vae_encoder/model.onnx";

/// Pictures with more pixels go through the autoencoder in tiles, unless they are no larger than one. Up to the largest
/// size that these models are trained at, the picture is the one that diffusers draws without tiles. Measured with
/// Stable Diffusion 1.5 in single precision on the processor, weights included: 512 by 512 pixels take 5.4 GB, 768 by
/// 768 take 8.1 GB (5.6 GB in tiles), 1024 by 1024 would take 9.3 GB.
const MAX_VAE_PIXELS: usize = 768 * 768;

/// A loaded model.
#[derive(Debug)]
pub(super) struct StableDiffusion {
    text_encoder: TextEncoder,
    unet: Unet,
    vae_decoder: VaeDecoder,
    /// Text-to-image does without.
    vae_encoder: Option<VaeEncoder>,
    /// Most folders have none.
    safety_checker: Option<SafetyChecker>,
    memory_bytes: u64,
}

/// Reads every configuration file and looks whether the networks are there.
pub(super) fn inspect(id: &str, source: &ModelSource, task: Task) -> Result<Manifest, LoadError> {
    let configs = PartConfigs::read(source, task)?;
    let scheduler = read_scheduler(source)?;
    for network in [TEXT_ENCODER, UNET, VAE_DECODER] {
        source.network(network)?;
    }
    let facts = Facts {
        family: Family::StableDiffusion,
        scheduler: scheduler.name().name(),
        size_multiple: configs.size_multiple(),
        prediction_type: scheduler.prediction_type().to_string(),
        inpainting: configs.unet_channels() == INPAINT_CHANNELS,
        image_to_image: source.network_optional(VAE_ENCODER)?.is_some(),
        size: configs.size(),
    };
    Ok(Manifest {
        info: ModelInfo::read(id, source, facts)?,
        scheduler,
        memory_bytes: memory_bytes(source),
    })
}

impl StableDiffusion {
    /// Opens the tokenizer and the networks.
    pub(super) fn load(
        source: &ModelSource,
        task: Task,
        factory: &SessionFactory,
    ) -> Result<Self, LoadError> {
        let configs = PartConfigs::read(source, task)?;
        let vae = vae_config(&configs);
        let open = |network: &str| factory.open(&source.network(network)?);
        let tokenizer = source.tokenizer()?;
        let embeddings = Embeddings::read(source)?;
        let text_encoder = open_text_encoder(source, factory, &embeddings)?;
        let unet = Unet::new(open(UNET)?, configs.unet_channels())?;
        let text_encoder_config = TextEncoderConfig {
            tokenizer,
            embeddings,
            table_rows: read_vocab_size(source)?,
            clip_skip: Card::read(source)?.clip_skip.unwrap_or(1),
            max_tokens: unet.tokens(),
        };
        let vae_encoder = match source.network_optional(VAE_ENCODER)? {
            Some(network) => Some(VaeEncoder::new(factory.open(&network)?, vae)?),
            None => None,
        };
        Ok(Self {
            text_encoder: TextEncoder::new(text_encoder, text_encoder_config)?,
            unet,
            vae_decoder: VaeDecoder::new(open(VAE_DECODER)?, vae)?,
            vae_encoder,
            safety_checker: SafetyChecker::of_model(source, factory)?,
            memory_bytes: memory_bytes(source),
        })
    }
}

/// The size of all networks.
fn memory_bytes(source: &ModelSource) -> u64 {
    [TEXT_ENCODER, UNET, VAE_DECODER, VAE_ENCODER, SAFETY_CHECKER]
        .iter()
        .map(|network| source.network_bytes(network))
        .sum()
}

/// The text encoder, as loading and examining want it.
fn open_text_encoder(
    source: &ModelSource,
    factory: &SessionFactory,
    embeddings: &Embeddings,
) -> Result<OnnxSession, LoadError> {
    let options = TextEncoderOptions {
        token_embeddings: (!embeddings.is_empty()).then(|| embeddings.vectors()),
        clip_skip: true,
    };
    factory.open_text_encoder(&source.network(TEXT_ENCODER)?, &options)
}

fn vae_config(configs: &PartConfigs) -> VaeConfig {
    VaeConfig {
        scaling_factor: configs.scaling_factor(),
        max_pixels: MAX_VAE_PIXELS,
        tile_size: configs.tile_size(),
    }
}

impl DiffusionModel for StableDiffusion {
    fn encode_prompt(&mut self, prompt: &PromptInput<'_>) -> Result<Conditioning, InferenceError> {
        self.text_encoder.encode(prompt)
    }

    fn predict_noise(&mut self, rows: &[Row<'_>]) -> Result<Prediction, InferenceError> {
        self.unet.predict(rows)
    }

    fn decode(&mut self, latents: &Latents) -> Result<RgbImage, InferenceError> {
        self.vae_decoder.decode(latents)
    }

    fn encode_image(&mut self, image: &Latents, noise: &mut dyn Noise) -> Result<Latents, InferenceError> {
        match &mut self.vae_encoder {
            Some(vae_encoder) => vae_encoder.encode(image, noise),
            None => Err(InferenceError::Unsupported {
                what: format!("it cannot begin with a picture, because its folder has no {VAE_ENCODER}"),
            }),
        }
    }

    fn check_safety(&mut self, image: &RgbImage) -> Result<Option<SafetyVerdict>, InferenceError> {
        self.safety_checker
            .as_mut()
            .map(|safety_checker| safety_checker.check(image))
            .transpose()
    }

    fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }
}

#[cfg(test)]
mod tests;
