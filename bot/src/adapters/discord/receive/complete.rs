//! What somebody may be about to type.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use super::command::Typed;
use super::payload::Head;
use super::{Receiver, spec_of_name};
use crate::adapters::discord::rest::Call;
use crate::chat::UserId;
use crate::commands::{Choices, CommandSpec};

/// How many suggestions Discord takes.
const MOST: usize = 25;
/// Longest suggestion, in characters.
pub(super) const LONGEST: usize = 100;
/// Stands in one that was too long, where something was left out.
const CUT: char = '…';
/// How much of the end of such a one people see, in characters: what they change last often stands there.
const END: usize = 30;
/// How many letters tell those apart that begin alike.
const MARK: usize = 8;
/// Later than this nobody waits for suggestions any more.
const WITHIN: Duration = Duration::from_secs(2);
/// The kind of the answer.
const SUGGESTIONS: u8 = 8;

impl Receiver {
    /// Answers with suggestions; with none rather than with an error.
    pub(super) async fn suggest(&self, head: &Head, user: &UserId, typed: &Typed<'_>) {
        let suggestions = timeout(WITHIN, self.suggestions(user, typed)).await;
        let choices: Vec<_> = suggestions
            .unwrap_or_default()
            .iter()
            .map(|value| json!({ "name": shown(value), "value": cut(value) }))
            .collect();
        let body = json!({ "type": SUGGESTIONS, "data": { "choices": choices } });
        let route = "/interactions/{interaction}/{token}/callback";
        let call = Call::interaction(Method::POST, route, &[&head.id, &head.token]).with_body(&body);
        let sent = match call {
            Ok(call) => self.shared.rest.send(call.within(WITHIN)).await.map(|_| ()),
            Err(_) => Ok(()),
        };
        if let Err(error) = sent {
            // The person has typed on meanwhile.
            tracing::debug!(%error, "suggestions not sent");
        }
    }

    async fn suggestions(&self, user: &UserId, typed: &Typed<'_>) -> Vec<String> {
        let focused = typed.focused();
        let option =
            focused.and_then(|(name, begun)| Some((spec_of_name(&typed.name)?.option(name)?, begun)));
        match option {
            Some((option, begun)) => self.commands.complete(user, option, &begun, MOST).await,
            None => Vec::new(),
        }
    }

    /// Puts the whole prompt in the place of a suggestion that was too long for Discord.
    pub(super) async fn make_whole(
        &self,
        user: &UserId,
        spec: &'static CommandSpec,
        options: &mut [(String, String)],
    ) {
        for (name, value) in options {
            let Some(begun) = beginning(value).map(str::to_owned) else {
                continue;
            };
            let Some(option) = spec.option(name).filter(|option| is_suggested(option.choices)) else {
                continue;
            };
            let known = self.commands.complete(user, option, &begun, usize::MAX).await;
            let whole = known.into_iter().find(|known| cut(known) == *value);
            // Without the mark, which is nothing to draw.
            *value = whole.unwrap_or(begun);
        }
    }
}

/// Whether a value may be a suggestion that was too long.
pub(super) fn may_be_cut(spec: &'static CommandSpec, options: &[(String, String)]) -> bool {
    options.iter().any(|(name, value)| {
        beginning(value).is_some()
            && spec
                .option(name)
                .is_some_and(|option| is_suggested(option.choices))
    })
}

fn is_suggested(choices: Choices) -> bool {
    choices == Choices::RecentPrompts
}

/// The beginning of a value that was cut.
pub(super) fn beginning(value: &str) -> Option<&str> {
    let (begun, mark) = value.rsplit_once(CUT)?;
    let is_mark = mark.len() == MARK && mark.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_mark && value.chars().count() == LONGEST).then_some(begun)
}

/// As much of a value as Discord takes, with a mark by which the whole one is found again.
pub(super) fn cut(value: &str) -> String {
    if value.chars().count() <= LONGEST {
        return value.to_owned();
    }
    let mark: String = Sha256::digest(value)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .take(MARK / 2)
        .collect();
    let begun = value.chars().take(LONGEST - MARK - 1);
    begun.chain([CUT]).chain(mark.chars()).collect()
}

/// As much of a value as Discord shows: its beginning and its end.
pub(super) fn shown(value: &str) -> String {
    let length = value.chars().count();
    if length <= LONGEST {
        return value.to_owned();
    }
    let begun = value.chars().take(LONGEST - END - 1);
    begun
        .chain([CUT])
        .chain(value.chars().skip(length - END))
        .collect()
}
