//! `/vary`: a picture that is only a little different from an old one.

use async_trait::async_trait;

use super::again::order_of;
use super::drawing;
use super::old_jobs::{self, IMAGE, JOB};
use super::{
    Access, Arguments, Command, CommandContext, CommandError, CommandSpec, OptionKind, OptionSpec, decimal,
};
use crate::chat::{CommandRequest, Reply};
use crate::store::{JobKind, VariationParameters};

/// The command.
pub(super) struct Vary;

static SPEC: CommandSpec = CommandSpec {
    name: "vary",
    access: Access::Everybody,
    asks: false,
    draws: true,
    is_private: false,
    positional: Some(&JOB),
    options: &[IMAGE, STRENGTH],
};

const STRENGTH: OptionSpec = OptionSpec::new("strength", OptionKind::Number, "0.2");

/// How much of the second seed is mixed in when nothing is said: the same motif, other details.
const USUAL_STRENGTH: f32 = 0.2;

#[async_trait]
impl Command for Vary {
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
        let image = job.picture()?;
        let mut order = order_of(context, request, &job, JobKind::Vary).await?;
        order.draw.seed = image.seed;
        order.draw.count = 1;
        order.draw.variation = Some(VariationParameters {
            seed: (context.random_seed)(),
            strength: arguments.value(&STRENGTH, decimal)?.unwrap_or(USUAL_STRENGTH),
        });
        drawing::submit(context, request, &context.rules.current(), order).await
    }
}
