//! The clock: quotas, leases and the history follow it.

use async_trait::async_trait;
use chrono::{DateTime, Datelike as _, TimeDelta, Utc};

use super::{Check, Context, Found};
use crate::store::{JobsQuery, Store};

/// No release of this program is older.
const FIRST_YEAR: i32 = 2025;
/// How far a job may lie in the future: machines correct their clocks by seconds.
const TOLERANCE: TimeDelta = TimeDelta::minutes(2);

const REMEDY: &str = "set the clock, and let the system keep it right (NTP)";

pub(super) struct ClockCheck;

#[async_trait]
impl Check for ClockCheck {
    fn name(&self) -> &'static str {
        "clock"
    }

    async fn run(&self, context: &Context<'_>) -> Vec<Found> {
        let newest = newest_job(context).await;
        let zone = context.config.i18n.time_zone;
        let shown = context.now.with_timezone(&zone).format("%Y-%m-%d %H:%M");
        vec![judge(context.now, newest, &format!("{shown} in {zone}"))]
    }
}

/// When the newest job was asked for. What keeps the log from being read is told by another check.
async fn newest_job(context: &Context<'_>) -> Option<DateTime<Utc>> {
    let store = Store::open_readonly(&context.config.data.dir).await.ok()??;
    let query = JobsQuery {
        limit: 1,
        ..JobsQuery::default()
    };
    let newest = store.jobs().export(&query).await.ok();
    store.close().await;
    newest?.first().map(|job| job.created_at)
}

fn judge(now: DateTime<Utc>, newest: Option<DateTime<Utc>>, shown: &str) -> Found {
    if now.year() < FIRST_YEAR {
        return Found::fail(format!("{shown} cannot be right"), REMEDY);
    }
    match newest.filter(|newest| *newest > now + TOLERANCE) {
        Some(newest) => Found::warn(
            format!(
                "{shown}, but the newest job is from {}",
                newest.format("%Y-%m-%d %H:%M UTC")
            ),
            REMEDY,
        ),
        None => Found::ok(shown),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::judge;

    fn check(now: &str, newest: Option<&str>, expected: &str) {
        let time = |text: &str| -> DateTime<Utc> { text.parse().expect("a time") };
        let found = judge(time(now), newest.map(time), "now");
        assert_eq!(format!("{} {}", found.level, found.message), expected);
    }

    #[test]
    fn a_clock_that_cannot_be_right_is_found() {
        check("2026-11-22T10:00:00Z", None, "ok now");
        check("2026-11-22T10:00:00Z", Some("2026-11-22T10:01:00Z"), "ok now");
        check("1970-01-01T00:00:05Z", None, "fail now cannot be right");
        check(
            "2026-11-22T10:00:00Z",
            Some("2026-11-22T10:05:00Z"),
            "warn now, but the newest job is from 2026-11-22 10:05 UTC",
        );
    }
}
