//! Pictures that Telegram has already, and the chat in which pictures are put down for others: an inline message takes
//! no upload, only the id of a file.

use super::Shared;
use super::api::{ApiError, Call, FilePart, SentMessage};
use super::render::Kind;
use crate::store::PlatformFile;

impl Shared {
    /// The id under which Telegram has a picture; `None` when it has to be uploaded. `hash` is that of the picture, or a
    /// name for something that every installation has: `placeholder-1`.
    pub(super) async fn known_file(&self, kind: Kind, hash: &str) -> Option<String> {
        let known = self
            .deps
            .store
            .platform_files()
            .id_of(&self.file(kind, hash))
            .await;
        known.unwrap_or_else(|error| {
            tracing::warn!(%error, "the id of a picture cannot be read");
            None
        })
    }

    /// Remembers the id under which Telegram has a picture.
    pub(super) async fn keep_file(&self, kind: Kind, hash: &str, id: &str) {
        let file = self.file(kind, hash);
        let kept = self.deps.store.platform_files().keep(file, id.to_owned()).await;
        if let Err(error) = kept {
            tracing::warn!(%error, "the id of a picture cannot be written down");
        }
    }

    /// Forgets an id that Telegram does not know any more.
    pub(super) async fn forget_file(&self, kind: Kind, hash: &str) {
        let file = self.file(kind, hash);
        let forgotten = self.deps.store.platform_files().forget(file).await;
        if let Err(error) = forgotten {
            tracing::warn!(%error, "the id of a picture cannot be removed");
        }
    }

    /// Uploads a picture into the storage chat, if Telegram does not have it yet, and returns its id.
    ///
    /// # Errors
    /// [`ApiError::ChatClosed`] when there is no storage chat or the bot may not write there; otherwise as for any call.
    pub(super) async fn store_file(
        &self,
        kind: Kind,
        hash: &str,
        picture: FilePart,
    ) -> Result<String, ApiError> {
        if let Some(known) = self.known_file(kind, hash).await {
            return Ok(known);
        }
        let chat = self.settings.storage_chat.as_deref();
        let chat = chat.ok_or_else(|| ApiError::ChatClosed("no storage chat".to_owned()))?;
        let call = Call::new(kind.method());
        // A number has to be one, or Telegram takes it for a name.
        let call = match chat.parse::<i64>() {
            Ok(number) => call.with("chat_id", number),
            Err(_) => call.with("chat_id", chat),
        };
        let call = call
            .with(kind.name(), "attach://picture")
            .with("disable_notification", true)
            .file("picture", picture);
        let sent: SentMessage = self.api.call(call).await?;
        let id = sent.file_id().ok_or_else(|| {
            ApiError::Unreachable(anyhow::anyhow!(
                "Telegram does not say under which id it has the picture"
            ))
        })?;
        self.keep_file(kind, hash, id).await;
        Ok(id.to_owned())
    }

    fn file(&self, kind: Kind, hash: &str) -> PlatformFile {
        PlatformFile {
            account: self.api.account(),
            kind: kind.name(),
            hash: hash.to_owned(),
        }
    }
}
