//! `--recipe`: what a picture was made from, back into a request.

use std::path::Path;

use anyhow::Context as _;
use inference::images::{DecodeLimits, HiresRecipe, HiresSize, ImageError, LatentUpscaler, Recipe, decode};
use inference::request::{Hires, Source};
use inference::{GenerateRequest, ModelInfo, RequestError, SchedulerName};

use crate::config::InferenceConfig;
use crate::models;

/// Reads a recipe out of a picture, out of a file with its text, or takes it as it is.
pub(super) fn read(text: &str) -> anyhow::Result<Recipe> {
    let path = Path::new(text);
    if path.is_file() {
        let name = path.display();
        return from_file(path).with_context(|| format!("cannot read a recipe from {name}"));
    }
    text.parse()
        .with_context(|| format!("\"{text}\" is neither a file nor a recipe"))
}

fn from_file(path: &Path) -> anyhow::Result<Recipe> {
    let bytes = std::fs::read(path)?;
    let text = match decode(&bytes, &DecodeLimits::default()) {
        Ok(picture) => picture
            .parameters
            .context("the picture says nothing of how it was made")?,
        Err(ImageError::UnknownType) => {
            String::from_utf8(bytes).context("it is neither a picture nor a text")?
        }
        Err(error) => return Err(error.into()),
    };
    Ok(text.parse()?)
}

/// The id of the model that a recipe names. A path in a recipe from elsewhere names nothing here.
pub(super) fn model<'a>(recipe: &'a Recipe, config: &'a InferenceConfig) -> anyhow::Result<&'a str> {
    if recipe.model_name.is_empty() {
        return Ok(&config.model);
    }
    let known: Vec<String> = models::list(&config.models_dir)
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    anyhow::ensure!(
        known.contains(&recipe.model_name),
        "the recipe's model \"{}\" is not here; name another with --model: {}",
        recipe.model_name,
        known.join(", ")
    );
    Ok(&recipe.model_name)
}

/// What a recipe says to this model. Its scheduler and its second pass are not in it: options may overrule what cannot
/// be followed.
pub(super) fn request(recipe: &Recipe, model: &ModelInfo) -> Result<GenerateRequest, RequestError> {
    let rest = Recipe {
        scheduler: String::new(),
        hires: None,
        ..recipe.clone()
    };
    GenerateRequest::from_recipe(&rest, model)
}

/// The scheduler by its name in the recipe.
pub(super) fn scheduler(recipe: &Recipe) -> anyhow::Result<Option<SchedulerName>> {
    if recipe.scheduler.is_empty() {
        return Ok(None);
    }
    let name = SchedulerName::from_sampler(&recipe.scheduler, recipe.schedule_type.as_deref());
    name.map(Some)
        .context("the recipe cannot be followed; name another scheduler with --scheduler")
}

/// The recipe's second pass.
pub(super) fn hires(recipe: &Recipe) -> anyhow::Result<Option<Hires>> {
    let Some(hires) = &recipe.hires else {
        return Ok(None);
    };
    let default = LatentUpscaler::default().name();
    anyhow::ensure!(
        hires.upscaler == default,
        "the recipe enlarges the picture with \"{}\", which is not possible; --hires SCALE does it with \"{default}\"",
        hires.upscaler
    );
    Ok(Some(Hires {
        scale: scale(recipe, hires)
            .context("the recipe's second pass has another shape than the first one")?,
        strength: hires.denoising_strength,
        num_inference_steps: hires.num_inference_steps,
    }))
}

fn scale(recipe: &Recipe, hires: &HiresRecipe) -> Option<f32> {
    match hires.size {
        HiresSize::Upscale(scale) => Some(scale),
        HiresSize::Resize { width, height } => {
            let of = |large: u32, small: u32| large as f32 / small.max(1) as f32;
            let (horizontal, vertical) = (of(width, recipe.width), of(height, recipe.height));
            match (width, height) {
                (_, 0) => Some(horizontal),
                (0, _) => Some(vertical),
                _ => (horizontal == vertical).then_some(horizontal),
            }
        }
    }
}

