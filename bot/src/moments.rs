//! Times as people type them: `90m`, `3d`, `2026-12-01`, `2026-12-01T15:00`.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

/// A length of time: a number of minutes, hours, days or weeks (`m`, `h`, `d`, `w`).
pub fn length(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().next_back()?;
    let number = text.strip_suffix(unit)?;
    let number: i64 = number
        .parse()
        .ok()
        .filter(|_| number.bytes().all(|byte| byte.is_ascii_digit()))?;
    match unit.to_ascii_lowercase() {
        'm' => TimeDelta::try_minutes(number),
        'h' => TimeDelta::try_hours(number),
        'd' => TimeDelta::try_days(number),
        'w' => TimeDelta::try_weeks(number),
        _ => None,
    }
}

/// A point in time. A date is its first moment; what has no time zone of its own is meant in `zone`.
pub fn moment(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let day = || text.parse::<NaiveDate>().ok();
    let local = day().map(|day| day.and_time(NaiveTime::MIN)).or_else(|| {
        ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    })?;
    // A time that clocks are set over is none; one that comes twice is the first.
    local
        .and_local_timezone(zone)
        .earliest()
        .map(|time| time.to_utc())
}

#[cfg(test)]
mod tests {
    use chrono_tz::Asia::Tokyo;

    use super::{length, moment};

    fn check_length(text: &str, minutes: Option<i64>) {
        let found = length(text).map(|length| length.num_minutes());
        assert_eq!(found, minutes, "{text}");
    }

    fn check_moment(text: &str, expected: Option<&str>) {
        let found = moment(text, Tokyo).map(|time| time.to_rfc3339());
        assert_eq!(found.as_deref(), expected, "{text}");
    }

    #[test]
    fn lengths() {
        check_length("90m", Some(90));
        check_length("2H", Some(120));
        check_length("7d", Some(7 * 24 * 60));
        check_length("1w", Some(7 * 24 * 60));
        for text in ["", "d", "-1d", "+1d", "7", "7y", "日", "9999999999999999w"] {
            check_length(text, None);
        }
    }

    #[test]
    fn moments() {
        check_moment("2026-11-01", Some("2026-10-31T15:00:00+00:00"));
        check_moment("2026-11-01T09:30", Some("2026-11-01T00:30:00+00:00"));
        check_moment("2026-11-01T12:00:00+09:00", Some("2026-11-01T03:00:00+00:00"));
        check_moment("2026-11-01T12:00:00Z", Some("2026-11-01T12:00:00+00:00"));
        for text in ["", "soon", "2026-13-01", "12:00"] {
            check_moment(text, None);
        }
    }
}
