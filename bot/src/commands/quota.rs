//! `/quota`: what is left, and when there is more.

use anyhow::Context as _;
use async_trait::async_trait;

use super::{Access, Arguments, Command, CommandContext, CommandError, CommandSpec};
use crate::chat::{CommandRequest, Reply};
use crate::i18n::messages::{self, Now, QuotaLine};
use crate::limits::Window;

/// The command.
pub(super) struct Quota;

static SPEC: CommandSpec = CommandSpec {
    name: "quota",
    access: Access::EvenBlocked,
    asks: false,
    draws: false,
    is_private: true,
    positional: None,
    options: &[],
};

#[async_trait]
impl Command for Quota {
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
        let limits = rules.limits.of_request(request);
        let now = Now {
            at: context.clock.now(),
            time_zone: rules.time_zone,
        };
        let usage = context
            .store
            .users()
            .usage(&request.user, now.at)
            .await
            .context("cannot count a person's jobs")?;
        let counts = Window::ALL.into_iter().zip(usage.used).zip(usage.next_free_at);
        // A window without a limit says something only if it is the longest.
        let mut lines: Vec<String> = counts
            .filter(|((window, _), _)| limits.check.of(*window).is_some() || *window == Window::Day)
            .map(|((window, used), next_free_at)| {
                let line = QuotaLine {
                    window,
                    used,
                    limit: limits.check.of(window),
                    next_free_at,
                };
                messages::quota_window(locale, &line, now)
            })
            .collect();
        let unfinished = usage.queued + usage.running;
        lines.push(messages::quota_unfinished(
            locale,
            unfinished,
            limits.check.queued,
        ));
        if let (Some(cooldown), Some(last_at)) = (limits.check.cooldown, usage.last_at)
            && last_at + cooldown > now.at
        {
            lines.push(messages::quota_cooldown(locale, last_at + cooldown, now));
        }
        lines.push(messages::quota_picture(
            locale,
            limits.max_pixels,
            limits.max_steps,
            limits.max_count,
        ));
        Ok(Some(Reply::private(lines.join("\n"))))
    }
}
