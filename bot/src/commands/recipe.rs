//! `/recipe`: what a picture was drawn with, as the text that many programs read.

use async_trait::async_trait;

use super::drawing::read_picture;
use super::old_jobs::{self, IMAGE, JOB};
use super::{Access, Arguments, Command, CommandContext, CommandError, CommandSpec, UserError};
use crate::chat::{CommandRequest, RecipeView, Reply};

/// The command.
pub(super) struct Recipe;

static SPEC: CommandSpec = CommandSpec {
    name: "recipe",
    access: Access::Everybody,
    asks: false,
    draws: false,
    is_private: true,
    positional: Some(&JOB),
    options: &[IMAGE],
};

#[async_trait]
impl Command for Recipe {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        if let Some(attachment) = request.attachments.first() {
            let picture = read_picture(attachment).await?;
            let recipe = picture.parameters.filter(|recipe| !recipe.trim().is_empty());
            return Ok(Some(to_copy(recipe.ok_or(UserError::NoRecipe)?)));
        }
        let job = old_jobs::find(context, request, &arguments, |job| !job.images.is_empty()).await?;
        let recipe = match &job.picture()?.parameters {
            Some(parameters) => parameters.clone(),
            // Pictures of the first release: its log does not have the text, but everything that it says.
            None => {
                let view = RecipeView::of(&job.row);
                [view.prompt, view.negative_prompt, view.text]
                    .into_iter()
                    .filter(|line| !line.is_empty())
                    .collect::<Vec<_>>()
                    .join("\n")
            }
        };
        Ok(Some(to_copy(recipe)))
    }
}

fn to_copy(recipe: String) -> Reply {
    Reply {
        is_verbatim: true,
        ..Reply::private(recipe)
    }
}
