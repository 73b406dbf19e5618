//! Files that came with a command.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;

use super::Shared;
use super::api::{ApiError, Call};
use crate::chat::{AttachmentContent, AttachmentError};

/// A file that Telegram has.
#[derive(Clone, Debug)]
pub(super) struct TelegramFile {
    shared: Arc<Shared>,
    file_id: String,
    bytes: Option<u64>,
}

/// What `getFile` says.
#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    file_path: Option<String>,
    #[serde(default)]
    file_size: Option<u64>,
}

impl TelegramFile {
    /// The file with this id; `bytes` is its size, as far as Telegram has said it.
    pub(super) fn new(shared: &Arc<Shared>, file_id: impl Into<String>, bytes: Option<u64>) -> Self {
        Self {
            shared: Arc::clone(shared),
            file_id: file_id.into(),
            bytes,
        }
    }
}

#[async_trait]
impl AttachmentContent for TelegramFile {
    async fn read(&self, max_bytes: u64) -> Result<Vec<u8>, AttachmentError> {
        let is_too_large = |bytes: Option<u64>| bytes.is_some_and(|bytes| bytes > max_bytes);
        if is_too_large(self.bytes) {
            return Err(AttachmentError::TooLarge);
        }
        let api = &self.shared.api;
        let call = Call::new("getFile").with("file_id", self.file_id.as_str());
        let found: Found = api.call(call).await.map_err(failed)?;
        if is_too_large(found.file_size) {
            return Err(AttachmentError::TooLarge);
        }
        let nowhere =
            || AttachmentError::Unreachable(anyhow::anyhow!("Telegram does not say where the file is"));
        let path = found.file_path.ok_or_else(nowhere)?;
        api.download(&path, max_bytes).await.map_err(failed)
    }
}

fn failed(error: ApiError) -> AttachmentError {
    match error {
        ApiError::TooLarge => AttachmentError::TooLarge,
        other => AttachmentError::Unreachable(other.into()),
    }
}
