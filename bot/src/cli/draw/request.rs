//! What the options ask for, as requests.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use image::DynamicImage;
use inference::images::{DecodeLimits, Picture, Recipe, decode};
use inference::noise::Variation;
use inference::prompt::PromptSyntax;
use inference::request::{Hires, Source};
use inference::{GenerateRequest, ModelInfo, RequestError, SchedulerName};

use super::args::{DrawArgs, HiresArgs, SourceArgs};
use super::recipe;
use crate::commands::random_seed;
use crate::config::InferenceConfig;
use crate::prompts::normalise_prompt;

/// How much of a source is drawn anew when nobody says it; AUTOMATIC1111's default.
const STRENGTH: f32 = 0.75;
/// How much of an enlarged picture is drawn anew when nobody says it; AUTOMATIC1111's default.
const HIRES_STRENGTH: f32 = 0.7;

/// What the options and the recipe ask for, read and checked as far as that is possible without the model.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    args: &'a DrawArgs,
    recipe: Option<&'a Recipe>,
    config: &'a InferenceConfig,
    scheduler: Option<SchedulerName>,
    source: Option<Source>,
    hires: Option<Hires>,
    pub(super) seed: u64,
}

impl<'a> Wish<'a> {
    /// Reads the pictures that the options name.
    pub(super) fn new(
        args: &'a DrawArgs,
        recipe: Option<&'a Recipe>,
        config: &'a InferenceConfig,
    ) -> anyhow::Result<Self> {
        let source = source(&args.source, recipe)?;
        if let Some(recipe) = recipe {
            recipe::check_source(recipe, source.as_ref())?;
        }
        Ok(Self {
            scheduler: match (args.scheduler, recipe) {
                (None, Some(recipe)) => recipe::scheduler(recipe)?,
                (scheduler, _) => scheduler,
            },
            hires: hires(&args.hires, recipe)?.filter(|_| source.is_none()),
            seed: args
                .seed
                .or(recipe.map(|recipe| recipe.seed))
                .unwrap_or_else(random_seed),
            source,
            args,
            recipe,
            config,
        })
    }

    /// A request for each picture.
    ///
    /// With a variation the pictures have the first seed in common, as in AUTOMATIC1111's web UI.
    ///
    /// # Errors
    /// The recipe cannot be followed.
    pub(super) fn requests(&self, model: &ModelInfo) -> Result<Vec<GenerateRequest>, RequestError> {
        let first = self.first(model)?;
        let numbers = (0..self.args.count).map(u64::from);
        Ok(numbers
            .map(|number| {
                let mut request = first.clone();
                match &mut request.variation {
                    Some(variation) if variation.strength > 0.0 => {
                        variation.seed = variation.seed.wrapping_add(number);
                    }
                    _ => request.seed = request.seed.wrapping_add(number),
                }
                request
            })
            .collect())
    }

    fn first(&self, model: &ModelInfo) -> Result<GenerateRequest, RequestError> {
        let args = self.args;
        let base = match self.recipe {
            Some(recipe) => recipe::request(recipe, model)?,
            None => GenerateRequest {
                prompt_syntax: self.config.prompt_syntax,
                noise_source: self.config.noise,
                ..model.request("", self.seed)
            },
        };
        let typed = |text: &String| {
            if args.plain_prompt {
                text.clone()
            } else {
                normalise_prompt(text)
            }
        };
        let (guidance, noise) = (&args.guidance, &args.noise);
        Ok(GenerateRequest {
            prompt: args.prompt.as_ref().map_or(base.prompt, typed),
            negative_prompt: args.negative.as_ref().map_or(base.negative_prompt, typed),
            width: args.width.unwrap_or(base.width),
            height: args.height.unwrap_or(base.height),
            num_inference_steps: args.steps.unwrap_or(base.num_inference_steps),
            guidance_scale: guidance.guidance.unwrap_or(base.guidance_scale),
            seed: self.seed,
            scheduler: self.scheduler,
            clip_skip: guidance.clip_skip.or(base.clip_skip),
            prompt_syntax: if args.plain_prompt {
                PromptSyntax::Plain
            } else {
                base.prompt_syntax
            },
            noise_source: noise.noise.or(base.noise_source),
            variation: match noise.variation_strength {
                Some(strength) => Some(Variation {
                    seed: noise.variation_seed.unwrap_or_else(random_seed),
                    strength,
                }),
                None => base.variation,
            },
            eta: noise.eta.or(base.eta),
            guidance_rescale: guidance.guidance_rescale.unwrap_or(base.guidance_rescale),
            guidance_interval: match (guidance.guidance_start, guidance.guidance_end) {
                (None, None) => base.guidance_interval,
                (start, end) => Some((start.unwrap_or(0.0), end.unwrap_or(1.0))),
            },
            source: self.source.clone(),
            hires: self.hires,
            // Nobody else sees the picture.
            check_safety: false,
            ..base
        })
    }
}

fn hires(args: &HiresArgs, recipe: Option<&Recipe>) -> anyhow::Result<Option<Hires>> {
    let own = match (args.hires, recipe) {
        (Some(scale), _) => Some(Hires {
            scale,
            strength: HIRES_STRENGTH,
            num_inference_steps: None,
        }),
        (None, Some(recipe)) => recipe::hires(recipe)?,
        (None, None) => None,
    };
    anyhow::ensure!(
        own.is_some() || (args.hires_strength.is_none() && args.hires_steps.is_none()),
        "--hires-strength and --hires-steps need --hires"
    );
    Ok(own.map(|own| Hires {
        scale: own.scale,
        strength: args.hires_strength.unwrap_or(own.strength),
        num_inference_steps: args.hires_steps.or(own.num_inference_steps),
    }))
}

