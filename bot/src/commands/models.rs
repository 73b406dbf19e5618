//! `/models`: what can be drawn with.

use async_trait::async_trait;

use super::drawing::allowed;
use super::{Access, Arguments, Command, CommandContext, CommandError, CommandSpec};
use crate::chat::{CommandRequest, Reply};
use crate::i18n::Locale;
use crate::i18n::messages::{self, ModelLine};

/// The command.
pub(super) struct Models;

static SPEC: CommandSpec = CommandSpec {
    name: "models",
    access: Access::Everybody,
    asks: false,
    draws: false,
    is_private: true,
    positional: None,
    options: &[],
};

#[async_trait]
impl Command for Models {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        _arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let locale = request.locale;
        let limits = context.rules.current().limits.of_request(request);
        let models = context.queue.models();
        let mut lines = vec![messages::models_intro(locale)];
        lines.extend(allowed(&limits, &models).into_iter().map(|model| {
            let text = |locale: Locale| model.description.get(locale.tag());
            let description = text(locale).or_else(|| text(Locale::EN));
            let line = ModelLine {
                id: &model.id,
                description: description.map_or(model.name.as_str(), String::as_str),
                size: (model.defaults.width, model.defaults.height),
                num_inference_steps: model.defaults.num_inference_steps,
            };
            messages::models_line(locale, &line)
        }));
        Ok(Some(Reply::private(lines.join("\n"))))
    }
}
