//! What the page sends: something typed, a button, or a form that was filled in, with or without a file.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use serde::Deserialize;

use super::ApiError;
use crate::adapters::web::router::{MAX_BODY_BYTES, WebState};
use crate::chat::{Attachment, ButtonId, CommandInput};
use crate::commands::{Commands, OptionKind};

const MAX_KEY_CHARS: usize = 64;

/// A picture of 20 MiB to begin with, and the command beside it.
const MAX_UPLOAD_BYTES: usize = (20 << 20) + MAX_BODY_BYTES;

/// The part of a form with files that holds what is sent alone otherwise.
const COMMAND_PART: &str = "command";
/// The part that is the file.
const FILE_PART: &str = "file";

/// What can be given: exactly one of `text`, `button` and `command`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenCommand {
    /// The page's name for the exchange. A repeated one is answered with the same job.
    key: String,
    text: Option<String>,
    button: Option<String>,
    command: Option<GivenOptions>,
}

/// A command whose options were chosen in a form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::adapters::web) struct GivenOptions {
    pub(in crate::adapters::web) name: String,
    pub(in crate::adapters::web) options: BTreeMap<String, String>,
}

/// A command that the page has sent.
#[derive(Debug)]
pub(in crate::adapters::web) struct Given {
    pub(in crate::adapters::web) key: String,
    pub(in crate::adapters::web) input: CommandInput,
    pub(in crate::adapters::web) attachments: Vec<Attachment>,
}

impl FromRequest<WebState> for Given {
    type Rejection = ApiError;

    async fn from_request(mut request: Request, state: &WebState) -> Result<Self, ApiError> {
        let content_type = request.headers().get(CONTENT_TYPE);
        let has_parts = content_type
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("multipart/form-data"));
        if has_parts {
            DefaultBodyLimit::max(MAX_UPLOAD_BYTES).apply(&mut request);
            let parts = Multipart::from_request(request, state).await?;
            return Self::read(parts).await;
        }
        let Json(command) = Json::<GivenCommand>::from_request(request, state).await?;
        Self::new(command, Vec::new())
    }
}

impl Given {
    async fn read(mut parts: Multipart) -> Result<Self, ApiError> {
        let mut command = None;
        let mut attachments = Vec::new();
        while let Some(part) = parts.next_field().await? {
            let name = part.name().unwrap_or_default().to_owned();
            let file_name = part.file_name().unwrap_or_default().to_owned();
            match name.as_str() {
                COMMAND_PART => {
                    let bytes = read_at_most(part, MAX_BODY_BYTES).await?;
                    command = Some(serde_json::from_slice(&bytes).map_err(|_| ApiError::BadRequest)?);
                }
                FILE_PART => attachments.push(Attachment {
                    file_name,
                    content: Arc::new(Vec::from(part.bytes().await?)),
                }),
                _ => return Err(ApiError::BadRequest),
            }
        }
        Self::new(command.ok_or(ApiError::BadRequest)?, attachments)
    }

    fn new(command: GivenCommand, attachments: Vec<Attachment>) -> Result<Self, ApiError> {
        let input = match (command.text, command.button, command.command) {
            (Some(text), None, None) if !text.trim().is_empty() => CommandInput::Text(text),
            (None, Some(button), None) => CommandInput::Button(button),
            (None, None, Some(command)) => command.into(),
            _ => return Err(ApiError::BadRequest),
        };
        if !is_key(&command.key) {
            return Err(ApiError::BadRequest);
        }
        Ok(Self {
            key: command.key,
            input,
            attachments,
        })
    }

    /// The command as one would type it.
    pub(in crate::adapters::web) fn text(&self) -> String {
        match &self.input {
            CommandInput::Text(text) => text.clone(),
            CommandInput::Options { name, options } => {
                let given = options.iter().map(|(name, value)| (name.as_str(), value.clone()));
                line(name, given)
            }
            CommandInput::Button(text) => text.parse().map_or_else(|_| text.clone(), |id| pressed(&id)),
        }
    }
}

/// A part of a form that may be no longer than this.
async fn read_at_most(mut part: Field<'_>, max_bytes: usize) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await? {
        if bytes.len() + chunk.len() > max_bytes {
            return Err(ApiError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn pressed(button: &ButtonId) -> String {
    // People count from 1.
    let image = button
        .image
        .map(|image| ("image", (u64::from(image) + 1).to_string()));
    let job = ("job", button.job.to_string());
    line(&button.action, [job].into_iter().chain(image))
}

impl From<GivenOptions> for CommandInput {
    fn from(given: GivenOptions) -> Self {
        Self::Options {
            name: given.name,
            options: given.options.into_iter().collect(),
        }
    }
}

/// A command line. What the command has no option for is left out of it.
fn line<'o>(name: &str, given: impl Iterator<Item = (&'o str, String)>) -> String {
    let spec = Commands::specs().find(|spec| spec.name == name);
    // The number of a job and a text need no name, and come before everything that has one.
    let (mut job, mut text, mut named) = (None, None, Vec::new());
    for (option, value) in given {
        let Some(option) = spec.and_then(|spec| spec.option(option)) else {
            continue;
        };
        let is_text = spec
            .and_then(|spec| spec.positional)
            .is_some_and(|positional| positional.name == option.name);
        match option.kind {
            OptionKind::Job => job = Some(value),
            _ if is_text => text = Some(value),
            OptionKind::Flag => named.push(format!("--{}", option.name)),
            _ => named.push(format!("--{} {value}", option.name)),
        }
    }
    let command = [Some(format!("/{name}")), job, text];
    let words: Vec<String> = command.into_iter().flatten().chain(named).collect();
    words.join(" ")
}

fn is_key(key: &str) -> bool {
    (1..=MAX_KEY_CHARS).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
