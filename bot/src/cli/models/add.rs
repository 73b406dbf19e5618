//! `ekaki models add`

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use indicatif::{BinaryBytes, ProgressBar, ProgressFinish, ProgressStyle};
use inference::ModelSource;
use inference::models::describe;
use serde::Serialize;

use super::{Context, print};
use crate::models::{AddProgress, AddRequest, Added, Existing, Origin, add};

const DOWNLOAD: &str = "{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}";

#[derive(Debug, Args)]
pub(in crate::cli) struct AddArgs {
    /// owner/name or owner/name@revision on the hub, the address of its page, or a folder of this machine
    #[arg(value_name = "NAME, URL or FOLDER")]
    from: String,
    /// The id it gets [default: the last part of its name]
    #[arg(long, value_name = "ID")]
    name: Option<String>,
    /// Replace the model that has this id
    #[arg(long)]
    force: bool,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(super) json: bool,
}

/// What was added. The names of the fields are part of the interface.
#[derive(Debug, Serialize)]
struct Answer {
    id: String,
    folder: PathBuf,
    files: usize,
    bytes: u64,
    commit: Option<String>,
    /// Why it cannot be used as it is.
    problem: Option<String>,
}

/// Adds it and says how to draw with it.
pub(super) fn run(context: &Context, args: &AddArgs) -> anyhow::Result<()> {
    let hub = &context.sources.environment.hub;
    let origin = Origin::parse(&args.from, hub)?;
    let id = args.name.clone().unwrap_or_else(|| origin.default_id());
    let request = AddRequest {
        origin: &origin,
        id: &id,
        models_dir: &context.config.inference.models_dir,
        existing: if args.force {
            Existing::Replace
        } else {
            Existing::Keep
        },
        hub,
    };
    let bar = bar();
    let added = add(&request, &mut |progress| show(&bar, &progress));
    bar.finish_and_clear();
    let answer = Answer::new(id, added?);
    print(&answer.text(), &answer, args.json)
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::no_length().with_finish(ProgressFinish::AndClear);
    // The template is valid; without it the bar would still be a bar.
    if let Ok(style) = ProgressStyle::with_template(DOWNLOAD) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn show(bar: &ProgressBar, progress: &AddProgress<'_>) {
    if bar.length().is_none() {
        bar.set_length(progress.total_bytes);
        // What an earlier attempt has brought says nothing about how fast this one is.
        bar.set_position(progress.received_bytes);
        bar.reset_eta();
    }
    if bar.message() != progress.file {
        bar.set_message(progress.file.to_owned());
    }
    bar.set_position(progress.received_bytes);
}

impl Answer {
    fn new(id: String, added: Added) -> Self {
        let source = ModelSource::Folder(added.folder.clone());
        let problem = describe(&id, &source).err().map(|error| error.to_string());
        Self {
            id,
            folder: added.folder,
            files: added.files,
            bytes: added.bytes,
            commit: added.commit,
            problem,
        }
    }

    fn text(&self) -> String {
        let Self { id, files, .. } = self;
        let (folder, size) = (self.folder.display(), BinaryBytes(self.bytes));
        let mut text = format!("{id} is in {folder}: {files} files, {size}\n");
        // Writing to a string cannot fail.
        let _ = match &self.problem {
            Some(problem) => writeln!(text, "it cannot be used as it is: {problem}"),
            None => writeln!(
                text,
                "try it: ekaki models check {id}; draw with it: ekaki draw --model {id} \"…\""
            ),
        };
        text
    }
}
