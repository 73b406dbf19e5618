//! Answers, and the ends of jobs.

use serenity::builder::{CreateEmbed, CreateEmbedFooter};

use super::markdown::{cut, escaped, fixed, split};
use super::{MAX_CONTENT, MAX_DESCRIPTION, MAX_EMBEDS, MAX_FIELD, Message, buttons};
use crate::adapters::discord::rest::File;
use crate::adapters::discord::upload::{self, Fitted, Order, Room};
use crate::chat::{JobReply, Reply};
use crate::i18n::Locale;
use crate::i18n::messages::{self, discord as texts};
use crate::store::JobOutcome;

/// Longest text beside a picture, so that the prompts below it fit, in characters.
const MAX_RESULT: usize = 2500;
/// Longest line below a picture, in characters.
const MAX_FOOTER: usize = 1000;

/// An answer as a message. What is attached takes no more room than there is; what had to be changed or left out for
/// that is said in the text.
pub(in super::super) async fn reply(reply: &Reply, room: Room, locale: Locale) -> Message {
    let locale = reply.locale.unwrap_or(locale);
    let order = Order {
        images: reply.images.clone(),
        as_files: reply.as_files || reply.job.is_none(),
        room,
    };
    let fitted = upload::fit(order).await;
    let mut all_buttons = reply.buttons.clone();
    if let Some(job) = &reply.job
        && fitted.hides_originals
        && !reply.as_files
    {
        all_buttons = buttons::with_original(all_buttons, job.id, locale);
    }
    let rows = buttons::rows(&all_buttons);
    let text = with_notes(&reply.text, &fitted, locale);
    let told = match &reply.job {
        Some(job) if !reply.as_files => Message {
            embeds: vec![result(job, &text, &fitted, locale)],
            ..Message::default()
        },
        _ => plain(&text, reply.is_verbatim),
    };
    let files = told.files.into_iter().chain(fitted.files);
    Message {
        rows,
        files: files.collect(),
        ..told
    }
}

/// Only the text and the buttons of an answer, for when Discord does not take the rest. Where a job has ended, it is
/// said how the rest can be had.
pub(in super::super) fn only_text(reply: &Reply, locale: Locale) -> Message {
    let locale = reply.locale.unwrap_or(locale);
    let hint = reply.job.as_ref().map(|job| texts::not_taken(locale, job.id));
    let hint = hint
        .map(|hint| format!("\n{}", escaped(&hint)))
        .unwrap_or_default();
    let room = MAX_CONTENT.saturating_sub(hint.chars().count());
    Message {
        content: cut(&escaped(&reply.text), room) + &hint,
        rows: buttons::rows(&reply.buttons),
        ..Message::default()
    }
}

fn with_notes(text: &str, fitted: &Fitted, locale: Locale) -> String {
    let changed = (fitted.changed > 0).then(|| texts::note_smaller(locale, fitted.changed));
    let left_out = (!fitted.left_out.is_empty()).then(|| texts::note_left_out(locale, &fitted.left_out));
    let lines = Some(text.to_owned()).into_iter().chain(changed).chain(left_out);
    lines
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

/// How a job has ended, with its picture.
fn result(job: &JobReply, text: &str, fitted: &Fitted, locale: Locale) -> CreateEmbed {
    let mut embed = CreateEmbed::new()
        .description(cut(&escaped(text), MAX_RESULT))
        .colour(colour(job.outcome));
    if let Some(recipe) = &job.recipe {
        let prompts = [
            (messages::discord::prompt(locale), &recipe.prompt),
            (
                messages::discord::negative_prompt(locale),
                &recipe.negative_prompt,
            ),
        ];
        // Where the prompt was changed, the text says it already.
        let is_news = |prompt: &str| !prompt.trim().is_empty() && !text.contains(prompt.trim());
        let given = prompts.into_iter().filter(|(_, prompt)| is_news(prompt));
        embed = embed.fields(given.map(|(name, prompt)| (name, cut(&escaped(prompt), MAX_FIELD), false)));
        let footer = texts::footer(locale, job.id, &recipe.text);
        embed = embed.footer(CreateEmbedFooter::new(cut(&footer, MAX_FOOTER)));
    }
    match &fitted.shown {
        Some(name) => embed.image(format!("attachment://{name}")),
        None => embed,
    }
}

fn colour(outcome: JobOutcome) -> u32 {
    match outcome {
        JobOutcome::Done => 0x57_f2_87,
        JobOutcome::Failed => 0xed_42_45,
        JobOutcome::Cancelled | JobOutcome::Expired => 0x99_aa_b5,
    }
}

/// A text without a job: above everything else if it is short, in boxes if it is longer, and in a file if it is long.
fn plain(text: &str, is_verbatim: bool) -> Message {
    let written = if is_verbatim {
        fixed(text, usize::MAX)
    } else {
        escaped(text)
    };
    let chars = written.chars().count();
    if text.is_empty() || chars <= MAX_CONTENT {
        return Message {
            content: if text.is_empty() { String::new() } else { written },
            ..Message::default()
        };
    }
    let parts = if is_verbatim {
        vec![written.clone()]
    } else {
        split(&written, MAX_DESCRIPTION)
    };
    let is_short = parts.iter().all(|part| part.chars().count() <= MAX_DESCRIPTION);
    if chars <= MAX_EMBEDS && is_short {
        let embeds = parts.into_iter().map(|part| CreateEmbed::new().description(part));
        return Message {
            embeds: embeds.collect(),
            ..Message::default()
        };
    }
    Message {
        content: if is_verbatim {
            fixed(text, MAX_CONTENT)
        } else {
            cut(&written, MAX_CONTENT)
        },
        files: vec![File {
            name: "text.txt".to_owned(),
            bytes: text.as_bytes().into(),
        }],
        ..Message::default()
    }
}
