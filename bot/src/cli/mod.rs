//! The command line: one file for each subcommand.

mod draw;
mod engine;
mod install_progress;
mod models;
mod runtime;
mod serve;
mod terminal_picture;
mod tokens;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::config::{Config, ConfigError, ConfigSources, Environment, LogConfig, LogLevel};
use crate::telemetry;

/// The exit code of a mistake in the settings; clap uses the same for the command line.
const EXIT_USAGE: u8 = 2;

/// Ekaki draws what people ask for in a chat.
///
/// Without a command it serves the web chat.
#[derive(Debug, Parser)]
#[command(name = "ekaki", version)]
struct Cli {
    /// The file with settings; without it `ekaki.toml` in the current folder is read if it is there
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<CliCommand>,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    /// Serve the chats until stopped (this is what happens without a command)
    Serve,
    /// Draw a picture from the terminal
    Draw(Box<draw::DrawArgs>),
    /// Show what a model reads of a prompt: chunks, weights and token ids
    Tokens(tokens::TokensArgs),
    /// List, examine and add models
    #[command(subcommand)]
    Models(models::ModelsCommand),
    /// Find or install ONNX Runtime
    #[command(subcommand)]
    Runtime(runtime::RuntimeCommand),
}

impl CliCommand {
    /// Whether a program reads the answer.
    fn json(&self) -> bool {
        match self {
            Self::Draw(args) => args.json,
            Self::Tokens(args) => args.json,
            Self::Models(command) => command.json(),
            Self::Serve | Self::Runtime(_) => false,
        }
    }
}

/// Where the settings of a subcommand come from.
#[derive(Debug)]
struct Context {
    config: Config,
    environment: Environment,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.command.as_ref().is_some_and(CliCommand::json);
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error, json);
            match error.downcast_ref::<ConfigError>() {
                Some(_) => ExitCode::from(EXIT_USAGE),
                None => ExitCode::FAILURE,
            }
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let environment = Environment::of_process();
    let sources = ConfigSources {
        file: cli.config,
        folder: PathBuf::new(),
        environment,
    };
    let config = Config::load(&sources)?;
    let context = Context {
        config,
        environment: sources.environment,
    };
    match cli.command.unwrap_or(CliCommand::Serve) {
        CliCommand::Serve => serve::run(&context),
        CliCommand::Draw(args) => {
            log_warnings(&context.config.log)?;
            draw::run(&context, &args)
        }
        CliCommand::Tokens(args) => {
            log_warnings(&context.config.log)?;
            tokens::run(&context.config, &args)
        }
        CliCommand::Models(command) => {
            log_warnings(&context.config.log)?;
            models::run(&context, command)
        }
        CliCommand::Runtime(command) => {
            log_warnings(&context.config.log)?;
            runtime::run(&context.config, &command)
        }
    }
}

/// A tool that runs once has nothing to log but warnings.
fn log_warnings(config: &LogConfig) -> anyhow::Result<()> {
    let level = match config.level {
        LogLevel::Info => LogLevel::Warn,
        other => other,
    };
    telemetry::init(&LogConfig {
        level,
        ..config.clone()
    })
}

/// Says in one line what went wrong.
fn report(error: &anyhow::Error, json: bool) {
    let text = format!("{error:#}").replace('\n', " ");
    let written = if json {
        writeln!(std::io::stdout(), "{}", serde_json::json!({ "error": text }))
    } else {
        writeln!(std::io::stderr(), "error: {text}")
    };
    if let Err(failure) = written {
        tracing::error!(%failure, error = text, "cannot say what went wrong");
    }
}

/// Runs a task to its end, and does not wait for work in the background that it has given up.
fn block_on<T>(
    mut runtime: tokio::runtime::Builder,
    task: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let runtime = runtime
        .enable_all()
        .build()
        .context("cannot start the asynchronous runtime")?;
    let ended = runtime.block_on(task);
    runtime.shutdown_background();
    ended
}

/// Wall time in milliseconds.
fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
