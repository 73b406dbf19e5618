//! Rows of the table `jobs` become [`JobRow`]s.

use std::collections::HashMap;

use sqlx::types::Json;
use sqlx::{FromRow, SqliteConnection};

use super::HistoryQuery;
use crate::chat::{Place, ReplyAddress, UserId};
use crate::i18n::Locale;
use crate::safety::SafetyAction;
use crate::store::StoreError;
use crate::store::images;
use crate::store::job::{DrawParameters, ErrorClass, ImageRow, JobId, JobKind, JobOutcome, JobRow, JobState};
use crate::store::time::from_ms;

/// The columns of whole jobs.
macro_rules! select_jobs {
    ($tail:literal) => {
        concat!(
            "SELECT jobs.id, jobs.platform, jobs.user_id, chat_id, locale, reply_address, draw, prompt_typed, state, \
             outcome, error_class, prompt_truncated, attempt, created_at_ms, started_at_ms, finished_at_ms, server, \
             age_restricted, kind, parent, is_private, safety, withheld, deleted_at_ms FROM jobs ",
            $tail
        )
    };
}

/// The query for whole jobs, to be followed by a condition.
pub(super) const SELECT_JOBS: &str = select_jobs!("");

pub(super) async fn get(connection: &mut SqliteConnection, job: JobId) -> Result<Option<JobRow>, StoreError> {
    let records = sqlx::query_as(select_jobs!("WHERE id = ?"))
        .bind(job)
        .fetch_all(&mut *connection)
        .await?;
    Ok(with_images(connection, records).await?.pop())
}

/// Those of these jobs that are there, in the order of their numbers.
pub(super) async fn get_all(
    connection: &mut SqliteConnection,
    jobs: &[JobId],
) -> Result<Vec<JobRow>, StoreError> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let records = sqlx::query_as(select_jobs!(
        "WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
    ))
    .bind(Json(jobs))
    .fetch_all(&mut *connection)
    .await?;
    with_images(connection, records).await
}

/// A search in the history of a person.
pub(super) struct Search<'a> {
    pub(super) query: &'a HistoryQuery,
    /// The folded text.
    pub(super) text: Option<String>,
    /// This job and older ones are not looked at.
    pub(super) unseen: Option<JobId>,
}

/// The job after the `depth` newest ones that a query is about, if there are so many.
pub(super) async fn beyond(
    connection: &mut SqliteConnection,
    query: &HistoryQuery,
    depth: u32,
) -> Result<Option<JobId>, StoreError> {
    let job = sqlx::query_scalar(
        "SELECT id FROM jobs WHERE platform = ?1 AND user_id = ?2 AND id < ?3 ORDER BY id DESC LIMIT 1 OFFSET ?4",
    )
    .bind(query.user.platform.as_str())
    .bind(&query.user.id)
    .bind(query.before.unwrap_or(JobId(i64::MAX)))
    .bind(depth)
    .fetch_optional(connection)
    .await?;
    Ok(job)
}

/// The jobs of a person whose words have the text in them, one more than the query wants.
pub(super) async fn search(
    connection: &mut SqliteConnection,
    Search { query, text, unseen }: &Search<'_>,
) -> Result<Vec<JobRow>, StoreError> {
    let records = sqlx::query_as(select_jobs!(
        "JOIN prompts ON prompts.job_id = jobs.id
         WHERE prompts.platform = ?1 AND prompts.user_id = ?2 AND prompts.job_id < ?3 AND prompts.job_id > ?4
             AND (?5 IS NULL OR instr(prompts.text, ?5) > 0) AND deleted_at_ms IS NULL
         ORDER BY prompts.job_id DESC LIMIT ?6"
    ))
    .bind(query.user.platform.as_str())
    .bind(&query.user.id)
    .bind(query.before.unwrap_or(JobId(i64::MAX)))
    .bind(unseen.unwrap_or(JobId(0)))
    .bind(text.as_deref())
    .bind(query.limit.saturating_add(1))
    .fetch_all(&mut *connection)
    .await?;
    with_images(connection, records).await
}

pub(super) async fn of_user(
    connection: &mut SqliteConnection,
    user: &UserId,
    before: Option<JobId>,
    limit: u32,
) -> Result<Vec<JobRow>, StoreError> {
    let records = sqlx::query_as(select_jobs!(
        "WHERE platform = ? AND user_id = ? AND id < ? ORDER BY id DESC LIMIT ?"
    ))
    .bind(user.platform.as_str())
    .bind(&user.id)
    .bind(before.unwrap_or(JobId(i64::MAX)))
    .bind(limit)
    .fetch_all(&mut *connection)
    .await?;
    with_images(connection, records).await
}

pub(super) async fn undelivered(connection: &mut SqliteConnection) -> Result<Vec<JobRow>, StoreError> {
    let records = sqlx::query_as(select_jobs!("WHERE state = 'delivering' ORDER BY id"))
        .fetch_all(&mut *connection)
        .await?;
    with_images(connection, records).await
}

pub(super) async fn with_images(
    connection: &mut SqliteConnection,
    records: Vec<Record>,
) -> Result<Vec<JobRow>, StoreError> {
    let ids: Vec<JobId> = records.iter().map(|record| record.id).collect();
    let mut images: HashMap<JobId, Vec<ImageRow>> = HashMap::new();
    for (job, image) in images::of_jobs(connection, &ids).await? {
        images.entry(job).or_default().push(image);
    }
    Ok(records
        .into_iter()
        .map(|record| {
            let images = images.remove(&record.id).unwrap_or_default();
            record.into_row(images)
        })
        .collect())
}

#[derive(FromRow)]
pub(super) struct Record {
    id: JobId,
    platform: String,
    user_id: String,
    chat_id: String,
    locale: String,
    reply_address: Json<ReplyAddress>,
    draw: Json<DrawParameters>,
    prompt_typed: String,
    state: JobState,
    outcome: Option<JobOutcome>,
    error_class: Option<ErrorClass>,
    prompt_truncated: bool,
    attempt: u32,
    created_at_ms: i64,
    started_at_ms: Option<i64>,
    finished_at_ms: Option<i64>,
    server: Option<String>,
    age_restricted: bool,
    kind: JobKind,
    parent: Option<JobId>,
    is_private: bool,
    safety: String,
    withheld: u32,
    deleted_at_ms: Option<i64>,
}

impl Record {
    fn into_row(self, images: Vec<ImageRow>) -> JobRow {
        JobRow {
            id: self.id,
            user: UserId {
                platform: self.platform.into(),
                id: self.user_id,
            },
            place: Place {
                server: self.server,
                age_restricted: self.age_restricted,
                ..Place::direct(self.chat_id)
            },
            kind: self.kind,
            parent: self.parent,
            is_private: self.is_private,
            safety: self.safety.parse().unwrap_or(SafetyAction::Block),
            withheld: self.withheld,
            is_deleted: self.deleted_at_ms.is_some(),
            // A release that no longer has a person's language answers in the first one.
            locale: self.locale.parse().unwrap_or(Locale::EN),
            state: self.state,
            outcome: self.outcome,
            error_class: self.error_class,
            draw: self.draw.0,
            prompt_typed: self.prompt_typed,
            prompt_truncated: self.prompt_truncated,
            reply_address: self.reply_address.0,
            attempt: self.attempt,
            created_at: from_ms(self.created_at_ms),
            started_at: self.started_at_ms.map(from_ms),
            finished_at: self.finished_at_ms.map(from_ms),
            images,
        }
    }
}
