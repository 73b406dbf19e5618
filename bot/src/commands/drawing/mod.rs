//! From what somebody wants to a job: what every command that draws has in common.
//!
//! A command makes an [`Order`]; [`submit`] checks it against the word rules and the limits of today, also when its
//! recipe is an old one, and gives it to the queue.

mod choice;
mod pixels;
mod precheck;
mod source;
mod usual;

use anyhow::Context as _;
use inference::ModelInfo;
use inference::request::MAX_PROMPT_CHARS;

pub(super) use self::choice::{NONE, model, sampler, style};
pub(super) use self::pixels::{SIZE_NAMES, Size, can_grow};
pub(super) use self::precheck::check_not_refused;
pub(super) use self::source::{SOURCE, read_picture, source};
pub(super) use self::usual::Usual;
use super::{CommandContext, CommandError, UserError};
use crate::chat::{CommandRequest, Reply, final_reply};
use crate::i18n::messages::Now;
use crate::limits::Limits;
use crate::queue::SubmitError;
use crate::rules::{Authority, Rules};
use crate::store::{DrawParameters, JobId, JobKind, NewJob};

/// A job that somebody wants.
#[derive(Debug)]
pub(super) struct Order {
    /// Which command it was.
    pub(super) kind: JobKind,
    /// The job that it goes on from.
    pub(super) parent: Option<JobId>,
    /// Nobody else may see it.
    pub(super) is_private: bool,
    /// The prompt as the person typed it.
    pub(super) prompt_typed: String,
    /// What to draw.
    pub(super) draw: DrawParameters,
    /// What else the word rules have to allow: the negative prompt as it was typed, the recipe of the source picture.
    pub(super) other_texts: Vec<String>,
}

/// Gives an order to the queue. `None` means that the job was accepted, whose end will be told.
///
/// # Errors
/// When a rule or a limit forbids it, or its model is not here any more.
pub(super) async fn submit(
    context: &CommandContext,
    request: &CommandRequest,
    rules: &Rules,
    order: Order,
) -> Result<Option<Reply>, CommandError> {
    check_words(rules, request, &order)?;
    check_length(&order.draw)?;
    let limits = rules.limits.of_request(request);
    let kind = order.kind;
    let chars = order.draw.prompt.chars().count();
    let job = new_job(context, request, rules, order)?;
    let now = Now {
        at: job.now,
        time_zone: rules.time_zone,
    };
    let submitted = context.queue.submit(job, &limits.check).await;
    let submitted = submitted.map_err(|error| match error {
        SubmitError::Refused(refusal) => UserError::Refused { refusal, now }.into(),
        SubmitError::Stopped => UserError::Stopping.into(),
        SubmitError::Draining => UserError::Draining.into(),
        SubmitError::Store(error) => CommandError::Internal(error.into()),
    })?;
    if submitted.duplicate {
        return answered_before(context, submitted.job).await;
    }
    tracing::info!(
        job = %submitted.job,
        platform = %request.user.platform,
        ?kind,
        prompt.chars = chars,
        "job accepted"
    );
    Ok(None)
}

/// The job of an order, within the limits.
fn new_job(
    context: &CommandContext,
    request: &CommandRequest,
    rules: &Rules,
    order: Order,
) -> Result<NewJob, UserError> {
    let Order {
        kind,
        parent,
        is_private,
        prompt_typed,
        mut draw,
        ..
    } = order;
    let limits = rules.limits.of_request(request);
    let models = context.queue.models();
    let model = models.iter().find(|model| model.id == draw.model);
    let model = model.ok_or_else(|| UserError::ModelGone {
        model: draw.model.clone(),
    })?;
    check_model(&limits, &models, model)?;
    if draw.source.is_some() && !model.image_to_image {
        return Err(UserError::NoSourcePossible {
            model: model.id.clone(),
        });
    }
    draw.clamped = limits.clamp(&mut draw, model.size_multiple);
    Ok(NewJob {
        user: request.user.clone(),
        place: request.place.clone(),
        kind,
        parent,
        is_private,
        priority: limits.priority,
        max_running: limits.running,
        safety: rules.safety.action(&request.user.platform, &request.place),
        locale: request.locale,
        key: request.key.clone(),
        reply_address: request.responder.address(),
        draw,
        prompt_typed,
        now: context.clock.now(),
    })
}

/// The answer to a command that was given before: the same last message, if the job has ended.
async fn answered_before(context: &CommandContext, job: JobId) -> Result<Option<Reply>, CommandError> {
    let row = context
        .store
        .jobs()
        .get(job)
        .await
        .context("cannot read the job of a repeated command")?;
    Ok(row
        .filter(|row| row.outcome.is_some())
        .map(|row| final_reply(&row, &context.store)))
}

fn check_words(rules: &Rules, request: &CommandRequest, order: &Order) -> Result<(), UserError> {
    let draw = &order.draw;
    let texts = [&order.prompt_typed, &draw.prompt, &draw.negative_prompt]
        .into_iter()
        .chain(&order.other_texts)
        .map(String::as_str);
    check_texts(rules, request, texts)
}

/// The person learns that a rule forbids a text, admins learn which one: in the log, or at once when it is they who
/// asked.
///
/// # Errors
/// When a rule forbids one.
pub(super) fn check_texts<'t>(
    rules: &Rules,
    request: &CommandRequest,
    texts: impl IntoIterator<Item = &'t str>,
) -> Result<(), UserError> {
    let server = request.place.server.as_deref();
    let platform = &request.user.platform;
    let Some(forbidden) = rules.words.check(texts, platform.as_str(), server) else {
        return Ok(());
    };
    tracing::info!(%platform, server, rule = forbidden.rule, "a word rule forbids a prompt");
    let is_admin = rules.admins.authority(request) != Authority::None;
    Err(UserError::Forbidden {
        rule: is_admin.then_some(forbidden.rule),
    })
}

/// A style and a dictionary may make a prompt longer than the engine takes.
fn check_length(draw: &DrawParameters) -> Result<(), UserError> {
    let max = MAX_PROMPT_CHARS;
    let lengths = [&draw.prompt, &draw.negative_prompt].map(|prompt| prompt.chars().count());
    match lengths.into_iter().find(|chars| *chars > max) {
        Some(chars) => Err(UserError::PromptTooLong { chars, max }),
        None => Ok(()),
    }
}

/// The models that a person may use, the default one first.
pub(super) fn allowed<'m>(limits: &Limits, models: &'m [ModelInfo]) -> Vec<&'m ModelInfo> {
    models
        .iter()
        .filter(|model| limits.allows_model(&model.id))
        .collect()
}

fn check_model(limits: &Limits, models: &[ModelInfo], model: &ModelInfo) -> Result<(), UserError> {
    if limits.allows_model(&model.id) {
        return Ok(());
    }
    Err(UserError::ModelNotAllowed {
        model: model.id.clone(),
        allowed: allowed(limits, models)
            .into_iter()
            .map(|model| model.id.clone())
            .collect(),
    })
}
