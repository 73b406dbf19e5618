//! Numbers about the jobs of a time, for admins.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime, Offset as _, TimeZone, Utc};
use serde::Serialize;
use sqlx::FromRow;

use super::job::JobState;
use super::time::{from_ms, to_ms};
use super::{Store, StoreError};
use crate::chat::{Platform, UserId};

/// The length of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// One day of the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct DayStats {
    /// The day in the time zone that was asked for.
    pub day: NaiveDate,
    /// Jobs that were accepted.
    pub jobs: u64,
    /// Jobs that failed.
    pub failed: u64,
    /// People with at least one job.
    pub users: u64,
    /// Pictures that were drawn.
    pub images: u64,
    /// Seconds of drawing, from the beginning to the end of each job.
    pub seconds: f64,
}

/// One person of the service, for admins.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UserStats {
    /// Who.
    pub user: UserId,
    /// What they are called, as far as the platform said it.
    pub name: Option<String>,
    /// Their jobs in the time.
    pub jobs: u64,
    /// When the last one was asked for.
    pub last_at: DateTime<Utc>,
}

/// Which jobs are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatsQuery {
    /// Of one platform; `None` for all.
    pub platform: Option<Platform>,
    /// Of one server; `None` for all.
    pub server: Option<String>,
    /// From this day on.
    pub since: DateTime<Utc>,
    /// When a day begins.
    pub offset: FixedOffset,
}

impl StatsQuery {
    /// All jobs of the last `days` days, the one of `now` among them, from midnight on in a time zone.
    pub fn of_last_days(now: DateTime<Utc>, time_zone: &impl TimeZone, days: u32) -> Self {
        let offset = time_zone.offset_from_utc_datetime(&now.naive_utc()).fix();
        let today = now.with_timezone(&offset).date_naive();
        let before = Days::new(u64::from(days.saturating_sub(1)));
        let first = today.checked_sub_days(before).unwrap_or(today);
        let midnight = first.and_time(NaiveTime::MIN).and_local_timezone(offset);
        Self {
            platform: None,
            server: None,
            since: midnight.earliest().map_or(now, |time| time.to_utc()),
            offset,
        }
    }

    /// Every day from the first one to that of `now`, also those on which nothing happened.
    pub fn every_day(&self, known: &[DayStats], now: DateTime<Utc>) -> Vec<DayStats> {
        let day_of = |time: DateTime<Utc>| time.with_timezone(&self.offset).date_naive();
        day_of(self.since)
            .iter_days()
            .take_while(|day| *day <= day_of(now))
            .map(|day| {
                let found = known.iter().find(|stats| stats.day == day).copied();
                found.unwrap_or(DayStats {
                    day,
                    ..DayStats::default()
                })
            })
            .collect()
    }
}

/// Numbers about jobs.
#[derive(Clone, Copy, Debug)]
pub struct Stats<'a> {
    pub(super) store: &'a Store,
}

impl Stats<'_> {
    /// One line for each day with jobs, the oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn by_day(&self, query: &StatsQuery) -> Result<Vec<DayStats>, StoreError> {
        let (platform, server) = query.place();
        let records: Vec<DayRecord> = sqlx::query_as(
            "SELECT (created_at_ms + ?1) / ?2 AS day, count(*) AS jobs,
                 count(*) FILTER (WHERE outcome = 'failed') AS failed,
                 count(DISTINCT platform || char(10) || user_id) AS users,
                 sum((SELECT count(*) FROM images WHERE job_id = jobs.id AND images.kind = 'picture')) AS images,
                 total(max(finished_at_ms - started_at_ms, 0)) / 1000 AS seconds
             FROM jobs
             WHERE created_at_ms >= ?3 AND (?4 IS NULL OR platform = ?4) AND (?5 IS NULL OR server = ?5)
             GROUP BY day ORDER BY day",
        )
        .bind(i64::from(query.offset.local_minus_utc()) * 1000)
        .bind(DAY_MS)
        .bind(to_ms(query.since))
        .bind(platform)
        .bind(server)
        .fetch_all(self.store.patient_readers())
        .await?;
        Ok(records.into_iter().map(DayStats::from).collect())
    }

    /// The people with the most jobs, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn by_user(&self, query: &StatsQuery, limit: u32) -> Result<Vec<UserStats>, StoreError> {
        let (platform, server) = query.place();
        // The plus signs keep SQLite from reading all jobs there are in the order of their users.
        let records: Vec<UserRecord> = sqlx::query_as(
            "SELECT counted.platform, user_id, name, jobs, last_at_ms
             FROM (SELECT platform, user_id, count(*) AS jobs, max(created_at_ms) AS last_at_ms FROM jobs
                   WHERE created_at_ms >= ?1 AND (?2 IS NULL OR platform = ?2) AND (?3 IS NULL OR server = ?3)
                   GROUP BY +platform, +user_id ORDER BY jobs DESC, last_at_ms DESC LIMIT ?4) AS counted
             JOIN users ON users.platform = counted.platform AND users.id = user_id
             ORDER BY jobs DESC, last_at_ms DESC",
        )
        .bind(to_ms(query.since))
        .bind(platform)
        .bind(server)
        .bind(limit)
        .fetch_all(self.store.patient_readers())
        .await?;
        Ok(records.into_iter().map(UserStats::from).collect())
    }

    /// How many jobs there are by platform and state, for metrics.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn by_state(&self) -> Result<Vec<(Platform, JobState, u64)>, StoreError> {
        let rows: Vec<(String, JobState, i64)> =
            sqlx::query_as("SELECT platform, state, jobs FROM job_counts ORDER BY platform, state")
                .fetch_all(self.store.readers())
                .await?;
        Ok(rows
            .into_iter()
            .map(|(platform, state, jobs)| (platform.into(), state, jobs.cast_unsigned()))
            .collect())
    }
}

impl StatsQuery {
    fn place(&self) -> (Option<&str>, Option<&str>) {
        (
            self.platform.as_ref().map(Platform::as_str),
            self.server.as_deref(),
        )
    }
}

#[derive(FromRow)]
struct DayRecord {
    day: i64,
    jobs: i64,
    failed: i64,
    users: i64,
    images: i64,
    seconds: f64,
}

impl From<DayRecord> for DayStats {
    fn from(record: DayRecord) -> Self {
        Self {
            day: from_ms(record.day.saturating_mul(DAY_MS)).date_naive(),
            jobs: record.jobs.cast_unsigned(),
            failed: record.failed.cast_unsigned(),
            users: record.users.cast_unsigned(),
            images: record.images.cast_unsigned(),
            seconds: record.seconds,
        }
    }
}

#[derive(FromRow)]
struct UserRecord {
    platform: String,
    user_id: String,
    name: Option<String>,
    jobs: i64,
    last_at_ms: i64,
}

impl From<UserRecord> for UserStats {
    fn from(record: UserRecord) -> Self {
        Self {
            user: UserId {
                platform: record.platform.into(),
                id: record.user_id,
            },
            name: record.name,
            jobs: record.jobs.cast_unsigned(),
            last_at: from_ms(record.last_at_ms),
        }
    }
}
