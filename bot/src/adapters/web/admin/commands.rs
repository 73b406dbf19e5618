//! `POST /api/admin/commands`: an admin changes something.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::HeaderMap;
use serde::Serialize;

use super::actor;
use crate::adapters::web::api::{ApiError, GivenOptions};
use crate::adapters::web::router::WebState;
use crate::adapters::web::visitor;
use crate::chat::{
    Capabilities, CommandRequest, JobUpdate, Place, Reply, ReplyAddress, Responder, SendError, Sent, Standing,
};

/// What the names of commands begin with that this page may give.
const GROUP: &str = "admin ";
/// Commands for everybody that do more for an admin.
const ALSO: [&str; 2] = ["cancel", "delete"];

/// What the service said.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    reply: String,
}

/// Keeps what the service says.
#[derive(Debug, Default)]
struct Listener {
    reply: Mutex<Option<String>>,
}

pub(super) async fn post(
    State(state): State<WebState>,
    headers: HeaderMap,
    body: Result<Json<GivenOptions>, JsonRejection>,
) -> Result<Json<Answer>, ApiError> {
    let Json(given) = body?;
    if !given.name.starts_with(GROUP) && !ALSO.contains(&given.name.as_str()) {
        return Err(ApiError::BadRequest);
    }
    let listener = Arc::new(Listener::default());
    let actor = actor();
    let request = CommandRequest {
        place: Place::direct(actor.id.clone()),
        user: actor,
        standing: Standing {
            is_owner: true,
            ..Standing::default()
        },
        locale: visitor::language(&headers, state.shared.default_locale.get()),
        input: given.into(),
        attachments: Vec::new(),
        key: None,
        responder: listener.clone(),
    };
    // A browser that goes away in the middle does not take the command with it.
    let commands = Arc::clone(&state.commands);
    let handling = state.tasks.spawn(async move { commands.handle(request).await });
    handling.await.map_err(|error| ApiError::internal(&error))?;
    let reply = listener
        .reply
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    Ok(Json(Answer {
        reply: reply.unwrap_or_default(),
    }))
}

#[async_trait]
impl Responder for Listener {
    /// Nothing is sent here later: these commands begin no jobs.
    fn address(&self) -> ReplyAddress {
        ReplyAddress(serde_json::Value::Null)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            can_edit: false,
            previews: false,
            max_text_chars: usize::MAX,
            max_attachment_bytes: u64::MAX,
            progress_interval: Duration::MAX,
        }
    }

    async fn acknowledge(&self) -> Result<(), SendError> {
        Ok(())
    }

    async fn update(&self, _update: JobUpdate) -> Result<Sent, SendError> {
        Ok(Sent::default())
    }

    async fn finish(&self, reply: Reply) -> Result<Sent, SendError> {
        *self.reply.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply.text);
        Ok(Sent::default())
    }

    async fn remove(&self) -> Result<(), SendError> {
        Ok(())
    }
}
