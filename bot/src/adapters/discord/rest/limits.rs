//! How much Discord takes, as its answers say.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Method;
use tokio::time::Instant;

use super::answer::Told;
use super::call::{Call, Credential};

/// Calls with the bot's token that Discord takes in a second, of all routes together.
const GLOBAL_CALLS: usize = 50;
const GLOBAL_WINDOW: Duration = Duration::from_secs(1);
/// Discord bans an address after ten thousand refused calls in ten minutes. We are quiet long before.
const MAX_INVALID: usize = 2_000;
const INVALID_WINDOW: Duration = Duration::from_secs(600);
/// Windows that have ended are forgotten when there are as many.
const MAX_WINDOWS: usize = 1_000;

/// What a call is counted under before Discord has named the limit.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    method: Method,
    route: &'static str,
    /// It may have the token of an interaction in it.
    major: String,
    credential: Credential,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("method", &self.method)
            .field("route", &self.route)
            .field("credential", &self.credential)
            .finish_non_exhaustive()
    }
}

impl Call {
    pub(super) fn key(&self) -> Key {
        Key {
            method: self.method.clone(),
            route: self.route,
            major: self.major.clone(),
            credential: self.credential,
        }
    }
}

/// What Discord takes now.
#[derive(Debug)]
pub(super) struct Limits {
    inner: Mutex<Inner>,
}

struct Inner {
    /// The names that Discord has given to the limits of routes.
    buckets: HashMap<(Method, &'static str), String>,
    /// By the name of the limit, or the route when it has none, and what is counted by itself: a token, too.
    windows: HashMap<(String, String), Window>,
    /// No call with the bot's token before.
    global_until: Instant,
    /// No call at all before.
    all_until: Instant,
    /// When the last calls with the bot's token were made.
    recent: VecDeque<Instant>,
    /// When calls were refused in a way that Discord counts.
    invalid: VecDeque<Instant>,
    is_quiet: bool,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner")
            .field("windows", &self.windows.len())
            .field("invalid", &self.invalid.len())
            .field("is_quiet", &self.is_quiet)
            .finish_non_exhaustive()
    }
}

/// One limit.
#[derive(Clone, Copy, Debug)]
struct Window {
    remaining: u32,
    ends: Instant,
}

impl Limits {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            inner: Mutex::new(Inner {
                buckets: HashMap::new(),
                windows: HashMap::new(),
                global_until: now,
                all_until: now,
                recent: VecDeque::new(),
                invalid: VecDeque::new(),
                is_quiet: false,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call that is about to be made, or says how long it has to wait.
    pub(super) fn admit(&self, call: &Call, now: Instant) -> Result<(), Duration> {
        let mut inner = self.lock();
        inner.check_invalid(now)?;
        if now < inner.all_until {
            return Err(inner.all_until - now);
        }
        if call.credential == Credential::Bot {
            inner.check_global(now)?;
        }
        inner.check_window(&call.key(), now)?;
        if call.credential == Credential::Bot {
            inner.recent.push_back(now);
        }
        Ok(())
    }

    /// Takes over what an answer says.
    pub(super) fn learn(&self, key: &Key, told: &Told, now: Instant) {
        let mut inner = self.lock();
        if let Some(bucket) = &told.bucket {
            inner
                .buckets
                .insert((key.method.clone(), key.route), bucket.clone());
        }
        let (Some(remaining), Some(reset_after)) = (told.remaining, told.reset_after) else {
            return;
        };
        let ends = now + reset_after;
        let name = inner.name(key);
        match inner.windows.get_mut(&name) {
            // Answers overtake one another, and other calls are on their way.
            Some(window) if now < window.ends => {
                window.remaining = window.remaining.min(remaining);
                window.ends = window.ends.max(ends);
            }
            _ => {
                inner.forget_ended(now);
                inner.windows.insert(name, Window { remaining, ends });
            }
        }
    }

    /// Discord wants to be left alone: on this route, or altogether.
    pub(super) fn block(&self, key: &Key, retry_after: Duration, is_global: bool, now: Instant) {
        let mut inner = self.lock();
        let until = now + retry_after;
        match (is_global, key.credential) {
            (true, Credential::Bot) => inner.global_until = inner.global_until.max(until),
            // The bot's own limit does not count such calls, so it is about everything from this address.
            (true, Credential::InPath) => inner.all_until = inner.all_until.max(until),
            (false, _) => {
                let name = inner.name(key);
                let known = inner.windows.get(&name);
                let ends = known.map_or(until, |window| window.ends.max(until));
                inner.windows.insert(name, Window { remaining: 0, ends });
            }
        }
    }

    /// A call was refused in a way that Discord counts.
    pub(super) fn count_invalid(&self, now: Instant) {
        self.lock().invalid.push_back(now);
    }
}

impl Inner {
    /// What a call is counted under.
    fn name(&self, key: &Key) -> (String, String) {
        let bucket = self.buckets.get(&(key.method.clone(), key.route));
        let bucket = bucket.cloned();
        let name = bucket.unwrap_or_else(|| format!("{} {}", key.method, key.route));
        (name, key.major.clone())
    }

    fn check_window(&mut self, key: &Key, now: Instant) -> Result<(), Duration> {
        let name = self.name(key);
        let Some(window) = self.windows.get_mut(&name) else {
            return Ok(());
        };
        if now >= window.ends {
            self.windows.remove(&name);
            return Ok(());
        }
        match window.remaining.checked_sub(1) {
            Some(left) => {
                window.remaining = left;
                Ok(())
            }
            None => Err(window.ends - now),
        }
    }

    fn check_global(&mut self, now: Instant) -> Result<(), Duration> {
        if now < self.global_until {
            return Err(self.global_until - now);
        }
        drop_older(&mut self.recent, GLOBAL_WINDOW, now);
        match self.recent.front() {
            Some(oldest) if self.recent.len() >= GLOBAL_CALLS => Err(*oldest + GLOBAL_WINDOW - now),
            _ => Ok(()),
        }
    }

    fn check_invalid(&mut self, now: Instant) -> Result<(), Duration> {
        drop_older(&mut self.invalid, INVALID_WINDOW, now);
        let wait = match self.invalid.front() {
            Some(oldest) if self.invalid.len() >= MAX_INVALID => *oldest + INVALID_WINDOW - now,
            _ => {
                self.is_quiet = false;
                return Ok(());
            }
        };
        if !self.is_quiet {
            self.is_quiet = true;
            tracing::error!(
                refused = self.invalid.len(),
                quiet_s = wait.as_secs(),
                "Discord has refused so many calls that it would ban this address: nothing is sent for a while"
            );
        }
        Err(wait)
    }

    fn forget_ended(&mut self, now: Instant) {
        if self.windows.len() >= MAX_WINDOWS {
            self.windows.retain(|_, window| now < window.ends);
        }
    }
}

fn drop_older(times: &mut VecDeque<Instant>, than: Duration, now: Instant) {
    while times.front().is_some_and(|time| *time + than <= now) {
        times.pop_front();
    }
}
