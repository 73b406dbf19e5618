//! Which languages there are, and which of them a person reads.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The files of a language.
macro_rules! sources {
    ($tag:literal) => {
        &[
            include_str!(concat!("../../locales/", $tag, "/admin.ftl")),
            include_str!(concat!("../../locales/", $tag, "/answers.ftl")),
            include_str!(concat!("../../locales/", $tag, "/buttons.ftl")),
            include_str!(concat!("../../locales/", $tag, "/commands.ftl")),
            include_str!(concat!("../../locales/", $tag, "/discord.ftl")),
            include_str!(concat!("../../locales/", $tag, "/errors.ftl")),
            include_str!(concat!("../../locales/", $tag, "/jobs.ftl")),
            include_str!(concat!("../../locales/", $tag, "/refusals.ftl")),
            include_str!(concat!("../../locales/", $tag, "/telegram.ftl")),
            include_str!(concat!("../../locales/", $tag, "/web.ftl")),
        ]
    };
}

/// A language that has a folder in `locales/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Locale(&'static str);

impl Locale {
    /// English, the language that has every text.
    pub const EN: Self = Self("en");
    /// Japanese.
    pub const JA: Self = Self("ja");

    /// Every language.
    pub const ALL: &'static [Self] = &[Self::EN, Self::JA];

    /// The language's BCP 47 tag, for example `ja`.
    pub const fn tag(self) -> &'static str {
        self.0
    }

    /// The texts in this language, as Fluent sources: the files of its folder.
    pub(super) fn sources(self) -> &'static [&'static str] {
        match self {
            Self::JA => sources!("ja"),
            _ => sources!("en"),
        }
    }

    /// The best language for an `Accept-Language` header, or `default` when it names none that is known.
    pub fn negotiate(accept_language: &str, default: Self) -> Self {
        let mut best: Option<(f32, Self)> = None;
        for range in accept_language.split(',') {
            let mut parts = range.split(';');
            let Ok(locale) = parts.next().unwrap_or_default().parse::<Self>() else {
                continue;
            };
            let quality = parts
                .find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok())
                .unwrap_or(1.0);
            if quality > best.map_or(0.0, |(best_quality, _)| best_quality) {
                best = Some((quality, locale));
            }
        }
        best.map_or(default, |(_, locale)| locale)
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A language tag for which there is no file.
#[derive(Debug, thiserror::Error)]
#[error("unknown language \"{tag}\"; known are {}", tags().join(", "))]
pub struct UnknownLocale {
    /// The tag as it was given.
    pub tag: String,
}

fn tags() -> Vec<&'static str> {
    Locale::ALL.iter().map(|locale| locale.tag()).collect()
}

impl FromStr for Locale {
    type Err = UnknownLocale;

    /// Reads a tag; only its language counts, so `ja-JP` is `ja`.
    fn from_str(tag: &str) -> Result<Self, Self::Err> {
        let language = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .iter()
            .copied()
            .find(|locale| locale.0.eq_ignore_ascii_case(language))
            .ok_or_else(|| UnknownLocale { tag: tag.to_owned() })
    }
}

impl Serialize for Locale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Locale {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
