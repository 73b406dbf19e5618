//! The page: files embedded in the binary, with the texts of each language put into the HTML once at the start.

use std::borrow::Cow;
use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

use super::api::ApiError;
use super::router::WebState;
use super::visitor::Visitor;
use crate::i18n::{Locale, messages};

const ADMIN: &str = include_str!("page/admin.html");
const INDEX: &str = include_str!("page/index.html");
const LOGIN: &str = include_str!("page/login.html");

/// What the keys of texts begin with that only the admin page has.
const ADMIN_LABELS: &str = "web-admin-";

const CSS: &str = "text/css; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Name, type and content of the files under `/assets/`.
const ASSETS: &[(&str, &str, &str)] = &[
    ("admin-data.js", JAVASCRIPT, include_str!("page/admin-data.js")),
    ("admin.css", CSS, include_str!("page/admin.css")),
    ("admin.js", JAVASCRIPT, include_str!("page/admin.js")),
    ("api.js", JAVASCRIPT, include_str!("page/api.js")),
    ("app.js", JAVASCRIPT, include_str!("page/app.js")),
    ("archive.js", JAVASCRIPT, include_str!("page/archive.js")),
    ("attachment.js", JAVASCRIPT, include_str!("page/attachment.js")),
    ("buttons.js", JAVASCRIPT, include_str!("page/buttons.js")),
    ("chart.js", JAVASCRIPT, include_str!("page/chart.js")),
    ("chat.css", CSS, include_str!("page/chat.css")),
    ("composer.js", JAVASCRIPT, include_str!("page/composer.js")),
    ("dialogs.js", JAVASCRIPT, include_str!("page/dialogs.js")),
    ("form.js", JAVASCRIPT, include_str!("page/form.js")),
    ("icons.js", JAVASCRIPT, include_str!("page/icons.js")),
    ("login.css", CSS, include_str!("page/login.css")),
    ("mark.svg", SVG, include_str!("page/mark.svg")),
    ("message.js", JAVASCRIPT, include_str!("page/message.js")),
    ("panels.css", CSS, include_str!("page/panels.css")),
    ("picture.js", JAVASCRIPT, include_str!("page/picture.js")),
    ("settings.js", JAVASCRIPT, include_str!("page/settings.js")),
    ("table.js", JAVASCRIPT, include_str!("page/table.js")),
    ("theme.css", CSS, include_str!("page/theme.css")),
    ("timeline.js", JAVASCRIPT, include_str!("page/timeline.js")),
];

/// Everything a browser loads.
#[derive(Debug)]
pub(super) struct Pages {
    index: BTreeMap<Locale, Document>,
    admin: BTreeMap<Locale, Document>,
    assets: BTreeMap<&'static str, Document>,
}

#[derive(Debug)]
struct Document {
    content_type: &'static str,
    body: Bytes,
    etag: String,
}

impl Pages {
    /// Prepares the page in every language.
    ///
    /// # Errors
    /// When the page uses a text that a language lacks.
    pub(super) fn new() -> anyhow::Result<Self> {
        let (mut index, mut admin) = (BTreeMap::new(), BTreeMap::new());
        for &locale in Locale::ALL {
            index.insert(locale, Document::new(HTML, render(INDEX, locale, None)?));
            admin.insert(locale, Document::new(HTML, render(ADMIN, locale, None)?));
            // The other page of that language is made when it is needed, and has to be possible then.
            render(LOGIN, locale, Some(&Login::new(LoginPage::Chat, None)))?;
        }
        let assets = ASSETS
            .iter()
            .map(|&(name, content_type, body)| (name, Document::new(content_type, body.to_owned())))
            .collect();
        Ok(Self { index, admin, assets })
    }
}

impl Document {
    fn new(content_type: &'static str, body: String) -> Self {
        let etag = format!("\"{:x}\"", Sha256::digest(&body));
        Self {
            content_type,
            body: body.into(),
            etag,
        }
    }

