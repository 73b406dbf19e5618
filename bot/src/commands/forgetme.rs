//! `/forgetme`: everything of a person disappears.

use anyhow::Context as _;
use async_trait::async_trait;
use sha2::{Digest as _, Sha256};

use super::old_jobs::JobRef;
use super::{
    Access, Arguments, Command, CommandContext, CommandError, CommandSpec, OptionKind, OptionSpec, UserError,
};
use crate::chat::{Button, ButtonId, ButtonStyle, CommandRequest, Reply, UserId};
use crate::i18n::messages::{self, buttons};
use crate::store::JobId;

/// The command.
pub(super) struct ForgetMe;

static SPEC: CommandSpec = CommandSpec {
    name: "forgetme",
    access: Access::EvenBlocked,
    asks: false,
    draws: false,
    is_private: true,
    positional: Some(&CODE),
    options: &[],
};

/// The number that confirms. It is not that of a job, but a button carries it in the same place.
const CODE: OptionSpec = OptionSpec::new("code", OptionKind::Job, "123456");

#[async_trait]
impl Command for ForgetMe {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let locale = request.locale;
        let code = code_of(&request.user);
        let given = arguments.value(&CODE, JobRef::read)?;
        if given.map(|given| given.job) != Some(code) {
            let button = Button {
                id: ButtonId::new(SPEC.name, code),
                emoji: "🗑",
                label: buttons::forget(locale),
                style: ButtonStyle::Danger,
            };
            return Ok(Some(Reply {
                buttons: vec![vec![button]],
                ..Reply::private(messages::forget_ask(locale, code.0))
            }));
        }
        let now = context.clock.now();
        let users = context.store.users();
        let usage = users.usage(&request.user, now).await;
        let usage = usage.context("cannot count a person's jobs")?;
        if usage.queued + usage.running > 0 {
            return Err(UserError::UnfinishedJobs.into());
        }
        let forgotten = users.forget(&request.user, now).await;
        let forgotten = forgotten.context("cannot forget a person")?;
        tracing::info!(
            platform = %request.user.platform,
            jobs = forgotten.jobs,
            images = forgotten.images,
            "a person was forgotten"
        );
        let mut lines = vec![messages::forget_done(locale, forgotten.jobs, forgotten.images)];
        if forgotten.left > 0 {
            lines.push(messages::forget_left(locale, forgotten.left));
        }
        Ok(Some(Reply::private(lines.join("\n"))))
    }
}

/// Six digits that confirm for one person only: in a group somebody else may press the button.
fn code_of(user: &UserId) -> JobId {
    let digest = Sha256::digest(format!("{}:{}", user.platform, user.id));
    let number = digest
        .iter()
        .take(4)
        .fold(0, |number, byte| number << 8 | i64::from(*byte));
    JobId(100_000 + number % 900_000)
}
