//! `[limits]` and `[[limits.rules]]`: what may be limited, for whom, and within which bounds.

use std::fmt;
use std::ops::RangeInclusive;

use inference::request::{SIZES, STEPS};
use serde::{Deserialize, Serialize};

/// Pixels of the pictures that the engine accepts.
const PIXELS: RangeInclusive<u32> = *SIZES.start() * *SIZES.start()..=*SIZES.end() * *SIZES.end();
/// Most pictures of one job, whatever the settings say.
pub const MAX_COUNT: u32 = 16;
/// Most jobs that a limit can name.
const MAX_JOBS: u32 = 1_000_000;
/// The longest pause between two jobs: 30 days.
const MAX_COOLDOWN_S: u32 = 30 * 24 * 60 * 60;
/// The largest priority, in either direction.
const MAX_PRIORITY: i32 = 100;

/// `[limits]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// See [`LimitValues`], here and below; 0 is without limit.
    pub per_minute: u32,
    /// Jobs of one person within an hour.
    pub per_hour: u32,
    /// Within 24 hours.
    pub per_day: u32,
    /// Jobs of one person that are drawn at once.
    pub running: u32,
    /// Jobs of one person that wait or are drawn.
    pub queued: u32,
    /// Seconds between two jobs of one person.
    pub cooldown_s: u32,
    /// Most denoising steps.
    pub max_steps: u32,
    /// Most pixels of one picture.
    pub max_pixels: u32,
    /// Most pictures of one job.
    pub max_count: u32,
    /// The models that may be used; empty: all.
    pub models: Vec<String>,
    /// Longest prompt in characters, for everybody.
    pub max_prompt_chars: usize,
    /// What holds for some people and places.
    #[serde(default)]
    pub rules: Vec<LimitRule>,
}

impl LimitsConfig {
    /// What holds for everybody; every field is set.
    pub fn values(&self) -> LimitValues {
        LimitValues {
            per_minute: Some(self.per_minute),
            per_hour: Some(self.per_hour),
            per_day: Some(self.per_day),
            running: Some(self.running),
            queued: Some(self.queued),
            cooldown_s: Some(self.cooldown_s),
            max_steps: Some(self.max_steps),
            max_pixels: Some(self.max_pixels),
            max_count: Some(self.max_count),
            models: Some(self.models.clone()),
            priority: Some(0),
        }
    }
}

/// Whom a rule is about: everybody for whom all fields that are set are true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitScope {
    /// `discord`, `telegram`, `web`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// A Discord server, a Telegram chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    /// A channel of a Discord server, a topic of a Telegram group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// A role in a Discord server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// A person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// What a rule sets. `None` leaves it to less specific rules. 0 is without limit, except in `max_…`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitValues {
    /// Jobs of one person within a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<u32>,
    /// Within an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<u32>,
    /// Within 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<u32>,
    /// Jobs of one person that are drawn at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<u32>,
    /// Jobs of one person that wait or are drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued: Option<u32>,
    /// Seconds between two jobs of one person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown_s: Option<u32>,
    /// Most denoising steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<u32>,
    /// Most pixels of one picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_pixels: Option<u32>,
    /// Most pictures of one job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_count: Option<u32>,
    /// The models that may be used; empty: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<String>>,
    /// Larger numbers are drawn earlier, as far as fairness allows; 0 is usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
}

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitRule {
    /// Whom it is about.
    #[serde(flatten)]
    pub scope: LimitScope,
    /// What it sets.
    #[serde(flatten)]
    pub values: LimitValues,
}

/// One of the fields of [`LimitValues`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitKey {
    /// `per_minute`
    PerMinute,
    /// `per_hour`
    PerHour,
    /// `per_day`
    PerDay,
    /// `running`
    Running,
    /// `queued`
    Queued,
    /// `cooldown_s`
    Cooldown,
    /// `max_steps`
    MaxSteps,
    /// `max_pixels`
    MaxPixels,
    /// `max_count`
    MaxCount,
    /// `models`
    Models,
    /// `priority`
    Priority,
}

/// The value of one field of [`LimitValues`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitValue {
    /// Of every field but `models`.
    Number(i64),
    /// Ids of models; none stands for all models.
    Models(Vec<String>),
}

/// As it is written in a command: `20`, or `avatar,sd15`.
impl fmt::Display for LimitValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Models(models) => f.write_str(&models.join(",")),
        }
    }
}

/// A number is beyond what a limit can be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be from {} to {}, not {value}", bounds.start(), bounds.end())]
pub struct LimitOutOfBounds {
    /// Which limit.
    pub key: LimitKey,
    /// The number.
    pub value: i64,
    /// What it can be.
    pub bounds: RangeInclusive<i64>,
}

impl LimitKey {
    /// Every field, in the order in which people read about them.
    pub const ALL: [Self; 11] = [
        Self::PerMinute,
        Self::PerHour,
        Self::PerDay,
        Self::Running,
        Self::Queued,
        Self::Cooldown,
        Self::MaxSteps,
        Self::MaxPixels,
        Self::MaxCount,
        Self::Models,
        Self::Priority,
    ];