    /// The browser keeps the file and asks each time whether it is still the same.
    fn respond(&self, headers: &HeaderMap) -> Response {
        let common = [
            (CACHE_CONTROL, "no-cache"),
            (ETAG, &self.etag),
            (VARY, "Accept-Language, Cookie"),
        ];
        if headers
            .get(IF_NONE_MATCH)
            .is_some_and(|known| known.as_bytes() == self.etag.as_bytes())
        {
            return (StatusCode::NOT_MODIFIED, common).into_response();
        }
        (common, [(CONTENT_TYPE, self.content_type)], self.body.clone()).into_response()
    }
}

/// `GET /`
pub(super) async fn index(
    State(state): State<WebState>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    // What they chose for themselves wins over what the browser asks for.
    let locale = state.commands.locale_of(&visitor.user(), visitor.locale).await;
    let document = state.shared.pages.index.get(&locale);
    Ok(document.ok_or(ApiError::NotFound)?.respond(&headers))
}

/// The page for admins.
pub(super) fn admin(pages: &Pages, locale: Locale, headers: &HeaderMap) -> Result<Response, ApiError> {
    let document = pages.admin.get(&locale).ok_or(ApiError::NotFound)?;
    Ok(document.respond(headers))
}

/// `GET /assets/{name}`
pub(super) async fn asset(
    State(state): State<WebState>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let document = state
        .shared
        .pages
        .assets
        .get(name.as_str())
        .ok_or(ApiError::NotFound)?;
    Ok(document.respond(&headers))
}

/// Which door somebody stands before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoginPage {
    /// That of the chat.
    Chat,
    /// That of the admin page.
    Admin,
}

/// Why they stand there still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// It was not the token.
    WrongToken,
    /// There is no token.
    Closed,
}

/// What the login page says: keys of texts, and where the token is sent.
#[derive(Debug)]
struct Login {
    action: &'static str,
    text: &'static str,
    problem: Option<&'static str>,
}

impl Login {
    fn new(page: LoginPage, problem: Option<Problem>) -> Self {
        let (action, text) = match page {
            LoginPage::Chat => ("/login", "web-login-text"),
            LoginPage::Admin => ("/admin/login", "web-login-admin-text"),
        };
        Self {
            action,
            text,
            problem: problem.map(|problem| match problem {
                Problem::WrongToken => "web-login-wrong",
                Problem::Closed => "web-login-admin-closed",
            }),
        }
    }
}

/// The page that asks for a token.
pub(super) fn login(page: LoginPage, locale: Locale, problem: Option<Problem>) -> Response {
    match render(LOGIN, locale, Some(&Login::new(page, problem))) {
        Ok(html) => {
            let headers = [(CONTENT_TYPE, HTML), (CACHE_CONTROL, "no-store")];
            (StatusCode::UNAUTHORIZED, headers, html).into_response()
        }
        Err(error) => ApiError::internal(error.as_ref()).into_response(),
    }
}

/// Puts texts where a template has `{{key}}`, and what `login` says where the login page wants it.
fn render(template: &str, locale: Locale, login: Option<&Login>) -> anyhow::Result<String> {
    let labels = messages::web_labels(locale);
    let label = |key: &str| -> anyhow::Result<Cow<'_, str>> {
        let key = match (key, login) {
            ("lang", _) => return Ok(locale.tag().into()),
            // Inside a script element only "<" could end it.
            ("labels", _) => {
                let own = labels.iter().filter(|(key, _)| !key.starts_with(ADMIN_LABELS));
                let own: BTreeMap<_, _> = own.collect();
                return Ok(serde_json::to_string(&own)?.replace('<', "\\u003c").into());
            }
            ("admin-labels", _) => return Ok(serde_json::to_string(&labels)?.replace('<', "\\u003c").into()),
            ("login-action", Some(login)) => return Ok(login.action.into()),
            ("login-text", Some(login)) => login.text,
            ("login-problem", Some(login)) => match login.problem {
                Some(problem) => problem,
                None => return Ok("".into()),
            },
            _ => key,
        };
        let text = labels
            .get(key)
            .ok_or_else(|| anyhow!("the language {locale} has no text {key}"))?;
        Ok(escape(text).into())
    };
    let mut html = String::with_capacity(2 * template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (key, after) = after.split_once("}}").context("the page has {{ without }}")?;
        html.push_str(before);
        html.push_str(&label(key)?);
        rest = after;
    }
    html.push_str(rest);
    Ok(html)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
