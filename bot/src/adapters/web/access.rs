//! Who may use the web chat: everybody who reaches it, or whoever knows `web.token`.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;

use super::api::ApiError;

/// The cookie that proves that its owner once knew the token.
const COOKIE_NAME: &str = "ekaki_access";

/// A browser keeps a cookie for at most 400 days.
const COOKIE_ATTRIBUTES: &str = "Path=/; Max-Age=34560000; HttpOnly; SameSite=Strict";

/// How long the answer to a wrong token takes.
const GUESS_DELAY: Duration = Duration::from_millis(300);

/// Wrong tokens that are being answered at the same time. With the delay, nobody guesses more than a few per second.
const MAX_GUESSES: usize = 4;

/// The door. It keeps a value derived from the token, never the token.
#[derive(Debug)]
pub(super) struct Access {
    expected: Option<String>,
    guesses: Semaphore,
}

impl Access {
    /// A door for `token`; without one everybody may enter.
    pub(super) fn new(token: Option<&SecretString>) -> Self {
        Self {
            expected: token.map(|token| derive(token.expose_secret())),
            guesses: Semaphore::new(MAX_GUESSES),
        }
    }

    /// Whether there is no token, so that only the address keeps strangers out.
    pub(super) fn is_open(&self) -> bool {
        self.expected.is_none()
    }

    /// Whether a request with these headers may enter.
    pub(super) fn allows(&self, headers: &HeaderMap) -> bool {
        let Some(expected) = &self.expected else {
            return true;
        };
        let bearer = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(|token| derive(token.trim()));
        let cookie = cookie(headers, COOKIE_NAME).map(str::to_owned);
        [bearer, cookie]
            .iter()
            .flatten()
            .any(|given| is_equal(given, expected))
    }

    /// Waits after a wrong token.
    ///
    /// # Errors
    /// When too many wrong tokens come at once.
    pub(super) async fn slow_down(&self) -> Result<(), ApiError> {
        let _turn = self
            .guesses
            .try_acquire()
            .map_err(|_| ApiError::TooManyRequests)?;
        tokio::time::sleep(GUESS_DELAY).await;
        Ok(())
    }

    /// The cookie for somebody who typed `token`; `None` when it is the wrong one.
    pub(super) fn enter(&self, token: &str) -> Option<String> {
        let given = derive(token.trim());
        let expected = self.expected.as_deref().unwrap_or(&given);
        is_equal(&given, expected).then(|| format!("{COOKIE_NAME}={given}; {COOKIE_ATTRIBUTES}"))
    }
}

/// A stolen cookie does not give the token away.
fn derive(token: &str) -> String {
    format!("{:x}", Sha256::digest(format!("ekaki web access v1\n{token}")))
}

/// Takes the same time wherever the two differ.
fn is_equal(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}

/// The value of a cookie of the request.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(token: Option<&str>, header: &str, value: &str, allowed: bool) {
        let access = Access::new(token.map(SecretString::from).as_ref());
        let headers = [(header.parse().unwrap(), value.parse().unwrap())]
            .into_iter()
            .collect();
        assert_eq!(access.allows(&headers), allowed, "{token:?} {header}: {value}");
    }

    #[test]
    fn only_the_token_or_its_cookie_opens_the_door() {
        let access = Access::new(Some(&SecretString::from("a long secret")));
        let cookie = access.enter(" a long secret\n").unwrap();
        let pair = cookie.split(';').next().unwrap();
        assert!(
            !cookie.contains("long secret"),
            "the cookie holds a derived value"
        );
        assert_eq!(access.enter("a wrong secret"), None);

        check(None, "accept", "*/*", true);
        check(Some("a long secret"), "accept", "*/*", false);
        check(
            Some("a long secret"),
            "authorization",
            "Bearer a long secret",
            true,
        );
        check(
            Some("a long secret"),
            "authorization",
            "Bearer a wrong secret",
            false,
        );
        check(
            Some("a long secret"),
            "authorization",
            "Basic a long secret",
            false,
        );
        check(Some("a long secret"), "cookie", &format!("other=1; {pair}"), true);
        check(
            Some("a long secret"),
            "cookie",
            "ekaki_access=a long secret",
            false,
        );
        check(Some("another secret"), "cookie", pair, false);
    }
}
