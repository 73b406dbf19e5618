//! When somebody may ask again, in the way people say it.

use chrono::{DateTime, DurationRound as _, TimeDelta, Timelike as _, Utc};
use chrono_tz::Tz;

/// A moment to come, for a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// Hour and minute in the time zone, `15:04`; never earlier than the moment itself.
    pub clock: String,
    /// How many midnights lie before it: 0 is today, 1 tomorrow.
    pub days: u32,
    /// How long it is until then.
    pub wait: Wait,
}

/// A length of time in the unit in which people would say it. It is at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Up to a minute, in seconds.
    Seconds(u32),
    /// Up to an hour, in whole minutes, rounded up.
    Minutes(u32),
    /// To the nearest hour; `clock` has the minutes.
    Hours(u32),
}

/// The moment `at` as it is told at `now` to people in this time zone.
pub fn again(at: DateTime<Utc>, now: DateTime<Utc>, time_zone: Tz) -> Again {
    let minute = TimeDelta::minutes(1);
    let shown = at.duration_trunc(minute).unwrap_or(at);
    let shown = if shown < at { shown + minute } else { shown };
    let (shown, today) = (shown.with_timezone(&time_zone), now.with_timezone(&time_zone));
    let days = (shown.date_naive() - today.date_naive()).num_days();
    Again {
        clock: format!("{:02}:{:02}", shown.hour(), shown.minute()),
        days: u32::try_from(days).unwrap_or(0),
        wait: wait(at - now),
    }
}

fn wait(left: TimeDelta) -> Wait {
    let ms = u64::try_from(left.num_milliseconds()).unwrap_or(0).max(1);
    let seconds = ms.div_ceil(1000);
    let count = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    match seconds {
        ..=60 => Wait::Seconds(count(seconds)),
        61..=3600 => Wait::Minutes(count(seconds.div_ceil(60))),
        _ => Wait::Hours(count((seconds + 1800) / 3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seconds: i64, time_zone: Tz, clock: &str, days: u32, wait: Wait) {
        let now: DateTime<Utc> = "2026-11-22T12:30:20Z".parse().unwrap();
        let again = again(now + TimeDelta::seconds(seconds), now, time_zone);
        let expected = Again {
            clock: clock.into(),
            days,
            wait,
        };
        assert_eq!(again, expected, "{seconds} s in {time_zone}");
    }

    #[test]
    fn the_clock_is_that_of_the_time_zone_and_never_too_early() {
        check(40, Tz::UTC, "12:31", 0, Wait::Seconds(40));
        check(41, Tz::UTC, "12:32", 0, Wait::Seconds(41));
        check(61, Tz::UTC, "12:32", 0, Wait::Minutes(2));
        check(3600, Tz::UTC, "13:31", 0, Wait::Minutes(60));
        check(2 * 3600, Tz::Asia__Tokyo, "23:31", 0, Wait::Hours(2));
        check(5 * 3600, Tz::Asia__Tokyo, "02:31", 1, Wait::Hours(5));
        check(24 * 3600, Tz::Europe__Berlin, "13:31", 1, Wait::Hours(24));
    }

    #[test]
    fn what_is_over_is_a_second_away() {
        check(0, Tz::UTC, "12:31", 0, Wait::Seconds(1));
        check(-86_400, Tz::UTC, "12:31", 0, Wait::Seconds(1));
    }
}
