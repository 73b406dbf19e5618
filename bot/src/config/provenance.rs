//! Where each setting was written, and whether it has changed.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use config::{Value, ValueKind};

use super::Origin;

/// Where each setting was written, by its key: `web.bind`, `words.forbidden[1]`, `styles[0].name`.
#[derive(Clone, Debug, Default)]
pub(super) struct Provenance {
    origins: BTreeMap<String, Origin>,
    /// A hash of each value, because some of them are secrets.
    hashes: BTreeMap<String, u64>,
}

impl Provenance {
    /// Notes where a setting was written; what was noted of its parts is forgotten.
    pub(super) fn note(&mut self, key: &str, origin: Origin) {
        let part = format!("{key}[");
        self.origins.retain(|noted, _| !noted.starts_with(&part));
        self.origins.insert(key.to_owned(), origin);
    }

    /// Notes the values of all settings.
    pub(super) fn note_values<'v>(&mut self, sections: impl IntoIterator<Item = (&'v String, &'v Value)>) {
        for (name, section) in sections {
            match &section.kind {
                ValueKind::Table(keys) => {
                    for (key, value) in keys {
                        self.hashes.insert(format!("{name}.{key}"), hash(value));
                    }
                }
                _ => {
                    self.hashes.insert(name.clone(), hash(section));
                }
            }
        }
    }

    /// Where a setting, or what it is a part of, was written.
    pub(super) fn origin(&self, key: &str) -> Origin {
        let mut whole = key;
        loop {
            if let Some(origin) = self.origins.get(whole) {
                return origin.clone();
            }
            match whole.rfind(['.', '[']) {
                Some(end) => whole = whole.get(..end).unwrap_or_default(),
                None => return Origin::Default,
            }
        }
    }

    /// The settings that have another value than in `other`.
    pub(super) fn changed_since(&self, other: &Self) -> Vec<String> {
        let removed = other.hashes.keys().filter(|key| !self.hashes.contains_key(*key));
        let changed = self
            .hashes
            .iter()
            .filter(|(key, hash)| other.hashes.get(*key) != Some(hash));
        let mut keys: Vec<String> = changed.map(|(key, _)| key).chain(removed).cloned().collect();
        keys.sort();
        keys
    }
}

/// A key as people write it: `styles[0].name` is `styles.name` to them.
pub(super) fn without_indexes(key: &str) -> String {
    let names = key.split('[').enumerate().map(|(place, part)| match place {
        0 => part,
        _ => part.split_once(']').map_or(part, |(_, rest)| rest),
    });
    names.collect()
}

fn hash(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    feed(value, &mut hasher);
    hasher.finish()
}

fn feed(value: &Value, hasher: &mut DefaultHasher) {
    match &value.kind {
        ValueKind::Table(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().collect();
            for (name, field) in sorted {
                name.hash(hasher);
                feed(field, hasher);
            }
        }
        ValueKind::Array(parts) => {
            parts.len().hash(hasher);
            for part in parts {
                feed(part, hasher);
            }
        }
        scalar => scalar.to_string().hash(hasher),
    }
}
