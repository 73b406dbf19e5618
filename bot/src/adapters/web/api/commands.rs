//! `POST /api/commands`: somebody typed something.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use chrono::Utc;
use serde::Deserialize;

use super::{ApiError, history};
use crate::adapters::web::responder::{WebAddress, WebResponder};
use crate::adapters::web::router::WebState;
use crate::adapters::web::view::MessageView;
use crate::adapters::web::visitor::Visitor;
use crate::chat::{ChatId, CommandInput, CommandRequest};

const MAX_KEY_CHARS: usize = 64;

/// What the page sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::adapters::web) struct TypedCommand {
    text: String,
    /// The page's name for the exchange. A repeated one is answered with the same job.
    key: String,
}

/// Gives the command to the service, and answers with what the service says at once.
pub(in crate::adapters::web) async fn post(
    State(state): State<WebState>,
    visitor: Visitor,
    body: Result<Json<TypedCommand>, JsonRejection>,
) -> Result<Json<MessageView>, ApiError> {
    let Json(command) = body?;
    if !is_key(&command.key) || command.text.trim().is_empty() {
        return Err(ApiError::BadRequest);
    }
    let address = WebAddress {
        user: visitor.id.clone(),
        message: command.key.clone(),
        text: command.text.clone(),
    };
    state
        .shared
        .hub
        .begin(&visitor.id, MessageView::pending(&address, Utc::now()));
    let responder = Arc::new(WebResponder::new(&state.shared, address.clone()));
    let request = CommandRequest {
        user: visitor.user(),
        chat: ChatId(visitor.id.clone()),
        locale: visitor.locale,
        input: CommandInput::Text(command.text),
        key: Some(command.key),
        responder: responder.clone(),
    };
    // A browser that goes away in the middle does not take the command with it.
    let handling = state
        .tasks
        .spawn(handle(state.clone(), visitor, address, request, responder));
    handling
        .await
        .map_err(|error| ApiError::internal(&error))?
        .map(Json)
}

async fn handle(
    state: WebState,
    visitor: Visitor,
    address: WebAddress,
    request: CommandRequest,
    responder: Arc<WebResponder>,
) -> Result<MessageView, ApiError> {
    let hub = &state.shared.hub;
    state.commands.handle(request).await;
    if let Some(answer) = responder.latest() {
        return Ok(answer);
    }
    // It became a job, or was one already: then it may even have ended.
    match history::find(&state.shared, &visitor.user(), &address.message).await {
        Ok(Some(view)) if view.state.is_final() => {
            hub.finish(&visitor.id, &view);
            Ok(view)
        }
        Ok(Some(view)) => {
            hub.learn_job(&visitor.id, &view);
            Ok(view)
        }
        Ok(None) => {
            hub.forget(&visitor.id, &address.message);
            Err(ApiError::NotFound)
        }
        Err(error) => {
            hub.forget(&visitor.id, &address.message);
            Err(error.into())
        }
    }
}

fn is_key(key: &str) -> bool {
    (1..=MAX_KEY_CHARS).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
