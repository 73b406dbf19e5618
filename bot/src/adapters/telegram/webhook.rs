//! Listening for updates that Telegram sends by itself.

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use subtle::ConstantTimeEq as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::receive::Receiver;

/// The header in which Telegram says the secret.
const SECRET: &str = "x-telegram-bot-api-secret-token";

/// Far more than the longest update.
const MAX_BODY_BYTES: usize = 1 << 20;

#[derive(Clone)]
struct WebhookState {
    receiver: Arc<Receiver>,
    secret: SecretString,
}

/// Listens until `stop` is cancelled.
///
/// # Errors
/// When the port cannot be used; the text names it.
pub(super) async fn run(
    receiver: &Arc<Receiver>,
    secret: &SecretString,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let address = receiver.shared.settings.webhook_bind;
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("Telegram's updates cannot be listened for on {address} (telegram.webhook_bind); is the port in use?")
    })?;
    let router = router(Arc::clone(receiver), secret.clone());
    axum::serve(listener, router)
        .with_graceful_shutdown(stop.clone().cancelled_owned())
        .await
        .context("the server for Telegram's updates ended")
}

fn router(receiver: Arc<Receiver>, secret: SecretString) -> Router {
    // Whatever is in front of this may have changed the path.
    Router::new()
        .fallback(post(take))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(WebhookState { receiver, secret })
}

/// Takes one update. Telegram sends it again until the answer is that it was taken, so that comes after it was handed over.
async fn take(State(state): State<WebhookState>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let said = headers
        .get(SECRET)
        .map(|secret| secret.as_bytes())
        .unwrap_or_default();
    if !bool::from(said.ct_eq(state.secret.expose_secret().as_bytes())) {
        return StatusCode::FORBIDDEN;
    }
    let Ok(update) = serde_json::from_slice::<Value>(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    state.receiver.take(vec![update]).await;
    StatusCode::OK
}
