//! Texts of the web page.

use std::collections::BTreeMap;

use crate::i18n::Locale;
use crate::i18n::catalog::{keys, text};

/// The labels of the web page: every text whose key begins with `web-`.
pub fn web_labels(locale: Locale) -> BTreeMap<&'static str, String> {
    keys("web-")
        .into_iter()
        .map(|key| (key, text(locale, key, &[])))
        .collect()
}

/// What a language calls itself.
pub fn web_language_name(locale: Locale) -> String {
    text(locale, "web-language-name", &[])
}
