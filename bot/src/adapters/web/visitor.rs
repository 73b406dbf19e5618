//! Who asks, and in which language.
//!
//! A person is a random number in a cookie that scripts and other sites cannot read. It is made at the first visit.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{ACCEPT_LANGUAGE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use super::access::cookie;
use super::api::ApiError;
use super::peer::Peer;
use super::router::WebState;
use crate::chat::UserId;
use crate::i18n::Locale;

const COOKIE_NAME: &str = "ekaki_user";

/// A browser keeps a cookie for at most 400 days.
const COOKIE_ATTRIBUTES: &str = "Path=/; Max-Age=34560000; HttpOnly; SameSite=Strict";

/// 128 bits, so that nobody guesses another person's number.
const ID_BYTES: usize = 16;

/// The person behind a request.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) id: String,
    /// The language that the browser asks for.
    pub(super) locale: Locale,
    /// Whoever uses this browser knows the admin token.
    pub(super) is_admin: bool,
    /// Where they are.
    pub(super) address: IpAddr,
}

impl Visitor {
    /// The person as the job log knows them.
    pub(super) fn user(&self) -> UserId {
        UserId {
            platform: super::PLATFORM,
            id: self.id.clone(),
        }
    }
}

/// Finds out who asks, and gives a new person a cookie.
pub(super) async fn recognise(
    State(state): State<WebState>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let locale = language(request.headers(), state.shared.default_locale.get());
    let known = cookie(request.headers(), COOKIE_NAME)
        .filter(|id| is_id(id))
        .map(str::to_owned);
    let is_new = known.is_none();
    let id = match known {
        Some(id) => id,
        None => new_id()?,
    };
    let peer = Peer::of(request.extensions(), request.headers());
    let is_admin = state.shared.admin.knows(request.headers(), peer);
    request.extensions_mut().insert(Visitor {
        id: id.clone(),
        locale,
        is_admin,
        address: peer.address,
    });
    let mut response = next.run(request).await;
    let cookie = format!("{COOKIE_NAME}={id}; {COOKIE_ATTRIBUTES}{}", peer.secure());
    if is_new && let Ok(value) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    Ok(response)
}

/// The language that the browser asks for.
pub(super) fn language(headers: &HeaderMap, default: Locale) -> Locale {
    let wanted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    wanted.map_or(default, |wanted| Locale::negotiate(wanted, default))
}

fn is_id(text: &str) -> bool {
    text.len() == 2 * ID_BYTES && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn new_id() -> Result<String, ApiError> {
    let mut bytes = [0; ID_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| ApiError::internal(&error))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

impl FromRequestParts<WebState> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &WebState) -> Result<Self, ApiError> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(ApiError::Unauthorized)
    }
}
