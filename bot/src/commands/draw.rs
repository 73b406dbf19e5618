//! `/draw`: a prompt becomes a job.

use std::hash::{BuildHasher, RandomState};

use async_trait::async_trait;
use inference::ModelInfo;

use super::drawing::{self, Order, SIZE_NAMES, SOURCE, Size, Usual};
use super::{
    Access, Arguments, Choices, Command, CommandContext, CommandError, CommandSpec, OptionKind, OptionSpec,
    UserError, decimal, whole_number,
};
use crate::chat::{CommandRequest, Reply};
use crate::prompts::{Style, Typed, compose, normalise};
use crate::store::{DrawParameters, Filmstrip, JobKind, SourceParameters};

/// The command.
pub(super) struct Draw;

static SPEC: CommandSpec = CommandSpec {
    name: "draw",
    access: Access::Everybody,
    asks: false,
    draws: true,
    is_private: false,
    positional: Some(&PROMPT),
    options: &[
        NO, SIZE, STEPS, GUIDANCE, SEED, COUNT, SAMPLER, MODEL, STYLE, SOURCE, STRENGTH, CLIP_SKIP,
        FILMSTRIP, PRIVATE, RAW,
    ],
};

/// The options that other commands have as well.
pub(super) const PROMPT: OptionSpec = OptionSpec::new("prompt", OptionKind::Words, "pink hair, guitar")
    .required()
    .of(Choices::RecentPrompts);
pub(super) const NO: OptionSpec =
    OptionSpec::new("no", OptionKind::Words, "hands").also(&["negative", "neg"]);
pub(super) const SIZE: OptionSpec = OptionSpec::new("size", OptionKind::Word, "portrait")
    .also(&["ar", "aspect"])
    .of(Choices::Usual(SIZE_NAMES));
pub(super) const MODEL: OptionSpec = OptionSpec::new("model", OptionKind::Word, "avatar").of(Choices::Models);
pub(super) const STYLE: OptionSpec = OptionSpec::new("style", OptionKind::Word, "sketch").of(Choices::Styles);
pub(super) const STRENGTH: OptionSpec = OptionSpec::new("strength", OptionKind::Number, "0.6");
pub(super) const PRIVATE: OptionSpec = OptionSpec::new("private", OptionKind::Flag, "yes");
pub(super) const RAW: OptionSpec = OptionSpec::new("raw", OptionKind::Flag, "yes");

pub(super) const STEPS: OptionSpec = OptionSpec::new("steps", OptionKind::Integer, "20");
const GUIDANCE: OptionSpec =
    OptionSpec::new("guidance", OptionKind::Number, "4.5").also(&["cfg", "cfg-scale"]);
const SEED: OptionSpec = OptionSpec::new("seed", OptionKind::Integer, "1");
const COUNT: OptionSpec = OptionSpec::new("count", OptionKind::Integer, "2").also(&["n"]);
const SAMPLER: OptionSpec = OptionSpec::new("sampler", OptionKind::Word, "Euler")
    .also(&["scheduler"])
    .of(Choices::Samplers);
const CLIP_SKIP: OptionSpec = OptionSpec::new("clip-skip", OptionKind::Integer, "2").also(&["clip_skip"]);
const FILMSTRIP: OptionSpec = OptionSpec::new("filmstrip", OptionKind::Word, STRIP).of(FILMSTRIPS);

const STRIP: &str = "strip";
const FILMSTRIPS: Choices = Choices::Of(&[STRIP, "webp"]);

/// What AUTOMATIC1111 and those who come from there write for "any seed".
const ANY_SEED: &str = "-1";

/// How many times as long as a prompt may be it can be before it is normalised.
const MAX_RAW_TIMES: usize = 4;

/// How much of a source picture is drawn anew when nothing is said.
const USUAL_STRENGTH: f32 = 0.6;

#[async_trait]
impl Command for Draw {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let rules = context.rules.current();
        let limits = rules.limits.of_request(request);
        let typed = Typed {
            prompt: arguments.get(PROMPT.name).unwrap_or_default(),
            negative_prompt: arguments.get(NO.name).unwrap_or_default(),
            raw: arguments.flag(RAW.name).unwrap_or_default(),
        };
        check_prompts(typed, limits.max_prompt_chars)?;
        let usual = Usual::of(context, request, &rules).await?;
        let models = context.queue.models();
        let asked = arguments.get(MODEL.name).map(|id| (&MODEL, id));
        let model = drawing::model(&models, &limits, asked, usual.models())?;
        let style = drawing::style(&rules.styles, &arguments, &STYLE, usual.styles())?;
        let wishes = Wishes {
            arguments: &arguments,
            style,
            usual: &usual,
            model,
        };
        let mut draw = wishes.parameters()?;
        draw.seed = seed(&arguments)?.unwrap_or_else(context.random_seed);
        let (mut parent, mut is_private) = (None, is_private(&arguments, &usual));
        let composed = compose(typed, style, &rules.dictionaries, &model.id);
        (draw.prompt, draw.negative_prompt) = (composed.prompt, composed.negative_prompt);
        let mut other_texts = vec![typed.negative_prompt.to_owned()];
        if let Some(source) = drawing::source(context, request, &arguments).await? {
            (draw.width, draw.height) = wishes.size(Some(source.size))?;
            other_texts.extend(source.recipe.clone());
            parent = source.job;
            is_private |= source.is_private;
            draw.source = Some(SourceParameters {
                hash: source.hash,
                strength: arguments.value(&STRENGTH, decimal)?.unwrap_or(USUAL_STRENGTH),
                recipe: source.recipe,
            });
        }
        let order = Order {
            kind: JobKind::Draw,
            parent,
            is_private,
            prompt_typed: typed.prompt.to_owned(),
            draw,
            other_texts,
        };
        drawing::submit(context, request, &rules, order).await
    }
}

