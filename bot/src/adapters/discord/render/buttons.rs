//! Buttons as Discord has them.

use serenity::builder::{CreateActionRow, CreateButton};
use serenity::model::application::ButtonStyle as Style;
use serenity::model::channel::ReactionType;

use super::markdown::cut;
use crate::chat::{Button, ButtonId, ButtonStyle};
use crate::i18n::Locale;
use crate::i18n::messages::buttons::original;
use crate::store::JobId;

const MAX_ROWS: usize = 5;
const MAX_IN_A_ROW: usize = 5;
/// Longest label, in characters.
const MAX_LABEL: usize = 80;

/// The rows below a message. What does not fit is left out: everything can be typed, too.
pub(super) fn rows(buttons: &[Vec<Button>]) -> Vec<CreateActionRow> {
    let rows = buttons.iter().filter(|row| !row.is_empty()).take(MAX_ROWS);
    rows.map(|row| CreateActionRow::Buttons(row.iter().take(MAX_IN_A_ROW).map(button).collect()))
        .collect()
}

fn button(button: &Button) -> CreateButton {
    let style = match button.style {
        ButtonStyle::Plain => Style::Secondary,
        ButtonStyle::Danger => Style::Danger,
    };
    CreateButton::new(button.id.to_string())
        .emoji(ReactionType::Unicode(button.emoji.to_owned()))
        .label(cut(&button.label, MAX_LABEL))
        .style(style)
}

/// The same buttons with one more for the files as they are, in the first row that has room.
pub(super) fn with_original(mut buttons: Vec<Vec<Button>>, job: JobId, locale: Locale) -> Vec<Vec<Button>> {
    let button = Button {
        id: ButtonId::new("original", job),
        emoji: "💾",
        label: original(locale),
        style: ButtonStyle::Plain,
    };
    let is_about_the_job = |row: &&mut Vec<Button>| {
        row.len() < MAX_IN_A_ROW && row.iter().any(|button| button.id.action == "recipe")
    };
    if let Some(row) = buttons.iter_mut().find(is_about_the_job) {
        // What takes something away stays the last one.
        row.insert(row.len().saturating_sub(1), button);
    } else if buttons.len() < MAX_ROWS {
        buttons.push(vec![button]);
    }
    buttons
}
