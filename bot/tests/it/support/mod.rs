//! What the tests of the whole program share.

mod browser;
mod http;
mod hub;
mod program;
mod runtime;

pub(crate) use self::browser::{Browser, BrowserSettings};
pub(crate) use self::http::Client;
pub(crate) use self::hub::{COMMIT, Faults, Hub};
pub(crate) use self::program::{Ended, Program, Service};

use std::time::Duration;

/// Long enough for a busy machine; a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
