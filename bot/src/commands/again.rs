//! `/again`: the recipe of an old job with a new seed.

use anyhow::Context as _;
use async_trait::async_trait;

use super::drawing::{self, Order};
use super::old_jobs::{self, JOB, OldJob};
use super::{Access, Arguments, Command, CommandContext, CommandError, CommandSpec};
use crate::chat::{CommandRequest, Reply};
use crate::store::{JobKind, JobRow};

/// The command.
pub(super) struct Again;

static SPEC: CommandSpec = CommandSpec {
    name: "again",
    access: Access::Everybody,
    asks: false,
    draws: true,
    is_private: false,
    positional: Some(&JOB),
    options: &[],
};

#[async_trait]
impl Command for Again {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let job = old_jobs::find(context, request, &arguments, |_| true).await?;
        job.check_not_deleted()?;
        let mut order = order_of(context, request, &job, JobKind::Again).await?;
        order.draw.seed = (context.random_seed)();
        drawing::submit(context, request, &context.rules.current(), order).await
    }
}

/// The same job once more: with the recipe that was stored, whatever the person has chosen since. Only who may see it is
/// for the person to choose, and what goes on from a private job stays private. The word rules of today have to allow the
/// recipe of its source picture, too.
///
/// # Errors
/// When the person's settings cannot be read.
pub(super) async fn order_of(
    context: &CommandContext,
    request: &CommandRequest,
    job: &OldJob,
    kind: JobKind,
) -> Result<Order, CommandError> {
    let settings = context.store.users().settings(&request.user).await;
    let settings = settings.context("cannot read a person's settings")?;
    let JobRow {
        id,
        is_private,
        prompt_typed,
        draw,
        ..
    } = &job.row;
    let recipe = draw.source.as_ref().and_then(|source| source.recipe.clone());
    Ok(Order {
        kind,
        parent: Some(*id),
        is_private: *is_private || settings.private.unwrap_or_default(),
        prompt_typed: prompt_typed.clone(),
        draw: draw.clone(),
        other_texts: recipe.into_iter().collect(),
    })
}
