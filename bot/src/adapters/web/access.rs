//! Who gets in: to the chat everybody who reaches it or whoever knows `web.token`, to the admin page only whoever knows
//! `web.admin_token`.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::api::ApiError;
use super::limiter::{GUESSES, Limiter};
use super::peer::Peer;

/// How long the answer to a wrong token takes.
const GUESS_DELAY: Duration = Duration::from_millis(300);

/// Wrong tokens that are being answered at the same time. With the delay, nobody guesses more than a few per second.
const MAX_GUESSES: usize = 4;

/// What opens a door beside its token: a cookie that proves that its owner once knew the token.
#[derive(Debug)]
struct Pass {
    cookie: &'static str,
    attributes: &'static str,
    /// What is hashed with the token, so that one door's cookie does not open the other one.
    purpose: &'static str,
    /// Without a token the door is open to everybody; otherwise to nobody.
    opens_without_token: bool,
}

static CHAT: Pass = Pass {
    cookie: "ekaki_access",
    // A browser keeps a cookie for at most 400 days.
    attributes: "Path=/; Max-Age=34560000; HttpOnly; SameSite=Strict",
    purpose: "ekaki web access v1",
    opens_without_token: true,
};

static ADMIN: Pass = Pass {
    cookie: "ekaki_admin",
    attributes: "Path=/; Max-Age=43200; HttpOnly; SameSite=Strict",
    purpose: "ekaki web admin v1",
    opens_without_token: false,
};

/// What a request brings to a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    Nothing,
    Wrong,
    Right,
}

/// A door. It keeps a value derived from the token, never the token.
#[derive(Debug)]
pub(super) struct Access {
    pass: &'static Pass,
    expected: Option<String>,
    guesses: Semaphore,
    guessers: Limiter,
}

impl Access {
    /// The door of the chat; without a token everybody may enter.
    pub(super) fn chat(token: Option<&SecretString>) -> Self {
        Self::new(&CHAT, token)
    }

    /// The door of the admin page; without a token nobody may enter.
    pub(super) fn admin(token: Option<&SecretString>) -> Self {
        Self::new(&ADMIN, token)
    }

    fn new(pass: &'static Pass, token: Option<&SecretString>) -> Self {
        Self {
            pass,
            expected: token.map(|token| pass.derive(token.expose_secret())),
            guesses: Semaphore::new(MAX_GUESSES),
            guessers: Limiter::new(GUESSES),
        }
    }

    /// Whether there is no token: the chat is open then, and only the address keeps strangers out.
    pub(super) fn has_no_token(&self) -> bool {
        self.expected.is_none()
    }

    /// Whether a request may enter. One that brings a wrong token or cookie waits and is counted.
    ///
    /// # Errors
    /// When too many wrong ones came from this address: then nothing that it brings is looked at.
    pub(super) async fn admit(&self, headers: &HeaderMap, peer: Peer) -> Result<bool, ApiError> {
        match self.judge(&self.given(headers), peer)? {
            Given::Wrong => {
                self.slow_down(peer).await?;
                Ok(false)
            }
            Given::Right => Ok(true),
            Given::Nothing => Ok(self.has_no_token() && self.pass.opens_without_token),
        }
    }

    /// Whether a request that has passed another door brings the cookie of this one. A wrong one is counted, but does not
    /// hold the request up.
    pub(super) fn knows(&self, headers: &HeaderMap, peer: Peer) -> bool {
        let given: Vec<String> = self.cookie_of(headers).into_iter().collect();
        match self.judge(&given, peer) {
            Ok(Given::Right) => true,
            Ok(Given::Wrong) => {
                // Whether there was a turn left changes nothing for this request.
                let _ = self.guessers.take(peer.address, Instant::now());
                false
            }
            Ok(Given::Nothing) | Err(_) => false,
        }
    }

    fn judge(&self, given: &[String], peer: Peer) -> Result<Given, ApiError> {
        let Some(expected) = &self.expected else {
            return Ok(Given::Nothing);
        };
        if given.is_empty() {
            return Ok(Given::Nothing);
        }
        self.check_patience(peer)?;
        let is_right = given.iter().any(|given| is_equal(given, expected));
        Ok(if is_right { Given::Right } else { Given::Wrong })
    }

    /// What a request brings for this door, as the values that cookies have.
    fn given(&self, headers: &HeaderMap) -> Vec<String> {
        let bearer = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(|token| self.pass.derive(token.trim()));
        bearer.into_iter().chain(self.cookie_of(headers)).collect()
    }

    fn cookie_of(&self, headers: &HeaderMap) -> Option<String> {
        cookie(headers, self.pass.cookie).map(str::to_owned)
    }

    fn check_patience(&self, peer: Peer) -> Result<(), ApiError> {
        let checked = self.guessers.check(peer.address, Instant::now());
        checked.map_err(ApiError::TooManyRequests)
    }

