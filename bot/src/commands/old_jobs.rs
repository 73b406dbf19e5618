//! The job that a command is about, if the person may know of it.

use anyhow::Context as _;

use super::{Arguments, CommandContext, CommandError, OptionKind, OptionSpec, UserError, gate, whole_number};
use crate::chat::CommandRequest;
use crate::store::{ImageKind, ImageRow, JobId, JobRow};

/// The option for its number.
pub(super) const JOB: OptionSpec = OptionSpec::new("job", OptionKind::Job, "12");

/// The option for one of its pictures.
pub(super) const IMAGE: OptionSpec = OptionSpec::new("image", OptionKind::Integer, "2");

/// How many of a person's newest jobs are looked through when no number was given.
const NEWEST: u32 = 20;

/// The number of a job, and of one of its pictures counted from 1, as people write them: `12`, `#12`, `12:2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JobRef {
    /// The job.
    pub(super) job: JobId,
    /// The picture.
    pub(super) image: Option<u32>,
}

impl JobRef {
    /// Reads one.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('#');
        let (job, image) = match text.split_once(':') {
            Some((job, image)) => (job, Some(whole_number(image)?)),
            None => (text, None),
        };
        whole_number(job)?;
        Some(Self {
            job: JobId(job.parse().unwrap_or(i64::MAX)),
            image,
        })
    }
}

/// An old job that a command is about.
#[derive(Debug)]
pub(super) struct OldJob {
    /// Its row.
    pub(super) row: JobRow,
    /// Which of its pictures is meant, counted from 1.
    pub(super) image: Option<u32>,
}

impl OldJob {
    /// The picture that is meant: the one that was named, or the first.
    ///
    /// # Errors
    /// When there is none, or they were deleted.
    pub(super) fn picture(&self) -> Result<&ImageRow, UserError> {
        self.check_not_deleted()?;
        let pictures = || {
            self.row
                .images
                .iter()
                .filter(|image| image.kind == ImageKind::Picture)
        };
        let found = match self.image {
            Some(number) => pictures().find(|image| image.index.checked_add(1) == Some(number)),
            None => pictures().next(),
        };
        if found.is_none() && self.row.outcome.is_none() {
            return Err(UserError::Unfinished { job: self.row.id });
        }
        found.ok_or_else(|| UserError::NoSuchImage {
            job: self.row.id,
            images: pictures().count(),
        })
    }

    /// The same, and its file is still there.
    ///
    /// # Errors
    /// When there is none, or its file was deleted.
    pub(super) fn picture_with_file(&self) -> Result<&ImageRow, UserError> {
        let image = self.picture()?;
        if image.is_gone {
            return Err(UserError::ImageGone { job: self.row.id });
        }
        Ok(image)
    }

    /// What somebody has deleted is not drawn again.
    ///
    /// # Errors
    /// When it was deleted.
    pub(super) fn check_not_deleted(&self) -> Result<(), UserError> {
        if self.row.is_deleted {
            return Err(UserError::ImageGone { job: self.row.id });
        }
        Ok(())
    }
}

/// The job that the options name, or the person's newest one for which `is_meant` is true.
///
/// # Errors
/// When there is none that the person may know of.
pub(super) async fn find(
    context: &CommandContext,
    request: &CommandRequest,
    arguments: &Arguments,
    is_meant: fn(&JobRow) -> bool,
) -> Result<OldJob, CommandError> {
    let image = arguments.value(&IMAGE, whole_number)?;
    if let Some(reference) = arguments.value(&JOB, JobRef::read)? {
        let reference = JobRef {
            image: image.or(reference.image),
            ..reference
        };
        return named(context, request, reference).await;
    }
    let row = newest_own(context, request, is_meant).await?;
    Ok(OldJob { row, image })
}

/// The same for a command that ends or removes the job. An admin may do that with a job that they may not see.
///
/// # Errors
/// When there is none that the person may know of, or it is not theirs to change.
pub(super) async fn find_to_change(
    context: &CommandContext,
    request: &CommandRequest,
    arguments: &Arguments,
    is_meant: fn(&JobRow) -> bool,
) -> Result<JobRow, CommandError> {
    let Some(JobRef { job, .. }) = arguments.value(&JOB, JobRef::read)? else {
        return newest_own(context, request, is_meant).await;
    };
    let row = read(context, job).await?;
    let authority = context.rules.current().admins.authority(request);
    if gate::may_change(&authority, request, &row) {
        return Ok(row);
    }
    if gate::may_see(&authority, request, &row) {
        return Err(UserError::NotYours { job }.into());
    }
    Err(UserError::NoSuchJob { job }.into())
}

async fn newest_own(
    context: &CommandContext,
    request: &CommandRequest,
    is_meant: fn(&JobRow) -> bool,
) -> Result<JobRow, CommandError> {
    let newest = context
        .store
        .jobs()
        .of_user(&request.user, None, NEWEST)
        .await
        .context("cannot read a person's jobs")?;
    let found = newest.into_iter().find(is_meant);
    Ok(found.ok_or(UserError::NoJobYet)?)
}

/// The job with a number.
///
/// # Errors
/// When there is none, or the person may not see it, which is the same.
pub(super) async fn named(
    context: &CommandContext,
    request: &CommandRequest,
    reference: JobRef,
) -> Result<OldJob, CommandError> {
    let JobRef { job, image } = reference;
    let row = read(context, job).await?;
    let authority = context.rules.current().admins.authority(request);
    if !gate::may_see(&authority, request, &row) {
        return Err(UserError::NoSuchJob { job }.into());
    }
    Ok(OldJob { row, image })
}

async fn read(context: &CommandContext, job: JobId) -> Result<JobRow, CommandError> {
    let row = context.store.jobs().get(job).await;
    let row = row.context("cannot read an old job")?;
    Ok(row.ok_or(UserError::NoSuchJob { job })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(i64, Option<u32>)>) {
        let read = JobRef::read(text).map(|reference| (reference.job.0, reference.image));
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn numbers_of_jobs_and_pictures() {
        check("12", Some((12, None)));
        check("#12", Some((12, None)));
        check("12:3", Some((12, Some(3))));
        check("99999999999999999999", Some((i64::MAX, None)));
        for text in ["", "#", "a", "12:", ":1", "-1", "12:a", "1:2:3"] {
            check(text, None);
        }
    }
}
