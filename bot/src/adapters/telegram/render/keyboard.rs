//! Buttons below a message.

use serde_json::{Value, json};

use super::text::cut;
use crate::chat::{Button, ButtonId, ButtonStyle, RecipeView, Reply};
use crate::i18n::Locale;
use crate::i18n::messages::{buttons, telegram as messages};
use crate::store::JobOutcome;

/// Longest text that a button can put where people paste from, in UTF-16 units.
const MAX_COPIED: usize = 256;

/// The buttons of a message; `None` when it has none.
pub(in crate::adapters::telegram) fn of_buttons(rows: &[Vec<Button>]) -> Option<Value> {
    keyboard(rows.iter().map(|row| row.iter().map(button).collect()).collect())
}

/// The buttons of an answer or of the end of a job: its own, and what only Telegram can do with a picture.
pub(in crate::adapters::telegram) fn of_reply(reply: &Reply, locale: Locale) -> Option<Value> {
    let own = reply.buttons.iter();
    let mut rows: Vec<Vec<Value>> = own.map(|row| row.iter().map(button).collect()).collect();
    rows.push(about_picture(reply, locale));
    keyboard(rows)
}

/// A button that leads to an address.
pub(in crate::adapters::telegram) fn link_button(label: &str, address: &str) -> Value {
    json!({ "inline_keyboard": [[{ "text": label, "url": address }]] })
}

fn keyboard(mut rows: Vec<Vec<Value>>) -> Option<Value> {
    rows.retain(|row| !row.is_empty());
    (!rows.is_empty()).then(|| json!({ "inline_keyboard": rows }))
}

fn button(button: &Button) -> Value {
    let mut made = json!({
        "text": format!("{} {}", button.emoji, button.label),
        "callback_data": button.id.to_string(),
    });
    if button.style == ButtonStyle::Danger {
        made["style"] = "danger".into();
    }
    made
}

fn about_picture(reply: &Reply, locale: Locale) -> Vec<Value> {
    let Some(job) = reply.job.as_ref().filter(|job| job.outcome == JobOutcome::Done) else {
        return Vec::new();
    };
    let mut row = Vec::new();
    if !reply.images.is_empty() && !reply.as_files {
        row.push(button(&Button {
            id: ButtonId::new("original", job.id),
            emoji: "💾",
            label: buttons::original(locale),
            style: ButtonStyle::Plain,
        }));
    }
    if let Some(recipe) = &job.recipe {
        row.push(json!({
            "text": format!("📎 {}", messages::copy_recipe(locale)),
            "copy_text": { "text": copied(recipe) },
        }));
    }
    row
}

/// As much of the recipe as a button can carry: what other programs read, or at least the words.
fn copied(recipe: &RecipeView) -> String {
    let command = format!("{} --seed {}", recipe.prompt, recipe.seed);
    let texts = [recipe.parameters.as_ref(), Some(&command), Some(&recipe.prompt)];
    let fits = |text: &&String| text.encode_utf16().count() <= MAX_COPIED && !text.trim().is_empty();
    match texts.into_iter().flatten().find(fits) {
        Some(text) => text.clone(),
        None => cut(&recipe.prompt, MAX_COPIED),
    }
}
