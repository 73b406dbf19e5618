//! Texts that only Telegram shows.

use super::{number, plain};
use crate::i18n::Locale;
use crate::i18n::catalog::text;
use crate::store::JobId;

/// Stands where the picture will be in a moment.
pub fn coming(locale: Locale) -> String {
    text(locale, "telegram-coming", &[])
}

/// Beside pictures that are too large to be looked at in the chat, or that Telegram does not take for a photo.
pub fn as_files(locale: Locale, count: u32) -> String {
    text(locale, "telegram-as-files", &[("count", number(count))])
}

/// The picture is drawn, and Telegram will not have it.
pub fn not_taken(locale: Locale, job: JobId) -> String {
    text(locale, "telegram-not-taken", &[("job", plain(&job))])
}

/// Said in a group when an answer may only be read by somebody to whom the bot may not write.
pub fn only_for_you(locale: Locale) -> String {
    text(locale, "telegram-only-for-you", &[])
}

/// The same for the picture of a job.
pub fn picture_only_for_you(locale: Locale, job: JobId) -> String {
    text(locale, "telegram-picture-only-for-you", &[("job", plain(&job))])
}

/// What an inline message says instead of showing a private picture.
pub fn inline_private(locale: Locale, job: JobId) -> String {
    text(locale, "telegram-inline-private", &[("job", plain(&job))])
}

/// A button that leads to the conversation with the bot.
pub fn open_chat(locale: Locale) -> String {
    text(locale, "telegram-open-chat", &[])
}

/// A button that puts the recipe where it can be pasted from.
pub fn copy_recipe(locale: Locale) -> String {
    text(locale, "telegram-copy-recipe", &[])
}

/// The first thing somebody reads: what the bot is for.
pub fn hello(locale: Locale, bot: &str) -> String {
    text(locale, "telegram-hello", &[("bot", plain(&bot))])
}

/// What the bot does in other chats.
pub fn inline_hello(locale: Locale, bot: &str) -> String {
    text(locale, "telegram-inline-hello", &[("bot", plain(&bot))])
}

/// A button with which a chat is chosen to draw in.
pub fn try_inline(locale: Locale) -> String {
    text(locale, "telegram-try-inline", &[])
}

/// Somebody has sent a picture and nothing else.
pub fn picture_needs_words(locale: Locale) -> String {
    text(locale, "telegram-picture-needs-words", &[])
}

/// A prompt is needed.
pub fn ask_prompt(locale: Locale) -> String {
    text(locale, "telegram-ask-prompt", &[])
}

/// Stands in the field for it, as an example; at most 64 characters.
pub fn ask_prompt_example(locale: Locale) -> String {
    text(locale, "telegram-ask-prompt-example", &[])
}

/// The title of something that can be drawn.
pub fn inline_draw(locale: Locale, prompt: &str) -> String {
    text(locale, "telegram-inline-draw", &[("prompt", plain(&prompt))])
}

/// It is drawn as it was typed.
pub fn inline_plain(locale: Locale) -> String {
    text(locale, "telegram-inline-plain", &[])
}

/// It is drawn as high as wide.
pub fn inline_square(locale: Locale) -> String {
    text(locale, "telegram-inline-square", &[])
}

/// It is drawn higher than wide.
pub fn inline_portrait(locale: Locale) -> String {
    text(locale, "telegram-inline-portrait", &[])
}

/// It is drawn wider than high.
pub fn inline_landscape(locale: Locale) -> String {
    text(locale, "telegram-inline-landscape", &[])
}

/// It is drawn in a style.
pub fn inline_style(locale: Locale, style: &str) -> String {
    text(locale, "telegram-inline-style", &[("style", plain(&style))])
}

/// A button that begins to draw.
pub fn inline_begin(locale: Locale) -> String {
    text(locale, "telegram-inline-begin", &[])
}

/// A button that leads to an explanation.
pub fn inline_how(locale: Locale) -> String {
    text(locale, "telegram-inline-how", &[])
}

/// The title of the explanation for somebody who has typed nothing yet.
pub fn inline_help_title(locale: Locale) -> String {
    text(locale, "telegram-inline-help-title", &[])
}

/// The explanation itself.
pub fn inline_help(locale: Locale, bot: &str) -> String {
    text(locale, "telegram-inline-help", &[("bot", plain(&bot))])
}

/// The title of the reason why nothing can be drawn.
pub fn inline_refused_title(locale: Locale) -> String {
    text(locale, "telegram-inline-refused-title", &[])
}

/// The reason when the operator has not set up what it needs.
pub fn inline_not_here(locale: Locale, bot: &str) -> String {
    text(locale, "telegram-inline-not-here", &[("bot", plain(&bot))])
}

/// Somebody pressed the button that begins somebody else's drawing.
pub fn inline_not_yours(locale: Locale) -> String {
    text(locale, "telegram-inline-not-yours", &[])
}

/// Nobody knows any more what was to be drawn.
pub fn inline_too_old(locale: Locale, bot: &str) -> String {
    text(locale, "telegram-inline-too-old", &[("bot", plain(&bot))])
}
