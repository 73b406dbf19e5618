//! `admin stats`: what was drawn, by day, as lines and as a picture.

use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;

use super::caller::Reach;
use super::{
    Access, Arguments, CHAT, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec,
    OptionKind, OptionSpec, PLATFORM, Reply, list, texts,
};
use crate::chart::{self, Chart};
use crate::chat::{ImageContent, ReplyImage};
use crate::store::{DayStats, StatsQuery};

/// How many days are shown when no number is given, and at most.
const DAYS: u32 = 30;
const MOST_DAYS: u32 = 90;

pub(in crate::commands) struct StatsByDay;

static SPEC: CommandSpec = CommandSpec {
    name: "admin stats",
    access: Access::Admin,
    asks: false,
    draws: false,
    is_private: true,
    positional: None,
    options: &[NUMBER_OF_DAYS, CHAT, PLATFORM],
};

const NUMBER_OF_DAYS: OptionSpec = OptionSpec::new("days", OptionKind::Integer, "30");

#[async_trait]
impl Command for StatsByDay {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let caller = Caller::of(context, request, &SPEC)?;
        let count = arguments
            .value(&NUMBER_OF_DAYS, |text| text.parse().ok())?
            .unwrap_or(DAYS)
            .clamp(1, MOST_DAYS);
        let Some(reach) = caller.reach(&arguments) else {
            return Ok(Some(caller.elsewhere()));
        };
        let query = query(&caller, count, &reach);
        let known = context
            .store
            .stats()
            .by_day(&query)
            .await
            .context("cannot count the jobs by day")?;
        let days = query.every_day(&known, caller.now.at);
        let plotting = tokio::task::spawn_blocking(move || chart::plot(&days));
        let chart = plotting
            .await
            .context("the chart was not plotted")?
            .context("cannot plot the chart")?;
        Ok(Some(Reply {
            images: vec![picture(chart)],
            ..Reply::private(text(&caller, count, &reach.text(caller.locale), &known))
        }))
    }
}

/// The jobs of so many days.
fn query(caller: &Caller, count: u32, reach: &Reach) -> StatsQuery {
    let (platform, server) = reach.place();
    StatsQuery {
        platform: platform.cloned(),
        server: server.map(str::to_owned),
        ..StatsQuery::of_last_days(caller.now.at, &caller.now.time_zone, count)
    }
}

fn text(caller: &Caller, count: u32, place: &str, days: &[DayStats]) -> String {
    let locale = caller.locale;
    let mut sum = DayStats::default();
    for day in days {
        sum.jobs += day.jobs;
        sum.images += day.images;
        sum.seconds += day.seconds;
    }
    let lines: Vec<String> = days
        .iter()
        .rev()
        .map(|day| texts::stats_line(locale, day))
        .collect();
    let title = texts::stats_title(locale, count, place, &sum);
    let title = format!("{title}\n{}", texts::stats_colours(locale));
    list(locale, title, &lines)
}

fn picture(Chart { png, width, height }: Chart) -> ReplyImage {
    ReplyImage {
        bytes: png.len() as u64,
        content: ImageContent::Bytes(Arc::from(png)),
        is_spoiler: false,
        file_name: "ekaki-stats.png".to_owned(),
        seed: 0,
        width,
        height,
    }
}
