//! `/styles`: what can be added to a prompt by name.

use async_trait::async_trait;

use super::{Access, Arguments, Command, CommandContext, CommandError, CommandSpec};
use crate::chat::{CommandRequest, Reply};
use crate::i18n::messages;

/// The command.
pub(super) struct Styles;

static SPEC: CommandSpec = CommandSpec {
    name: "styles",
    access: Access::Everybody,
    asks: false,
    draws: false,
    is_private: true,
    positional: None,
    options: &[],
};

#[async_trait]
impl Command for Styles {
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
        let rules = context.rules.current();
        let styles = rules.styles.all();
        if styles.is_empty() {
            return Ok(Some(Reply::private(messages::styles_none(locale))));
        }
        let mut lines = vec![messages::styles_intro(locale)];
        lines.extend(styles.iter().map(|style| {
            let prompt = style.prompt.replace("{prompt}", "…");
            messages::styles_line(locale, &style.name, [&prompt, &style.negative_prompt])
        }));
        Ok(Some(Reply::private(lines.join("\n"))))
    }
}