    /// Waits after a wrong token, and counts it.
    ///
    /// # Errors
    /// When too many wrong tokens come at once, or from one address.
    pub(super) async fn slow_down(&self, peer: Peer) -> Result<(), ApiError> {
        self.guessers
            .take(peer.address, Instant::now())
            .map_err(ApiError::TooManyRequests)?;
        let _turn = self
            .guesses
            .try_acquire()
            .map_err(|_| ApiError::TooManyRequests(GUESS_DELAY))?;
        tokio::time::sleep(GUESS_DELAY).await;
        Ok(())
    }

    /// The cookie for somebody who typed `token`; `None` when it is the wrong one.
    ///
    /// # Errors
    /// When too many wrong tokens came from this address: then the right one is not looked at either.
    pub(super) fn enter(&self, token: &str, peer: Peer) -> Result<Option<String>, ApiError> {
        self.check_patience(peer)?;
        let given = self.pass.derive(token.trim());
        let is_right = match &self.expected {
            Some(expected) => is_equal(&given, expected),
            None => self.pass.opens_without_token,
        };
        let (name, attributes) = (self.pass.cookie, self.pass.attributes);
        Ok(is_right.then(|| format!("{name}={given}; {attributes}{}", peer.secure())))
    }

    /// The cookie that takes the one of [`Access::enter`] away.
    pub(super) fn leave(&self) -> String {
        format!(
            "{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict",
            self.pass.cookie
        )
    }
}

impl Pass {
    /// A stolen cookie does not give the token away.
    fn derive(&self, token: &str) -> String {
        format!("{:x}", Sha256::digest(format!("{}\n{token}", self.purpose)))
    }
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

    const PEER: Peer = Peer {
        address: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        is_this_machine: true,
        is_https: false,
    };

    fn check(access: &Access, header: &str, value: &str, allowed: bool) {
        let headers = [(header.parse().unwrap(), value.parse().unwrap())]
            .into_iter()
            .collect();
        let expected = if allowed { Given::Right } else { Given::Wrong };
        let given = access.judge(&access.given(&headers), PEER).unwrap();
        assert_eq!(given, expected, "{header}: {value}");
    }

    #[test]
    fn only_the_token_or_its_cookie_opens_the_door() {
        let token = SecretString::from("a long secret");
        let access = Access::chat(Some(&token));
        let cookie = access.enter(" a long secret\n", PEER).unwrap().unwrap();
        let pair = cookie.split(';').next().unwrap();
        assert!(
            !cookie.contains("long secret"),
            "the cookie holds a derived value"
        );
        assert!(access.enter("a wrong secret", PEER).unwrap().is_none());

        check(&access, "authorization", "Bearer a long secret", true);
        check(&access, "authorization", "Bearer a wrong secret", false);
        check(&access, "cookie", &format!("other=1; {pair}"), true);
        check(&access, "cookie", "ekaki_access=a long secret", false);
        let other = Access::chat(Some(&SecretString::from("another secret")));
        check(&other, "cookie", pair, false);
        let admin = Access::admin(Some(&token));
        check(&admin, "cookie", &pair.replace("_access", "_admin"), false);
        let pass = admin.enter("a long secret", PEER).unwrap().unwrap();
        check(&admin, "cookie", pass.split(';').next().unwrap(), true);
    }

    #[tokio::test]
    async fn without_a_token_the_chat_is_open_and_the_admin_page_is_not() {
        let bearer: HeaderMap = [(AUTHORIZATION, "Bearer ".parse().unwrap())]
            .into_iter()
            .collect();
        let admin = Access::admin(None);
        for headers in [HeaderMap::new(), bearer] {
            assert!(Access::chat(None).admit(&headers, PEER).await.unwrap());
            assert!(!admin.admit(&headers, PEER).await.unwrap());
        }
        assert!(admin.enter("", PEER).unwrap().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_cookies_and_tokens_are_counted_before_anything_is_compared() {
        let access = Access::chat(Some(&SecretString::from("a long secret")));
        let cookie = access.enter("a long secret", PEER).unwrap().unwrap();
        let right: HeaderMap = [(COOKIE, cookie.split(';').next().unwrap().parse().unwrap())]
            .into_iter()
            .collect();
        for number in 0..10 {
            let (name, value) = match number % 2 {
                0 => (COOKIE, "ekaki_access=wrong"),
                _ => (AUTHORIZATION, "Bearer wrong"),
            };
            let wrong = [(name, value.parse().unwrap())].into_iter().collect();
            assert!(!access.admit(&wrong, PEER).await.unwrap());
            // What brings nothing is no guess.
            assert!(!access.admit(&HeaderMap::new(), PEER).await.unwrap());
        }
        assert!(matches!(
            access.admit(&right, PEER).await,
            Err(ApiError::TooManyRequests(_))
        ));
        assert!(!access.knows(&right, PEER));
        let elsewhere = Peer {
            address: [10, 0, 0, 1].into(),
            ..PEER
        };
        assert!(access.admit(&right, elsewhere).await.unwrap());
        assert!(access.knows(&right, elsewhere));
    }
}
