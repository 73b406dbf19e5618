//! A job is drawn: the right to do it, and how it ends.

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use sqlx::SqliteConnection;
use sqlx::types::Json;

use super::{Jobs, followers, record};
use crate::store::job::{Ending, ErrorClass, JobId, JobOutcome, JobRow};
use crate::store::time::to_ms;
use crate::store::{StoreError, images, users};

/// The right to draw a job until a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    /// When the drawing begins.
    pub(crate) now: DateTime<Utc>,
    /// When the job is taken back unless the lease is renewed.
    pub(crate) until: DateTime<Utc>,
}

/// A job whose drawing begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Begun {
    /// The job.
    pub(crate) job: JobRow,
    /// The jobs that waited for their own turns until now and get its pictures.
    pub(crate) followers: Vec<JobId>,
}

/// A job whose drawing has ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finished {
    /// The job.
    pub(crate) job: JobRow,
    /// The jobs that have ended with it, with the same pictures.
    pub(crate) followers: Vec<JobRow>,
    /// Jobs that followed it wait for their own turns now.
    pub(crate) has_released: bool,
}

impl Jobs<'_> {
    /// Begins one of the waiting jobs, for tests that have no queue to choose it.
    #[cfg(test)]
    pub(crate) async fn lease(
        &self,
        choose: impl FnOnce(&[crate::store::WaitingJob]) -> Option<JobId>,
        lease: Lease,
    ) -> Result<Option<JobRow>, StoreError> {
        match choose(&self.waiting().await?) {
            Some(job) => Ok(self.lease_job(job, lease).await?.map(|begun| begun.job)),
            None => Ok(None),
        }
    }

    /// Begins a job: `Queued → Running`. The user has had a turn then, and whoever waits for the same pictures waits for
    /// this job. `None`, and nothing happened, when it does not wait for its turn.
    pub(crate) async fn lease_job(&self, job: JobId, lease: Lease) -> Result<Option<Begun>, StoreError> {
        self.store
            .write(move |connection| begin(connection, job, lease).boxed())
            .await
    }

    /// Gives running jobs more time.
    pub(crate) async fn renew(&self, jobs: &[JobId], until: DateTime<Utc>) -> Result<(), StoreError> {
        let jobs = jobs.to_vec();
        self.store
            .write(move |connection| {
                async move {
                    sqlx::query(
                        "UPDATE jobs SET lease_until_ms = ?
                         WHERE state = 'running' AND id IN (SELECT value FROM json_each(?))",
                    )
                    .bind(to_ms(until))
                    .bind(Json(jobs))
                    .execute(connection)
                    .await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }

    /// Writes down how drawing ended: `Running → Delivering`. Jobs that wait for the same pictures end with it when it
    /// is done; otherwise they wait for their own turns.
    ///
    /// `None`, and nothing happened, when `attempt` is not the one that is running: the job was taken back meanwhile.
    pub(crate) async fn finish_generation(
        &self,
        job: JobId,
        attempt: u32,
        ending: &Ending,
        now: DateTime<Utc>,
    ) -> Result<Option<Finished>, StoreError> {
        let work = ending.clone();
        let finished = self
            .store
            .write(move |connection| {
                async move {
                    let end = End::new(&work, now);
                    if !end.of_running(connection, job, attempt).await? {
                        return Ok(None);
                    }
                    let Ending::Done { images, .. } = &work else {
                        let has_released = followers::release(connection).await?;
                        let finished = read(connection, job, &[]).await?;
                        return Ok(finished.map(|finished| Finished {
                            has_released,
                            ..finished
                        }));
                    };
                    images::insert(connection, job, images).await?;
                    let followers = end.of_followers(connection, job).await?;
                    images::copy(connection, job, &followers).await?;
                    read(connection, job, &followers).await
                }
                .boxed()
            })
            .await?;
        if let (Some(_), Ending::Done { images, .. }) = (&finished, ending) {
            let hashes = images.iter().map(|image| image.hash.as_str());
            self.store.recent_images().settle(hashes);
        }
        Ok(finished)
    }

    /// Gives a job back that was begun and not drawn through no fault of its own: `Running → Queued`, and the attempt
    /// does not count. Whoever followed it waits for the own turn again.
    pub(crate) async fn requeue(&self, job: JobId, attempt: u32) -> Result<bool, StoreError> {
        self.store
            .write(move |connection| {
                async move {
                    let changed = sqlx::query(
                        "UPDATE jobs SET state = 'queued', attempt = attempt - 1, started_at_ms = NULL,
                             lease_until_ms = NULL
                         WHERE id = ? AND attempt = ? AND state = 'running'",
                    )
                    .bind(job)
                    .bind(attempt)
                    .execute(&mut *connection)
                    .await?;
                    followers::release(connection).await?;
                    Ok(changed.rows_affected() > 0)
                }
                .boxed()
            })
            .await
    }
}

async fn begin(
    connection: &mut SqliteConnection,
    job: JobId,
    lease: Lease,
) -> Result<Option<Begun>, StoreError> {
    let changed = sqlx::query(
        "UPDATE jobs SET state = 'running', attempt = attempt + 1, started_at_ms = ?, lease_until_ms = ?
         WHERE id = ? AND state = 'queued' AND same_as IS NULL",
    )
    .bind(to_ms(lease.now))
    .bind(to_ms(lease.until))
    .bind(job)
    .execute(&mut *connection)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(None);
    }
    let followers = followers::gather(connection, job).await?;
    let Some(job) = record::get(connection, job).await? else {
        return Ok(None);
    };
    users::take_turn(connection, &job.user).await?;
    Ok(Some(Begun { job, followers }))
}

async fn read(
    connection: &mut SqliteConnection,
    job: JobId,
    followers: &[JobId],
) -> Result<Option<Finished>, StoreError> {
    let job = record::get(connection, job).await?;
    let followers = record::get_all(connection, followers).await?;
    Ok(job.map(|job| Finished {
        job,
        followers,
        has_released: false,
    }))
}

/// How drawing ended, as columns.
pub(super) struct End {
    outcome: JobOutcome,
    error_class: Option<ErrorClass>,
    prompt_truncated: bool,
    withheld: u32,
    /// Whoever may see nothing of what was drawn has not used up anything.
    counts: bool,
    now_ms: i64,
}

impl End {
    pub(super) fn new(ending: &Ending, now: DateTime<Utc>) -> Self {
        let mut end = Self {
            outcome: ending.outcome(),
            error_class: None,
            prompt_truncated: false,
            withheld: 0,
            counts: false,
            now_ms: to_ms(now),
        };
        match ending {
            Ending::Done {
                images,
                withheld,
                prompt_truncated,
            } => {
                end.prompt_truncated = *prompt_truncated;
                end.withheld = *withheld;
                end.counts = !images.is_empty() || *withheld == 0;
            }
            Ending::Failed(class) => end.error_class = Some(*class),
            Ending::Cancelled => {}
        }
        end
    }

    /// `false` when this attempt does not run.
    pub(super) async fn of_running(
        &self,
        connection: &mut SqliteConnection,
        job: JobId,
        attempt: u32,
    ) -> Result<bool, StoreError> {
        let changed = sqlx::query(
            "UPDATE jobs SET state = 'delivering', outcome = ?, error_class = ?, prompt_truncated = ?, withheld = ?,
                 counts = ?, finished_at_ms = ?, lease_until_ms = NULL
             WHERE id = ? AND attempt = ? AND state = 'running'",
        )
        .bind(self.outcome)
        .bind(self.error_class)
        .bind(self.prompt_truncated)
        .bind(self.withheld)
        .bind(self.counts)
        .bind(self.now_ms)
        .bind(job)
        .bind(attempt)
        .execute(connection)
        .await?;
        Ok(changed.rows_affected() > 0)
    }

    /// Ends the jobs that wait for the pictures of this one, and returns them.
    async fn of_followers(
        &self,
        connection: &mut SqliteConnection,
        job: JobId,
    ) -> Result<Vec<JobId>, StoreError> {
        let mut followers: Vec<JobId> = sqlx::query_scalar(
            "UPDATE jobs SET state = 'delivering', outcome = ?, prompt_truncated = ?, withheld = ?, counts = ?,
                 finished_at_ms = ?, same_as = NULL
             WHERE state = 'queued' AND same_as = ? AND outcome IS NULL RETURNING id",
        )
        .bind(self.outcome)
        .bind(self.prompt_truncated)
        .bind(self.withheld)
        .bind(self.counts)
        .bind(self.now_ms)
        .bind(job)
        .fetch_all(connection)
        .await?;
        followers.sort_unstable();
        Ok(followers)
    }
}
