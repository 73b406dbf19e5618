//! `ekaki jobs list`

use std::fmt::Write as _;

use chrono_tz::Tz;
use clap::Args;

use super::filter::FilterArgs;
use super::record::Record;
use crate::cli::print;
use crate::store::{JobRow, Store};

/// How many characters of a prompt fit into a line.
const PROMPT_CHARS: usize = 40;

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// At most so many
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Print a JSON array instead of text
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) async fn run(store: &Store, args: &ListArgs, zone: Tz) -> anyhow::Result<()> {
    let jobs = store.jobs().export(&args.filter.query(args.limit, zone)?).await?;
    let records: Vec<Record<'_>> = jobs.iter().map(Record::new).collect();
    print(&text(&jobs, zone), &records, args.json)
}

fn text(jobs: &[JobRow], zone: Tz) -> String {
    let mut text = String::new();
    for job in jobs {
        let time = job.created_at.with_timezone(&zone).format("%Y-%m-%d %H:%M");
        let prompt: String = job.prompt_typed.chars().take(PROMPT_CHARS).collect();
        let dots = if prompt.len() < job.prompt_typed.len() {
            "…"
        } else {
            ""
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:>6}  {time}  {:10}  {}:{}  {}{dots}",
            job.id.0,
            job.state,
            job.user.platform,
            job.user.id,
            prompt.replace('\n', " "),
        );
    }
    text
}
