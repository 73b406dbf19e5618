//! `/original`: the files of an old job, byte for byte. Platforms may show them in another form.

use async_trait::async_trait;

use super::old_jobs::{self, IMAGE, JOB, OldJob};
use super::show::may_be_posted;
use super::{Access, Arguments, Command, CommandContext, CommandError, CommandSpec, UserError};
use crate::chat::{CommandRequest, JobReply, Reply, final_reply};
use crate::i18n::messages;
use crate::store::{ImageKind, ImageRow, JobOutcome};

/// The command.
pub(super) struct Original;

static SPEC: CommandSpec = CommandSpec {
    name: "original",
    access: Access::Everybody,
    asks: false,
    draws: false,
    is_private: true,
    positional: Some(&JOB),
    options: &[IMAGE],
};

#[async_trait]
impl Command for Original {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let mut job = old_jobs::find(context, request, &arguments, |job| !job.images.is_empty()).await?;
        keep_wanted(&mut job)?;
        let row = job.row;
        if !may_be_posted(context, request, &row) {
            return Ok(Some(Reply::private(messages::show_not_here(
                request.locale,
                row.id,
            ))));
        }
        Ok(Some(Reply {
            text: messages::originals(request.locale, row.images.len()),
            job: Some(JobReply {
                id: row.id,
                outcome: row.outcome.unwrap_or(JobOutcome::Done),
                recipe: None,
            }),
            images: final_reply(&row, &context.store).images,
            as_files: true,
            is_private: true,
            ..Reply::default()
        }))
    }
}

/// Leaves the files that are meant and still there: that of the picture which was named, or all of them.
fn keep_wanted(job: &mut OldJob) -> Result<(), UserError> {
    if job.image.is_some() {
        let index = job.picture_with_file()?.index;
        let is_it = |image: &ImageRow| image.kind == ImageKind::Picture && image.index == index;
        job.row.images.retain(is_it);
        return Ok(());
    }
    // Says why when there has never been a picture.
    job.picture()?;
    job.row.images.retain(|image| !image.is_gone);
    if job.row.images.is_empty() {
        return Err(UserError::ImageGone { job: job.row.id });
    }
    Ok(())
}