/// Reads the picture to begin with, and the mask.
fn source(args: &SourceArgs, recipe: Option<&Recipe>) -> anyhow::Result<Option<Source>> {
    let Some(path) = &args.source else {
        return Ok(None);
    };
    let of_recipe = recipe.and_then(|recipe| recipe.denoising_strength);
    let mask = match &args.mask {
        Some(path) => Some(Arc::new(DynamicImage::ImageRgb8(picture(path)?.rgb).into_luma8())),
        None => None,
    };
    Ok(Some(Source {
        image: Arc::new(picture(path)?.rgb),
        strength: args.strength.or(of_recipe).unwrap_or(STRENGTH),
        resize: args.resize,
        mask,
    }))
}

fn picture(path: &Path) -> anyhow::Result<Picture> {
    let read = std::fs::read(path).map_err(anyhow::Error::from);
    let decoded = read.and_then(|bytes| Ok(decode(&bytes, &DecodeLimits::default())?));
    decoded.with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use inference::GenerateRequest;
    use inference::models::describe;
    use inference::noise::NoiseSource;
    use inference::prompt::PromptSyntax;

    use super::{DrawArgs, InferenceConfig, Wish, recipe};
    use crate::models;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: DrawArgs,
    }

    /// The requests for the built-in model.
    fn requests(options: &[&str]) -> Result<Vec<GenerateRequest>, String> {
        let config = InferenceConfig {
            models_dir: "nowhere".into(),
            model: "avatar".to_owned(),
            threads: 0,
            max_batch_rows: 8,
            memory_budget_mib: None,
            noise: Some(NoiseSource::Cuda),
            prompt_syntax: PromptSyntax::A1111,
        };
        let line = Line::try_parse_from([&["draw"], options].concat()).map_err(|error| error.to_string())?;
        let recipe = line.args.recipe.as_deref().map(recipe::read).transpose();
        let recipe = recipe.map_err(|error| format!("{error:#}"))?;
        let wish = Wish::new(&line.args, recipe.as_ref(), &config).map_err(|error| format!("{error:#}"))?;
        let (id, source) = models::resolve(&config.models_dir, &config.model).expect("it is built in");
        let model = describe(&id, &source).expect("it is usable");
        wish.requests(&model).map_err(|error| error.to_string())
    }

    fn first(options: &[&str]) -> GenerateRequest {
        requests(options).expect("it makes sense").remove(0)
    }

    #[test]
    fn what_nobody_says_is_the_models_or_the_settings() {
        let request = first(&["ｐｉｎｋ　hair", "--seed", "5"]);
        assert_eq!(
            (request.prompt.as_str(), request.width, request.seed),
            ("pink hair", 128, 5)
        );
        assert_eq!(request.noise_source, Some(NoiseSource::Cuda));
        assert_eq!((request.guidance_interval, request.hires), (None, None));
        let plain = first(&["（a）", "--plain-prompt", "--noise", "cpu"]);
        assert_eq!(plain.prompt, "（a）");
        assert_eq!(
            (plain.prompt_syntax, plain.noise_source),
            (PromptSyntax::Plain, Some(NoiseSource::Cpu))
        );
    }

    #[test]
    fn seeds_count_up_or_variations_do() {
        let seeds = |options: &[&str]| -> Vec<(u64, Option<u64>)> {
            let requests = requests(&[&["x", "--seed", "7", "--count", "2"], options].concat());
            let requests = requests.expect("it makes sense").into_iter();
            requests
                .map(|request| (request.seed, request.variation.map(|variation| variation.seed)))
                .collect()
        };
        assert_eq!(seeds(&[]), [(7, None), (8, None)]);
        let varied = |strength| seeds(&["--variation-seed", "3", "--variation-strength", strength]);
        assert_eq!(varied("0.1"), [(7, Some(3)), (7, Some(4))]);
        assert_eq!(varied("0"), [(7, Some(3)), (8, Some(3))]);
    }

    #[test]
    fn options_overrule_a_recipe() {
        let recipe = "a cat\nSteps: 30, Sampler: DDIM, CFG scale: 7, Seed: 1, Size: 64x64, Denoising strength: 0.4, \
            Hires upscale: 2, Hires upscaler: ESRGAN";
        let with = |options: &[&str]| requests(&[&["--recipe", recipe], options].concat());
        assert!(
            with(&[])
                .expect_err("there is no ESRGAN")
                .contains("--hires SCALE")
        );
        let requests = with(&[
            "--hires",
            "3",
            "--hires-steps",
            "9",
            "--steps",
            "12",
            "--guidance-end",
            "0.5",
        ]);
        let request = requests.expect("it makes sense").remove(0);
        assert_eq!(
            (request.prompt.as_str(), request.num_inference_steps, request.seed),
            ("a cat", 12, 1)
        );
        assert_eq!(request.guidance_interval, Some((0.0, 0.5)));
        let hires = request.hires.expect("a second pass");
        assert_eq!(
            (hires.scale, hires.strength, hires.num_inference_steps),
            (3.0, 0.7, Some(9))
        );
    }

    #[test]
    fn options_that_belong_together() {
        for options in [
            &["x", "--mask", "m.png"][..],
            &["x", "--strength", "0.5"],
            &["x", "--variation-seed", "1"],
            &["x", "--hires-steps", "5"],
            &["x", "--hires", "2", "--source", "s.png"],
            &[],
        ] {
            assert!(requests(options).is_err(), "{options:?}");
        }
    }
}
