//! One call of the Bot API, before it is made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

/// How long a call may take that only says something.
const CALL_WITHIN: Duration = Duration::from_secs(30);
/// How long a call may take that brings files, on a slow line.
const UPLOAD_WITHIN: Duration = Duration::from_secs(110);

/// A file that goes with a call.
#[derive(Clone, Debug)]
pub(in crate::adapters::telegram) struct FilePart {
    /// Its name, as the person sees it.
    pub(in crate::adapters::telegram) file_name: String,
    /// What is in it.
    pub(in crate::adapters::telegram) bytes: Arc<[u8]>,
}

/// One call: a method, its parameters, and the files that they name by `attach://`.
#[derive(Clone)]
pub(in crate::adapters::telegram) struct Call {
    pub(super) method: &'static str,
    pub(super) parameters: Map<String, Value>,
    pub(super) files: Vec<(String, FilePart)>,
    pub(super) urgency: Urgency,
    within: Option<Duration>,
}

/// The parameters hold what people write, and the secrets of files and webhooks.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("urgency", &self.urgency)
            .finish_non_exhaustive()
    }
}

/// Whether a call waits for its turn when its chat was told much lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Urgency {
    /// It waits.
    #[default]
    Needed,
    /// It is not made at all: there will be newer news.
    News,
}

impl Call {
    /// A call of this method.
    pub(in crate::adapters::telegram) fn new(method: &'static str) -> Self {
        Self {
            method,
            parameters: Map::new(),
            files: Vec::new(),
            urgency: Urgency::default(),
            within: None,
        }
    }

    /// The same with one more parameter.
    pub(in crate::adapters::telegram) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.to_owned(), value.into());
        self
    }

    /// The same with one more parameter, if it has a value.
    pub(in crate::adapters::telegram) fn with_some(
        self,
        name: &str,
        value: Option<impl Into<Value>>,
    ) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The same with a file that a parameter calls `attach://<part>`.
    pub(in crate::adapters::telegram) fn file(mut self, part: impl Into<String>, file: FilePart) -> Self {
        self.files.push((part.into(), file));
        self
    }

    /// The same for news: not worth waiting for.
    pub(in crate::adapters::telegram) fn only_news(self) -> Self {
        Self {
            urgency: Urgency::News,
            ..self
        }
    }

    /// The same with its own time limit: polling waits longer than anything else.
    pub(in crate::adapters::telegram) fn within(self, within: Duration) -> Self {
        Self {
            within: Some(within),
            ..self
        }
    }

    pub(super) fn time_limit(&self) -> Duration {
        self.within.unwrap_or(if self.files.is_empty() {
            CALL_WITHIN
        } else {
            UPLOAD_WITHIN
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_in_no_debug_output() {
        let call = Call::new("setWebhook").with("secret_token", "abc");
        insta::assert_snapshot!(format!("{call:?}"), @r#"Call { method: "setWebhook", urgency: Needed, .. }"#);
    }
}
