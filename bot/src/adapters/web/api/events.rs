//! `GET /api/events`: news as server-sent events.
//!
//! Every connection begins with `snapshot`, then each `message` replaces the one with the same id. So a browser that
//! was away (asleep, the service restarted, too slow) needs no list of what it missed.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt as _, stream};
use serde::Serialize;

use super::{ApiError, history};
use crate::adapters::web::hub::Subscription;
use crate::adapters::web::router::WebState;
use crate::adapters::web::visitor::Visitor;

/// Shorter than the patience of common proxies.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How soon a browser connects again.
const RETRY: Duration = Duration::from_secs(1);

pub(in crate::adapters::web) async fn get(
    State(state): State<WebState>,
    visitor: Visitor,
) -> Result<impl IntoResponse, ApiError> {
    // Subscribed first: what happens while the history is read is in the channel.
    let subscription = state.shared.hub.subscribe(&visitor.id);
    let snapshot = history::snapshot(&state.shared, &visitor.user()).await?;
    let first = stream::once(async move { event("snapshot", &snapshot) });
    let shutdown = state.shutdown.cancelled_owned();
    let events = first
        .chain(news(subscription))
        .take_until(Box::pin(shutdown))
        .map(Ok::<_, Infallible>);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn news(subscription: Subscription) -> impl Stream<Item = Event> {
    stream::unfold(subscription, |mut subscription| async move {
        let view = subscription.next().await?;
        Some((event("message", view.as_ref()), subscription))
    })
}

fn event(name: &str, data: &impl Serialize) -> Event {
    // Maps with text keys always become JSON.
    let data = serde_json::to_string(data).unwrap_or_default();
    Event::default().event(name).retry(RETRY).data(data)
}
