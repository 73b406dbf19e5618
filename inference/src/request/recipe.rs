//! Between a request and the recipe that is written into its picture.

use super::{GenerateRequest, Hires, RequestError};
use crate::images::{HiresRecipe, HiresSize, LatentUpscaler, Recipe};
use crate::models::ModelInfo;
use crate::prompt::PromptSyntax;
use crate::schedulers::SchedulerName;

/// The web UI's key for what brackets do in a prompt.
const EMPHASIS: &str = "Emphasis";
/// Its value when they do nothing.
const NO_EMPHASIS: &str = "None";

impl GenerateRequest {
    /// The recipe of the picture, which this model draws with this scheduler. What the request leaves to the model is
    /// in it as well: it may be followed elsewhere.
    pub(crate) fn recipe(&self, model: &ModelInfo, scheduler: SchedulerName) -> Recipe {
        let plain = self.prompt_syntax == PromptSyntax::Plain;
        let emphasis = plain.then(|| (EMPHASIS.to_owned(), NO_EMPHASIS.to_owned()));
        let source = self.source.as_ref();
        Recipe {
            prompt: self.prompt.clone(),
            negative_prompt: self.negative_prompt.clone(),
            num_inference_steps: self.num_inference_steps,
            scheduler: scheduler.sampler().to_owned(),
            schedule_type: scheduler.schedule_type().map(str::to_owned),
            guidance_scale: self.guidance_scale,
            guidance_rescale: self.guidance_rescale,
            guidance_interval: self.guidance_interval,
            eta: self.eta,
            seed: self.seed,
            noise_source: self.noise_source.unwrap_or(model.noise),
            variation: self.variation,
            width: self.width,
            height: self.height,
            model_name: model.id.clone(),
            // The web UI leaves out what is its default.
            clip_skip: self.clip_skip.or(model.clip_skip).filter(|&skip| skip > 1),
            denoising_strength: source.map(|source| source.strength),
            mask_blur: source.and_then(|source| source.mask.as_ref()).map(|_| 0),
            hires: self.hires.map(Hires::recipe),
            other: emphasis.into_iter().collect(),
            ..Recipe::default()
        }
    }

    /// What draws the picture of a recipe again with this model.
    ///
    /// A recipe does not have the picture that another one began with; whoever has it adds the `source`, with the
    /// recipe's denoising strength.
    ///
    /// # Errors
    /// The recipe names a scheduler or an upscaler that is not known. What is out of bounds is found by
    /// [`validate`](Self::validate).
    pub fn from_recipe(recipe: &Recipe, model: &ModelInfo) -> Result<Self, RequestError> {
        let plain = |(key, value): &(String, String)| key == EMPHASIS && value == NO_EMPHASIS;
        let prompt_syntax = if recipe.other.iter().any(plain) {
            PromptSyntax::Plain
        } else {
            PromptSyntax::A1111
        };
        Ok(Self {
            model: model.id.clone(),
            prompt: recipe.prompt.clone(),
            negative_prompt: recipe.negative_prompt.clone(),
            width: recipe.width,
            height: recipe.height,
            num_inference_steps: recipe.num_inference_steps,
            guidance_scale: recipe.guidance_scale,
            seed: recipe.seed,
            scheduler: scheduler(recipe, model)?,
            // A recipe without the key was drawn with all layers, whatever this model's default is.
            clip_skip: Some(recipe.clip_skip.unwrap_or(1)),
            prompt_syntax,
            noise_source: Some(recipe.noise_source),
            variation: recipe.variation,
            eta: recipe.eta,
            guidance_rescale: recipe.guidance_rescale,
            guidance_interval: recipe.guidance_interval,
            hires: recipe
                .hires
                .as_ref()
                .map(|hires| Hires::from_recipe(recipe, hires))
                .transpose()?,
            ..Self::default()
        })
    }
}

impl Hires {
    fn recipe(self) -> HiresRecipe {
        HiresRecipe {
            size: HiresSize::Upscale(self.scale),
            num_inference_steps: self.num_inference_steps,
            denoising_strength: self.strength,
            upscaler: LatentUpscaler::default().name().to_owned(),
        }
    }

