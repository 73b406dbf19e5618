//! What the page asks the service for.

pub(super) mod commands;
pub(super) mod events;
mod given;
pub(super) mod history;
pub(super) mod images;
pub(super) mod me;

use std::error::Error;
use std::time::Duration;

use axum::Json;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use serde_json::json;

pub(super) use self::given::GivenOptions;
use crate::store::StoreError;

/// Why a request was not answered. The page has a text for each; people never read these.
#[derive(Debug)]
pub(super) enum ApiError {
    /// The request is not one that the page would send.
    BadRequest,
    /// The token is missing.
    Unauthorized,
    /// Another site is behind the request.
    Forbidden,
    /// There is no such thing, or it belongs to somebody else.
    NotFound,
    /// The body is too large.
    TooLarge,
    /// The body is not JSON.
    UnsupportedMediaType,
    /// The file of a picture was deleted.
    Gone,
    /// Too many requests or wrong tokens; after this time there may be another one.
    TooManyRequests(Duration),
    /// Something is broken on this side; the cause was logged.
    Internal,
}

impl ApiError {
    /// Logs the cause and hides it.
    pub(super) fn internal(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error, "a request to the web chat failed");
        Self::Internal
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Gone => StatusCode::GONE,
            Self::TooManyRequests(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Gone => "gone",
            Self::TooManyRequests(_) => "too_many_requests",
            Self::Internal => "internal",
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(json!({ "error": self.code() }))).into_response();
        if let Self::TooManyRequests(wait) = self {
            // Whole seconds, and not too early.
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            if let Ok(seconds) = seconds.to_string().try_into() {
                response.headers_mut().insert(RETRY_AFTER, seconds);
            }
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            _ => Self::BadRequest,
        }
    }
}

impl From<MultipartRejection> for ApiError {
    fn from(_: MultipartRejection) -> Self {
        Self::BadRequest
    }
}

impl From<MultipartError> for ApiError {
    fn from(error: MultipartError) -> Self {
        match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            _ => Self::BadRequest,
        }
    }
}
