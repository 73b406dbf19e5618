//! Stable Diffusion 1.x and 2.x and models of the same build.

mod config;
mod text_encoder;
mod unet;
mod vae_decoder;

use self::config::{PartConfigs, read_scheduler};
use self::text_encoder::TextEncoder;
use self::unet::Unet;
use self::vae_decoder::VaeDecoder;
use super::info::Facts;
use super::{Conditioning, DiffusionModel, Family, Manifest, ModelInfo, ModelSource, Prediction, Row};
use crate::error::{InferenceError, LoadError};
use crate::images::RgbImage;
use crate::schedulers::Latents;
use crate::session::{SessionFactory, TextEncoderOptions};

const TEXT_ENCODER: &str = "text_encoder/model.onnx";
const UNET: &str = "unet/model.onnx";
const VAE_DECODER: &str = "vae_decoder/model.onnx";

/// A loaded model.
#[derive(Debug)]
pub(super) struct StableDiffusion {
    text_encoder: TextEncoder,
    unet: Unet,
    vae_decoder: VaeDecoder,
}

/// Reads every configuration file and looks whether the networks are there.
pub(super) fn inspect(id: &str, source: &ModelSource) -> Result<Manifest, LoadError> {
    let configs = PartConfigs::read(source)?;
    let scheduler = read_scheduler(source)?;
    for network in [TEXT_ENCODER, UNET, VAE_DECODER] {
        source.network(network)?;
    }
    let facts = Facts {
        family: Family::StableDiffusion,
        scheduler: scheduler.name().name(),
        size_multiple: configs.size_multiple(),
        size: configs.size(),
    };
    Ok(Manifest {
        info: ModelInfo::read(id, source, &facts)?,
        scheduler,
    })
}

impl StableDiffusion {
    /// Opens the tokenizer and the networks.
    pub(super) fn load(source: &ModelSource, factory: &SessionFactory) -> Result<Self, LoadError> {
        let configs = PartConfigs::read(source)?;
        let tokenizer = source.tokenizer()?;
        let options = TextEncoderOptions {
            clip_skip: true,
            ..TextEncoderOptions::default()
        };
        let text_encoder = factory.open_text_encoder(&source.network(TEXT_ENCODER)?, &options)?;
        let unet = factory.open(&source.network(UNET)?)?;
        let vae_decoder = factory.open(&source.network(VAE_DECODER)?)?;
        Ok(Self {
            text_encoder: TextEncoder::new(tokenizer, text_encoder)?,
            unet: Unet::new(unet)?,
            vae_decoder: VaeDecoder::new(vae_decoder, configs.scaling_factor())?,
        })
    }
}

impl DiffusionModel for StableDiffusion {
    fn encode_prompt(&mut self, prompt: &str) -> Result<Conditioning, InferenceError> {
        self.text_encoder.encode(prompt)
    }

    fn predict_noise(&mut self, rows: &[Row<'_>]) -> Result<Prediction, InferenceError> {
        self.unet.predict(rows)
    }

    fn decode(&mut self, latents: &Latents) -> Result<RgbImage, InferenceError> {
        self.vae_decoder.decode(latents)
    }
}
