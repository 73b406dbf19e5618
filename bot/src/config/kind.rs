//! The types that settings have, and the fields of the lists of tables.

use toml::de::DeValue;

/// The type of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// A whole number that is not negative.
    Integer,
    /// A whole number.
    Signed,
    /// Any number.
    Number,
    Boolean,
    /// A list of texts.
    Texts,
    /// A list of tables with these fields.
    Tables(Fields),
}

/// Names and types of the fields of a table in a list.
pub(super) type Fields = &'static [(&'static str, Kind)];

/// Every list of tables, by its section and, in a section, its key.
pub(super) const TABLES: &[(&str, Option<&str>, Fields)] = &[
    ("limits", Some("rules"), LIMIT_RULE),
    ("safety", Some("rules"), SAFETY_RULE),
    ("styles", None, STYLE),
    ("dictionaries", None, DICTIONARY),
];

const LIMIT_RULE: Fields = &[
    ("platform", Kind::Text),
    ("chat", Kind::Text),
    ("channel", Kind::Text),
    ("role", Kind::Text),
    ("user", Kind::Text),
    ("per_minute", Kind::Integer),
    ("per_hour", Kind::Integer),
    ("per_day", Kind::Integer),
    ("running", Kind::Integer),
    ("queued", Kind::Integer),
    ("cooldown_s", Kind::Integer),
    ("max_steps", Kind::Integer),
    ("max_pixels", Kind::Integer),
    ("max_count", Kind::Integer),
    ("models", Kind::Texts),
    ("priority", Kind::Signed),
];

const SAFETY_RULE: Fields = &[
    ("platform", Kind::Text),
    ("chat", Kind::Text),
    ("channel", Kind::Text),
    ("action", Kind::Text),
];

const STYLE: Fields = &[
    ("name", Kind::Text),
    ("prompt", Kind::Text),
    ("negative_prompt", Kind::Text),
    ("num_inference_steps", Kind::Integer),
    ("guidance_scale", Kind::Number),
    ("sampler", Kind::Text),
    ("size", Kind::Text),
];

const DICTIONARY: Fields = &[("file", Kind::Text), ("models", Kind::Texts)];

impl Kind {
    /// The type that a default has.
    pub(super) fn of(value: &DeValue<'_>) -> Option<Self> {
        match value {
            DeValue::String(_) => Some(Self::Text),
            DeValue::Integer(_) => Some(Self::Integer),
            DeValue::Boolean(_) => Some(Self::Boolean),
            DeValue::Array(_) => Some(Self::Texts),
            _ => None,
        }
    }

    /// Whether a value has this type; the parts of a list have theirs.
    pub(super) fn holds(self, value: &DeValue<'_>) -> bool {
        match self {
            Self::Text => value.is_str(),
            Self::Integer | Self::Signed => value.is_integer(),
            Self::Number => value.is_integer() || value.is_float(),
            Self::Boolean => value.is_bool(),
            Self::Texts | Self::Tables(_) => value.is_array(),
        }
    }

    /// The type in an error: "must be …".
    pub(super) fn article(self) -> &'static str {
        match self {
            Self::Text => "a text in quotes",
            Self::Integer | Self::Signed => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Texts => "a list of texts, like [\"one\", \"two\"]",
            Self::Tables(_) => "a list whose parts begin with its name in double brackets, [[ ]]",
        }
    }

    /// Reads the value of a variable; `None` when it has another type.
    pub(super) fn read(self, text: &str) -> Option<config::Value> {
        let trimmed = text.trim();
        match self {
            Self::Text => Some(config::Value::from(text)),
            Self::Integer => trimmed.parse::<u32>().ok().map(config::Value::from),
            Self::Signed => trimmed.parse::<i32>().ok().map(config::Value::from),
            Self::Number => trimmed.parse::<f64>().ok().map(config::Value::from),
            Self::Boolean => trimmed.parse::<bool>().ok().map(config::Value::from),
            Self::Texts => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                Some(config::Value::from(parts.collect::<Vec<_>>()))
            }
            Self::Tables(_) => None,
        }
    }
}
