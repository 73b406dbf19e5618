//! `ekaki runtime`: which ONNX Runtime is used, and installing one by hand.

use clap::{Args, Subcommand};
use inference::Provider;
use inference::runtime::{RuntimeLibrary, RuntimeRequest};
use serde::Serialize;

use super::{install_progress, print};
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
    /// Answer with a JSON object
    #[arg(long)]
    json: bool,
}

impl RuntimeCommand {
    /// Whether a program reads the answer.
    pub(super) fn json(&self) -> bool {
        match self {
            Self::Install(args) | Self::Info(args) => args.json,
        }
    }
}

/// The library for programs.
#[derive(Debug, Serialize)]
struct Answer {
    path: String,
    /// `null` when the file does not tell it.
    version: Option<String>,
    /// Why this one, in words.
    origin: String,
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
    let RuntimeLibrary {
        path,
        version,
        origin,
    } = library;
    let answer = Answer {
        path: path.display().to_string(),
        version,
        origin: origin.to_string(),
    };
    print(&text(&answer), &answer, args.json)
}

fn text(answer: &Answer) -> String {
    let version = answer.version.as_deref().unwrap_or("of unknown version");
    format!("ONNX Runtime {version}, {}\n{}\n", answer.origin, answer.path)
}

#[cfg(test)]
mod tests {
    use super::{Answer, text};

    #[test]
    fn people_and_programs_read_which_library_it_is() {
        let answer = Answer {
            path: "/opt/libonnxruntime.so".to_owned(),
            version: None,
            origin: "named by ORT_DYLIB_PATH".to_owned(),
        };
        insta::assert_snapshot!(text(&answer), @"
        ONNX Runtime of unknown version, named by ORT_DYLIB_PATH
        /opt/libonnxruntime.so
        ");
        insta::assert_snapshot!(
            serde_json::to_string(&answer).unwrap(),
            @r#"{"path":"/opt/libonnxruntime.so","version":null,"origin":"named by ORT_DYLIB_PATH"}"#
        );
    }
}
