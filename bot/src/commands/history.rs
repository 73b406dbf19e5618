//! `/history`: a person's jobs, page by page.

use anyhow::Context as _;
use async_trait::async_trait;

use super::old_jobs::JobRef;
use super::{Access, Arguments, Command, CommandContext, CommandError, CommandSpec, OptionKind, OptionSpec};
use crate::chat::{Button, ButtonId, ButtonStyle, CommandRequest, Reply};
use crate::i18n::Locale;
use crate::i18n::messages::{self, HistoryLine, buttons};
use crate::store::{HistoryQuery, JobId, JobRow};

/// The command.
pub(super) struct History;

static SPEC: CommandSpec = CommandSpec {
    name: "history",
    access: Access::EvenBlocked,
    asks: false,
    positional: Some(&FIND),
    options: &[BEFORE],
};

const FIND: OptionSpec = OptionSpec::new("find", OptionKind::Words, "guitar");
const BEFORE: OptionSpec = OptionSpec::new("before", OptionKind::Job, "120");

/// Jobs on one page, and buttons in one row: Discord takes no longer ones.
const PAGE: usize = 10;
const ROW: usize = 5;

/// How many characters of a prompt are shown.
const PROMPT_CHARS: usize = 60;

#[async_trait]
impl Command for History {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let locale = request.locale;
        let find = arguments
            .get(FIND.name)
            .map(str::trim)
            .filter(|find| !find.is_empty());
        let before = arguments.value(&BEFORE, JobRef::read)?.map(|before| before.job);
        // The button that leads back to the newest jobs carries 0.
        let before = before.filter(|before| before.0 > 0);
        let query = HistoryQuery {
            user: request.user.clone(),
            text: find.map(str::to_owned),
            before,
            // One more says whether there is another page.
            limit: PAGE as u32 + 1,
        };
        let mut jobs = context
            .store
            .jobs()
            .search(&query)
            .await
            .context("cannot read a person's jobs")?;
        let has_more = jobs.len() > PAGE;
        jobs.truncate(PAGE);
        let Some(oldest) = jobs.last().map(|job| job.id) else {
            return Ok(Some(Reply::private(messages::history_none(locale, find))));
        };
        let time_zone = context.rules.current().time_zone;
        let mut lines = vec![messages::history_intro(locale, find)];
        lines.extend(jobs.iter().map(|job| {
            let line = HistoryLine {
                job: job.id,
                time: &messages::moment(job.created_at, time_zone),
                prompt: &shortened(&job.prompt_typed),
                state: job.state,
            };
            messages::history_line(locale, &line)
        }));
        let mut buttons = show_buttons(&jobs, locale);
        let older = has_more.then_some(oldest);
        match (older, find) {
            // A button has no room for the words, so the way to the next page is said.
            (Some(older), Some(find)) => {
                let command = format!("/history {find} --before {older}");
                lines.push(messages::history_more(locale, &command));
            }
            _ => buttons.push(page_buttons(before.filter(|_| find.is_none()), older, locale)),
        }
        buttons.retain(|row| !row.is_empty());
        Ok(Some(Reply {
            buttons,
            ..Reply::private(lines.join("\n"))
        }))
    }
}

fn show_buttons(jobs: &[JobRow], locale: Locale) -> Vec<Vec<Button>> {
    let rows = jobs.chunks(ROW).map(|jobs| {
        let buttons = jobs.iter().map(|job| Button {
            id: ButtonId::new("show", job.id),
            emoji: "🖼️",
            label: buttons::show(locale, job.id),
            style: ButtonStyle::Plain,
        });
        buttons.collect()
    });
    rows.collect()
}

fn page_buttons(before: Option<JobId>, older: Option<JobId>, locale: Locale) -> Vec<Button> {
    let button = |job, emoji, label| Button {
        id: ButtonId::new(SPEC.name, job),
        emoji,
        label,
        style: ButtonStyle::Plain,
    };
    let newest = before.map(|_| button(JobId(0), "⏮️", buttons::newest(locale)));
    let older = older.map(|older| button(older, "◀️", buttons::older(locale)));
    newest.into_iter().chain(older).collect()
}

/// The beginning of a prompt, on one line.
fn shortened(prompt: &str) -> String {
    let line = prompt.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= PROMPT_CHARS {
        return line;
    }
    line.chars().take(PROMPT_CHARS - 1).chain(['…']).collect()
}
