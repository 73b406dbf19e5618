//! What Discord's answer to a call says.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::RestError;
use super::call::Credential;

/// How long to wait when Discord wants patience and does not say how much.
const USUAL_PATIENCE: Duration = Duration::from_secs(5);
/// No time that Discord names is believed to be longer.
const LONGEST_PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);
/// What is added to the time that Discord names: it is rounded, and clocks differ a little.
const PATIENCE_MARGIN: Duration = Duration::from_millis(50);
/// Discord takes no more changes of a message that is older than an hour, and says so as a rate limit.
const TOO_MANY_EDITS: u64 = 30_046;

/// What Discord has answered to a call.
#[derive(Debug)]
pub(in super::super) struct Answer {
    route: &'static str,
    /// The body; null when there was none.
    pub(in super::super) body: Value,
}

impl Answer {
    /// What was answered, as a value of a type.
    ///
    /// # Errors
    /// When it is something else.
    pub(in super::super) fn read<T: DeserializeOwned>(&self) -> Result<T, RestError> {
        T::deserialize(&self.body).map_err(|source| RestError::Content {
            route: self.route,
            source,
        })
    }
}

/// What stands in the head of an answer.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) status: StatusCode,
    /// The name of the limit that the route is under.
    pub(super) bucket: Option<String>,
    /// Calls that may follow before the limit is lifted.
    pub(super) remaining: Option<u32>,
    /// When the limit is lifted.
    pub(super) reset_after: Option<Duration>,
    /// How long Discord wants to be left alone.
    retry_after: Option<Duration>,
    /// Whose limit was reached.
    scope: Option<String>,
}

impl Told {
    pub(super) fn of(response: &Response) -> Self {
        let headers = response.headers();
        let is_global = text(headers, "x-ratelimit-global").is_some();
        Self {
            status: response.status(),
            bucket: text(headers, "x-ratelimit-bucket").map(str::to_owned),
            remaining: text(headers, "x-ratelimit-remaining").and_then(|text| text.parse().ok()),
            reset_after: seconds(text(headers, "x-ratelimit-reset-after")),
            retry_after: seconds(text(headers, "retry-after")),
            scope: match text(headers, "x-ratelimit-scope") {
                None if is_global => Some("global".to_owned()),
                scope => scope.map(str::to_owned),
            },
        }
    }

    /// Whether Discord counts the call among those that get an address banned when there are too many.
    pub(super) fn is_invalid(&self) -> bool {
        match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => true,
            StatusCode::TOO_MANY_REQUESTS => self.scope.as_deref() != Some("shared"),
            _ => false,
        }
    }

    /// What became of the call.
    pub(super) fn judge(
        &self,
        route: &'static str,
        credential: Credential,
        body: &[u8],
    ) -> Result<Answer, RestError> {
        if self.status.is_success() {
            let body = match body {
                [] => Ok(Value::Null),
                some => serde_json::from_slice(some),
            };
            let body = body.map_err(|source| RestError::Content { route, source })?;
            return Ok(Answer { route, body });
        }
        if self.status.is_server_error() {
            return Err(RestError::Failing {
                route,
                status: self.status.as_u16(),
            });
        }
        if self.status == StatusCode::UNAUTHORIZED && credential == Credential::Bot {
            return Err(RestError::TokenRefused);
        }
        // Servers between here and Discord answer in other words.
        let reason: Reason = serde_json::from_slice(body).unwrap_or_default();
        if self.status == StatusCode::TOO_MANY_REQUESTS && reason.code != TOO_MANY_EDITS {
            return Err(self.rate_limited(route, &reason));
        }
        Err(RestError::Refused {
            route,
            status: self.status.as_u16(),
            code: reason.code,
            message: reason.in_words(),
        })
    }

    fn rate_limited(&self, route: &'static str, reason: &Reason) -> RestError {
        let exact = reason.retry_after.and_then(patience);
        let retry_after = exact.or(self.retry_after).unwrap_or(USUAL_PATIENCE);
        let scope = if reason.global {
            Some("global")
        } else {
            self.scope.as_deref()
        };
        RestError::RateLimited {
            route,
            retry_after: retry_after + PATIENCE_MARGIN,
            scope: scope.unwrap_or("user").to_owned(),
        }
    }
}

/// Why Discord has refused a call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reason {
    code: u64,
    message: String,
    errors: Value,
    retry_after: Option<f64>,
    global: bool,
}

impl Reason {
    /// The reason, with the places in the body that are wrong, and without what stood there.
    fn in_words(self) -> String {
        let mut places = Vec::new();
        collect("", &self.errors, &mut places);
        if places.is_empty() {
            return self.message;
        }
        format!("{} ({})", self.message, places.join(", "))
    }
}

/// Walks through Discord's nested errors: `{"embeds": {"0": {"_errors": [{"code": …}]}}}` is `embeds.0: …`.
fn collect(at: &str, errors: &Value, places: &mut Vec<String>) {
    let Value::Object(errors) = errors else { return };
    for (name, inner) in errors {
        if name == "_errors" {
            let codes = inner.as_array().into_iter().flatten();
            let codes = codes.filter_map(|error| error.get("code")?.as_str());
            places.extend(codes.map(|code| format!("{}: {code}", at.trim_start_matches('.'))));
        } else {
            collect(&format!("{at}.{name}"), inner, places);
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn seconds(text: Option<&str>) -> Option<Duration> {
    patience(text?.parse().ok()?)
}

/// A time that Discord names. Whatever it says, a point in time can be counted with it.
fn patience(seconds: f64) -> Option<Duration> {
    let time = Duration::try_from_secs_f64(seconds).ok()?;
    Some(time.min(LONGEST_PATIENCE))
}
