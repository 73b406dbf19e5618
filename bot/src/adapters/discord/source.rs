//! Pictures that people have sent.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use async_trait::async_trait;
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use tokio::time::timeout;

use super::Shared;
use crate::chat::{AttachmentContent, AttachmentError};
use crate::config::DiscordConfig;

/// Where Discord keeps files. Such a name can only be proved with Discord's certificate, so that an address inside of
/// somebody's network cannot pretend to be it.
const HOSTS: [&str; 2] = ["cdn.discordapp.com", "media.discordapp.net"];
/// How long a whole file may take.
const WITHIN: Duration = Duration::from_secs(30);
/// The least that shows what a file is.
const SIGNATURE_BYTES: usize = 12;

/// A file on Discord's servers.
#[derive(Debug)]
pub(super) struct CdnFile {
    shared: Arc<Shared>,
    url: String,
    size_bytes: u64,
}

impl CdnFile {
    /// The file at `url`, which has so many bytes as Discord says; 0 if it does not say. Nothing is fetched yet.
    pub(super) fn new(shared: &Arc<Shared>, url: impl Into<String>, size_bytes: u64) -> Self {
        Self {
            shared: Arc::clone(shared),
            url: url.into(),
            size_bytes,
        }
    }

    async fn fetch(&self, max_bytes: u64) -> Result<Vec<u8>, AttachmentError> {
        let unreachable = AttachmentError::Unreachable;
        let url = checked(&self.url, &self.shared.settings).map_err(unreachable)?;
        let response = self.shared.rest.client().get(url).send().await;
        let response = response.map_err(|error| unreachable(error.without_url().into()))?;
        let status = response.status();
        if !status.is_success() {
            return Err(unreachable(anyhow!("the file server says {status}")));
        }
        let kind = response.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !may_be_picture(kind) {
            return Err(AttachmentError::NotAPicture);
        }
        if response.content_length().is_some_and(|length| length > max_bytes) {
            return Err(AttachmentError::TooLarge);
        }
        whole(response, max_bytes).await
    }
}

#[async_trait]
impl AttachmentContent for CdnFile {
    async fn read(&self, max_bytes: u64) -> Result<Vec<u8>, AttachmentError> {
        if self.size_bytes > max_bytes {
            return Err(AttachmentError::TooLarge);
        }
        let fetched = timeout(WITHIN, self.fetch(max_bytes)).await;
        fetched.unwrap_or_else(|elapsed| Err(AttachmentError::Unreachable(elapsed.into())))
    }
}

/// Reads a file, no further than allowed, and not to the end when it is no picture.
async fn whole(mut response: reqwest::Response, max_bytes: u64) -> Result<Vec<u8>, AttachmentError> {
    let mut bytes = Vec::new();
    let mut is_checked = false;
    loop {
        let chunk = response.chunk().await;
        let chunk = chunk.map_err(|error| AttachmentError::Unreachable(error.without_url().into()))?;
        let is_end = chunk.is_none();
        bytes.extend_from_slice(&chunk.unwrap_or_default());
        if bytes.len() as u64 > max_bytes {
            return Err(AttachmentError::TooLarge);
        }
        if !is_checked && (is_end || bytes.len() >= SIGNATURE_BYTES) {
            if !is_picture(&bytes) {
                return Err(AttachmentError::NotAPicture);
            }
            is_checked = true;
        }
        if is_end {
            return Ok(bytes);
        }
    }
}

/// The address, if a file may be fetched from there: from Discord, or from the servers that stand for it in the settings.
fn checked(url: &str, settings: &DiscordConfig) -> anyhow::Result<Url> {
    let url = Url::parse(url).context("the address of a file makes no sense")?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    ensure!(is_plain, "the address of a file has a name or a password in it");
    let is_discord = url.scheme() == "https"
        && url.port().is_none()
        && url.host_str().is_some_and(|host| HOSTS.contains(&host));
    let stands_for_discord = [&settings.api_url, &settings.cdn_url]
        .into_iter()
        .filter_map(|own| Url::parse(own).ok())
        .any(|own| own.origin() == url.origin());
    ensure!(
        is_discord || stands_for_discord,
        "the file is not on Discord's servers"
    );
    Ok(url)
}

/// What the server says of the file does not speak against a picture.
fn may_be_picture(content_type: &str) -> bool {
    content_type.is_empty()
        || content_type.starts_with("image/")
        || content_type.starts_with("application/octet-stream")
}

/// Whether a file begins as a PNG, JPEG, WebP or GIF file does.
fn is_picture(bytes: &[u8]) -> bool {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    is_webp
        || bytes.starts_with(b"\x89PNG\r\n\x1a\n")
        || bytes.starts_with(b"\xff\xd8\xff")
        || bytes.starts_with(b"GIF8")
}

#[cfg(test)]
mod tests;
