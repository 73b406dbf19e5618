//! The texts of every language, read once from the files that are built in.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use super::Locale;

type Bundle = FluentBundle<FluentResource>;

static CATALOG: LazyLock<BTreeMap<Locale, Bundle>> = LazyLock::new(|| {
    Locale::ALL
        .iter()
        .map(|locale| (*locale, bundle(*locale)))
        .collect()
});

/// Reads a language's files. What cannot be read is left out; the tests see to it that nothing is.
fn bundle(locale: Locale) -> Bundle {
    let mut bundle = Bundle::new_concurrent(locale.tag().parse().into_iter().collect());
    // The invisible marks around arguments are for mixed writing directions, which no language here has.
    bundle.set_use_isolating(false);
    for source in locale.sources() {
        let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(resource, _)| resource);
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(locale = %locale, ?errors, "a text exists twice");
        }
    }
    bundle
}

/// The text `key` in a language: in English when the language lacks it, and the key itself when there is none.
pub(super) fn text(locale: Locale, key: &str, arguments: &[(&'static str, FluentValue<'_>)]) -> String {
    let arguments: FluentArgs<'_> = arguments.iter().cloned().collect();
    [locale, Locale::EN]
        .iter()
        .filter_map(|locale| CATALOG.get(locale))
        .find_map(|bundle| {
            let pattern = bundle.get_message(key)?.value()?;
            let mut errors = Vec::new();
            let text = bundle.format_pattern(pattern, Some(&arguments), &mut errors);
            errors.is_empty().then(|| text.into_owned())
        })
        .unwrap_or_else(|| key.to_owned())
}

/// The keys that begin with `prefix`.
pub(super) fn keys(prefix: &str) -> Vec<&'static str> {
    Locale::EN
        .sources()
        .iter()
        .flat_map(|source| source.lines())
        .filter_map(|line| line.split_once(" ="))
        .map(|(key, _)| key)
        .filter(|key| key.starts_with(prefix))
        .collect()
}
