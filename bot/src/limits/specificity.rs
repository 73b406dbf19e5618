//! Which of two rules is more specific, and which of two values more generous.

use crate::chat::{Place, Platform, Standing, UserId};
use crate::config::{LimitKey, LimitScope, LimitValue};

/// How specific a scope is: its strongest field, then how many it has, then the others by their strength, then whether it
/// names the very channel and not the one that it is a thread of.
pub(crate) type Specificity = (u32, u32, u32, bool);

impl LimitScope {
    /// Whether it is about this person in this place.
    pub(super) fn holds(&self, user: &UserId, standing: &Standing, place: &Place) -> bool {
        self.is_at(&user.platform, place)
            && is(&self.user, &user.id)
            && self
                .role
                .as_ref()
                .is_none_or(|role| standing.roles.contains(role))
    }

    /// Whether it is about somebody in this place. A conversation with one person is a chat of its own, and a thread is in
    /// its channel.
    pub(crate) fn is_at(&self, platform: &Platform, place: &Place) -> bool {
        let chat = place.server.as_ref().unwrap_or(&place.chat.0);
        let mut channels = std::iter::once(&place.chat).chain(&place.parent);
        is(&self.platform, platform.as_str())
            && is(&self.chat, chat)
            && channels.any(|channel| is(&self.channel, &channel.0))
    }

    /// Whether everybody that `other` is about is among those that this scope is about.
    pub(super) fn includes(&self, other: &Self) -> bool {
        self.fields()
            .into_iter()
            .zip(other.fields())
            .all(|((_, wanted), (_, found))| wanted.is_none() || wanted == found)
    }

    /// A larger one is more specific. Two scopes with the same one have values in the same fields.
    pub(crate) fn specificity(&self) -> Specificity {
        let fields = self.fields();
        let mask = fields
            .iter()
            .rev()
            .fold(0_u32, |mask, (_, value)| mask << 1 | u32::from(value.is_some()));
        (
            mask.checked_ilog2().map_or(0, |strongest| strongest + 1),
            mask.count_ones(),
            mask,
            false,
        )
    }

    /// The same in a place that it is about, where it may name the channel or the thread.
    pub(crate) fn specificity_at(&self, place: &Place) -> Specificity {
        let (strongest, fields, mask, _) = self.specificity();
        let is_nearest = self.channel.as_ref() == Some(&place.chat.0);
        (strongest, fields, mask, is_nearest)
    }
}

fn is(wanted: &Option<String>, found: &str) -> bool {
    wanted.as_deref().is_none_or(|wanted| wanted == found)
}

/// Whether `value` lets people do more than `other`.
pub(super) fn is_more_generous(key: LimitKey, value: &LimitValue, other: &LimitValue) -> bool {
    match (value, other) {
        (LimitValue::Number(value), LimitValue::Number(other)) => {
            generosity(key, *value) > generosity(key, *other)
        }
        (LimitValue::Models(models), LimitValue::Models(others)) => {
            !others.is_empty()
                && (models.is_empty()
                    || models
                        .iter()
                        .any(|model| !others.iter().any(|other| other.eq_ignore_ascii_case(model))))
        }
        _ => false,
    }
}

/// Everything that one of the two values allows.
pub(super) fn most_generous(key: LimitKey, value: LimitValue, other: LimitValue) -> LimitValue {
    match (value, other) {
        (LimitValue::Models(models), LimitValue::Models(others)) => {
            if models.is_empty() || others.is_empty() {
                return LimitValue::Models(Vec::new());
            }
            let more = others.into_iter().filter(|model| !models.contains(model));
            let more: Vec<String> = more.collect();
            LimitValue::Models(models.into_iter().chain(more).collect())
        }
        (value, other) if is_more_generous(key, &other, &value) => other,
        (value, _) => value,
    }
}

/// What both values allow: of models those in both, and those of `bound` if there are none, for no model at all cannot be
/// said.
pub(super) fn least_generous(key: LimitKey, value: LimitValue, bound: LimitValue) -> LimitValue {
    match (value, bound) {
        (LimitValue::Models(models), LimitValue::Models(bound)) => {
            if models.is_empty() || bound.is_empty() {
                return LimitValue::Models(if models.is_empty() { bound } else { models });
            }
            let is_bound = |model: &String| bound.iter().any(|other| other.eq_ignore_ascii_case(model));
            let both: Vec<String> = models.into_iter().filter(is_bound).collect();
            LimitValue::Models(if both.is_empty() { bound } else { both })
        }
        (value, bound) if is_more_generous(key, &value, &bound) => bound,
        (value, _) => value,
    }
}

/// Grows with what a number allows.
fn generosity(key: LimitKey, number: i64) -> i64 {
    match key {
        LimitKey::Cooldown => number.saturating_neg(),
        _ if key.zero_is_unlimited() && number == 0 => i64::MAX,
        _ => number,
    }
}