    fn from_recipe(recipe: &Recipe, hires: &HiresRecipe) -> Result<Self, RequestError> {
        if hires.upscaler != LatentUpscaler::default().name() {
            return Err(RequestError::HiresUpscaler {
                upscaler: hires.upscaler.clone(),
            });
        }
        let scale = match hires.size {
            HiresSize::Upscale(scale) => scale,
            // The web UI cuts off what is too much of one side; a side of 0 follows from the other.
            HiresSize::Resize { width, height } => {
                let ratio = |to: u32, from: u32| to as f32 / from.max(1) as f32;
                ratio(width, recipe.width).max(ratio(height, recipe.height))
            }
        };
        Ok(Self {
            scale,
            strength: hires.denoising_strength,
            num_inference_steps: hires.num_inference_steps,
        })
    }
}

/// The model's own scheduler is left to the model, which may have settings that its name does not tell.
fn scheduler(recipe: &Recipe, model: &ModelInfo) -> Result<Option<SchedulerName>, RequestError> {
    if recipe.scheduler.is_empty() {
        return Ok(None);
    }
    let name =
        SchedulerName::from_sampler(&recipe.scheduler, recipe.schedule_type.as_deref()).map_err(|error| {
            RequestError::Scheduler {
                reason: error.to_string(),
            }
        })?;
    Ok((name.name() != model.scheduler).then_some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{ModelSource, inspect};
    use crate::noise::{NoiseSource, Variation};

    fn model() -> ModelInfo {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/tiny");
        inspect("tiny", &ModelSource::Folder(folder.into())).unwrap().info
    }

    fn text(request: &GenerateRequest) -> String {
        let model = model();
        let name = request
            .scheduler
            .unwrap_or_else(|| model.scheduler.parse().unwrap());
        request.recipe(&model, name).to_string()
    }

    /// Everything that a recipe can tell.
    fn request() -> GenerateRequest {
        GenerateRequest {
            model: "tiny".into(),
            prompt: "a (cat:1.3)\nBREAK 猫".into(),
            negative_prompt: "blurry, [dog]".into(),
            width: 128,
            height: 192,
            num_inference_steps: 12,
            guidance_scale: 4.5,
            seed: u64::MAX,
            scheduler: Some("DPM++ 2M Karras".parse().unwrap()),
            clip_skip: Some(2),
            prompt_syntax: PromptSyntax::Plain,
            noise_source: Some(NoiseSource::Cuda),
            variation: Some(Variation {
                seed: 7,
                strength: 0.25,
            }),
            eta: Some(0.5),
            guidance_rescale: 0.7,
            guidance_interval: Some((0.2, 0.8)),
            hires: Some(Hires {
                scale: 1.5,
                strength: 0.6,
                num_inference_steps: Some(8),
            }),
            ..GenerateRequest::default()
        }
    }

    #[test]
    fn text_and_back() {
        let check = |request: GenerateRequest| {
            let recipe: Recipe = text(&request).parse().unwrap();
            assert_eq!(GenerateRequest::from_recipe(&recipe, &model()), Ok(request));
        };
        check(request());
        check(GenerateRequest {
            model: "tiny".into(),
            prompt: "a cat".into(),
            clip_skip: Some(1),
            noise_source: Some(NoiseSource::Cpu),
            ..GenerateRequest::default()
        });
    }

    #[test]
    fn what_the_web_ui_has_written() {
        let recipe: Recipe =
            "a cat\nSteps: 30, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x768, Denoising \
            strength: 0.4, Hires resize: 0x1536, Hires upscaler: Latent"
                .parse()
                .unwrap();
        let request = GenerateRequest::from_recipe(&recipe, &model()).unwrap();
        let expected = Hires {
            scale: 2.0,
            strength: 0.4,
            num_inference_steps: None,
        };
        assert_eq!(request.hires, Some(expected));
        assert_eq!(request.scheduler.map(SchedulerName::name), Some("Euler a"));
        assert_eq!(request.noise_source, Some(NoiseSource::Cuda));
    }

    #[test]
    fn an_upscaler_that_is_not_here() {
        let recipe: Recipe =
            "a cat\nSteps: 30, Seed: 5, Size: 512x768, Denoising strength: 0.4, Hires upscale: 2, \
            Hires upscaler: ESRGAN_4x"
                .parse()
                .unwrap();
        let error = GenerateRequest::from_recipe(&recipe, &model()).unwrap_err();
        insta::assert_snapshot!(error, @r#"the picture cannot be enlarged with "ESRGAN_4x""#);
    }

    #[test]
    fn a_scheduler_that_nobody_knows() {
        let recipe = Recipe {
            scheduler: "Restart".into(),
            ..Recipe::default()
        };
        let error = GenerateRequest::from_recipe(&recipe, &model())
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("the scheduler cannot be used: unknown scheduler"),
            "{error}"
        );
    }
}
