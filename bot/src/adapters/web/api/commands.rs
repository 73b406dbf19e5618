//! `POST /api/commands`: somebody typed something, pressed a button, or filled in a form.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::Utc;
use tokio::time::Instant;

use super::given::Given;
use super::{ApiError, history};
use crate::adapters::web::responder::{Audience, WebAddress, WebResponder};
use crate::adapters::web::router::WebState;
use crate::adapters::web::view::MessageView;
use crate::adapters::web::visitor::Visitor;
use crate::chat::{CommandInput, CommandRequest, Place, Standing};

/// Gives the command to the service, and answers with what the service says at once.
pub(in crate::adapters::web) async fn post(
    State(state): State<WebState>,
    visitor: Visitor,
    given: Given,
) -> Result<Json<MessageView>, ApiError> {
    check_newcomer(&state, &visitor).await?;
    let address = WebAddress {
        user: visitor.id.clone(),
        message: given.key.clone(),
        text: given.text(),
    };
    let audience = match given.input {
        CommandInput::Text(_) => Audience::Pages,
        CommandInput::Options { .. } | CommandInput::Button(_) => Audience::Asker,
    };
    if audience == Audience::Pages {
        let pending = MessageView::pending(&address, Utc::now());
        state.shared.hub.begin(&visitor.id, pending);
    }
    let responder = Arc::new(WebResponder::new(&state.shared, address.clone(), audience));
    let request = CommandRequest {
        user: visitor.user(),
        standing: Standing {
            is_owner: visitor.is_admin,
            ..Standing::default()
        },
        place: Place::direct(visitor.id.clone()),
        locale: visitor.locale,
        input: given.input,
        attachments: given.attachments,
        key: Some(given.key),
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

/// Anybody can be a new person by leaving the cookie out or inventing one, so new people are counted by address.
async fn check_newcomer(state: &WebState, visitor: &Visitor) -> Result<(), ApiError> {
    let jobs = state.shared.store.jobs();
    if visitor.is_admin || !jobs.of_user(&visitor.user(), None, 1).await?.is_empty() {
        return Ok(());
    }
    let counted = state.shared.newcomers.take(visitor.address, Instant::now());
    counted.map_err(ApiError::TooManyRequests)
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
