//! Faults on demand, and how much Discord takes of what kind.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use regex::Regex;
use tokio::time::Instant;

use super::description::Arguments;
use super::refusal::Refusal;

/// Requests a second of one bot.
const GLOBAL: usize = 50;
/// A request that was on its way when another one was told to wait may still arrive.
const ON_THE_WAY: Duration = Duration::from_millis(100);

/// What goes wrong with requests.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    requests: Regex,
    pub(crate) what: What,
    /// The request is done all the same, and only the answer is lost.
    pub(crate) is_late: bool,
    left: u32,
}

/// How it goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The server has a fault.
    Status(u16),
    /// Refused with a status, and Discord's own number.
    Refused(u16, u32),
    /// Too many requests of this kind; there is another time to wait.
    TooMany(Duration),
    /// Too many requests of any kind.
    TooManyAtAll(Duration),
    /// The connection is cut.
    Cut,
    /// The answer takes its time.
    Slow(Duration),
}

impl Fault {
    /// The next request whose method and path (`PATCH /webhooks/…/@original`) match goes wrong.
    pub(crate) fn new(requests: &str, what: What) -> Self {
        Self {
            requests: Regex::new(requests).expect("a regular expression"),
            what,
            is_late: false,
            left: 1,
        }
    }

    /// As many requests.
    pub(crate) fn times(self, times: u32) -> Self {
        Self { left: times, ..self }
    }

    /// The request is done, and its answer gets lost.
    pub(crate) fn afterwards(self) -> Self {
        Self {
            is_late: true,
            ..self
        }
    }
}

/// Takes the fault that is meant for a request.
pub(crate) fn take_fault(faults: &mut Vec<Fault>, line: &str) -> Option<Fault> {
    let fault = faults
        .iter_mut()
        .find(|fault| fault.left > 0 && fault.requests.is_match(line))?;
    fault.left -= 1;
    let taken = fault.clone();
    faults.retain(|fault| fault.left > 0);
    Some(taken)
}

/// What counts together: a kind of request, for one channel or one interaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    major: String,
}

impl Bucket {
    pub(crate) fn of(operation: &str, arguments: &Arguments) -> Self {
        let token = arguments
            .get("webhook_token")
            .or_else(|| arguments.get("interaction_token"));
        let major = token
            .or_else(|| arguments.get("channel_id"))
            .or_else(|| arguments.get("guild_id"));
        let name = match operation {
            // All calls of one interaction's token count together.
            _ if arguments.contains_key("webhook_token") => "webhook",
            other => other,
        };
        Self {
            name: name.to_owned(),
            major: major.cloned().unwrap_or_default(),
        }
    }

    /// Requests in a time.
    fn limit(&self) -> (u32, Duration) {
        match self.name.as_str() {
            "webhook" => (5, Duration::from_secs(2)),
            "create_message" | "update_message" => (5, Duration::from_secs(5)),
            _ => (50, Duration::from_secs(1)),
        }
    }
}

/// How much has come lately.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    has_limits: bool,
    windows: HashMap<Bucket, (Instant, u32)>,
    recent: VecDeque<Instant>,
    blocked: HashMap<Bucket, Instant>,
    blocked_at_all: Option<(Instant, Instant)>,
    /// How often the bot was told to wait.
    pub(crate) refusals: u32,
}

/// What a request is told about its limits.
pub(crate) type Headers = Vec<(&'static str, String)>;

impl Rates {
    pub(crate) fn new(has_limits: bool) -> Self {
        Self {
            has_limits,
            ..Self::default()
        }
    }

    /// Whether the bot was told to wait, and did not.
    pub(crate) fn is_impatient(&self, bucket: &Bucket, is_counted: bool) -> bool {
        let now = Instant::now();
        let at_all = self
            .blocked_at_all
            .is_some_and(|(since, until)| is_counted && now < until && now >= since + ON_THE_WAY);
        at_all || self.blocked.get(bucket).is_some_and(|until| now < *until)
    }

    /// Tells the bot to wait.
    pub(crate) fn refuse(&mut self, bucket: &Bucket, wait: Duration, is_at_all: bool) -> Refusal {
        let now = Instant::now();
        self.refusals += 1;
        if is_at_all {
            self.blocked_at_all = Some((now, now + wait));
        } else {
            self.blocked.insert(bucket.clone(), now + wait);
        }
        Refusal::too_many(wait, if is_at_all { "global" } else { "user" }, &bucket.name)
    }

    /// Counts a request. Those that answer an interaction are not counted with the others.
    pub(crate) fn admit(&mut self, bucket: &Bucket, is_counted: bool) -> Result<Headers, Refusal> {
        if !self.has_limits || bucket.name == "create_interaction_response" {
            return Ok(Headers::new());
        }
        let now = Instant::now();
        let second = Duration::from_secs(1);
        self.recent.retain(|then| now - *then < second);
        if is_counted {
            if self.recent.len() >= GLOBAL {
                return Err(self.refuse(bucket, second, true));
            }
            self.recent.push_back(now);
        }
        let (limit, time) = bucket.limit();
        let window = self.windows.entry(bucket.clone()).or_insert((now, 0));
        if now - window.0 >= time {
            *window = (now, 0);
        }
        let left = time - (now - window.0);
        if window.1 >= limit {
            return Err(self.refuse(bucket, left, false));
        }
        window.1 += 1;
        Ok(vec![
            ("X-RateLimit-Limit", limit.to_string()),
            ("X-RateLimit-Remaining", (limit - window.1).to_string()),
            ("X-RateLimit-Reset-After", format!("{:.3}", left.as_secs_f64())),
            ("X-RateLimit-Bucket", bucket.name.clone()),
        ])
    }
}
