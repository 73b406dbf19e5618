//! `/draw`: a prompt becomes a job.

use std::hash::{BuildHasher, RandomState};

use anyhow::Context as _;
use async_trait::async_trait;
use inference::{ModelInfo, SchedulerName};

use super::{
    Arguments, Command, CommandContext, CommandError, CommandSpec, OptionKind, OptionSpec, UserError,
};
use crate::chat::{CommandRequest, Reply, final_reply};
use crate::prompts::normalise;
use crate::queue::SubmitError;
use crate::store::{DrawParameters, JobId, NewJob};

/// The command.
pub(super) struct Draw;

static SPEC: CommandSpec = CommandSpec {
    name: "draw",
    positional: Some(PROMPT),
    options: &[NO, STEPS, SIZE, GUIDANCE, SEED, COUNT, SCHEDULER, MODEL],
};

const PROMPT: &str = "prompt";
const NO: OptionSpec = OptionSpec {
    name: "no",
    kind: OptionKind::Words,
    example: "hands",
};
const STEPS: OptionSpec = OptionSpec {
    name: "steps",
    kind: OptionKind::Word,
    example: "20",
};
const SIZE: OptionSpec = OptionSpec {
    name: "size",
    kind: OptionKind::Word,
    example: "128x192",
};
const GUIDANCE: OptionSpec = OptionSpec {
    name: "guidance",
    kind: OptionKind::Word,
    example: "4.5",
};
const SEED: OptionSpec = OptionSpec {
    name: "seed",
    kind: OptionKind::Word,
    example: "1",
};
const COUNT: OptionSpec = OptionSpec {
    name: "count",
    kind: OptionKind::Word,
    example: "2",
};
const SCHEDULER: OptionSpec = OptionSpec {
    name: "scheduler",
    kind: OptionKind::Word,
    example: "Euler",
};
const MODEL: OptionSpec = OptionSpec {
    name: "model",
    kind: OptionKind::Word,
    example: "avatar",
};

/// What AUTOMATIC1111 and those who come from there write for "any seed".
const ANY_SEED: &str = "-1";

#[async_trait]
impl Command for Draw {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let draw = parameters(context, &arguments)?;
        let chars = draw.prompt.chars().count();
        let now = context.clock.now();
        let job = NewJob {
            user: request.user.clone(),
            chat: request.chat.clone(),
            locale: request.locale,
            key: request.key.clone(),
            reply_address: request.responder.address(),
            draw,
            prompt_typed: arguments.get(PROMPT).unwrap_or_default().to_owned(),
            now,
        };
        let submitted = context.queue.submit(job).await.map_err(|error| match error {
            SubmitError::Refused(refusal) => UserError::Refused { refusal, now }.into(),
            SubmitError::Stopped => UserError::Stopping.into(),
            SubmitError::Store(error) => CommandError::Internal(error.into()),
        })?;
        if submitted.duplicate {
            return answered_before(context, submitted.job).await;
        }
        tracing::info!(job = %submitted.job, platform = %request.user.platform, prompt.chars = chars, "job accepted");
        Ok(None)
    }
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

/// What to draw: the options that were given, and the model's defaults for all others.
fn parameters(context: &CommandContext, arguments: &Arguments) -> Result<DrawParameters, CommandError> {
    let prompt = normalise(arguments.get(PROMPT).unwrap_or_default());
    let negative_prompt = normalise(arguments.get(NO.name).unwrap_or_default());
    if prompt.is_empty() {
        return Err(UserError::EmptyPrompt.into());
    }
    let max = context.limits.max_prompt_chars;
    for text in [&prompt, &negative_prompt] {
        let chars = text.chars().count();
        if chars > max {
            return Err(UserError::PromptTooLong { chars, max }.into());
        }
    }
    let models = context.queue.models();
    let model = choose_model(&models, arguments)?;
    let (width, height) =
        value(arguments, &SIZE, size)?.unwrap_or((model.defaults.width, model.defaults.height));
    let mut draw = DrawParameters {
        prompt,
        negative_prompt,
        width,
        height,
        num_inference_steps: value(arguments, &STEPS, whole_number)?
            .unwrap_or(model.defaults.num_inference_steps),
        guidance_scale: value(arguments, &GUIDANCE, decimal)?.unwrap_or(model.defaults.guidance_scale),
        seed: seed(arguments)?.unwrap_or_else(context.random_seed),
        count: value(arguments, &COUNT, whole_number)?.unwrap_or(1),
        model: model.id.clone(),
        scheduler: Some(scheduler(arguments)?.unwrap_or(model.scheduler).to_owned()),
        clamped: Vec::new(),
    };
    draw.clamped = context.limits.clamp(&mut draw, model.size_multiple);
    Ok(draw)
}

fn choose_model<'m>(models: &'m [ModelInfo], arguments: &Arguments) -> Result<&'m ModelInfo, CommandError> {
    let Some(id) = arguments.get(MODEL.name) else {
        return Ok(models.first().context("the engine has no model")?);
    };
    let found = models.iter().find(|model| model.id.eq_ignore_ascii_case(id));
    found.ok_or_else(|| {
        let known = models.iter().map(|model| model.id.clone()).collect();
        UserError::UnknownChoice {
            option: &MODEL,
            value: id.to_owned(),
            known,
        }
        .into()
    })
}

fn scheduler(arguments: &Arguments) -> Result<Option<&'static str>, UserError> {
    let Some(name) = arguments.get(SCHEDULER.name) else {
        return Ok(None);
    };
    match name.parse::<SchedulerName>() {
        Ok(name) => Ok(Some(name.name())),
        Err(_) => {
            // Most of them also exist with "Karras" and the like behind their name, which would be a list of dozens.
            let known = SchedulerName::ALL
                .iter()
                .filter(|name| name.schedule_type().is_none())
                .map(|name| name.name().to_owned())
                .collect();
            Err(UserError::UnknownChoice {
                option: &SCHEDULER,
                value: name.to_owned(),
                known,
            })
        }
    }
}

fn seed(arguments: &Arguments) -> Result<Option<u64>, UserError> {
    if arguments.get(SEED.name) == Some(ANY_SEED) {
        return Ok(None);
    }
    value(arguments, &SEED, |text| text.parse().ok())
}

/// Reads the value of an option, if it was given.
fn value<T>(
    arguments: &Arguments,
    option: &'static OptionSpec,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, UserError> {
    let Some(text) = arguments.get(option.name) else {
        return Ok(None);
    };
    match read(text) {
        Some(value) => Ok(Some(value)),
        None => Err(UserError::BadValue {
            option,
            value: text.to_owned(),
        }),
    }
}

/// A number without a sign. One that is too large for the type is as absurd as the largest of the type, and is
/// brought within the limits in the same way.
fn whole_number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u32::MAX))
}

fn decimal(text: &str) -> Option<f32> {
    text.parse().ok().filter(|number: &f32| number.is_finite())
}

/// `128x192`, or `128` for a square.
fn size(text: &str) -> Option<(u32, u32)> {
    match text.split_once(['x', 'X', '×', '*']) {
        Some((width, height)) => Some((whole_number(width)?, whole_number(height)?)),
        None => whole_number(text).map(|side| (side, side)),
    }
}

/// A seed for a picture for which none was given. It has at most ten digits, so that people can read it to each other.
pub fn random_seed() -> u64 {
    RandomState::new().hash_one(0) >> 32
}
