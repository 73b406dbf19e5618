//! The model hub: names and addresses of models, and what a model there consists of.
//!
//! hf-hub addresses the hub and asks it for the list of files. The files themselves are loaded by `download`: hf-hub
//! 0.5 waits for ever on a connection that has gone silent, appends whatever answer comes to a half-finished file and
//! checks no contents; hf-hub 1.0 begins anew instead of going on.

mod name;

use std::path::PathBuf;
use std::time::Duration;

use hf_hub::api::sync::{ApiBuilder, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use ureq::config::RedirectAuthHeaders;
use ureq::http::header::{AUTHORIZATION, CONTENT_LENGTH, ETAG, HeaderMap, RANGE};
use ureq::http::{Response, StatusCode};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

pub use self::name::HubModel;
use super::checksum::Checksum;
use super::error::AddError;
use super::files::{is_safe, needed};
use crate::config::HubEnvironment;

const ENDPOINT: &str = "https://huggingface.co";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a connection may be silent in the middle of a file.
const SILENCE: Duration = Duration::from_secs(60);
/// Longest list of files that is read.
const MAX_LISTING_BYTES: u64 = 16 << 20;

/// A file on the hub.
#[derive(Clone, Debug)]
pub(super) struct RemoteFile {
    /// Where it belongs in the model's folder, with `/`.
    pub(super) path: String,
    pub(super) url: String,
    pub(super) bytes: u64,
    pub(super) checksum: Checksum,
}

/// What a model on the hub consists of.
#[derive(Debug)]
pub(super) struct Listing {
    /// The commit that `revision` is now.
    pub(super) commit: String,
    /// What is needed of it.
    pub(super) files: Vec<RemoteFile>,
}

/// The hub's answer, as far as it is read.
#[derive(Debug, Deserialize)]
struct Info {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    /// Of a large file it is the hash of a pointer to it.
    blob_id: Option<String>,
    lfs: Option<Lfs>,
}

#[derive(Debug, Deserialize)]
struct Lfs {
    sha256: Option<String>,
    size: Option<u64>,
}

impl Sibling {
    fn bytes(&self) -> Option<u64> {
        self.lfs.as_ref().and_then(|lfs| lfs.size).or(self.size)
    }

    fn checksum(&self) -> Option<Checksum> {
        let hex = match &self.lfs {
            Some(lfs) => lfs.sha256.as_deref(),
            None => self.blob_id.as_deref(),
        };
        Checksum::from_hex(hex?)
    }
}

/// The hub, or a mirror of it.
#[derive(Debug)]
pub(super) struct Hub {
    endpoint: String,
    token: Option<SecretString>,
    agent: Agent,
}

impl Hub {
    pub(super) fn new(environment: &HubEnvironment) -> Self {
        let endpoint = environment.endpoint.as_deref().unwrap_or(ENDPOINT);
        // Other hosts, to which the hub redirects for large files, never see the token. Compressed answers could not
        // be resumed. No connection waits for the next file: servers close those while a large one is checked.
        let agent = Agent::config_builder()
            .tls_config(tls())
            .timeout_resolve(Some(CONNECT_TIMEOUT))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(RESPONSE_TIMEOUT))
            .timeout_per_read(Some(SILENCE))
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .http_status_as_error(false)
            .accept_encoding("identity")
            .max_idle_connections(0)
            .user_agent(concat!("ekaki/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            token: environment.token.clone(),
            agent,
        }
    }

    /// The files of a model that are needed.
    pub(super) fn list(&self, model: &HubModel) -> Result<Listing, AddError> {
        let place = model.to_string();
        let info = self.info(model)?;
        let is_commit = info.sha.len() >= 7 && info.sha.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_commit {
            return Err(AddError::Answer {
                place,
                reason: format!("\"{}\" is not a commit", info.sha.escape_debug()),
            });
        }
        let names: Vec<String> = info.siblings.iter().map(|file| file.rfilename.clone()).collect();
        if let Some(path) = names.iter().find(|path| !is_safe(path)) {
            return Err(AddError::UnsafePath {
                place,
                path: path.clone(),
            });
        }
        let below: Vec<String> = names
            .iter()
            .filter_map(|path| Some(path.strip_prefix(&model.subfolder)?.to_owned()))
            .collect();
        let at_commit = self.repo(model, &info.sha, &place)?;
        let mut files = Vec::new();
        for path in needed(&below, &place)? {
            let whole = format!("{}{path}", model.subfolder);
            let listed = info.siblings.iter().find(|file| file.rfilename == whole);
            let url = at_commit.url(&escaped(&whole));
            files.push(self.describe(path, url, listed)?);
        }
        Ok(Listing {
            commit: info.sha.to_ascii_lowercase(),
            files,
        })
    }

    /// Begins to load a file, from its byte number `offset` if the server can do that.
    pub(super) fn get(&self, url: &str, offset: u64) -> Result<Response<Body>, ureq::Error> {
        let mut request = self.agent.get(url);
        if offset > 0 {
            request = request.header(RANGE, format!("bytes={offset}-"));
        }
        if let Some(token) = self.authorization() {
            request = request.header(AUTHORIZATION, token);
        }
        request.call()
    }

    fn authorization(&self) -> Option<String> {
        let token = self.token.as_ref()?;
        Some(format!("Bearer {}", token.expose_secret()))
    }

    fn repo(&self, model: &HubModel, revision: &str, place: &str) -> Result<ApiRepo, AddError> {
        let token = self.token.as_ref().map(|token| token.expose_secret().to_owned());
        // The cache is never used, but without one hf-hub looks for the home directory, which need not exist.
        let api = ApiBuilder::from_cache(Cache::new(PathBuf::new()))
            .with_endpoint(self.endpoint.clone())
            .with_token(token)
            .build()
            .map_err(|error| AddError::Answer {
                place: place.to_owned(),
                reason: error.to_string(),
            })?;
        Ok(api.repo(Repo::with_revision(
            model.repo.clone(),
            RepoType::Model,
            revision.to_owned(),
        )))
    }

    fn info(&self, model: &HubModel) -> Result<Info, AddError> {
        let place = model.to_string();
        let request = self
            .repo(model, &model.revision, &place)?
            .info_request()
            .query("blobs", "true")
            .config()
            .tls_config(tls())
            .timeout_resolve(Some(CONNECT_TIMEOUT))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(RESPONSE_TIMEOUT))
            .timeout_per_read(Some(SILENCE))
            .http_status_as_error(false)
            .build();
        let mut response = request.call().map_err(|error| AddError::Connection {
            place: self.endpoint.clone(),
            reason: error.to_string(),
        })?;
        check_status(&place, response.status())?;
        let answer = response
            .body_mut()
            .with_config()
            .limit(MAX_LISTING_BYTES)
            .read_to_vec();
        let info = answer
            .map_err(|error| error.to_string())
            .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()));
        info.map_err(|reason| AddError::Answer { place, reason })
    }

    /// Completes what the list of files says by asking for the file's headers: not every mirror has the list in full.
    fn describe(&self, path: String, url: String, listed: Option<&Sibling>) -> Result<RemoteFile, AddError> {
        let (mut bytes, mut checksum) = (
            listed.and_then(Sibling::bytes),
            listed.and_then(Sibling::checksum),
        );
        if bytes.is_none() || checksum.is_none() {
            let headers = self.headers(&path, &url)?;
            bytes = bytes.or(headers.bytes);
            checksum = checksum.or(headers.checksum);
        }
        match (bytes, checksum) {
            (Some(bytes), Some(checksum)) => Ok(RemoteFile {
                path,
                url,
                bytes,
                checksum,
            }),
            _ => Err(AddError::Answer {
                place: path,
                reason: "there is no size or no checksum, so what arrives could not be checked".to_owned(),
            }),
        }
    }

    fn headers(&self, path: &str, url: &str) -> Result<FileHeaders, AddError> {
        let mut request = self.agent.head(url).config().max_redirects(0).build();
        if let Some(token) = self.authorization() {
            request = request.header(AUTHORIZATION, token);
        }
        let response = request.call().map_err(|error| AddError::Connection {
            place: url.to_owned(),
            reason: error.to_string(),
        })?;
        if !response.status().is_redirection() {
            check_status(path, response.status())?;
        }
        Ok(FileHeaders::read(response.headers(), response.status()))
    }
}

