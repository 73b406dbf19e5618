//! `ekaki jobs show`

use std::fmt::Write as _;

use anyhow::Context as _;
use chrono_tz::Tz;
use clap::Args;

use super::record::Record;
use crate::cli::print;
use crate::store::{JobId, JobRow, Store};

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// The number of the job
    job: JobId,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) async fn run(store: &Store, args: &ShowArgs, zone: Tz) -> anyhow::Result<()> {
    let job = store.jobs().get(args.job).await?;
    let job = job.with_context(|| format!("there is no job {}", args.job))?;
    print(&text(&job, store, zone), &Record::new(&job), args.json)
}

fn text(job: &JobRow, store: &Store, zone: Tz) -> String {
    let time = |time: chrono::DateTime<chrono::Utc>| {
        time.with_timezone(&zone)
            .format("%Y-%m-%d %H:%M:%S %Z")
            .to_string()
    };
    let draw = &job.draw;
    let mut rows = vec![
        ("state", job.state.to_string()),
        ("user", format!("{}:{}", job.user.platform, job.user.id)),
        ("chat", job.place.chat.0.clone()),
        ("asked", time(job.created_at)),
        ("typed", job.prompt_typed.clone()),
        ("prompt", draw.prompt.clone()),
    ];
    let optional = [
        ("server", job.place.server.clone()),
        ("goes on from", job.parent.map(|parent| parent.to_string())),
        ("begun", job.started_at.map(time)),
        ("ended", job.finished_at.map(time)),
        ("error", job.error_class.map(|class| format!("{class:?}"))),
        (
            "negative",
            Some(draw.negative_prompt.clone()).filter(|text| !text.is_empty()),
        ),
        ("sampler", draw.scheduler.clone()),
        ("style", draw.style.clone()),
        (
            "withheld",
            (job.withheld > 0).then(|| format!("{} pictures", job.withheld)),
        ),
    ];
    rows.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    rows.push((
        "parameters",
        format!(
            "{}x{}, {} steps, guidance {}, seed {}, {} pictures, {}",
            draw.width,
            draw.height,
            draw.num_inference_steps,
            draw.guidance_scale,
            draw.seed,
            draw.count,
            draw.model
        ),
    ));
    for image in &job.images {
        let path = store.images().path(&image.hash);
        let path = path.map(|path| path.display().to_string()).unwrap_or_default();
        rows.push((if image.is_gone { "deleted" } else { "picture" }, path));
    }
    let mut text = format!("job {}\n", job.id);
    for (name, value) in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<14}{}", value.replace('\n', " "));
    }
    text
}
