//! What a message looks like, as Telegram wants to be told.

mod keyboard;
mod pictures;
mod text;

use serde_json::{Value, json};

pub(super) use self::keyboard::{link_button, of_buttons, of_reply};
pub(super) use self::pictures::{Kind, Part, Plan, input_media, load};
pub(super) use self::text::{Rich, Style, cut};
use crate::chat::{JobUpdate, JobUpdateState, Reply};

/// Longest text of a message, in UTF-16 units.
pub(super) const MAX_TEXT: usize = 4096;
/// Longest text below a picture, in UTF-16 units.
pub(super) const MAX_CAPTION: usize = 1024;
/// Longest text that appears over the chat when a button was pressed, in UTF-16 units.
pub(super) const MAX_ALERT: usize = 200;

/// Marks of the bar that shows how far a picture is.
const BAR_MARKS: u32 = 10;

/// News about a job.
pub(super) fn news(update: &JobUpdate) -> Rich {
    let mut text = Rich::plain(&update.text);
    if let JobUpdateState::Running {
        step,
        num_inference_steps,
        ..
    } = update.state
    {
        text.add(Style::Plain, &format!("\n{}", bar(step, num_inference_steps)));
    }
    text
}

fn bar(step: u32, steps: u32) -> String {
    let done = (u64::from(step.min(steps)) * u64::from(BAR_MARKS) / u64::from(steps.max(1))) as usize;
    "▰".repeat(done) + &"▱".repeat(BAR_MARKS as usize - done)
}

/// The text of an answer or of the end of a job: with the recipe, when there is a picture.
pub(super) fn reply_text(reply: &Reply) -> Rich {
    let style = if reply.is_verbatim {
        Style::Code
    } else {
        Style::Plain
    };
    let mut text = Rich::default();
    text.add(style, &reply.text);
    let recipe = reply.job.as_ref().and_then(|job| job.recipe.as_ref());
    if let Some(recipe) = recipe {
        text.add(Style::Plain, "\n\n");
        text.add(Style::Quote, &recipe.prompt);
        text.add(Style::Plain, "\n");
        text.add(Style::Code, &recipe.text);
    }
    text
}

/// Asks the person's app for an answer; `start` stands in the empty field.
pub(super) fn force_reply(start: &str) -> Value {
    let mut markup = json!({ "force_reply": true, "selective": true });
    let start = cut(start.trim(), MAX_PLACEHOLDER);
    if !start.is_empty() {
        markup["input_field_placeholder"] = start.into();
    }
    markup
}

/// Longest text in an empty field, in UTF-16 units.
const MAX_PLACEHOLDER: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_to_be_copied_can_be_copied_by_a_touch() {
        let check = |is_verbatim, expected: &str| {
            let reply = Reply {
                is_verbatim,
                ..Reply::text("a cat\nSteps: 2")
            };
            assert_eq!(reply_text(&reply).html(MAX_TEXT), expected);
        };
        check(true, "<code>a cat\nSteps: 2</code>");
        check(false, "a cat\nSteps: 2");
    }
}
