//! Whether a drawing would be refused, for platforms that offer it before anybody has asked for it.

use super::draw::{NO, PROMPT, check_prompts};
use super::{CommandError, Commands, drawing, gate, parse};
use crate::chat::CommandRequest;
use crate::i18n::Locale;
use crate::prompts::Typed;

impl Commands {
    /// Why a `/draw` would be refused now, as a sentence; `None` when nothing speaks against it. What can only be known
    /// when the job is accepted is said then. Nothing is answered, and nothing counts.
    pub async fn refusal(&self, request: &CommandRequest, locale: Locale) -> Option<String> {
        match self.check(request).await {
            Ok(()) => None,
            Err(CommandError::User(error)) => Some(error.text(locale)),
            Err(CommandError::Internal(error)) => {
                tracing::warn!(error = %format_args!("{error:#}"), "a drawing cannot be checked before it is asked for");
                None
            }
        }
    }

    async fn check(&self, request: &CommandRequest) -> Result<(), CommandError> {
        let context = &self.context;
        let specs: Vec<_> = Self::specs().collect();
        let call = parse::parse(&request.input, &specs)?;
        gate::check(context, request, call.spec).await?;
        let rules = context.rules.current();
        let typed = Typed {
            prompt: call.arguments.get(PROMPT.name).unwrap_or_default(),
            negative_prompt: call.arguments.get(NO.name).unwrap_or_default(),
            raw: false,
        };
        check_prompts(typed, rules.limits.of_request(request).max_prompt_chars)?;
        drawing::check_texts(&rules, request, [typed.prompt, typed.negative_prompt])?;
        drawing::check_not_refused(context, request).await
    }
}
