//! `/edit`: an old job with another prompt.

use async_trait::async_trait;

use super::again::order_of;
use super::draw::{NO, RAW, check_prompts};
use super::drawing;
use super::old_jobs::{self, JOB};
use super::{
    Access, Arguments, Choices, Command, CommandContext, CommandError, CommandSpec, OptionKind, OptionSpec,
};
use crate::chat::{CommandRequest, Form, Reply};
use crate::i18n::messages;
use crate::prompts::{Typed, compose};
use crate::store::JobKind;

/// The command.
pub(super) struct Edit;

static SPEC: CommandSpec = CommandSpec {
    name: "edit",
    access: Access::Everybody,
    asks: true,
    draws: true,
    is_private: false,
    positional: Some(&PROMPT),
    options: &[JOB, NO, RAW],
};

/// Without it the person is asked for it.
const PROMPT: OptionSpec =
    OptionSpec::new("prompt", OptionKind::Words, "pink hair, guitar").of(Choices::RecentPrompts);

#[async_trait]
impl Command for Edit {
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
        let Some(prompt) = arguments.get(PROMPT.name) else {
            return Ok(Some(Reply {
                form: Some(Form {
                    command: SPEC.name,
                    job: job.row.id,
                    field: PROMPT.name,
                    label: messages::edit_label(request.locale),
                    value: job.row.prompt_typed.clone(),
                    is_private: job.row.is_private || job.row.place.chat != request.place.chat,
                }),
                ..Reply::private(messages::edit_ask(request.locale, job.row.id))
            }));
        };
        let rules = context.rules.current();
        let typed = Typed {
            prompt,
            negative_prompt: arguments.get(NO.name).unwrap_or_default(),
            raw: arguments.flag(RAW.name).unwrap_or_default(),
        };
        check_prompts(typed, rules.limits.of_request(request).max_prompt_chars)?;
        let mut order = order_of(context, request, &job, JobKind::Edit).await?;
        // The words of the style are in the stored prompt; they are added again to the new one, if the style is still there.
        let style = order
            .draw
            .style
            .as_deref()
            .and_then(|name| rules.styles.get(name));
        let composed = compose(typed, style, &rules.dictionaries, &order.draw.model);
        order.draw.style = style.map(|style| style.name.clone());
        order.draw.prompt = composed.prompt;
        if !typed.negative_prompt.is_empty() {
            order.draw.negative_prompt = composed.negative_prompt;
        }
        order.prompt_typed = prompt.to_owned();
        order.other_texts.push(typed.negative_prompt.to_owned());
        drawing::submit(context, request, &rules, order).await
    }
}
