//! `ekaki jobs`: the job log, also while the service runs.

mod export;
mod filter;
mod list;
mod record;
mod show;
mod table;

use std::path::Path;

use anyhow::bail;
use clap::Subcommand;

use super::block_on;
use crate::config::Config;
use crate::store::Store;

/// `ekaki jobs …`
#[derive(Debug, Subcommand)]
pub(super) enum JobsCommand {
    /// List the newest jobs
    List(list::ListArgs),
    /// Show everything that is known of one job
    Show(show::ShowArgs),
    /// Write jobs, the newest first, as CSV or JSON
    Export(export::ExportArgs),
}

impl JobsCommand {
    /// Whether a program reads the answer.
    pub(super) fn json(&self) -> bool {
        match self {
            Self::List(args) => args.json,
            Self::Show(args) => args.json,
            Self::Export(args) => args.json(),
        }
    }
}

/// Does one of them.
pub(super) fn run(config: &Config, command: &JobsCommand) -> anyhow::Result<()> {
    block_on(tokio::runtime::Builder::new_current_thread(), async {
        let store = open(&config.data.dir).await?;
        let zone = config.i18n.time_zone;
        let ended = match command {
            JobsCommand::List(args) => list::run(&store, args, zone).await,
            JobsCommand::Show(args) => show::run(&store, args, zone).await,
            JobsCommand::Export(args) => export::run(&store, args, zone).await,
        };
        store.close().await;
        ended
    })
}

/// The job log as it is at this moment. Nothing is changed, and the service need not be stopped.
pub(super) async fn open(data_dir: &Path) -> anyhow::Result<Store> {
    match Store::open_readonly(data_dir).await? {
        Some(store) => Ok(store),
        None => bail!("there is no job log in {}", data_dir.display()),
    }
}
