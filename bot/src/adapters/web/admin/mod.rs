//! The admin page: what admins read as JSON, and their commands, which are the same as everywhere.

mod commands;
mod data;

use axum::Router;
use axum::extract::{Form, Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{Extensions, HeaderMap};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};

use super::api::ApiError;
use super::page::{self, LoginPage, Problem};
use super::peer::Peer;
use super::router::{LoginForm, WebState};
use super::visitor;
use crate::chat::UserId;

const PATH: &str = "/admin";

/// Whoever knows the admin token; there is one token, so there is one such person in the audit log.
fn actor() -> UserId {
    UserId {
        platform: super::PLATFORM,
        id: "admin".to_owned(),
    }
}

/// Everything below `/admin` and `/api/admin`.
pub(super) fn routes(state: &WebState) -> Router<WebState> {
    Router::new()
        .route(PATH, get(index))
        .route("/api/admin/commands", post(commands::post))
        .route("/api/admin/queue", get(data::queue))
        .route("/api/admin/limits", get(data::limits))
        .route("/api/admin/words", get(data::words))
        .route("/api/admin/people", get(data::people))
        .route("/api/admin/stats", get(data::stats))
        .route("/api/admin/audit", get(data::audit))
        .route_layer(from_fn_with_state(state.clone(), require_admin))
        .route("/admin/login", post(enter))
        .route("/admin/logout", post(leave))
}

async fn require_admin(
    State(state): State<WebState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let admin = &state.shared.admin;
    let peer = Peer::of(request.extensions(), request.headers());
    if admin.admit(request.headers(), peer).await? {
        return Ok(next.run(request).await);
    }
    if request.uri().path() == PATH {
        return Ok(login(&state, request.headers(), None));
    }
    Err(ApiError::Unauthorized)
}

fn login(state: &WebState, headers: &HeaderMap, problem: Option<Problem>) -> Response {
    let locale = visitor::language(headers, state.shared.default_locale.get());
    let problem = match problem {
        None if state.shared.admin.has_no_token() => Some(Problem::Closed),
        other => other,
    };
    page::login(LoginPage::Admin, locale, problem)
}

async fn index(State(state): State<WebState>, headers: HeaderMap) -> Result<Response, ApiError> {
    let locale = visitor::language(&headers, state.shared.default_locale.get());
    page::admin(&state.shared.pages, locale, &headers)
}

async fn enter(
    State(state): State<WebState>,
    extensions: Extensions,
    headers: HeaderMap,
    Form(form): Form<LoginForm>,
) -> Result<Response, ApiError> {
    let admin = &state.shared.admin;
    let peer = Peer::of(&extensions, &headers);
    if let Some(cookie) = admin.enter(&form.token, peer)? {
        return Ok(([(SET_COOKIE, cookie)], Redirect::to(PATH)).into_response());
    }
    admin.slow_down(peer).await?;
    Ok(login(&state, &headers, Some(Problem::WrongToken)))
}

async fn leave(State(state): State<WebState>) -> Response {
    ([(SET_COOKIE, state.shared.admin.leave())], Redirect::to(PATH)).into_response()
}
