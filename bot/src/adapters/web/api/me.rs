//! `GET /api/me`: what a person has chosen for themselves, what they can choose, and how much they have left.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::ApiError;
use crate::adapters::web::router::WebState;
use crate::adapters::web::visitor::Visitor;
use crate::chat::{Place, Standing};
use crate::commands::CommandContext;
use crate::i18n::{Locale, messages};
use crate::store::{LimitCheck, Usage, UserSettings, Window};

/// A person and what they may do.
#[derive(Debug, Serialize)]
pub(in crate::adapters::web) struct Me {
    settings: UserSettings,
    choices: Choices,
    quota: Quota,
    /// The admin page opens for them.
    is_admin: bool,
}

/// What can be chosen as a setting.
#[derive(Debug, Serialize)]
struct Choices {
    models: Vec<Choice>,
    styles: Vec<String>,
    /// The languages' tags and own names.
    languages: Vec<(&'static str, String)>,
}

#[derive(Debug, Serialize)]
struct Choice {
    id: String,
    name: String,
}

/// What a person has used, and what they may.
#[derive(Debug, Serialize)]
struct Quota {
    /// Only windows with a limit, the shortest first.
    windows: Vec<UsedWindow>,
    /// Jobs that wait or are drawn.
    unfinished: u32,
    max_unfinished: Option<u32>,
}

#[derive(Debug, Serialize)]
struct UsedWindow {
    window: &'static str,
    used: u32,
    limit: u32,
    /// When the next one is given back.
    next_free_at: Option<DateTime<Utc>>,
}

pub(in crate::adapters::web) async fn get(
    State(state): State<WebState>,
    visitor: Visitor,
) -> Result<Json<Me>, ApiError> {
    let context = state.commands.context();
    let user = visitor.user();
    let users = context.store.users();
    let rules = context.rules.current();
    let place = Place::direct(visitor.id.clone());
    let limits = rules.limits.of(&user, &Standing::default(), &place);
    let usage = users.usage(&user, context.clock.now()).await?;
    Ok(Json(Me {
        settings: users.settings(&user).await?,
        choices: Choices::of(context, |model| limits.allows_model(model)),
        quota: Quota::new(&usage, &limits.check),
        is_admin: visitor.is_admin,
    }))
}

impl Choices {
    fn of(context: &CommandContext, is_allowed: impl Fn(&str) -> bool) -> Self {
        let models = context.queue.models();
        let models = models
            .into_iter()
            .filter(|model| is_allowed(&model.id))
            .map(|model| Choice {
                id: model.id,
                name: model.name,
            });
        let rules = context.rules.current();
        let styles = rules.styles.all().iter().map(|style| style.name.clone());
        let languages = Locale::ALL
            .iter()
            .map(|&locale| (locale.tag(), messages::web_language_name(locale)));
        Self {
            models: models.collect(),
            styles: styles.collect(),
            languages: languages.collect(),
        }
    }
}

impl Quota {
    fn new(usage: &Usage, check: &LimitCheck) -> Self {
        let windows = Window::ALL.into_iter().zip(usage.used).zip(usage.next_free_at);
        let windows = windows.filter_map(|((window, used), next_free_at)| {
            Some(UsedWindow {
                window: name(window),
                used,
                limit: check.of(window)?,
                next_free_at,
            })
        });
        Self {
            windows: windows.collect(),
            unfinished: usage.queued + usage.running,
            max_unfinished: check.queued,
        }
    }
}

fn name(window: Window) -> &'static str {
    match window {
        Window::Minute => "minute",
        Window::Hour => "hour",
        Window::Day => "day",
    }
}
