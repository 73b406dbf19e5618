//! `ekaki doctor`: what is not as it should be, and what to do about it.

use std::fmt::Write as _;

use chrono::Utc;
use clap::Args;

use super::{Reported, block_on, print};
use crate::config::{Config, ConfigSources};
use crate::doctor::{self, Context, Depth, Finding, Level};

/// `ekaki doctor`
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Leave out what takes long: reading every page of the database, opening every network
    #[arg(long)]
    quick: bool,
    /// Print a JSON array instead of text
    #[arg(long)]
    pub(super) json: bool,
}

/// Looks at everything. It fails when one of the findings is a failure.
pub(super) fn run(sources: &ConfigSources, args: &DoctorArgs) -> anyhow::Result<()> {
    let findings = match Config::load(sources) {
        Err(error) => vec![doctor::unusable(&error)],
        Ok(config) => {
            super::log_warnings(&config.log)?;
            let context = Context {
                sources,
                config: &config,
                now: Utc::now(),
                depth: if args.quick { Depth::Quick } else { Depth::Full },
            };
            block_on(tokio::runtime::Builder::new_multi_thread(), async {
                Ok(doctor::examine(&context).await)
            })?
        }
    };
    print(&text(&findings), &findings, args.json)?;
    if findings.iter().any(|finding| finding.level == Level::Fail) {
        return Err(Reported.into());
    }
    Ok(())
}

fn text(findings: &[Finding]) -> String {
    let width = findings
        .iter()
        .map(|finding| finding.check.len())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for finding in findings {
        let Finding {
            check,
            level,
            message,
            remedy,
        } = finding;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{level:4}  {check:width$}  {message}");
        if let Some(remedy) = remedy {
            let _ = writeln!(text, "{:width$}        → {remedy}", "");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Finding, Level, text};

    #[test]
    fn every_finding_is_a_line_and_a_remedy_another_one() {
        let finding = |check, level, message: &str, remedy: Option<&str>| Finding {
            check,
            level,
            message: message.to_owned(),
            remedy: remedy.map(str::to_owned),
        };
        let findings = [
            finding("data", Level::Ok, "50 GiB are free", None),
            finding("web", Level::Warn, "the port is in use", Some("set web.bind")),
            finding("database", Level::Fail, "damaged", Some("restore it")),
        ];
        insta::assert_snapshot!(text(&findings), @"
        ok    data      50 GiB are free
        warn  web       the port is in use
                        → set web.bind
        fail  database  damaged
                        → restore it
        ");
    }
}