/// Whether a job is private: as the flag says, or the person's settings.
fn is_private(arguments: &Arguments, usual: &Usual) -> bool {
    arguments.flag(PRIVATE.name).unwrap_or_else(|| usual.is_private())
}

/// There has to be a prompt, and neither it nor the negative prompt may be too long.
///
/// # Errors
/// When one of that is not so.
pub(super) fn check_prompts(typed: Typed<'_>, max: usize) -> Result<(), UserError> {
    let texts = [typed.prompt, typed.negative_prompt];
    // What is typed is also stored and looked at, so blanks and the like cannot make it as long as one likes.
    let most = max.saturating_mul(MAX_RAW_TIMES);
    let chars = texts.map(|text| text.chars().count());
    if let Some(chars) = chars.into_iter().find(|chars| *chars > most) {
        return Err(UserError::PromptTooLong { chars, max });
    }
    if normalise(typed.prompt).is_empty() {
        return Err(UserError::EmptyPrompt);
    }
    for text in texts {
        let chars = normalise(text).chars().count();
        if chars > max {
            return Err(UserError::PromptTooLong { chars, max });
        }
    }
    Ok(())
}

/// Where the numbers of a drawing come from: the options, else the style, else what is usual for the person and the place,
/// else the model.
struct Wishes<'a> {
    arguments: &'a Arguments,
    style: Option<&'a Style>,
    usual: &'a Usual,
    model: &'a ModelInfo,
}

impl Wishes<'_> {
    /// Everything but prompts, seed and source.
    fn parameters(&self) -> Result<DrawParameters, UserError> {
        let Self {
            arguments,
            style,
            model,
            ..
        } = self;
        let defaults = &model.defaults;
        let (width, height) = self.size(None)?;
        let of_style = |number: fn(&Style) -> Option<u32>| style.and_then(number);
        Ok(DrawParameters {
            width,
            height,
            num_inference_steps: arguments
                .value(&STEPS, whole_number)?
                .or_else(|| of_style(|style| style.num_inference_steps))
                .or_else(|| self.usual.steps())
                .unwrap_or(defaults.num_inference_steps),
            guidance_scale: arguments
                .value(&GUIDANCE, decimal)?
                .or_else(|| style.and_then(|style| style.guidance_scale))
                .unwrap_or(defaults.guidance_scale),
            count: arguments.value(&COUNT, whole_number)?.unwrap_or(1),
            model: model.id.clone(),
            scheduler: Some(self.sampler()?.to_owned()),
            clip_skip: arguments.value(&CLIP_SKIP, whole_number)?,
            style: style.map(|style| style.name.clone()),
            filmstrip: arguments.get(FILMSTRIP.name).map(|kind| match kind {
                STRIP => Filmstrip::Strip,
                _ => Filmstrip::Webp,
            }),
            ..DrawParameters::default()
        })
    }

    /// Width and height in pixels. A source picture keeps its proportions when nothing else is said.
    fn size(&self, source: Option<(u32, u32)>) -> Result<(u32, u32), UserError> {
        let of_style = self.style.and_then(|style| style.size.as_deref());
        let size = self
            .arguments
            .value(&SIZE, Size::read)?
            .or_else(|| of_style.and_then(Size::read))
            .or(source.map(|(width, height)| Size::Ratio(width, height)))
            .or_else(|| self.usual.sizes().find_map(Size::read));
        let defaults = &self.model.defaults;
        Ok(size.map_or((defaults.width, defaults.height), |size| size.pixels(self.model)))
    }

    fn sampler(&self) -> Result<&'static str, UserError> {
        if let Some(name) = self.arguments.get(SAMPLER.name) {
            return drawing::sampler(&SAMPLER, name);
        }
        let of_style = self.style.and_then(|style| style.sampler.as_deref());
        let of_style = of_style.and_then(|name| drawing::sampler(&SAMPLER, name).ok());
        Ok(of_style.unwrap_or(self.model.scheduler))
    }
}

fn seed(arguments: &Arguments) -> Result<Option<u64>, UserError> {
    if arguments.get(SEED.name) == Some(ANY_SEED) {
        return Ok(None);
    }
    arguments.value(&SEED, |text| text.parse().ok())
}

/// A seed for a picture for which none was given. It has at most ten digits, so that people can read it to each other.
pub fn random_seed() -> u64 {
    RandomState::new().hash_one(0) >> 32
}
