//! `/show`: an old job with its pictures and buttons, here and now.

use async_trait::async_trait;

use super::old_jobs::{self, JOB};
use super::{Access, Arguments, Command, CommandContext, CommandError, CommandSpec};
use crate::chat::{CommandRequest, Reply, buttons_of, final_reply};
use crate::i18n::messages;
use crate::store::JobRow;

/// The command.
pub(super) struct Show;

static SPEC: CommandSpec = CommandSpec {
    name: "show",
    access: Access::Everybody,
    asks: false,
    draws: false,
    is_private: false,
    positional: Some(&JOB),
    options: &[],
};

#[async_trait]
impl Command for Show {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let mut job = old_jobs::find(context, request, &arguments, |_| true).await?.row;
        job.locale = request.locale;
        if !may_be_posted(context, request, &job) {
            return Ok(Some(Reply::private(messages::show_not_here(
                request.locale,
                job.id,
            ))));
        }
        if job.outcome.is_some() {
            return Ok(Some(Reply {
                // It is another message than the one at the job's end.
                nonce: None,
                ..final_reply(&job, &context.store)
            }));
        }
        let place = context.queue.place(job.id);
        let text = match place {
            Some(place) if place.position > 0 => {
                messages::queue_own(request.locale, job.id, place.position, place.remaining)
            }
            place => {
                let remaining = place.and_then(|place| place.remaining);
                messages::queue_own_running(request.locale, job.id, remaining)
            }
        };
        Ok(Some(Reply {
            buttons: buttons_of(&job, job.locale),
            ..Reply::private(text)
        }))
    }
}

/// Whether the pictures of a job were made under rules that are at least as strict as those of the place of today: under
/// milder ones nobody has looked at what this place wants to have covered or withheld.
pub(super) fn may_be_posted(context: &CommandContext, request: &CommandRequest, job: &JobRow) -> bool {
    let safety = &context.rules.current().safety;
    job.images.is_empty() || job.safety >= safety.action(&request.user.platform, &request.place)
}
