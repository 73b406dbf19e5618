//! The command line: one file for each subcommand.

mod backup;
mod doctor;
mod draw;
mod engine;
mod install_progress;
mod jobs;
mod models;
mod runtime;
mod serve;
mod terminal_picture;
mod tokens;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use serde::Serialize;

use crate::config::{Config, ConfigError, ConfigSources, Environment, LogConfig, LogLevel};
use crate::rules::ReadConfig;
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
    /// List, show and export jobs, also while the service runs
    #[command(subcommand)]
    Jobs(jobs::JobsCommand),
    /// Write everything that has to be kept into one file, also while the service runs
    Backup(backup::BackupArgs),
    /// Check settings, data, clock, ONNX Runtime, models and the port, and say what to do about problems
    Doctor(doctor::DoctorArgs),
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
            Self::Jobs(command) => command.json(),
            Self::Backup(args) => args.json,
            Self::Doctor(args) => args.json,
            Self::Runtime(command) => command.json(),
            Self::Serve => false,
        }
    }
}

/// Where the settings of a subcommand come from.
#[derive(Debug)]
struct Context {
    config: Config,
    sources: ConfigSources,
}

impl Context {
    /// Reads the settings again, from where they came.
    fn read_config(&self) -> ReadConfig {
        let sources = self.sources.clone();
        Arc::new(move || Config::load(&sources))
    }
}

/// The command has failed, and its answer says so.
#[derive(Debug, thiserror::Error)]
#[error("the answer says what has failed")]
struct Reported;

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.command.as_ref().is_some_and(CliCommand::json);
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Reported>() => ExitCode::FAILURE,
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
    if let Some(CliCommand::Doctor(args)) = &cli.command {
        return doctor::run(&sources, args);
    }
    let config = Config::load(&sources)?;
    let context = Context { config, sources };
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
        CliCommand::Jobs(command) => {
            log_warnings(&context.config.log)?;
            jobs::run(&context.config, &command)
        }
        CliCommand::Backup(args) => {
            log_warnings(&context.config.log)?;
            backup::run(&context.config, &args)
        }
        // It has run already: it has to say what is wrong with settings that cannot be read.
        CliCommand::Doctor(_) => Ok(()),
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

/// Prints the answer for people or for programs.
fn print(text: &str, answer: &impl Serialize, json: bool) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = if json {
        writeln!(stdout, "{}", serde_json::to_string(answer)?)
    } else {
        write!(stdout, "{text}")
    };
    written.context("cannot write to standard output")
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
