//! What programs ask that watch over the service.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::api::ApiError;
use super::peer::Peer;
use super::router::WebState;
use crate::metrics::CONTENT_TYPE as METRICS_TEXT;

/// The fact that is written to find out whether the database can be written.
const PROBE: &str = "readyz";

/// `/healthz` for everybody; the others for programs on this machine, and for whoever knows the admin token.
pub(super) fn routes(state: &WebState) -> Router<WebState> {
    Router::new()
        .route("/readyz", get(ready))
        .route("/metrics", get(numbers))
        .route_layer(from_fn_with_state(state.clone(), require_watchman))
        .route("/healthz", get(|| async { Json(json!({ "status": "ok" })) }))
}

async fn require_watchman(
    State(state): State<WebState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let peer = Peer::of(request.extensions(), request.headers());
    if peer.is_this_machine || state.shared.admin.admit(request.headers(), peer).await? {
        return Ok(next.run(request).await);
    }
    Err(ApiError::Unauthorized)
}

/// Whether a job that came now would be drawn: it can be written down, there is a model, and this is not the end.
async fn ready(State(state): State<WebState>) -> Response {
    let context = state.commands.context();
    let mut missing = Vec::new();
    let now = json!(context.clock.now());
    if let Err(error) = context.store.admin().set_fact(PROBE, &now).await {
        tracing::warn!(%error, "the database cannot be written");
        missing.push("store");
    }
    if context.queue.models().is_empty() {
        missing.push("models");
    }
    if state.shutdown.is_cancelled() {
        missing.push("intake");
    }
    if missing.is_empty() {
        return Json(json!({ "status": "ready" })).into_response();
    }
    let body = Json(json!({ "status": "not ready", "missing": missing }));
    (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
}

async fn numbers(State(state): State<WebState>) -> Result<Response, ApiError> {
    let queue = &state.commands.context().queue;
    let text = state.shared.metrics.render(queue).await;
    let text = text.map_err(|error| ApiError::internal(error.as_ref()))?;
    Ok(([(CONTENT_TYPE, METRICS_TEXT)], text).into_response())
}