    /// Its name in settings and commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::PerMinute => "per_minute",
            Self::PerHour => "per_hour",
            Self::PerDay => "per_day",
            Self::Running => "running",
            Self::Queued => "queued",
            Self::Cooldown => "cooldown_s",
            Self::MaxSteps => "max_steps",
            Self::MaxPixels => "max_pixels",
            Self::MaxCount => "max_count",
            Self::Models => "models",
            Self::Priority => "priority",
        }
    }

    /// What its number can be; `None` for `models`.
    pub fn bounds(self) -> Option<RangeInclusive<i64>> {
        let counts = |range: RangeInclusive<u32>| i64::from(*range.start())..=i64::from(*range.end());
        match self {
            Self::PerMinute | Self::PerHour | Self::PerDay | Self::Running | Self::Queued => {
                Some(counts(0..=MAX_JOBS))
            }
            Self::Cooldown => Some(counts(0..=MAX_COOLDOWN_S)),
            Self::MaxSteps => Some(counts(STEPS)),
            Self::MaxPixels => Some(counts(PIXELS)),
            Self::MaxCount => Some(counts(1..=MAX_COUNT)),
            Self::Models => None,
            Self::Priority => Some(i64::from(-MAX_PRIORITY)..=i64::from(MAX_PRIORITY)),
        }
    }

    /// Whether 0 stands for "without limit".
    pub fn zero_is_unlimited(self) -> bool {
        matches!(
            self,
            Self::PerMinute | Self::PerHour | Self::PerDay | Self::Running | Self::Queued | Self::Cooldown
        )
    }

    /// What `values` sets it to.
    pub fn of(self, values: &LimitValues) -> Option<LimitValue> {
        match self {
            Self::Models => values.models.clone().map(LimitValue::Models),
            Self::Priority => values.priority.map(|number| LimitValue::Number(number.into())),
            _ => self
                .count_of(values)
                .map(|number| LimitValue::Number(number.into())),
        }
    }

    /// Whether `values` sets it.
    pub fn is_in(self, values: &LimitValues) -> bool {
        match self {
            Self::Models => values.models.is_some(),
            Self::Priority => values.priority.is_some(),
            _ => self.count_of(values).is_some(),
        }
    }

    /// Sets it. A value of another kind, or one that does not fit into the field, leaves it unset.
    pub fn set(self, values: &mut LimitValues, value: LimitValue) {
        let number = match value {
            LimitValue::Models(models) => {
                if self == Self::Models {
                    values.models = Some(models);
                }
                return;
            }
            LimitValue::Number(number) => number,
        };
        let count = u32::try_from(number).ok();
        match self {
            Self::PerMinute => values.per_minute = count,
            Self::PerHour => values.per_hour = count,
            Self::PerDay => values.per_day = count,
            Self::Running => values.running = count,
            Self::Queued => values.queued = count,
            Self::Cooldown => values.cooldown_s = count,
            Self::MaxSteps => values.max_steps = count,
            Self::MaxPixels => values.max_pixels = count,
            Self::MaxCount => values.max_count = count,
            Self::Models => {}
            Self::Priority => values.priority = i32::try_from(number).ok(),
        }
    }

    fn count_of(self, values: &LimitValues) -> Option<u32> {
        match self {
            Self::PerMinute => values.per_minute,
            Self::PerHour => values.per_hour,
            Self::PerDay => values.per_day,
            Self::Running => values.running,
            Self::Queued => values.queued,
            Self::Cooldown => values.cooldown_s,
            Self::MaxSteps => values.max_steps,
            Self::MaxPixels => values.max_pixels,
            Self::MaxCount => values.max_count,
            Self::Models | Self::Priority => None,
        }
    }
}

impl LimitValues {
    /// Checks every number that is set.
    ///
    /// # Errors
    /// The first one that is out of bounds.
    pub fn check(&self) -> Result<(), LimitOutOfBounds> {
        for key in LimitKey::ALL {
            if let (Some(LimitValue::Number(value)), Some(bounds)) = (key.of(self), key.bounds())
                && !bounds.contains(&value)
            {
                return Err(LimitOutOfBounds { key, value, bounds });
            }
        }
        Ok(())
    }

    /// These values, and those of `other` where none is set.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        for key in LimitKey::ALL {
            if let Some(value) = key.of(other).filter(|_| !key.is_in(&self)) {
                key.set(&mut self, value);
            }
        }
        self
    }

    /// These values, and none for `keys`.
    #[must_use]
    pub fn without(&self, keys: &[LimitKey]) -> Self {
        let kept = LimitKey::ALL.into_iter().filter(|key| !keys.contains(key));
        let mut values = Self::default();
        for (key, value) in kept.filter_map(|key| Some((key, key.of(self)?))) {
            key.set(&mut values, value);
        }
        values
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl LimitScope {
    /// The names and values of its fields, the least specific first.
    pub fn fields(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("platform", self.platform.as_deref()),
            ("chat", self.chat.as_deref()),
            ("channel", self.channel.as_deref()),
            ("role", self.role.as_deref()),
            ("user", self.user.as_deref()),
        ]
    }

    /// Whether it is about everybody.
    pub fn is_everybody(&self) -> bool {
        *self == Self::default()
    }
}