/// What a recipe needs that it does not contain.
///
/// # Errors
/// Says which option is missing.
pub(super) fn check_source(recipe: &Recipe, source: Option<&Source>) -> anyhow::Result<()> {
    let has_mask = source.is_some_and(|source| source.mask.is_some());
    let began_with_picture = recipe.denoising_strength.is_some() && recipe.hires.is_none();
    anyhow::ensure!(
        source.is_some() || !began_with_picture,
        "the recipe began with a picture that is not in it; give that with --source"
    );
    anyhow::ensure!(
        has_mask || recipe.mask_blur.is_none(),
        "the recipe had a mask that is not in it; give that with --mask"
    );
    Ok(())
}

/// What nobody will follow, for a note.
pub(super) fn unknown_keys(recipe: &Recipe) -> Vec<&str> {
    // They say which file of the web UI was used, and change nothing themselves.
    const HARMLESS: [&str; 4] = ["Model hash", "VAE", "VAE hash", "Hashes"];
    // What brackets do in the prompts; the web UI has more answers than these.
    let followed = |(key, value): &&(String, String)| {
        HARMLESS.contains(&key.as_str())
            || (key == "Emphasis" && ["Original", "None"].contains(&value.as_str()))
    };
    let unknown = recipe.other.iter().filter(|pair| !followed(pair));
    unknown.map(|(key, _)| key.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::{check_source, hires, read, unknown_keys};

    const END: &str = "Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x768, Model: sd15";

    fn check(more: &str) -> String {
        let text = format!("a cat\nNegative prompt: a dog\nSteps: 20, {END}{more}");
        let recipe = read(&text).expect("it is a recipe");
        let second = match hires(&recipe) {
            Ok(None) => "one pass".to_owned(),
            Ok(Some(hires)) => format!(
                "{} times, {}, {:?} steps",
                hires.scale, hires.strength, hires.num_inference_steps
            ),
            Err(error) => error.to_string(),
        };
        let missing = check_source(&recipe, None).map_or_else(|error| error.to_string(), |()| String::new());
        format!("{second}; {missing}; {}", unknown_keys(&recipe).join(", "))
    }

    #[test]
    fn second_passes_and_what_is_missing() {
        assert_snapshot!(check(""), @"one pass; ;");
        assert_snapshot!(check(", Denoising strength: 0.5, Hires upscale: 2, Hires steps: 9, Hires upscaler: Latent"), @"2 times, 0.5, Some(9) steps; ;");
        assert_snapshot!(check(", Denoising strength: 0.5, Hires resize: 1024x1536, Hires upscaler: Latent"), @"2 times, 0.5, None steps; ;");
        assert_snapshot!(check(", Denoising strength: 0.5, Hires resize: 1024x0, Hires upscaler: Latent"), @"2 times, 0.5, None steps; ;");
        assert_snapshot!(check(", Denoising strength: 0.5, Hires resize: 1024x1024, Hires upscaler: Latent"), @"the recipe's second pass has another shape than the first one; ;");
        assert_snapshot!(check(", Denoising strength: 0.5, Hires upscale: 2, Hires upscaler: ESRGAN_4x"), @r#"the recipe enlarges the picture with "ESRGAN_4x", which is not possible; --hires SCALE does it with "Latent"; ;"#);
        assert_snapshot!(check(", Denoising strength: 0.5"), @"one pass; the recipe began with a picture that is not in it; give that with --source;");
        assert_snapshot!(check(", Model hash: 6ce0161689, Lora hashes: \"x: y\""), @"one pass; ; Lora hashes");
        assert_snapshot!(check(", Emphasis: None"), @"one pass; ;");
        assert_snapshot!(check(", Emphasis: No norm"), @"one pass; ; Emphasis");
    }

    #[test]
    fn a_text_that_is_no_recipe() {
        let error = read("a cat").expect_err("it is none");
        assert_snapshot!(format!("{error:#}"), @r#""a cat" is neither a file nor a recipe: the text has no line of parameters, such as "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1""#);
    }
}
