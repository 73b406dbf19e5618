//! `ekaki models`: which models there are, what is in them, and adding more.

mod add;
mod check;
mod info;
mod list;

use clap::{Args, Subcommand};

use super::{Context, print};
use crate::models::{self, NamedModel};

/// `ekaki models …`
#[derive(Debug, Subcommand)]
pub(super) enum ModelsCommand {
    /// List the models, also those that cannot be used
    List(list::ListArgs),
    /// Show what is in a model: its networks, what they take, and what would fail
    Info(ModelArgs),
    /// Load a model and draw one step with it
    Check(ModelArgs),
    /// Download an ONNX export from the Hugging Face hub, or copy one from a folder
    Add(add::AddArgs),
}

#[derive(Debug, Args)]
pub(super) struct ModelArgs {
    /// Id of a model or path of its folder [default: inference.model of the settings]
    #[arg(value_name = "ID or FOLDER")]
    model: Option<String>,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

impl ModelArgs {
    fn resolve(&self, context: &Context) -> anyhow::Result<NamedModel> {
        let config = &context.config.inference;
        let name = self.model.as_deref().unwrap_or(&config.model);
        Ok(models::resolve(&config.models_dir, name)?)
    }
}

impl ModelsCommand {
    /// Whether a program reads the answer.
    pub(super) fn json(&self) -> bool {
        match self {
            Self::List(args) => args.json,
            Self::Info(args) | Self::Check(args) => args.json,
            Self::Add(args) => args.json,
        }
    }
}

/// Does one of them.
pub(super) fn run(context: &Context, command: ModelsCommand) -> anyhow::Result<()> {
    match command {
        ModelsCommand::List(args) => list::run(&context.config.inference, &args),
        ModelsCommand::Info(args) => info::run(context, &args),
        ModelsCommand::Check(args) => check::run(context, &args),
        ModelsCommand::Add(args) => add::run(context, &args),
    }
}
