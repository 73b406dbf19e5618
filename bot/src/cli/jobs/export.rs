//! `ekaki jobs export`

use std::io::{BufWriter, Write};

use anyhow::Context as _;
use chrono_tz::Tz;
use clap::{Args, ValueEnum};
use csv::{Terminator, Writer, WriterBuilder};

use super::filter::FilterArgs;
use super::record::Record;
use super::table::{HEADER, columns};
use crate::store::{JobRow, JobsQuery, Store};

/// How many jobs are read at once.
const PAGE: u32 = 500;

#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// csv: a table; json: one object a line, with everything
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// At most so many, the newest
    #[arg(long, value_name = "NUMBER")]
    limit: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Csv,
    Json,
}

impl ExportArgs {
    pub(super) fn json(&self) -> bool {
        self.format() == Format::Json
    }

    fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

pub(super) async fn run(store: &Store, args: &ExportArgs, zone: Tz) -> anyhow::Result<()> {
    let query = args.filter.query(PAGE, zone)?;
    let limit = args.limit.unwrap_or(u32::MAX);
    let mut output = Output::new(args.format(), BufWriter::new(std::io::stdout().lock()))?;
    export(store, query, limit, &mut output)
        .await
        .context("cannot export the jobs")
}

/// Writes page after page, so that a log of any length needs little memory.
async fn export<W: Write>(
    store: &Store,
    mut query: JobsQuery,
    mut left: u32,
    output: &mut Output<W>,
) -> anyhow::Result<()> {
    while left > 0 {
        query.limit = left.min(PAGE);
        let jobs = store.jobs().export(&query).await?;
        for job in &jobs {
            output.write(job)?;
        }
        left = left.saturating_sub(u32::try_from(jobs.len()).unwrap_or(u32::MAX));
        match jobs.last() {
            Some(last) => query.before = Some(last.id),
            None => break,
        }
    }
    output.flush()
}

enum Output<W: Write> {
    Csv(Box<Writer<W>>),
    Json(W),
}

impl<W: Write> Output<W> {
    fn new(format: Format, output: W) -> anyhow::Result<Self> {
        Ok(match format {
            Format::Csv => {
                let mut writer = WriterBuilder::new()
                    .terminator(Terminator::CRLF)
                    .from_writer(output);
                writer.write_record(HEADER)?;
                Self::Csv(Box::new(writer))
            }
            Format::Json => Self::Json(output),
        })
    }

    fn write(&mut self, job: &JobRow) -> anyhow::Result<()> {
        let record = Record::new(job);
        match self {
            Self::Csv(writer) => writer.write_record(columns(&record))?,
            Self::Json(output) => writeln!(output, "{}", serde_json::to_string(&record)?)?,
        }
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Csv(writer) => writer.flush()?,
            Self::Json(output) => output.flush()?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};

    use super::{ExportArgs, Format, Output, export};
    use crate::store::tests::{NO_LIMITS, new_job};
    use crate::store::{JobsQuery, Store};

    async fn exported(format: Format, limit: u32) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).await.expect("a store");
        for user in ["kita", "ryo"] {
            let mut job = new_job(user);
            job.prompt_typed = "say \"hi\", =1".to_owned();
            store.jobs().insert(&job, &NO_LIMITS).await.expect("accepted");
        }
        let mut written = Vec::new();
        let mut output = Output::new(format, &mut written).expect("a header");
        export(&store, JobsQuery::default(), limit, &mut output)
            .await
            .expect("exported");
        drop(output);
        String::from_utf8(written).expect("text")
    }

    #[test]
    fn the_format_has_two_names() {
        let format = |words: &[&str]| {
            let command = ExportArgs::augment_args(Command::new("export").no_binary_name(true));
            let matches = command.try_get_matches_from(words).ok()?;
            ExportArgs::from_arg_matches(&matches)
                .ok()
                .map(|args| args.format())
        };
        assert_eq!(format(&[]), Some(Format::Csv));
        assert_eq!(format(&["--json"]), Some(Format::Json));
        assert_eq!(format(&["--format", "json"]), Some(Format::Json));
        assert_eq!(format(&["--json", "--format", "csv"]), None);
    }

    #[tokio::test]
    async fn a_table_has_a_line_for_each_job() {
        let text = exported(Format::Csv, u32::MAX).await;
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[0].starts_with("id,platform,user,"));
        assert!(
            lines[1].starts_with("2,test,ryo,room,,draw,,false,queued,,0,"),
            "{text}"
        );
        assert!(lines[2].starts_with("1,test,kita,"), "{text}");
        assert!(lines[1].contains("\"say \"\"hi\"\", =1\""), "{text}");
    }

    #[tokio::test]
    async fn json_has_an_object_for_each_job() {
        let text = exported(Format::Json, 1).await;
        let job: serde_json::Value = serde_json::from_str(text.trim_end()).expect("one object");
        assert_eq!(job["id"], 2);
        assert_eq!(job["draw"]["prompt"], "gotoh hitori");
        assert_eq!(job["state"], "queued");
        assert_eq!(job["images"], serde_json::json!([]));
    }
}
