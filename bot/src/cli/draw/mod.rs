//! `ekaki draw`: a picture from the terminal, without a service and without a job log.

mod args;
mod files;
mod recipe;
mod report;
mod request;

use std::io::{IsTerminal as _, Write as _};
use std::time::Instant;

use anyhow::Context as _;
use inference::InferenceError;
use inference::images::Recipe;

pub(super) use self::args::DrawArgs;
use self::report::{Report, Times};
use self::request::Wish;
use super::terminal_picture::Protocol;
use super::{Context, block_on, engine, milliseconds};
use crate::models;
use crate::shutdown;

/// Draws and writes the pictures.
pub(super) fn run(context: &Context, args: &DrawArgs) -> anyhow::Result<()> {
    block_on(tokio::runtime::Builder::new_current_thread(), draw(context, args))
}

async fn draw(context: &Context, args: &DrawArgs) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut config = context.config.clone();
    config.runtime.provider = args.provider.unwrap_or(config.runtime.provider);
    let recipe = args.recipe.as_deref().map(recipe::read).transpose()?;
    let wish = Wish::new(args, recipe.as_ref(), &context.config.inference)?;
    let path = args.output.clone();
    let files = files::numbered(
        path.unwrap_or_else(|| format!("ekaki-{}.png", wish.seed).into()),
        args.count,
    )?;
    let name = match (&args.model, &recipe) {
        (Some(name), _) => name,
        (None, Some(recipe)) => recipe::model(recipe, &config.inference)?,
        (None, None) => &config.inference.model,
    };
    let model = models::resolve(&config.inference.models_dir, name)?;
    if let Some(recipe) = &recipe {
        note_unknown_keys(recipe).context("cannot write to standard error")?;
    }

    let shutdown = shutdown::on_signal()?;
    let engine = tokio::select! {
        engine = engine::start(config, model, args.count) => engine?,
        () = shutdown.cancelled() => return Err(InferenceError::Cancelled.into()),
    };
    let load_ms = milliseconds(begun);
    let models = engine.models();
    let requests = models
        .first()
        .context("the engine has no model")
        .and_then(|model| Ok(wish.requests(model)?));
    let outputs = match requests {
        Ok(requests) => engine::generate(&engine, requests, &shutdown).await,
        Err(error) => Err(error),
    };
    // Also after an error: a thread that still computes must not outlive the libraries it uses.
    engine.shutdown();
    let outputs = outputs?;

    let stdout_is_picture = !args.json && std::io::stdout().is_terminal();
    let protocol = Protocol::of(&context.sources.environment.terminal).filter(|_| stdout_is_picture);
    for (path, output) in files.iter().zip(&outputs) {
        files::write(path, output, protocol)?;
    }
    let report = Report::new(
        files,
        &outputs,
        Times {
            load_ms,
            total_ms: milliseconds(begun),
        },
    )?;
    report.print(args.json).context("cannot write to standard output")
}

fn note_unknown_keys(recipe: &Recipe) -> std::io::Result<()> {
    let keys = recipe::unknown_keys(recipe);
    if keys.is_empty() {
        return Ok(());
    }
    let keys = keys.join(", ");
    writeln!(
        std::io::stderr(),
        "note: the recipe has settings that are not followed: {keys}"
    )
}
