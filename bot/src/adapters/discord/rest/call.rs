//! One call, before it is made.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde::Serialize;

/// How long a call without files may take.
const WITHIN: Duration = Duration::from_secs(15);
/// How long a call with files may take.
const WITH_FILES_WITHIN: Duration = Duration::from_secs(90);

/// One call of Discord's HTTP interface.
#[derive(Clone)]
pub(in super::super) struct Call {
    pub(super) method: Method,
    /// The path with its gaps named, for the log and for the rate limits: what fills them may be secret.
    pub(super) route: &'static str,
    pub(super) path: String,
    /// What is counted by itself in the rate limits of a route: a channel, a server, a webhook.
    pub(super) major: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<serde_json::Value>,
    pub(super) files: Vec<File>,
    pub(super) credential: Credential,
    pub(super) within: Duration,
}

/// The rest holds what people write, and what allows to answer them.
impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("route", &self.route)
            .finish_non_exhaustive()
    }
}

/// What shows that a call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Credential {
    /// The bot's token.
    Bot,
    /// A token in the path; the bot's is not sent, and the bot's global limit does not count such calls.
    InPath,
}

/// A file that goes with a call.
#[derive(Clone, PartialEq, Eq)]
pub(in super::super) struct File {
    /// Its name: Latin letters, digits, `-`, `_` and `.`, which Discord leaves as they are.
    pub(in super::super) name: String,
    /// Its bytes.
    pub(in super::super) bytes: Arc<[u8]>,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File")
            .field("name", &self.name)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

impl Call {
    /// A call as the bot. `route` has a gap like `{channel}` for each of `ids`, in their order, for example
    /// `/channels/{channel}/messages`; its version and what comes before it are added when it is made.
    pub(in super::super) fn bot(method: Method, route: &'static str, ids: &[&dyn ToString]) -> Self {
        Self::new(method, route, ids, Credential::Bot)
    }

    /// A call that the token of an interaction in its path allows.
    pub(in super::super) fn interaction(method: Method, route: &'static str, ids: &[&dyn ToString]) -> Self {
        Self::new(method, route, ids, Credential::InPath)
    }

    fn new(method: Method, route: &'static str, ids: &[&dyn ToString], credential: Credential) -> Self {
        let ids: Vec<String> = ids.iter().map(|id| (**id).to_string()).collect();
        let counted = match credential {
            Credential::Bot if route.starts_with("/channels/") || route.starts_with("/guilds/") => 1,
            Credential::Bot => 0,
            // An interaction or a webhook is its number and its token together.
            Credential::InPath => 2,
        };
        Self {
            method,
            route,
            path: filled(route, &ids),
            major: ids
                .iter()
                .take(counted)
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join("/"),
            query: Vec::new(),
            body: None,
            files: Vec::new(),
            credential,
            within: WITHIN,
        }
    }

    /// The path with its gaps named, for the log.
    pub(in super::super) fn route(&self) -> &'static str {
        self.route
    }

    /// With this body.
    pub(in super::super) fn with_body(self, body: &impl Serialize) -> Result<Self, serde_json::Error> {
        let body = serde_json::to_value(body)?;
        Ok(Self {
            body: Some(body),
            ..self
        })
    }

    /// With these files beside the body, which names them by their places.
    pub(in super::super) fn with_files(self, files: Vec<File>) -> Self {
        let within = if files.is_empty() {
            self.within
        } else {
            WITH_FILES_WITHIN
        };
        Self {
            files,
            within,
            ..self
        }
    }

    /// With one more parameter after the question mark.
    pub(in super::super) fn with_query(mut self, name: &'static str, value: &str) -> Self {
        self.query.push((name, value.to_owned()));
        self
    }

    /// Given up after this time.
    pub(in super::super) fn within(self, within: Duration) -> Self {
        Self { within, ..self }
    }
}

/// The route with its gaps filled.
fn filled(route: &str, ids: &[String]) -> String {
    let mut ids = ids.iter();
    let parts = route.split('/').map(|part| {
        if part.starts_with('{') {
            ids.next().map_or("", String::as_str)
        } else {
            part
        }
    });
    parts.collect::<Vec<_>>().join("/")
}
