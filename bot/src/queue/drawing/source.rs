//! The picture that a job begins with.

use std::sync::Arc;

use inference::RgbImage;
use inference::images::{DecodeLimits, ImageError, decode};

use crate::store::{DrawParameters, Store, StoreError};

/// There is no picture to begin with.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    /// The file was deleted.
    #[error("the file is gone")]
    Gone,
    /// It is no picture, or a hostile one.
    #[error(transparent)]
    Damaged(#[from] ImageError),
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the picture that [`DrawParameters::source`] names.
pub(super) async fn load(store: &Store, draw: &DrawParameters) -> Result<Option<Arc<RgbImage>>, SourceError> {
    let Some(source) = &draw.source else {
        return Ok(None);
    };
    let bytes = store.images().read(&source.hash).await?;
    let bytes = bytes.ok_or(SourceError::Gone)?;
    let decoding = tokio::task::spawn_blocking(move || decode(&bytes, &DecodeLimits::default()));
    let picture = decoding.await.map_err(|_| StoreError::Interrupted)??;
    Ok(Some(Arc::new(picture.rgb)))
}
