//! The results of an inline query, as Telegram takes them.

use serde_json::{Value, json};

use super::offer::{Offered, Shape, Variant};
use crate::adapters::telegram::render::{cut, of_buttons};
use crate::chat::Button;
use crate::i18n::Locale;
use crate::i18n::messages::telegram as texts;
use crate::store::{ImageRow, JobRow};

/// Longest title, in UTF-16 units; what is longer is not seen anyway.
const MAX_TITLE: usize = 80;
/// Longest caption.
const MAX_CAPTION: usize = 1024;

/// Something to draw, with the picture that stands for it.
pub(super) fn drawing(offered: &Offered, prompt: &str, photo: &str, locale: Locale) -> Value {
    let title = texts::inline_draw(locale, prompt);
    let kind = match &offered.variant {
        Variant::Plain => texts::inline_plain(locale),
        Variant::Size(Shape::Square) => texts::inline_square(locale),
        Variant::Size(Shape::Portrait) => texts::inline_portrait(locale),
        Variant::Size(Shape::Landscape) => texts::inline_landscape(locale),
        Variant::Style(style) => texts::inline_style(locale, style),
    };
    json!({
        "type": "photo",
        "id": offered.to_string(),
        "photo_file_id": photo,
        "title": cut(&title, MAX_TITLE),
        "description": kind,
        "caption": cut(prompt, MAX_CAPTION),
        "reply_markup": { "inline_keyboard": [[{
            "text": format!("🎨 {}", texts::inline_begin(locale)),
            "callback_data": offered.to_string(),
        }]] },
    })
}

/// A picture that is there already.
pub(super) fn finished(job: &JobRow, image: &ImageRow, photo: &str, buttons: &[Vec<Button>]) -> Value {
    let mut result = json!({
        "type": "photo",
        "id": format!("p:{}:{}", job.id, image.index),
        "photo_file_id": photo,
        "title": cut(&job.prompt_typed, MAX_TITLE),
        "caption": cut(&job.prompt_typed, MAX_CAPTION),
    });
    if let Some(keyboard) = of_buttons(buttons) {
        result["reply_markup"] = keyboard;
    }
    result
}

/// Something to read. It is also what a person sends who chooses it.
pub(super) fn article(id: &str, title: &str, text: &str) -> Value {
    json!({
        "type": "article",
        "id": id,
        "title": cut(title, MAX_TITLE),
        "description": text,
        "input_message_content": { "message_text": text, "link_preview_options": { "is_disabled": true } },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn_as(variant: Variant, locale: Locale) -> String {
        let offered = Offered {
            offer: "8f00ba5".to_owned(),
            variant,
        };
        let result = drawing(&offered, "後藤ひとり", "AgAC", locale);
        let button = &result["reply_markup"]["inline_keyboard"][0][0];
        let texts = [
            &result["title"],
            &result["description"],
            &result["caption"],
            &button["text"],
        ];
        texts
            .map(|text| text.as_str().unwrap_or_default().to_owned())
            .join(" | ")
    }

    #[test]
    fn what_can_be_drawn_says_how() {
        let all = [
            Variant::Plain,
            Variant::Size(Shape::Square),
            Variant::Size(Shape::Portrait),
            Variant::Size(Shape::Landscape),
            Variant::Style("sketch".to_owned()),
        ];
        let texts = |locale| all.clone().map(|variant| drawn_as(variant, locale)).join("\n");
        insta::assert_snapshot!(texts(Locale::EN), @"
        Draw: 後藤ひとり | as it is | 後藤ひとり | 🎨 Draw it
        Draw: 後藤ひとり | square | 後藤ひとり | 🎨 Draw it
        Draw: 後藤ひとり | upright | 後藤ひとり | 🎨 Draw it
        Draw: 後藤ひとり | wide | 後藤ひとり | 🎨 Draw it
        Draw: 後藤ひとり | in the style sketch | 後藤ひとり | 🎨 Draw it
        ");
        insta::assert_snapshot!(texts(Locale::JA), @"
        描く：後藤ひとり | そのまま | 後藤ひとり | 🎨 描いてもらう
        描く：後藤ひとり | 正方形 | 後藤ひとり | 🎨 描いてもらう
        描く：後藤ひとり | 縦長 | 後藤ひとり | 🎨 描いてもらう
        描く：後藤ひとり | 横長 | 後藤ひとり | 🎨 描いてもらう
        描く：後藤ひとり | スタイル「sketch」 | 後藤ひとり | 🎨 描いてもらう
        ");
    }

    #[test]
    fn a_result_and_its_button_are_the_same_offer() {
        let offered: Offered = "i1:8f00ba5:portrait".parse().expect("an offer");
        let result = drawing(&offered, "a cat", "AgAC", Locale::EN);
        assert_eq!(result["id"], "i1:8f00ba5:portrait");
        let button = &result["reply_markup"]["inline_keyboard"][0][0];
        assert_eq!(button["callback_data"], "i1:8f00ba5:portrait");
    }
}
