//! `/history`: a person's jobs, page by page.

use anyhow::Context as _;
use async_trait::async_trait;
use chrono_tz::Tz;

use super::old_jobs::JobRef;
use super::{
    Access, Arguments, Command, CommandContext, CommandError, CommandSpec, OptionKind, OptionSpec, UserError,
};
use crate::chat::{Button, ButtonId, ButtonStyle, CommandRequest, Reply};
use crate::i18n::Locale;
use crate::i18n::messages::{self, HistoryLine, buttons};
use crate::store::{HistoryPage, HistoryQuery, JobId, JobRow, SEARCH_DEPTH, SearchId};

/// The command.
pub(super) struct History;

static SPEC: CommandSpec = CommandSpec {
    name: "history",
    access: Access::EvenBlocked,
    asks: false,
    draws: false,
    is_private: true,
    positional: Some(&FIND),
    options: &[BEFORE],
};

const FIND: OptionSpec = OptionSpec::new("find", OptionKind::Words, "guitar");
const BEFORE: OptionSpec = OptionSpec::new("before", OptionKind::Job, "120");

/// Jobs on one page, and buttons in one row: Discord takes no longer ones.
const PAGE: u32 = 10;
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
        let wanted = Wanted::read(context, request, &arguments).await?;
        let jobs = context.store.jobs();
        let page = jobs.search(&wanted.query).await;
        let page = page.context("cannot read a person's jobs")?;
        let mut buttons = show_buttons(&page.jobs, request.locale);
        buttons.push(wanted.page_buttons(context, page.older, request.locale).await?);
        buttons.retain(|row| !row.is_empty());
        let time_zone = context.rules.current().time_zone;
        Ok(Some(Reply {
            buttons,
            ..Reply::private(wanted.text(&page, time_zone, request.locale))
        }))
    }
}

/// What somebody wants to see.
struct Wanted {
    query: HistoryQuery,
    /// The number of the search, when a button goes on with it.
    search: Option<SearchId>,
}

impl Wanted {
    async fn read(
        context: &CommandContext,
        request: &CommandRequest,
        arguments: &Arguments,
    ) -> Result<Self, CommandError> {
        let from = arguments.value(&BEFORE, JobRef::read)?;
        let typed = arguments.get(FIND.name).map(str::trim);
        let typed = typed.filter(|find| !find.is_empty()).map(str::to_owned);
        let search = from.and_then(|from| from.image).map(SearchId);
        let text = match (typed, search) {
            (None, Some(search)) => Some(kept(context, request, search).await?),
            (typed, _) => typed,
        };
        Ok(Self {
            search,
            query: HistoryQuery {
                user: request.user.clone(),
                text,
                // The button that leads back to the newest jobs carries 0.
                before: from.map(|from| from.job).filter(|before| before.0 > 0),
                limit: PAGE,
            },
        })
    }

    fn text(&self, page: &HistoryPage, time_zone: Tz, locale: Locale) -> String {
        let find = self.query.text.as_deref();
        match (page.jobs.as_slice(), page.older, self.query.before) {
            ([], Some(_), _) => messages::history_none_yet(locale, find, SEARCH_DEPTH),
            ([], None, Some(_)) => messages::history_none_older(locale, find),
            ([], None, None) => messages::history_none(locale, find),
            (jobs, ..) => {
                let lines = jobs.iter().map(|job| line(job, time_zone, locale));
                let lines = std::iter::once(messages::history_intro(locale, find)).chain(lines);
                lines.collect::<Vec<_>>().join("\n")
            }
        }
    }

    /// The ways to the newest jobs and to older ones, with the same words.
    async fn page_buttons(
        &self,
        context: &CommandContext,
        older: Option<JobId>,
        locale: Locale,
    ) -> Result<Vec<Button>, CommandError> {
        let is_first = self.query.before.is_none();
        if is_first && older.is_none() {
            return Ok(Vec::new());
        }
        let search = match (&self.query.text, self.search) {
            (Some(_), Some(search)) => Some(search),
            (Some(text), None) => {
                let kept = context.store.users().keep_search(&self.query.user, text).await;
                Some(kept.context("cannot keep a search")?)
            }
            (None, _) => None,
        };
        let button = |job, emoji, label| Button {
            id: page_id(job, search),
            emoji,
            label,
            style: ButtonStyle::Plain,
        };
        let newest = (!is_first).then(|| button(JobId(0), "⏮️", buttons::newest(locale)));
        let older = older.map(|older| button(older, "◀️", buttons::older(locale)));
        Ok(newest.into_iter().chain(older).collect())
    }
}

/// The button has no room for words. In place of a picture, which is counted from 0, it carries the search, counted
/// from 1.
fn page_id(before: JobId, search: Option<SearchId>) -> ButtonId {
    match search.and_then(|SearchId(number)| number.checked_sub(1)) {
        Some(number) => ButtonId::of_image(SPEC.name, before, number),
        None => ButtonId::new(SPEC.name, before),
    }
}

/// What the person has looked for before.
async fn kept(
    context: &CommandContext,
    request: &CommandRequest,
    search: SearchId,
) -> Result<String, CommandError> {
    let text = context.store.users().search_text(&request.user, search).await;
    let text = text.context("cannot read a search")?;
    Ok(text.ok_or(UserError::UnknownButton)?)
}

fn line(job: &JobRow, time_zone: Tz, locale: Locale) -> String {
    let line = HistoryLine {
        job: job.id,
        time: &messages::moment(job.created_at, time_zone),
        prompt: &shortened(&job.prompt_typed),
        state: job.state,
    };
    messages::history_line(locale, &line)
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

/// The beginning of a prompt, on one line.
fn shortened(prompt: &str) -> String {
    let line = prompt.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= PROMPT_CHARS {
        return line;
    }
    line.chars().take(PROMPT_CHARS - 1).chain(['…']).collect()
}
