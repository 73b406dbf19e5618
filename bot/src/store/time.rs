//! Times in the database: whole milliseconds since 1970 in UTC.

use chrono::{DateTime, Utc};

pub(super) fn to_ms(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis()
}

/// A number that is no time at all, which only a damaged database holds, becomes 1970.
pub(super) fn from_ms(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or(DateTime::UNIX_EPOCH)
}
