//! Texts with a few styles, cut so that Telegram takes them and nothing is cut in half.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// How a piece of a text looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::adapters::telegram) enum Style {
    /// As it is.
    Plain,
    /// To be copied by a touch.
    Code,
    /// Somebody's words.
    Quote,
    /// It leads to this address.
    Link(String),
}

impl Style {
    /// Somebody's name, who hears of being named.
    pub(in crate::adapters::telegram) fn mention(user: i64) -> Self {
        Self::Link(format!("tg://user?id={user}"))
    }
}

/// A text in pieces. Whatever people or pictures' names bring along is text and never markup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::adapters::telegram) struct Rich {
    pieces: Vec<(Style, String)>,
}

impl Rich {
    /// A text without style.
    pub(in crate::adapters::telegram) fn plain(text: &str) -> Self {
        let mut rich = Self::default();
        rich.add(Style::Plain, text);
        rich
    }

    /// Adds a piece.
    pub(in crate::adapters::telegram) fn add(&mut self, style: Style, text: &str) {
        self.pieces.push((style, text.to_owned()));
    }

    /// The text as HTML, with at most this many UTF-16 units to read: that is how Telegram counts. What is too much is
    /// taken from the longest pieces.
    pub(in crate::adapters::telegram) fn html(&self, max_units: usize) -> String {
        let mut pieces = self.pieces.clone();
        loop {
            let total: usize = pieces.iter().map(|(_, text)| units(text)).sum();
            let surplus = total.saturating_sub(max_units);
            let longest = pieces.iter_mut().max_by_key(|(_, text)| units(text));
            match longest {
                Some((_, text)) if surplus > 0 => *text = cut(text, units(text).saturating_sub(surplus)),
                _ => break,
            }
        }
        pieces.iter().map(|(style, text)| marked(style, text)).collect()
    }
}

fn marked(style: &Style, text: &str) -> String {
    let escaped = escape(text);
    if escaped.is_empty() {
        return escaped;
    }
    match style {
        Style::Plain => escaped,
        Style::Code => format!("<code>{escaped}</code>"),
        Style::Quote => format!("<blockquote>{escaped}</blockquote>"),
        Style::Link(address) => format!("<a href=\"{}\">{escaped}</a>", escape(address)),
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The beginning of a text with at most this many UTF-16 units, and `…` where something is missing. What people see as
/// one character stays whole: an accent is not taken from its letter, nor a skin tone from its hand.
pub(in crate::adapters::telegram) fn cut(text: &str, max_units: usize) -> String {
    if units(text) <= max_units {
        return text.to_owned();
    }
    let Some(room) = max_units.checked_sub(1) else {
        return String::new();
    };
    let mut used = 0;
    let mut end = 0;
    for (start, character) in text.char_indices() {
        if !belongs_together(text, start) {
            end = start;
        }
        used += character.len_utf16();
        if used > room {
            break;
        }
    }
    let kept = text.get(..end).unwrap_or_default().trim_end();
    format!("{kept}…")
}

/// Whether the characters before and after this place are seen as one.
fn belongs_together(text: &str, at: usize) -> bool {
    const JOINER: char = '\u{200D}';
    let (before, after) = text.split_at(at);
    let (Some(last), Some(next)) = (before.chars().next_back(), after.chars().next()) else {
        return false;
    };
    let is_flag = |character: char| matches!(character, '\u{1F1E6}'..='\u{1F1FF}');
    if is_flag(last) && is_flag(next) {
        return before
            .chars()
            .rev()
            .take_while(|character| is_flag(*character))
            .count()
            % 2
            == 1;
    }
    let goes_on = matches!(next, JOINER | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0020}'..='\u{E007F}')
        || next.general_category_group() == GeneralCategoryGroup::Mark;
    last == JOINER || goes_on
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_cut(text: &str, max_units: usize, expected: &str) {
        let short = cut(text, max_units);
        assert_eq!(short, expected);
        assert!(units(&short) <= max_units);
    }

    #[test]
    fn a_text_is_cut_by_what_telegram_counts_and_people_see() {
        check_cut("abc", 3, "abc");
        check_cut("abcd", 3, "ab…");
        check_cut("", 0, "");
        check_cut("ab", 0, "");
        check_cut("後藤ひとり", 4, "後藤ひ…");
        // Each of them counts twice.
        check_cut("🎸🎸🎸", 6, "🎸🎸🎸");
        check_cut("🎸🎸🎸", 5, "🎸🎸…");
        check_cut("🎸🎸🎸", 4, "🎸…");
        // A letter and its accent, a hand and its skin, a family, a flag.
        check_cut("e\u{301}e\u{301}e\u{301}", 5, "e\u{301}e\u{301}…");
        check_cut("e\u{301}e\u{301}e\u{301}", 4, "e\u{301}…");
        check_cut("👍🏽👍🏽", 7, "👍🏽…");
        check_cut("👩‍👧👩‍👧", 8, "👩‍👧…");
        check_cut("🇯🇵🇯🇵🇯🇵", 8, "🇯🇵…");
        check_cut("a word and", 8, "a word…");
    }

    #[test]
    fn the_longest_piece_gives_way() {
        let mut text = Rich::plain("Here is your picture.\n");
        text.add(Style::Quote, &"後藤 <ひとり> ".repeat(10));
        text.add(Style::Code, "Seed 4711 & more");
        insta::assert_snapshot!(text.html(1024), @"
        Here is your picture.
        <blockquote>後藤 &lt;ひとり&gt; 後藤 &lt;ひとり&gt; 後藤 &lt;ひとり&gt; 後藤 &lt;ひとり&gt; 後藤 &lt;ひとり&gt; 後藤 &lt;ひとり&gt; 後藤 &lt;ひとり&gt; 後藤 &lt;ひとり&gt; 後藤 &lt;ひとり&gt; 後藤 &lt;ひとり&gt; </blockquote><code>Seed 4711 &amp; more</code>
        ");
        insta::assert_snapshot!(text.html(60), @"
        Here is your picture.
        <blockquote>後藤 &lt;ひとり&gt; 後藤 &lt;ひとり&gt; 後藤…</blockquote><code>Seed 4711 &amp; more</code>
        ");
        insta::assert_snapshot!(text.html(3), @"<code>Se…</code>");
    }

    #[test]
    fn no_length_is_too_much_and_none_is_wrong() {
        let mut text = Rich::plain("👩‍👧 & <b>");
        text.add(Style::Quote, "🎸🎸🎸 \"rock\"");
        text.add(Style::Link("https://t.me/?a=\"b\"&c".to_owned()), "there");
        for max in 0..40 {
            let html = text.html(max);
            let opened = html.matches("<blockquote>").count() + html.matches("<a ").count();
            let closed = html.matches("</blockquote>").count() + html.matches("</a>").count();
            assert_eq!(opened, closed, "{html}");
            assert!(!html.contains("<b>"), "{html}");
        }
    }
}
