//! Texts of buttons.

use super::plain;
use crate::i18n::Locale;
use crate::i18n::catalog::text;
use crate::store::JobId;

/// The same recipe with a new seed.
pub fn again(locale: Locale) -> String {
    text(locale, "button-again", &[])
}

/// A job that failed is tried once more.
pub fn retry(locale: Locale) -> String {
    text(locale, "button-retry", &[])
}

/// Almost the same picture. Beside several pictures, `image` says which one, counted from 1.
pub fn vary(locale: Locale, image: Option<u32>) -> String {
    of_image(locale, ["button-vary", "button-vary-image"], image)
}

/// The same picture, larger. Beside several pictures, `image` says which one, counted from 1.
pub fn upscale(locale: Locale, image: Option<u32>) -> String {
    of_image(locale, ["button-upscale", "button-upscale-image"], image)
}

/// The prompt can be changed.
pub fn edit(locale: Locale) -> String {
    text(locale, "button-edit", &[])
}

/// What the picture was drawn with.
pub fn recipe(locale: Locale) -> String {
    text(locale, "button-recipe", &[])
}

/// The files of the pictures as they are, for adapters that show them in another form.
pub fn original(locale: Locale) -> String {
    text(locale, "button-original", &[])
}

/// The picture and its message disappear.
pub fn delete(locale: Locale) -> String {
    text(locale, "button-delete", &[])
}

/// The job ends.
pub fn cancel(locale: Locale) -> String {
    text(locale, "button-cancel", &[])
}

/// A job of a list is shown.
pub fn show(locale: Locale, job: JobId) -> String {
    text(locale, "button-show", &[("job", plain(&job))])
}

/// The next page of a list, with older jobs.
pub fn older(locale: Locale) -> String {
    text(locale, "button-older", &[])
}

/// The first page of a list.
pub fn newest(locale: Locale) -> String {
    text(locale, "button-newest", &[])
}

/// Everything of a person is deleted.
pub fn forget(locale: Locale) -> String {
    text(locale, "button-forget", &[])
}

fn of_image(locale: Locale, [one, of_several]: [&str; 2], image: Option<u32>) -> String {
    match image {
        Some(image) => text(locale, of_several, &[("image", plain(&image))]),
        None => text(locale, one, &[]),
    }
}
