//! `GET /api/history?before=<job>`: what was drawn before.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};

use super::ApiError;
use crate::adapters::web::Shared;
use crate::adapters::web::router::WebState;
use crate::adapters::web::view::MessageView;
use crate::adapters::web::visitor::Visitor;
use crate::chat::UserId;
use crate::store::{JobId, StoreError};

/// Exchanges on one page of the history.
const PAGE_SIZE: usize = 20;

/// Which page is wanted.
#[derive(Debug, Deserialize)]
pub(in crate::adapters::web) struct HistoryQuery {
    /// Only jobs older than this one; the newest when it is missing.
    before: Option<JobId>,
}

/// A part of a person's history.
#[derive(Debug, Serialize)]
pub(in crate::adapters::web) struct History {
    /// Oldest first.
    messages: Vec<MessageView>,
    has_earlier: bool,
}

pub(in crate::adapters::web) async fn get(
    State(state): State<WebState>,
    visitor: Visitor,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<Json<History>, ApiError> {
    let Query(query) = query.map_err(|_| ApiError::BadRequest)?;
    Ok(Json(before(&state.shared, &visitor.user(), query.before).await?))
}

/// The newest part of the history, and everything that has not ended.
pub(super) async fn snapshot(shared: &Shared, user: &UserId) -> Result<History, StoreError> {
    let mut history = before(shared, user, None).await?;
    for live in shared.hub.live(&user.id) {
        if history.messages.iter().all(|message| message.id != live.id) {
            history.messages.push(live);
        }
    }
    // An exchange without a job is one that is just being asked.
    history
        .messages
        .sort_by_key(|message| message.job.map_or(i64::MAX, |job| job.0));
    Ok(history)
}

/// The exchange with this id, when it is one of the newest that became a job.
pub(super) async fn find(
    shared: &Shared,
    user: &UserId,
    id: &str,
) -> Result<Option<MessageView>, StoreError> {
    let history = before(shared, user, None).await?;
    Ok(history.messages.into_iter().find(|message| message.id == id))
}

async fn before(shared: &Shared, user: &UserId, before: Option<JobId>) -> Result<History, StoreError> {
    // One more than is shown tells whether there are earlier ones.
    let limit = u32::try_from(PAGE_SIZE + 1).unwrap_or(u32::MAX);
    let mut jobs = shared.store.jobs().of_user(user, before, limit).await?;
    let has_earlier = jobs.len() > PAGE_SIZE;
    jobs.truncate(PAGE_SIZE);
    let messages = jobs.iter().rev().map(|job| shared.view(job)).collect();
    Ok(History {
        messages,
        has_earlier,
    })
}
