//! Which jobs are meant.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::Args;

use crate::chat::UserId;
use crate::moments;
use crate::store::{JobState, JobsQuery};

#[derive(Debug, Args)]
pub(super) struct FilterArgs {
    /// Only jobs of this person: the platform and its id of them, for example discord:123
    #[arg(long, value_name = "PLATFORM:ID", value_parser = user)]
    user: Option<UserId>,
    /// Only jobs in this state: queued, running, delivering, done, failed, cancelled or expired
    #[arg(long)]
    state: Option<JobState>,
    /// Only jobs since then: a date (2026-12-01), a time (2026-12-01T15:00:00Z), or how long ago (90m, 24h, 7d)
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
}

impl FilterArgs {
    /// As a query for at most so many jobs.
    pub(super) fn query(&self, limit: u32, zone: Tz) -> anyhow::Result<JobsQuery> {
        let since = self
            .since
            .as_deref()
            .map(|text| since(text, Utc::now(), zone).with_context(|| format!("--since {text} is no time")))
            .transpose()?;
        Ok(JobsQuery {
            user: self.user.clone(),
            state: self.state,
            since,
            limit,
            ..JobsQuery::default()
        })
    }
}

fn user(text: &str) -> Result<UserId, String> {
    let (platform, id) = text
        .split_once(':')
        .filter(|(platform, id)| !platform.is_empty() && !id.is_empty())
        .ok_or("it has to be a platform and an id, for example discord:123")?;
    Ok(UserId {
        platform: platform.to_owned().into(),
        id: id.to_owned(),
    })
}

/// A length of time is meant to be that long ago.
fn since(text: &str, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
    match moments::length(text) {
        Some(length) => now.checked_sub_signed(length),
        None => moments::moment(text, zone),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use chrono_tz::Asia::Tokyo;

    use super::{since, user};

    fn check(text: &str, expected: Option<&str>) {
        let now: DateTime<Utc> = "2026-11-22T10:00:00Z".parse().expect("a time");
        let found = since(text, now, Tokyo).map(|time| time.to_rfc3339());
        assert_eq!(found.as_deref(), expected, "{text}");
    }

    #[test]
    fn a_length_is_that_long_ago() {
        check("24h", Some("2026-11-21T10:00:00+00:00"));
        check("2026-11-01", Some("2026-10-31T15:00:00+00:00"));
        check("999999999999d", None);
    }

    #[test]
    fn people_are_named_with_their_platform() {
        let found = user("discord:1:2").expect("a person");
        assert_eq!((found.platform.as_str(), found.id.as_str()), ("discord", "1:2"));
        for text in ["", "1", ":1", "discord:"] {
            assert!(user(text).is_err(), "{text}");
        }
    }
}
