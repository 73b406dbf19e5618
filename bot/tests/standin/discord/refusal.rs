//! Requests that Discord does not do.

use serde_json::{Value, json};

use super::schema::Problem;

/// An answer that is not a success, in Discord's form.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Discord's own number.
    pub(crate) code: u32,
    /// What it says.
    pub(crate) message: String,
    /// What is wrong with a form, by its fields.
    pub(crate) errors: Option<Value>,
    /// More headers.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The whole body, where it has another form.
    pub(crate) body: Option<Value>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: u32, message: &str) -> Self {
        Self {
            status,
            code,
            message: message.to_owned(),
            errors: None,
            headers: Vec::new(),
            body: None,
        }
    }

    /// The request is malformed; whoever sends it has a fault.
    pub(crate) fn malformed(at: &str, why: &str) -> Self {
        let errors = json!({ at: { "_errors": [{ "code": "BASE_TYPE_INVALID", "message": why }] } });
        Self {
            errors: Some(errors),
            ..Self::new(400, 50035, "Invalid Form Body")
        }
    }

    /// The request does not fit the description.
    pub(crate) fn unfitting(problems: &[Problem]) -> Self {
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Self::malformed("body", &all.join("; "))
    }

    pub(crate) fn unknown_interaction() -> Self {
        Self::new(404, 10062, "Unknown interaction")
    }

    pub(crate) fn unknown_message() -> Self {
        Self::new(404, 10008, "Unknown Message")
    }

    pub(crate) fn no_permission() -> Self {
        Self::new(403, 50013, "Missing Permissions")
    }

    pub(crate) fn no_access() -> Self {
        Self::new(403, 50001, "Missing Access")
    }

    /// Too many requests.
    pub(crate) fn too_many(retry_after: std::time::Duration, scope: &'static str, bucket: &str) -> Self {
        let seconds = retry_after.as_secs_f64();
        let is_global = scope == "global";
        let mut headers = vec![
            ("Retry-After", format!("{}", seconds.ceil())),
            ("X-RateLimit-Scope", scope.to_owned()),
        ];
        if is_global {
            headers.push(("X-RateLimit-Global", "true".to_owned()));
        } else {
            headers.extend([
                ("X-RateLimit-Limit", "5".to_owned()),
                ("X-RateLimit-Remaining", "0".to_owned()),
                ("X-RateLimit-Reset-After", format!("{seconds:.3}")),
                ("X-RateLimit-Bucket", bucket.to_owned()),
            ]);
        }
        Self {
            headers,
            body: Some(json!({
                "message": "You are being rate limited.", "retry_after": seconds, "global": is_global
            })),
            ..Self::new(429, 0, "You are being rate limited.")
        }
    }

    /// The body of the answer.
    pub(crate) fn answer(&self) -> Value {
        if let Some(body) = &self.body {
            return body.clone();
        }
        let mut answer = json!({ "message": self.message, "code": self.code });
        if let Some(errors) = &self.errors {
            answer["errors"] = errors.clone();
        }
        answer
    }

    /// The bot has a fault: it asks for something that does not exist, or in a wrong form.
    pub(crate) fn is_malformed(&self) -> bool {
        matches!(self.code, 50006 | 50035 | 50041 | 50109)
            || (self.code == 0 && matches!(self.status, 404 | 405))
    }

    /// The interaction's token will never work again.
    pub(crate) fn kills_token(&self) -> bool {
        matches!(self.code, 10015 | 10062 | 50027)
    }
}
