//! A window that asks for a text.

use serenity::builder::{CreateActionRow, CreateInputText, CreateModal};
use serenity::model::application::InputTextStyle;

use super::markdown::cut;
use crate::chat::{ButtonId, Form};

/// Longest title of a window and of a field in it, in characters.
const MAX_TITLE: usize = 45;
/// Longest text that can be asked for, in characters.
const MAX_TEXT: u16 = 4000;

/// The window for a form. What it carries is a [`ButtonId`] with the command's name; the field has the option's.
pub(in super::super) fn window(form: &Form) -> CreateModal {
    let title = cut(&form.label, MAX_TITLE);
    let max_chars = usize::from(MAX_TEXT);
    let mut field = CreateInputText::new(InputTextStyle::Paragraph, title.clone(), form.field)
        .required(true)
        .max_length(MAX_TEXT);
    if !form.value.is_empty() {
        let value: String = form.value.chars().take(max_chars).collect();
        field = field.value(value);
    }
    CreateModal::new(ButtonId::new(form.command, form.job).to_string(), title)
        .components(vec![CreateActionRow::InputText(field)])
}
