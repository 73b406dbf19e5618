//! `admin audit`: who has changed what.

use anyhow::Context as _;
use async_trait::async_trait;

use super::{
    Access, Arguments, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec,
    OptionKind, OptionSpec, Reply, list, texts,
};
use crate::chat::{Button, ButtonId, ButtonStyle};
use crate::i18n::messages::buttons;
use crate::store::{AuditLine, JobId};

/// How many lines a page has.
const PAGE: u32 = 15;
/// The longest description of a change, in characters.
const MOST_DETAIL_CHARS: usize = 200;

pub(in crate::commands) struct Audit;

static SPEC: CommandSpec = CommandSpec {
    name: "admin audit",
    access: Access::Admin,
    asks: false,
    draws: false,
    is_private: true,
    positional: Some(&LINE),
    options: &[],
};

/// Only older lines than this one. It is a number that a button carries.
const LINE: OptionSpec = OptionSpec::new("line", OptionKind::Job, "100");

#[async_trait]
impl Command for Audit {
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
        let before = arguments.value(&LINE, |text| text.parse().ok())?;
        let lines = context
            .store
            .admin()
            .audit(caller.actor.server.as_deref(), before, PAGE)
            .await
            .context("cannot read the audit log")?;
        let is_full = lines.len() >= PAGE as usize;
        let last = lines.last().map(|line| line.id).filter(|_| is_full);
        let shown: Vec<String> = lines
            .iter()
            .filter(|line| caller.covers(&line.platform, line.server.as_deref()))
            .map(|line| text(&caller, line))
            .collect();
        Ok(Some(Reply {
            buttons: last.map(|id| vec![older(&caller, id)]).into_iter().collect(),
            ..Reply::private(list(
                caller.locale,
                texts::audit(caller.locale, shown.len()),
                &shown,
            ))
        }))
    }
}

fn text(caller: &Caller, line: &AuditLine) -> String {
    let AuditLine {
        id,
        at,
        platform,
        actor,
        action,
        detail,
        ..
    } = line;
    let time = caller.time(*at);
    let detail: String = detail.to_string().chars().take(MOST_DETAIL_CHARS).collect();
    format!("{id} · {time} · {platform}:{actor} · {action} · {detail}")
}

fn older(caller: &Caller, before: i64) -> Button {
    Button {
        id: ButtonId::new(SPEC.name, JobId(before)),
        emoji: "⏪",
        label: buttons::older(caller.locale),
        style: ButtonStyle::Plain,
    }
}
