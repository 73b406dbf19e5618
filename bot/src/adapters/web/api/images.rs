//! `GET /api/images/{job}/{index}`: one picture.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::ApiError;
use crate::adapters::web::router::WebState;
use crate::adapters::web::view::file_name;
use crate::adapters::web::visitor::Visitor;
use crate::store::{ImageKind, JobId};

/// A picture of a job never changes.
const FOREVER: &str = "private, max-age=31536000, immutable";

/// `?download` asks for a file instead of something to look at.
#[derive(Debug, Deserialize)]
pub(in crate::adapters::web) struct ImageQuery {
    download: Option<String>,
}

pub(in crate::adapters::web) async fn get(
    State(state): State<WebState>,
    visitor: Visitor,
    path: Result<Path<(JobId, u32)>, PathRejection>,
    Query(query): Query<ImageQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Path((job, index)) = path.map_err(|_| ApiError::NotFound)?;
    let job = state
        .shared
        .store
        .jobs()
        .get(job)
        .await?
        .ok_or(ApiError::NotFound)?;
    if job.user != visitor.user() {
        return Err(ApiError::NotFound);
    }
    let image = job
        .images
        .iter()
        .find(|image| image.index == index)
        .ok_or(ApiError::NotFound)?;
    if image.is_gone {
        return Err(ApiError::Gone);
    }
    let path = state.shared.store.images().path_of(image);
    let path = path.ok_or(ApiError::NotFound)?;
    let etag = format!("\"{}\"", image.hash);
    if headers
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes())
    {
        let headers = [(CACHE_CONTROL, FOREVER.to_owned()), (ETAG, etag)];
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let bytes = tokio::fs::read(&path).await.map_err(|error| {
        tracing::warn!(%error, path = %path.display(), "a picture of the job log cannot be read");
        ApiError::NotFound
    })?;
    let disposition = match query.download {
        Some(_) => format!("attachment; filename=\"{}\"", file_name(job.id, image)),
        None => "inline".to_owned(),
    };
    let headers = [
        (CONTENT_TYPE, media_type(image.kind).to_owned()),
        (CONTENT_DISPOSITION, disposition),
        (CACHE_CONTROL, FOREVER.to_owned()),
        (ETAG, etag),
    ];
    Ok((headers, Body::from(bytes)).into_response())
}

fn media_type(kind: ImageKind) -> &'static str {
    match kind {
        ImageKind::Picture | ImageKind::Strip => "image/png",
        ImageKind::Animation => "image/webp",
    }
}
