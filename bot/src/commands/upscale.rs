//! `/upscale`: an old picture, larger.

use async_trait::async_trait;

use super::again::order_of;
use super::drawing::{self, can_grow};
use super::old_jobs::{self, IMAGE, JOB, OldJob};
use super::{
    Access, Arguments, Command, CommandContext, CommandError, CommandSpec, OptionKind, OptionSpec, UserError,
    decimal,
};
use crate::chat::{CommandRequest, Reply};
use crate::store::{DrawParameters, HiresParameters, ImageRow, JobKind, SourceParameters};

/// The command.
pub(super) struct Upscale;

static SPEC: CommandSpec = CommandSpec {
    name: "upscale",
    access: Access::Everybody,
    asks: false,
    draws: true,
    is_private: false,
    positional: Some(&JOB),
    options: &[IMAGE, SCALE, STRENGTH],
};

const SCALE: OptionSpec = OptionSpec::new("scale", OptionKind::Number, "2");
const STRENGTH: OptionSpec = OptionSpec::new("strength", OptionKind::Number, "0.5");

const USUAL_SCALE: f32 = 2.0;

/// How much is drawn anew in the second pass: with less, enlarged latents stay blurred.
const USUAL_STRENGTH: f32 = 0.55;

/// How much is drawn anew when the finished picture is enlarged, which is sharp already.
const STRENGTH_OF_FINISHED: f32 = 0.35;

#[async_trait]
impl Command for Upscale {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let job = old_jobs::find(context, request, &arguments, |job| !job.images.is_empty()).await?;
        let rules = context.rules.current();
        let limits = rules.limits.of_request(request);
        let image = job.picture()?;
        let size = (image.width, image.height);
        if !can_grow(size, limits.max_pixels) {
            return Err(UserError::TooLargeAlready { size }.into());
        }
        let wish = Wish {
            scale: arguments.value(&SCALE, decimal)?.unwrap_or(USUAL_SCALE),
            strength: arguments.value(&STRENGTH, decimal)?,
        };
        let mut order = order_of(context, request, &job, JobKind::Upscale).await?;
        let models = context.queue.models();
        let model = models.iter().find(|model| model.id == order.draw.model);
        order.draw = if model.is_some_and(|model| !model.can_grow) {
            stretched(order.draw, image, wish)
        } else {
            enlarged(order.draw, &job, image, wish)?
        };
        drawing::submit(context, request, &rules, order).await
    }
}

/// How a picture should grow.
#[derive(Clone, Copy)]
struct Wish {
    scale: f32,
    strength: Option<f32>,
}

/// The recipe of the same picture, which is enlarged as it is: the model has learnt one size only.
fn stretched(mut draw: DrawParameters, image: &ImageRow, wish: Wish) -> DrawParameters {
    draw.seed = image.seed;
    draw.count = 1;
    draw.filmstrip = None;
    draw.enlarge = Some(draw.enlarge.unwrap_or(1.0) * wish.scale);
    draw
}

/// The recipe with a second pass. One that has had one, or began with a picture, goes on from the finished picture: the
/// engine draws at most two passes.
fn enlarged(
    mut draw: DrawParameters,
    job: &OldJob,
    image: &ImageRow,
    wish: Wish,
) -> Result<DrawParameters, UserError> {
    draw.seed = image.seed;
    draw.count = 1;
    draw.filmstrip = None;
    if draw.hires.is_none() && draw.source.is_none() {
        draw.hires = Some(HiresParameters {
            scale: wish.scale,
            strength: wish.strength.unwrap_or(USUAL_STRENGTH),
        });
        return Ok(draw);
    }
    let image = job.picture_with_file()?;
    draw.hires = None;
    draw.variation = None;
    draw.source = Some(SourceParameters {
        hash: image.hash.clone(),
        strength: wish.strength.unwrap_or_else(|| {
            // At least one step is done.
            STRENGTH_OF_FINISHED.max(1.0 / draw.num_inference_steps.max(1) as f32)
        }),
        recipe: draw.source.take().and_then(|source| source.recipe),
    });
    (draw.width, draw.height) = (scaled(image.width, wish.scale), scaled(image.height, wish.scale));
    Ok(draw)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is no side becomes the nearest one, which the limits bound"
)]
fn scaled(side: u32, scale: f32) -> u32 {
    (f64::from(side) * f64::from(scale)).round() as u32
}
