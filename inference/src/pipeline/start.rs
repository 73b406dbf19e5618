//! What a pass begins with: noise, or a picture with noise.
//!
//! The order in which the generator is asked is that of diffusers' pipelines, because every number that is drawn
//! changes all that follow.

use ndarray::{Axis, concatenate};

use super::denoising::{Blend, Denoising, Inpaint};
use super::plan::Pass;
use crate::error::InferenceError;
use crate::images::{self, GrayImage, RgbImage};
use crate::models::DiffusionModel;
use crate::noise::{self, Noise, NoiseDtype, NoiseSource, Variation};
use crate::request::Source;
use crate::schedulers::Latents;

/// Who helps to begin a pass.
pub(super) struct Starter<'a> {
    pub(super) model: &'a mut dyn DiffusionModel,
    pub(super) noise: &'a mut dyn Noise,
    /// Whether the UNet has channels for a mask and a masked picture.
    pub(super) inpainting: bool,
}

/// What is there before the pass.
pub(super) enum Init<'a> {
    /// Nothing but the noise, which may be mixed with that of a second seed.
    Noise(Option<Variant>),
    /// A picture, and again perhaps a second seed.
    Picture(&'a Canvas, Option<Variant>),
    /// The latents of the pass before.
    Latents(Latents),
}

/// The second seed of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Variant {
    pub(super) variation: Variation,
    pub(super) source: NoiseSource,
}

/// The picture to begin with and its mask, in the size that is drawn.
#[derive(Debug)]
pub(super) struct Canvas {
    image: RgbImage,
    mask: Option<GrayImage>,
    strength: f32,
}

impl Canvas {
    pub(super) fn new(source: &Source, pass: &Pass) -> Self {
        let (width, height) = (pass.width, pass.height);
        Self {
            image: images::resize(&source.image, width, height, source.resize),
            mask: source
                .mask
                .as_ref()
                .map(|mask| images::resize_mask(mask, width, height, source.resize)),
            strength: source.strength,
        }
    }

    /// The finished picture: what is not drawn anew is not even changed by the autoencoder.
    pub(super) fn put_back(&self, drawn: RgbImage) -> Result<RgbImage, InferenceError> {
        let Some(mask) = &self.mask else {
            return Ok(drawn);
        };
        images::paste_masked(&self.image, &drawn, mask).map_err(|error| InferenceError::Internal {
            reason: error.to_string(),
        })
    }

    /// Whether diffusers begins with nothing but noise: a mask, and all under it is drawn anew.
    fn begins_with_noise(&self, inpainting: bool) -> bool {
        (inpainting || self.mask.is_some()) && self.strength >= 1.0
    }
}

impl Starter<'_> {
    /// Asks the generator for the noise, and the autoencoder for the latents of the picture.
    pub(super) fn start(&mut self, pass: Pass, init: Init<'_>) -> Result<Denoising, InferenceError> {
        let begins_with_noise = match &init {
            Init::Noise(_) => true,
            Init::Picture(canvas, _) => canvas.begins_with_noise(self.inpainting),
            Init::Latents(_) => false,
        };
        let (canvas, variant) = match &init {
            Init::Noise(variant) => (None, *variant),
            Init::Picture(canvas, variant) => (Some(*canvas), *variant),
            Init::Latents(_) => (None, None),
        };
        let init_latents = match init {
            Init::Picture(canvas, _) if !(self.inpainting && begins_with_noise) => {
                let picture = images::tensor_from_rgb(&canvas.image);
                Some(self.model.encode_image(&picture, self.noise)?)
            }
            Init::Latents(latents) => Some(latents),
            Init::Noise(_) | Init::Picture(..) => None,
        };
        let noise = self.first_noise(&pass, variant);
        let latents = match &init_latents {
            Some(latents) if !begins_with_noise => pass.scheduler.add_noise(latents, &noise, pass.begin),
            _ => &noise * pass.scheduler.init_noise_sigma(),
        };
        let inpaint = if self.inpainting {
            Some(Inpaint::Channels(self.channels(&pass, canvas)?))
        } else {
            let mask = canvas.and_then(|canvas| canvas.mask.as_ref());
            mask.zip(init_latents)
                .map(|(mask, latents)| self.blend(&pass, mask, latents, noise))
        };
        Ok(Denoising::new(pass, latents, inpaint))
    }

    fn first_noise(&mut self, pass: &Pass, variant: Option<Variant>) -> Latents {
        let noise = self.noise.randn(pass.shape());
        let Some(Variant { variation, source }) = variant else {
            return noise;
        };
        let other = noise::generator(source, NoiseDtype::F32, variation.seed).randn(pass.shape());
        noise::slerp(variation.strength, &noise, &other)
    }

    /// What an inpainting UNet sees beside the latents. Without a mask everything is masked, and the masked picture is
    /// all gray; that is also what AUTOMATIC1111's web UI gives to such a model for a prompt alone.
    fn channels(&mut self, pass: &Pass, canvas: Option<&Canvas>) -> Result<Latents, InferenceError> {
        let size = (pass.height as usize, pass.width as usize);
        let (_, _, height, width) = pass.shape();
        let masked = canvas.and_then(|canvas| Some((&canvas.image, canvas.mask.as_ref()?)));
        let (picture, mask) = match masked {
            Some((image, mask)) => {
                let mask = images::tensor_from_mask(mask);
                let picture = images::tensor_from_rgb(image) * (1.0 - &mask);
                (picture, images::shrink_mask(&mask, height, width))
            }
            None => (
                Latents::zeros((1, 3, size.0, size.1)),
                Latents::ones((1, 1, height, width)),
            ),
        };
        let picture = self.model.encode_image(&picture, self.noise)?;
        concatenate(Axis(1), &[mask.view(), picture.view()]).map_err(|error| InferenceError::Internal {
            reason: format!("the masked picture does not fit its mask: {error}"),
        })
    }

    /// diffusers encodes the masked picture for such a UNet too, which does not look at it. That takes numbers from the
    /// generator, and so it is done here.
    fn blend(&mut self, pass: &Pass, mask: &GrayImage, init_latents: Latents, noise: Latents) -> Inpaint {
        self.noise.randn(pass.shape());
        let (_, _, height, width) = pass.shape();
        let mask = images::shrink_mask(&images::tensor_from_mask(mask), height, width);
        Inpaint::Blend(Blend {
            mask,
            init_latents,
            noise,
        })
    }
}