/// What the headers of a file say, before the redirection to where it is stored.
#[derive(Debug)]
struct FileHeaders {
    bytes: Option<u64>,
    checksum: Option<Checksum>,
}

impl FileHeaders {
    fn read(headers: &HeaderMap, status: StatusCode) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let own_bytes = text(CONTENT_LENGTH.as_str()).filter(|_| status.is_success());
        let tag = text("x-linked-etag").or(text(ETAG.as_str()));
        Self {
            bytes: text("x-linked-size")
                .or(own_bytes)
                .and_then(|number| number.parse().ok()),
            checksum: tag.and_then(|tag| Checksum::from_hex(tag.trim_start_matches("W/").trim_matches('"'))),
        }
    }
}

/// Explains the answers that people meet.
pub(super) fn check_status(place: &str, status: StatusCode) -> Result<(), AddError> {
    if status.is_success() {
        return Ok(());
    }
    let remedy = match status {
        StatusCode::UNAUTHORIZED => {
            "there is no such model, or it asks for a login: accept its conditions on its page and set HF_TOKEN"
        }
        StatusCode::FORBIDDEN => "accept its conditions on its page, with the account of HF_TOKEN",
        StatusCode::NOT_FOUND => "there is no model or no revision of this name",
        StatusCode::TOO_MANY_REQUESTS => "it is asked too often; try again later, or set HF_TOKEN",
        _ => "try again later",
    };
    Err(AddError::Refused {
        place: place.to_owned(),
        status: status.as_u16(),
        remedy,
    })
}

/// Trusts whom the machine trusts, so that mirrors with a certificate of their own work.
fn tls() -> TlsConfig {
    TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build()
}

/// A path in an address.
fn escaped(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn paths_are_escaped() {
        assert_eq!(escaped("unet/model.onnx_data"), "unet/model.onnx_data");
        assert_eq!(escaped("unet/a b+ü?"), "unet/a%20b%2B%C3%BC%3F");
    }
}
