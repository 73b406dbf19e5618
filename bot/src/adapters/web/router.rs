//! Which address is answered by what, and what every answer carries.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Extensions, HeaderMap, HeaderValue, Method};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::compression::CompressionLayer;

use super::api::{self, ApiError};
use super::page::{LoginPage, Problem};
use super::peer::Peer;
use super::{Shared, admin, guard, health, page, visitor};
use crate::commands::Commands;

/// Far more than the longest prompt.
pub(super) const MAX_BODY_BYTES: usize = 64 * 1024;

/// Only our own files; pictures in the making are `data:` addresses.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 5] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // With a stricter one, browsers hide the origin of the login form from this server as well.
    (REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// What the handlers share.
#[derive(Clone)]
pub(super) struct WebState {
    pub(super) shared: Arc<Shared>,
    pub(super) commands: Arc<Commands>,
    /// Commands under way.
    pub(super) tasks: TaskTracker,
    pub(super) shutdown: CancellationToken,
}

/// Builds the web chat's router.
pub(super) fn build(state: WebState) -> Router {
    let private = Router::new()
        .route("/", get(page::index))
        .route("/api/commands", post(api::commands::post))
        .route("/api/events", get(api::events::get))
        .route("/api/history", get(api::history::get))
        .route("/api/images/{job}/{index}", get(api::images::get))
        .route("/api/me", get(api::me::get))
        .route_layer(from_fn_with_state(state.clone(), visitor::recognise))
        .route_layer(from_fn_with_state(state.clone(), require_access));
    let public = Router::new()
        .route("/login", get(login).post(enter))
        .route("/assets/{name}", get(page::asset))
        .fallback(|| async { ApiError::NotFound });
    private
        .merge(admin::routes(&state))
        .layer(from_fn_with_state(state.clone(), require_patience))
        .merge(public)
        .layer(from_fn_with_state(state.clone(), require_trust))
        .merge(health::routes(&state))
        .layer(map_response(add_headers))
        .layer(CompressionLayer::new())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(state)
}

async fn add_headers(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    // What belongs to one person is kept by nobody else, and by the browser only when a handler says so.
    response
        .headers_mut()
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn require_trust(
    State(state): State<WebState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if guard::is_trusted(
        request.method(),
        request.headers(),
        state.shared.access.has_no_token(),
    ) {
        return Ok(next.run(request).await);
    }
    Err(ApiError::Forbidden)
}

/// Whatever may change something is counted by address.
async fn require_patience(
    State(state): State<WebState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if *request.method() != Method::GET {
        let peer = Peer::of(request.extensions(), request.headers());
        state
            .shared
            .requests
            .take(peer.address, Instant::now())
            .map_err(ApiError::TooManyRequests)?;
    }
    Ok(next.run(request).await)
}

async fn require_access(
    State(state): State<WebState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let peer = Peer::of(request.extensions(), request.headers());
    if state.shared.access.admit(request.headers(), peer).await? {
        return Ok(next.run(request).await);
    }
    if request.uri().path() == "/" {
        let language = visitor::language(request.headers(), state.shared.default_locale.get());
        return Ok(page::login(LoginPage::Chat, language, None));
    }
    Err(ApiError::Unauthorized)
}

async fn login(
    State(state): State<WebState>,
    extensions: Extensions,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let peer = Peer::of(&extensions, &headers);
    if state.shared.access.admit(&headers, peer).await? {
        return Ok(Redirect::to("/").into_response());
    }
    let language = visitor::language(&headers, state.shared.default_locale.get());
    Ok(page::login(LoginPage::Chat, language, None))
}

/// What both login pages send.
#[derive(Deserialize)]
pub(super) struct LoginForm {
    pub(super) token: String,
}

async fn enter(
    State(state): State<WebState>,
    extensions: Extensions,
    headers: HeaderMap,
    Form(form): Form<LoginForm>,
) -> Result<Response, ApiError> {
    let peer = Peer::of(&extensions, &headers);
    if let Some(cookie) = state.shared.access.enter(&form.token, peer)? {
        return Ok(([(SET_COOKIE, cookie)], Redirect::to("/")).into_response());
    }
    state.shared.access.slow_down(peer).await?;
    let language = visitor::language(&headers, state.shared.default_locale.get());
    Ok(page::login(LoginPage::Chat, language, Some(Problem::WrongToken)))
}
