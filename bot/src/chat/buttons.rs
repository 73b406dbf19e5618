//! Which buttons stand below a message about a job.

use super::{Button, ButtonId, ButtonStyle};
use crate::i18n::Locale;
use crate::i18n::messages::buttons as labels;
use crate::store::{ImageKind, ImageRow, JobId, JobOutcome, JobRow};

/// Longest row of buttons; Discord takes no longer one.
const MAX_IN_A_ROW: usize = 5;
/// How many pictures of a job get buttons of their own: with more, Discord's five rows would not do.
const MAX_PICTURES: usize = 10;

/// The buttons below the last message about a job.
///
/// A job with one picture has one button for each thing that can be done with it; one with several pictures has a row
/// for each thing, from which the picture is chosen. A job whose pictures were deleted has none.
pub fn buttons_of(job: &JobRow, locale: Locale) -> Vec<Vec<Button>> {
    if job.is_deleted {
        return Vec::new();
    }
    match job.outcome {
        Some(JobOutcome::Done) => of_pictures(job, locale),
        Some(JobOutcome::Failed | JobOutcome::Cancelled | JobOutcome::Expired) => {
            vec![vec![plain("again", "🔄", labels::retry(locale), job.id)]]
        }
        None => cancel_buttons(job.id, locale),
    }
}

/// The button below news about a job that has not ended.
pub(super) fn cancel_buttons(job: JobId, locale: Locale) -> Vec<Vec<Button>> {
    vec![vec![danger("cancel", "✖️", labels::cancel(locale), job)]]
}

fn of_pictures(job: &JobRow, locale: Locale) -> Vec<Vec<Button>> {
    let pictures: Vec<&ImageRow> = job
        .images
        .iter()
        .filter(|image| image.kind == ImageKind::Picture && !image.is_gone)
        .collect();
    let again = plain("again", "🔄", labels::again(locale), job.id);
    let edit = plain("edit", "✏️", labels::edit(locale), job.id);
    let about = [
        plain("recipe", "📋", labels::recipe(locale), job.id),
        danger("delete", "🗑️", labels::delete(locale), job.id),
    ];
    match pictures.as_slice() {
        [] => vec![[again, edit].into_iter().chain(about).collect()],
        [only] => {
            let about_it = |button: Button| match only.index {
                0 => button,
                index => Button {
                    id: ButtonId::of_image(&button.id.action, job.id, index),
                    ..button
                },
            };
            let vary = about_it(plain("vary", VARY, labels::vary(locale, None), job.id));
            let upscale = about_it(plain("upscale", UPSCALE, labels::upscale(locale, None), job.id));
            vec![vec![again, vary, upscale, edit], about.into()]
        }
        several => {
            let mut rows = vec![[again, edit].into_iter().chain(about).collect()];
            rows.extend(selectors(several, |image, number| Button {
                id: ButtonId::of_image("vary", job.id, image.index),
                ..plain("vary", VARY, labels::vary(locale, Some(number)), job.id)
            }));
            rows.extend(selectors(several, |image, number| Button {
                id: ButtonId::of_image("upscale", job.id, image.index),
                ..plain("upscale", UPSCALE, labels::upscale(locale, Some(number)), job.id)
            }));
            rows
        }
    }
}

const VARY: &str = "🤏";
const UPSCALE: &str = "⬆️";

/// Rows with one button for each picture, numbered as the pictures are.
fn selectors(pictures: &[&ImageRow], button: impl Fn(&ImageRow, u32) -> Button) -> Vec<Vec<Button>> {
    let buttons: Vec<Button> = pictures
        .iter()
        .take(MAX_PICTURES)
        .map(|image| button(image, image.index + 1))
        .collect();
    buttons.chunks(MAX_IN_A_ROW).map(<[Button]>::to_vec).collect()
}

fn plain(action: &str, emoji: &'static str, label: String, job: JobId) -> Button {
    Button {
        id: ButtonId::new(action, job),
        emoji,
        label,
        style: ButtonStyle::Plain,
    }
}

fn danger(action: &str, emoji: &'static str, label: String, job: JobId) -> Button {
    Button {
        style: ButtonStyle::Danger,
        ..plain(action, emoji, label, job)
    }
}
