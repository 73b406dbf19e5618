//! `admin …`: what those may do who run the service, and, in their own server or chat, those who run that.
//!
//! Every change is kept in the store, stands in the audit log, and holds at once.

mod audit;
mod block;
mod blocks;
mod caller;
mod channel;
mod default_set;
mod limit_reset;
mod limit_set;
mod limit_show;
mod limit_text;
mod mode;
mod people;
mod place;
mod place_reset;
mod place_show;
mod queue_clear;
mod reload;
mod safety_set;
mod stats;
mod unblock;
mod words_add;
mod words_list;
mod words_remove;

use anyhow::Context as _;

pub(super) use self::audit::Audit;
pub(super) use self::block::BlockUser;
pub(super) use self::blocks::Blocks;
use self::caller::Caller;
pub(super) use self::channel::{CHANNEL_ALLOW, CHANNEL_DENY};
pub(super) use self::default_set::DefaultSet;
pub(super) use self::limit_reset::LimitReset;
pub(super) use self::limit_set::LimitSet;
pub(super) use self::limit_show::LimitShow;
pub(super) use self::mode::{DRAIN, PAUSE, RESUME};
pub(super) use self::place_reset::{CHANNEL_RESET, DEFAULT_RESET, SAFETY_RESET};
pub(super) use self::place_show::{CHANNEL_LIST, DEFAULT_SHOW, SAFETY_SHOW};
pub(super) use self::queue_clear::QueueClear;
pub(super) use self::reload::Reload;
pub(super) use self::safety_set::SafetySet;
pub(super) use self::stats::StatsByDay;
pub(super) use self::unblock::UnblockUser;
pub(super) use self::words_add::WordsAdd;
pub(super) use self::words_list::WordsList;
pub(super) use self::words_remove::WordsRemove;
use super::{
    Access, Arguments, Command, CommandContext, CommandError, CommandSpec, OptionKind, OptionSpec, UserError,
};
use crate::chat::{CommandRequest, Reply};
use crate::i18n::messages::admin as texts;
use crate::i18n::{Locale, messages};

/// The server that is meant, when it is not the one of the person who asks.
const CHAT: OptionSpec = OptionSpec::new("chat", OptionKind::Word, "123456789");
/// The platform of that server.
const PLATFORM: OptionSpec = OptionSpec::new("platform", OptionKind::Word, "discord");

/// How many lines a list has at most: a message has an end.
const MOST_LINES: usize = 25;

/// How many rules of one kind admins can make for one server, or for everywhere.
const MOST_RULES: usize = 500;

/// An answer that only the admin sees.
fn answer(text: impl Into<String>) -> Result<Option<Reply>, CommandError> {
    Ok(Some(Reply::private(text)))
}

/// The value of an option without which the command makes no sense.
fn required<'a>(arguments: &'a Arguments, option: &'static OptionSpec) -> Result<&'a str, UserError> {
    arguments
        .get(option.name)
        .ok_or(UserError::MissingValue { option })
}

/// Lets a change in the store hold.
async fn refresh(context: &CommandContext) -> anyhow::Result<()> {
    context
        .rules
        .refresh()
        .await
        .context("the change is kept, and the rules cannot be read")
}

/// A title with at most [`MOST_LINES`] lines below it, and how many there are more.
fn list(locale: Locale, title: String, lines: &[String]) -> String {
    let shown = lines.iter().take(MOST_LINES).cloned();
    let more = lines.len().saturating_sub(MOST_LINES);
    let more = (more > 0).then(|| texts::more(locale, more));
    std::iter::once(title)
        .chain(shown)
        .chain(more)
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests;
