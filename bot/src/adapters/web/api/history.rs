//! `GET /api/history?before=<job>&find=<text>`: what was drawn before.

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
use crate::store::{HistoryQuery, JobId, StoreError};

/// Exchanges on one page of the history.
const PAGE_SIZE: u32 = 20;

/// Which page is wanted.
#[derive(Debug, Default, Deserialize)]
pub(in crate::adapters::web) struct Wanted {
    /// Only jobs older than this one; the newest when it is missing.
    before: Option<JobId>,
    /// Only jobs with this text in their prompt.
    find: Option<String>,
}

/// A part of a person's history.
#[derive(Debug, Serialize)]
pub(in crate::adapters::web) struct History {
    /// Oldest first.
    messages: Vec<MessageView>,
    /// Where the next page begins; `None` when there is nothing more to find. A search may find nothing so far and have a
    /// next page.
    earlier: Option<JobId>,
}

pub(in crate::adapters::web) async fn get(
    State(state): State<WebState>,
    visitor: Visitor,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<History>, ApiError> {
    let Query(wanted) = query.map_err(|_| ApiError::BadRequest)?;
    Ok(Json(page(&state.shared, &visitor.user(), wanted).await?))
}

/// The newest part of the history, and everything that has not ended.
pub(super) async fn snapshot(shared: &Shared, user: &UserId) -> Result<History, StoreError> {
    let mut history = page(shared, user, Wanted::default()).await?;
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
    let history = page(shared, user, Wanted::default()).await?;
    Ok(history.messages.into_iter().find(|message| message.id == id))
}

async fn page(shared: &Shared, user: &UserId, wanted: Wanted) -> Result<History, StoreError> {
    let query = HistoryQuery {
        user: user.clone(),
        text: wanted.find.filter(|text| !text.is_empty()),
        before: wanted.before,
        limit: PAGE_SIZE,
    };
    let page = shared.store.jobs().search(&query).await?;
    let messages = page.jobs.iter().rev().map(|job| shared.view(job)).collect();
    Ok(History {
        messages,
        earlier: page.older,
    })
}
