//! Jobs are looked for: by the person who had them drawn, and by whoever exports the log.

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite};
use unicode_normalization::UnicodeNormalization as _;

use super::{Jobs, record};
use crate::chat::UserId;
use crate::store::StoreError;
use crate::store::job::{JobId, JobRow, JobState};
use crate::store::time::to_ms;

/// How many jobs one search of a person's history looks at, so that its time has a bound. The next one goes on from
/// [`HistoryPage::older`].
pub const SEARCH_DEPTH: u32 = 5_000;

/// Which jobs of a person are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Whose.
    pub user: UserId,
    /// With these letters somewhere in the prompt, as it was typed or as it was used, in upper or lower case.
    pub text: Option<String>,
    /// Older than this one.
    pub before: Option<JobId>,
    /// At most so many.
    pub limit: u32,
}

/// A part of a person's history.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryPage {
    /// The newest first.
    pub jobs: Vec<JobRow>,
    /// Where the next page begins, for [`HistoryQuery::before`]; `None` when there is nothing more to find. A page with
    /// few jobs, or none, may have a next one: the search looks at [`SEARCH_DEPTH`] jobs at a time.
    pub older: Option<JobId>,
}

/// Which jobs of the log are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobsQuery {
    /// Of this person only.
    pub user: Option<UserId>,
    /// In this state only.
    pub state: Option<JobState>,
    /// Asked for at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Older than this one: the last one of the page before.
    pub before: Option<JobId>,
    /// At most so many.
    pub limit: u32,
}

/// What the search compares: letters that look different in two forms of Unicode or in two cases become the same.
pub(super) fn fold(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase()
}

impl Jobs<'_> {
    /// The jobs of a person, newest first, without those whose pictures somebody deleted.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn search(&self, query: &HistoryQuery) -> Result<HistoryPage, StoreError> {
        self.search_within(query, SEARCH_DEPTH).await
    }

    /// The same, and looks at no more than `depth` jobs.
    pub(in crate::store) async fn search_within(
        &self,
        query: &HistoryQuery,
        depth: u32,
    ) -> Result<HistoryPage, StoreError> {
        let mut connection = self.store.readers().acquire().await?;
        let unseen = record::beyond(&mut connection, query, depth).await?;
        let search = record::Search {
            query,
            text: query.text.as_deref().map(fold),
            unseen,
        };
        let mut jobs = record::search(&mut connection, &search).await?;
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        if jobs.len() > limit {
            jobs.truncate(limit);
            let older = jobs.last().map(|job| job.id);
            return Ok(HistoryPage { jobs, older });
        }
        let older = unseen.map(|JobId(newest)| JobId(newest.saturating_add(1)));
        Ok(HistoryPage { jobs, older })
    }

    /// One page of the whole log, newest first. The next one is found with [`JobsQuery::before`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn export(&self, query: &JobsQuery) -> Result<Vec<JobRow>, StoreError> {
        let mut connection = self.store.patient_readers().acquire().await?;
        let mut statement = QueryBuilder::<Sqlite>::new(record::SELECT_JOBS);
        statement
            .push("WHERE id < ")
            .push_bind(query.before.unwrap_or(JobId(i64::MAX)));
        if let Some(user) = &query.user {
            statement
                .push(" AND platform = ")
                .push_bind(user.platform.as_str().to_owned());
            statement.push(" AND user_id = ").push_bind(user.id.clone());
        }
        if let Some(state) = query.state {
            statement.push(" AND state = ").push_bind(state);
        }
        if let Some(since) = query.since {
            statement.push(" AND created_at_ms >= ").push_bind(to_ms(since));
        }
        statement.push(" ORDER BY id DESC LIMIT ").push_bind(query.limit);
        let records = statement.build_query_as().fetch_all(&mut *connection).await?;
        record::with_images(&mut connection, records).await
    }
}
