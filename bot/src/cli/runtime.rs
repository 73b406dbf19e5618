//! `ekaki runtime`: which ONNX Runtime is used, and installing one by hand.

use std::io::Write as _;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use inference::Provider;
use inference::runtime::RuntimeRequest;

use super::install_progress;
use crate::app::{load_runtime, runtime_request};
use crate::config::Config;

/// `ekaki runtime …`
#[derive(Debug, Subcommand)]
pub(super) enum RuntimeCommand {
    /// Install Microsoft's build into the data folder, unless one is there
    Install(ProviderArgs),
    /// Show which library is used, and why
    Info(ProviderArgs),
}

#[derive(Debug, Args)]
pub(super) struct ProviderArgs {
    /// What computes: auto, cpu, cuda or directml
    #[arg(long)]
    provider: Option<Provider>,
}

/// Does one of them.
pub(super) fn run(config: &Config, command: &RuntimeCommand) -> anyhow::Result<()> {
    let (args, allow_install) = match command {
        RuntimeCommand::Install(args) => (args, true),
        RuntimeCommand::Info(args) => (args, false),
    };
    let request = runtime_request(config);
    let provider = args.provider.unwrap_or(request.provider);
    let request = RuntimeRequest {
        provider,
        allow_install,
        ..request
    };
    let library = load_runtime(&request, install_progress::observer())?;
    let version = library.version.as_deref().unwrap_or("of unknown version");
    writeln!(
        std::io::stdout(),
        "ONNX Runtime {version}, {}\n{}",
        library.origin,
        library.path.display()
    )
    .context("cannot write to standard output")
}
