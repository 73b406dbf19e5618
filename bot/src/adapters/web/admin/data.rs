//! `GET /api/admin/…`: what the admin page shows.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::adapters::web::api::ApiError;
use crate::adapters::web::router::WebState;
use crate::chat::{Platform, UserId};
use crate::commands::CommandContext;
use crate::queue::{QueueMode, QueuePlace};
use crate::store::{AuditLine, Block, DayStats, JobId, StatsQuery, StoredWord, UserStats};

/// Lines of the queue that are shown.
const MAX_PLACES: usize = 100;
/// Lines on one page of the audit log.
const MAX_LINES: u32 = 50;
/// People that are shown.
const MAX_PEOPLE: u32 = 50;
/// Most days of statistics.
const MAX_DAYS: u32 = 366;
/// Days of statistics when none are named.
const DAYS: u32 = 30;

type Answer<T> = Result<Json<T>, ApiError>;

/// What the service is doing.
#[derive(Debug, Serialize)]
pub(super) struct Queue {
    mode: QueueMode,
    running: Vec<Place>,
    waiting: Vec<Place>,
    /// All that wait, also those that are not in the list.
    waiting_count: usize,
}

#[derive(Debug, Serialize)]
struct Place {
    job: JobId,
    user: UserId,
    position: u32,
    remaining_s: Option<u64>,
}

pub(super) async fn queue(State(state): State<WebState>) -> Json<Queue> {
    let queue = &state.commands.context().queue;
    let snapshot = queue.snapshot();
    let places = |places: Vec<QueuePlace>| places.into_iter().take(MAX_PLACES).map(Place::from).collect();
    Json(Queue {
        mode: queue.mode(),
        waiting_count: snapshot.waiting.len(),
        running: places(snapshot.running),
        waiting: places(snapshot.waiting),
    })
}

impl From<QueuePlace> for Place {
    fn from(place: QueuePlace) -> Self {
        Self {
            job: place.job,
            user: place.user,
            position: place.position,
            remaining_s: place.remaining.map(|remaining| remaining.as_secs()),
        }
    }
}

/// The limits of one rule.
#[derive(Debug, Serialize)]
pub(super) struct Scope {
    scope: String,
    limits: Value,
    /// It stands in the settings file, and not in the job log.
    is_of_settings: bool,
}

/// What admins have set, as it is stored, and then what the settings say: what can be changed here stands first.
pub(super) async fn limits(State(state): State<WebState>) -> Answer<Vec<Scope>> {
    let context = state.commands.context();
    let set = context.store.admin().limits().await?;
    let set = set.into_iter().map(|set| Scope {
        scope: set.scope,
        limits: set.limits,
        is_of_settings: false,
    });
    let mut scopes: Vec<Scope> = set.collect();
    for (scope, values) in context.rules.current().limits.of_settings() {
        scopes.push(Scope {
            scope: scope.to_string(),
            limits: serde_json::to_value(values).map_err(|error| ApiError::internal(&error))?,
            is_of_settings: true,
        });
    }
    Ok(Json(scopes))
}

/// A word rule: one that an admin has added, with its number, or one of the settings, which holds everywhere.
#[derive(Debug, Default, Serialize)]
pub(super) struct Word {
    id: Option<i64>,
    platform: Option<Platform>,
    server: Option<String>,
    rule: String,
}

pub(super) async fn words(State(state): State<WebState>) -> Answer<Vec<Word>> {
    let context = state.commands.context();
    let added = context.store.admin().words().await?;
    let rules = context.rules.current();
    let of_settings = rules.words.of_settings().iter().map(|rule| Word {
        rule: rule.clone(),
        ..Word::default()
    });
    let words = added.into_iter().map(Word::from).chain(of_settings);
    Ok(Json(words.collect()))
}

impl From<StoredWord> for Word {
    fn from(word: StoredWord) -> Self {
        Self {
            id: Some(word.id),
            platform: word.platform,
            server: word.server,
            rule: word.rule,
        }
    }
}

/// Who draws, and who may not.
#[derive(Debug, Serialize)]
pub(super) struct People {
    active: Vec<UserStats>,
    blocks: Vec<Block>,
}

pub(super) async fn people(State(state): State<WebState>) -> Answer<People> {
    let context = state.commands.context();
    let query = stats_query(context, DAYS);
    Ok(Json(People {
        active: context.store.stats().by_user(&query, MAX_PEOPLE).await?,
        blocks: context.store.admin().blocks(None, context.clock.now()).await?,
    }))
}

/// How many days are wanted.
#[derive(Debug, Deserialize)]
pub(super) struct StatsDays {
    days: Option<u32>,
}

pub(super) async fn stats(
    State(state): State<WebState>,
    query: Result<Query<StatsDays>, QueryRejection>,
) -> Answer<Vec<DayStats>> {
    let Query(StatsDays { days }) = query.map_err(|_| ApiError::BadRequest)?;
    let context = state.commands.context();
    let query = stats_query(context, days.unwrap_or(DAYS).clamp(1, MAX_DAYS));
    let known = context.store.stats().by_day(&query).await?;
    Ok(Json(query.every_day(&known, context.clock.now())))
}

/// The last `days` days in the time zone of the service.
fn stats_query(context: &CommandContext, days: u32) -> StatsQuery {
    let time_zone = context.rules.current().time_zone;
    StatsQuery::of_last_days(context.clock.now(), &time_zone, days)
}

/// Which page of the audit log is wanted.
#[derive(Debug, Deserialize)]
pub(super) struct AuditQuery {
    /// Only lines older than this one; the newest when it is missing.
    before: Option<i64>,
}

pub(super) async fn audit(
    State(state): State<WebState>,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Answer<Vec<AuditLine>> {
    let Query(AuditQuery { before }) = query.map_err(|_| ApiError::BadRequest)?;
    let admin = state.commands.context().store.admin();
    Ok(Json(admin.audit(None, before, MAX_LINES).await?))
}
